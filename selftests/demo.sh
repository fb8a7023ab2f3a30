#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two hosts, a configuration file for each, "fmp up", traffic, and new keys while it
# flows. Needs root, the module, fmp, iperf3 and ethtool; leaves nothing behind.

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

# write_conf HOST ADDRESSES KEY ENDPOINT ALLOWED
write_conf() {
	cat >"$1/fmp0.conf" <<-END
		[Interface]
		PrivateKeyFile = key
		Address = $2

		[Peer]
		PublicKey = $3
		Endpoint = $4
		AllowedIPs = $5
	END
	run "cat $1/fmp0.conf"
}

configure() {
	local h
	title "An identity for each"
	for h in h1 h2; do
		run "mkdir -p $h/run; fmp genkey >$h/key; fmp pubkey <$h/key"
	done
	title "A file for each, with the other as its peer"
	write_conf h1 "10.9.0.1/24, fd09::1/64" "$(fmp pubkey <h2/key)" 10.0.2.2:2121 "10.9.0.2, fd09::2"
	write_conf h2 "10.9.0.2/24, fd09::2/64" "$(fmp pubkey <h1/key)" 10.0.1.2:2121 "10.9.0.1, fd09::1"
}

has_session() { ip netns exec h1 fmp session show fmp0 | grep current; }

up() {
	local h
	title "Up"
	for h in h1 h2; do
		on "$h" "FMP_RUN_DIR=\$PWD/$h/run fmp up $h/fmp0.conf"
	done
	await 30 "no session" has_session
	on h1 "ip -d link show fmp0"
}

down() {
	local h
	title "Down"
	for h in h1 h2; do
		on "$h" "FMP_RUN_DIR=\$PWD/$h/run fmp down $h/fmp0.conf"
	done
	for h in h1 h2; do
		! ip -n "$h" link show fmp0 >/dev/null 2>&1 || fail "fmp0 of $h is still there"
	done
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
	on h1 "fmp rekey fmp0"
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
configure
up
traffic
rekey
counters
down
printf '\nfmp demo: everything passed\n'
