#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What encrypted packets are to the network that carries them: address, interface,
# port, traffic class, hop limit. And whose the port is.
# shellcheck disable=SC2317 # functions are called by name

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

# get NAME: a setting of host 1
get() { in_host 1 fmp --json show fmp0 | flat "[0].$1"; }

set1() { in_host 1 fmp set fmp0 "$@"; }

ping4() { in_host 1 ping -n -q -c 1 -W 10 10.9.0.2 >/dev/null; }

# Where host 2 believes host 1 to be, once it has heard of it.
seen() { ping4 >/dev/null; in_host 2 fmp --json peer show fmp0 "${KEYS[1]}" | flat '[0].endpoint'; }

# says TEXT COMMAND...: it fails, saying that
says() {
	local text=$1 out
	shift
	out=$("$@" 2>&1) && return 1
	echo "$out"
	[[ $out == *"$text"* ]]
}

addresses() {
	must ip -n h1 -batch - <<-END
		addr add 10.0.1.3/24 dev eth0
		addr add fd00:1::3/64 dev eth0 nodad
	END
	check "a local address of each family" set1 local 10.0.1.3 local fd00:1::3
	check_equal "is told" "10.0.1.3 fd00:1::3" "$(get 'local[]' | xargs)"
	check_equal "IPv4 packets come from there" 10.0.1.3:2121 "$(seen)"
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint "$(endpoint_of 2 6)"
	check_equal "IPv6 packets come from there" '[fd00:1::3]:2121' "$(seen)"
	check "an address that the host has not" says "" set1 local 10.0.1.99
	check_equal "changes nothing" "10.0.1.3 fd00:1::3" "$(get 'local[]' | xargs)"
	check "and stops nothing" ping4
	check "one change of two that fails" says "" set1 tos 8 local 10.0.1.99
	check_equal "changes neither" 0 "$(get tos)"
	check "a link-local one needs an interface" says underlay set1 local fe80::1
	must ip -n h1 addr del fd00:1::3/64 dev eth0
	check_fail "without the address nothing is sent" in_host 1 ping -n -q -c 1 -W 1 10.9.0.2
	check_equal "which is counted" 1 "$(($(counter 1 tx_drop_no_route) > 0))"
	check "no local address" set1 local any
	check_equal "is told" '[]' "$(get local)"
	check "packets flow again" ping4
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint "$(endpoint_of 2)"
	check_equal "from any address" 10.0.1.2:2121 "$(seen)"
}

underlays() {
	local before
	must ip -n h1 -batch - <<-END
		link add other type dummy
		addr add 10.77.0.1/24 dev other
		link set other up
	END
	check "an interface that is not there" says "underlay" set1 underlay nowhere
	check "the device itself" says "own underlay" set1 underlay fmp0
	check_equal "change nothing" "" "$(get underlay)"
	check "an interface" set1 underlay eth0
	check_equal "is told" eth0 "$(get underlay)"
	check "packets use it" ping4
	must ip -n h1 link set eth0 down
	must ip -n h1 link set eth0 name eth9
	must ip -n h1 link set eth9 up
	must ip -n h1 -batch - <<-END
		addr replace fd00:1::2/64 dev eth9 nodad
		route replace default via 10.0.1.1
	END
	check_equal "by its new name" eth9 "$(get underlay)"
	check "packets still use it" await 10 ping4
	must ip -n h1 link set eth9 down
	must ip -n h1 link set eth9 name eth0
	must ip -n h1 -batch - <<-END
		link set eth0 up
		addr replace fd00:1::2/64 dev eth0 nodad
		route replace default via 10.0.1.1
		route replace default via fd00:1::1
	END
	check "another interface" set1 underlay other
	check_fail "by which nobody is reached" in_host 1 ping -n -q -c 1 -W 1 10.9.0.2
	check "an interface that is used can go" ip -n h1 link del other
	check_equal "and is still told" other "$(get underlay)"
	before=$(counter 1 tx_drop_no_route)
	check_fail "nothing is sent" in_host 1 ping -n -q -c 1 -W 1 10.9.0.2
	check "which is counted" test "$(counter 1 tx_drop_no_route)" -gt "$before"
	check "any interface" set1 underlay any
	check "packets flow again" ping4
}

# outer HOST OPTION...: traffic class and hop limit of the next packet that host 2
# gets, as hexadecimal
outer() {
	# What the last one said would be taken for its word.
	: >"$TMP/outer"
	: >"$TMP/outer.err"
	run_in 2 tcpdump -Z root -nn -v -c 1 -i eth0 'udp port 2121 and src 10.0.1.2' >"$TMP/outer" 2>"$TMP/outer.err" &
	disown
	await 10 grep -q listening "$TMP/outer.err"
	in_host 1 ping -n -q -c 1 -W 5 "$@" 10.9.0.2 >/dev/null
	await 10 grep -q 'tos' "$TMP/outer" || cat "$TMP/outer.err"
	sed -n 's/.*(tos \(0x[0-9a-f]*\).*ttl \([0-9]*\).*/\1 \2/p' "$TMP/outer" | head -n 1
}

classes() {
	if ! command -v tcpdump >/dev/null; then
		ktap_skip "classes" "no tcpdump"
		return
	fi
	check_equal "the inner class is private" "0x0 63" "$(outer -Q 0xb8)"
	check_equal "but for congestion" "0x2 63" "$(outer -Q 0xba)"
	must set1 tos 0x48 ttl 9
	check_equal "a class and a hop limit" "0x48 8" "$(outer -Q 0xb8)"
	check_equal "with congestion" "0x4a 8" "$(outer -Q 0xba)"
	must set1 tos inherit ttl auto
	check_equal "the inner class on request" "0xb8 63" "$(outer -Q 0xb8)"
	check_equal "with congestion once" "0xb9 63" "$(outer -Q 0xb9)"
	check_equal "are told" "inherit 0" "$(get tos) $(get ttl)"
	must set1 tos 0
	check_equal "and back" "0x0 63" "$(outer -Q 0xb8)"
}

quietly() { "$@" >/dev/null 2>&1; }

# refuses NAME: the table of requests that is the input
refuses() {
	local line
	in_host 1 nlraw requests >"$TMP/results" || ktap_fail "$1: the program failed"
	while read -r line; do
		case $line in
		"ok "*) ktap_pass "refused $1: ${line#ok }" ;;
		"not ok "*) ktap_fail "refused $1: ${line#not ok }" ;;
		*) echo "# ${line#\# }" ;;
		esac
	done <"$TMP/results"
}

kernel_refuses() {
	local i
	i="ifindex=u32:$(get ifindex)"
	refuses "over generic netlink" <<-END
		ECN bits in tos | dev-set $i tos=u8:3 | EINVAL attr=tos text=tos must not have ECN bits
		ECN bits beside others | dev-set $i tos=u8:0xb9 | EINVAL attr=tos text=tos must not have ECN bits
		multicast 2 | dev-set $i multicast=u8:2 | ERANGE attr=multicast
		a local-ipv4 that is multicast | dev-set $i local-ipv4=ip:224.0.0.1 | EINVAL attr=local-ipv4 text=local-ipv4 is not a unicast address
		a local-ipv6 that is multicast | dev-set $i local-ipv6=ip:ff02::1 | EINVAL attr=local-ipv6 text=local-ipv6 is not a unicast address
		a local-ipv6 of 4 bytes | dev-set $i local-ipv6=ip:10.0.0.1 | ERANGE attr=local-ipv6
		an underlay that is not there | dev-set $i underlay=hex:6e6f00 | ENODEV attr=underlay text=No such underlay where the sockets are
		a name without an end | dev-set $i underlay=hex:6e6f | EINVAL attr=underlay
		a name that is too long | dev-set $i underlay=hex:6161616161616161616161616161616100 | EINVAL attr=underlay
	END
}

# Both ways of setting lead to the same settings.
rtnetlink() {
	local i
	i=$(get ifindex)
	must quietly in_host 1 nlraw requests <<-END
		all | link-change $i fwmark=u32:7 local-ipv4=ip:10.0.1.2 local-ipv6=ip:fd00:1::2 underlay=hex:6574683000 tos=u8:8 ttl=u8:5 multicast=u8:1 source-check=u8:0 | OK
	END
	check_equal "ip link sets all of them" "7 10.0.1.2 fd00:1::2 eth0 8 5 true false" \
		"$(in_host 1 fmp --json show fmp0 |
			flat '[0].fwmark' '[0].local[]' '[0].underlay' '[0].tos' '[0].ttl' '[0].multicast' '[0].source_check' | xargs)"
	check "packets flow" ping4
	refuses "over rtnetlink" <<-END
		ECN bits in tos | link-change $i ttl=u8:9 tos=u8:3 | EINVAL text=tos must not have ECN bits
		an underlay that is not there | link-change $i ttl=u8:9 underlay=hex:6e6f00 | ENODEV text=No such underlay where the sockets are
		an address that is not ours | link-change $i ttl=u8:9 local-ipv4=ip:10.0.1.99 | EADDRNOTAVAIL text=Sockets cannot be opened
		bad from the start | link-add 77 tos=u8:2 | EINVAL text=tos must not have ECN bits
	END
	check_equal "which changes nothing" 5 "$(get ttl)"
	must quietly in_host 1 nlraw requests <<-END
		none | link-change $i fwmark=u32:0 local-ipv4=ip:0.0.0.0 local-ipv6=ip::: underlay=hex:00 tos=u8:0 ttl=u8:0 multicast=u8:0 source-check=u8:1 | OK
	END
	check_equal "and resets them" "0 [] 0 0 false true" \
		"$(in_host 1 fmp --json show fmp0 |
			flat '[0].fwmark' '[0].local' '[0].tos' '[0].ttl' '[0].multicast' '[0].source_check' | xargs)"
}

# claims [PORT]
claims() { in_host 1 claim "${1:-2121}" 10.0.1.2 127.0.0.1 ::1 fd00:1::2 10.0.1.3; }

ports() {
	check_equal "a port that is free is had in every way" 28 "$(claims 2122 | wc -l)"
	check_equal "nobody else gets the port" "" "$(claims)"
	must set1 local 10.0.1.2
	must set1 underlay eth0
	must set1 local any underlay any
	check_equal "nor when the sockets were opened anew" "" "$(claims)"
}

field() { sed -n "s/.*$1 \([0-9]*\).*/\1/p" "$TMP/receiver" | tail -n 1; }

all_here() { [ "$(field received)" = "$(sed 's/[^0-9]//g' "$TMP/sender")" ]; }

# The peer goes on sending, and the port is the same.
under_traffic() {
	local i sender
	run_in 1 numbers receive 9000 >"$TMP/receiver" 2>&1 &
	disown
	await 10 test -s "$TMP/receiver"
	run_in 2 numbers send 10.9.0.1 9000 500 >"$TMP/sender" 2>&1 &
	sender=$!
	disown
	for i in 1 2 3; do
		must set1 local 10.0.1.2
		must set1 underlay eth0
		must set1 local any
		must set1 underlay any
	done
	kill "$sender"
	await 10 test -s "$TMP/sender"
	check "other sockets under traffic: nothing is lost" await 10 all_here
	check_equal "nor comes twice" 0 "$(field duplicates)"
}

# Who may set the network up need not be root.
other_user() {
	must ip -n h1 link set fmp0 down
	must in_host 1 setpriv --reuid 65534 --clear-groups --inh-caps +net_admin --ambient-caps +net_admin \
		ip link set fmp0 up
	check "whoever brought the device up, another may change its address" set1 local 10.0.1.2
	must set1 local any
	check "and its port stays" ping4
}

ktap_begin
make_tunnels 1 2
connect 1 2
must ping4
addresses
underlays
classes
kernel_refuses
rtnetlink
ports
other_user
under_traffic
ktap_end
