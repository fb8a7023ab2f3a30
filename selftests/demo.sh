#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two hosts, a tunnel between them, traffic through it, and new keys while it flows.
# Needs root, the module, fmp, iperf3 and ethtool; leaves nothing behind.

set -u -o pipefail
umask 077

DIR=$(mktemp -d)
cd "$DIR" || exit

# shellcheck disable=SC2317 # called at exit
leave() {
	local ns
	for ns in h1 h2 router; do
		ip netns pids "$ns" | xargs -r kill
		ip netns del "$ns"
	done 2>/dev/null
	rm -rf "$DIR"
}
trap leave EXIT

title() { printf '\n== %s\n\n' "$*"; }

fail() {
	printf '\nfmp demo: failed: %s\n' "$*"
	exit 1
}

# run LINE: shows a line of shell, and what it does
run() {
	printf '# %s\n' "$1"
	bash -o pipefail -c "$1" 2>&1 | sed 's/^/    /' || fail "$1"
}

# on HOST LINE: on one of the hosts
on() {
	printf '%s# %s\n' "$1" "$2"
	ip netns exec "$1" bash -o pipefail -c "$2" 2>&1 | sed 's/^/    /' || fail "$2 (on $1)"
}

# await SECONDS WHAT COMMAND...: WHAT is what fails
await() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || fail "$what"
		sleep 0.05
	done
}

underlay() {
	local n
	title "Two hosts, and a router between them"
	printf '    h1  10.0.1.2 ------ router ------ 10.0.2.2  h2\n\n'
	run "ip netns add router; ip netns add h1; ip netns add h2"
	run "ip netns exec router sysctl -qw net.ipv4.ip_forward=1"
	for n in 1 2; do
		run "ip -n h$n link add eth0 type veth peer name r$n netns router"
		run "ip -n router addr add 10.0.$n.1/24 dev r$n; ip -n router link set r$n up"
		on "h$n" "ip addr add 10.0.$n.2/24 dev eth0; ip link set eth0 up; ip route add default via 10.0.$n.1"
	done
}

tunnel() {
	local n
	title "A tunnel device on each"
	for n in 1 2; do
		on "h$n" "ip link add fmp0 type fmp"
		on "h$n" "ip addr add 10.9.0.$n/24 dev fmp0; ip addr add fd09::$n/64 dev fmp0 nodad; ip link set fmp0 up"
	done
	on h1 "ip -d link show fmp0"
}

peers() {
	title "An identity for each, and the other as its peer"
	on h1 "fmp genkey >h1.key; fmp pubkey <h1.key"
	on h2 "fmp genkey >h2.key; fmp pubkey <h2.key"
	H1=$(fmp pubkey <h1.key) H2=$(fmp pubkey <h2.key)
	export H1 H2
	on h1 "fmp peer add fmp0 \$H2 endpoint 10.0.2.2:2121 address 10.9.0.2 address fd09::2"
	on h2 "fmp peer add fmp0 \$H1 endpoint 10.0.1.2:2121 address 10.9.0.1 address fd09::1"
}

# keys GENERATION: one key for each direction, and a receiver index for each end
keys() {
	run "for k in 12 21; do head -c 32 /dev/urandom >\$k.$1; done"
	on h2 "fmp session add fmp0 peer \$H1 local-index 0x20$1 remote-index 0x10$1 send-key 21.$1 receive-key 12.$1"
	on h1 "fmp session add fmp0 peer \$H2 local-index 0x10$1 remote-index 0x20$1 send-key 12.$1 receive-key 21.$1 initiator"
}

traffic() {
	title "Ping and TCP, both ways"
	on h1 "ping -q -c 20 -i 0.01 10.9.0.2 | tail -n 2"
	on h1 "ping -q -c 20 -i 0.01 fd09::2 | tail -n 2"
	on h2 "iperf3 -s -D"
	await 10 "iperf3 does not start" listening
	on h1 "iperf3 -c 10.9.0.2 -t 2 | grep receiver"
	on h1 "iperf3 -c fd09::2 -t 2 -R | grep receiver"
}

listening() { ip netns exec h2 ss -Htln sport = :5201 | grep .; }

rekey() {
	local n
	title "New keys under load"
	on h1 "fmp monitor >h1.events 2>&1 &"
	on h2 "fmp monitor >h2.events 2>&1 &"
	on h1 "iperf3 -c 10.9.0.2 -t 4 >iperf.out 2>&1 &"
	on h1 "ping -q -c 400 -i 0.01 10.9.0.2 >ping.out 2>&1 &"
	await 10 "no traffic during the rekey" test -s ping.out
	keys 2
	for n in 1 2; do await 10 "h$n did not cut over" grep -q session-cutover "h$n.events"; done
	on h1 "grep cutover h1.events | sed 's/peer [^ ]* //'"
	await 60 "ping does not end" grep -q 'packet loss' ping.out
	on h1 "tail -n 2 ping.out"
	grep -q ' 0% packet loss' ping.out || fail "pings were lost during the rekey"
	await 60 "iperf3 does not end" grep -q 'iperf Done' iperf.out
	on h1 "grep receiver iperf.out"
}

counters() {
	local n
	title "Afterwards"
	on h1 "fmp show"
	for n in 1 2; do
		on "h$n" "ethtool -S fmp0 | grep -v ': 0\$'"
		! ip netns exec "h$n" ethtool -S fmp0 | grep '_drop_' | grep -qv -e ': 0$' -e multicast ||
			fail "h$n dropped packets"
	done
}

underlay
tunnel
peers
title "Session keys, which a handshake would agree on"
keys 1
traffic
rekey
counters
printf '\nfmp demo: everything passed\n'
