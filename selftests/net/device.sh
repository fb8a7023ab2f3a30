#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# What a device is to ip, ethtool and fmp: kind, MTU, counters, ports.

. "$(dirname "$0")/lib.sh"

mtu() { ip -n h1 -json link show "$1" | flat '[0].mtu'; }
port() { in_host 1 fmp --json show "$1" | flat '[0].port'; }

# says TEXT COMMAND...
says() {
	local wanted=$1
	shift
	"$@" 2>&1 | grep -F "$wanted"
}

kind() {
	must ip -n h1 link add fmp0 type fmp
	check_equal "its kind is fmp" fmp "$(ip -n h1 -d -json link show fmp0 | flat '[0].linkinfo.info_kind')"
	check_equal "ip finds it by its kind" fmp0 "$(ip -n h1 -json link show type fmp | flat '[].ifname')"
	check_equal "it is point to point, without ARP, and down" "POINTOPOINT MULTICAST NOARP" \
		"$(ip -n h1 -json link show fmp0 | flat '[0].flags[]' | xargs)"
	check_equal "ethtool names the driver" "driver: fmp" "$(in_host 1 ethtool -i fmp0 | grep '^driver')"
	check "ethtool shows counters" in_host 1 ethtool -S fmp0
	check_equal "those of fmp" "$(in_host 1 ethtool -S fmp0 | awk '/_/ { print $1 $2 }' | sort)" \
		"$(in_host 1 fmp --json show fmp0 counters | flat | sed -n 's/^\[0]\.counters\.\([^ ]*\) /\1:/p' | sort)"
	check "there is no other option" refused ip -n h1 link add fmp9 type fmp nonsense 1
}

mtu_limits() {
	local max
	max=$(ip -n h1 -d -json link show fmp0 | flat '[0].max_mtu')
	check_equal "an IPv6 packet of the default MTU fits 1500" 1412 "$(mtu fmp0)"
	check_equal "the limits" "68 65467" "$(ip -n h1 -d -json link show fmp0 | flat '[0].min_mtu' '[0].max_mtu' | xargs)"
	for m in 68 1280 1500 9000 "$max"; do
		check "MTU $m" ip -n h1 link set fmp0 mtu "$m"
		check_equal "MTU $m is shown" "$m" "$(mtu fmp0)"
	done
	for m in 67 0 $((max + 1)) 65536 2147483647; do
		check_fail "MTU $m is refused" ip -n h1 link set fmp0 mtu "$m"
	done
	check_equal "and changes nothing" "$max" "$(mtu fmp0)"
	must ip -n h1 link set fmp0 mtu 1412
}

ports() {
	must ip -n h1 link add fmp1 type fmp
	check_equal "the default port" "2121 2121" "$(port fmp0) $(port fmp1)"
	check "the first device goes up" ip -n h1 link set fmp0 up
	check "the second cannot have its port" says "Address already in use" ip -n h1 link set fmp1 up
	check_equal "and stays down" "" "$(ip -n h1 -o link show fmp1 up)"
	check "another port" in_host 1 fmp set fmp1 port 2122
	check "goes up" ip -n h1 link set fmp1 up
	check_fail "a port that is taken" in_host 1 fmp set fmp1 port 2121
	check_equal "changes nothing" 2122 "$(port fmp1)"
	check_equal "its sockets are open" 2 "$(in_host 1 ss -Hulna "sport = :2122" | grep -c .)"
	check "the same port in another namespace" other_namespace
}

other_namespace() {
	ip -n h2 link add fmp0 type fmp && ip -n h2 link set fmp0 up
}

any_port() {
	local first second
	must ip -n h1 link add fmp2 type fmp
	must ip -n h1 link add fmp3 type fmp
	must in_host 1 fmp set fmp2 port 0
	must in_host 1 fmp set fmp3 port 0
	check_equal "no port was chosen yet" 0 "$(port fmp2)"
	check "any port will do" ip -n h1 link set fmp2 up
	check "and once more" ip -n h1 link set fmp3 up
	first=$(port fmp2) second=$(port fmp3)
	check "the ports are shown, and differ" test "$first" != "$second" -a "$first" -gt 0 -a "$second" -gt 0
	check_equal "and are those of the sockets" "2 2" \
		"$(in_host 1 ss -Hulna "sport = :$first" | grep -c .) $(in_host 1 ss -Hulna "sport = :$second" | grep -c .)"
	must ip -n h1 link set fmp2 down
	must ip -n h1 link set fmp2 up
	check_equal "a port that was chosen stays" "$first" "$(port fmp2)"
}

# Neither end has an IPv6 address, nor could it have one.
without_ipv6() {
	local n
	for n in 1 2; do
		must ip netns add "h$n"
		[ ! -e /proc/sys/net/ipv6 ] ||
			in_host "$n" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
		must ip -n "h$n" link set lo up
	done
	must ip -n h1 link add eth0 type veth peer name eth0 netns h2
	for n in 1 2; do
		must ip -n "h$n" addr add "10.0.0.$n/24" dev eth0
		must ip -n "h$n" link set eth0 up
		must ip -n "h$n" link add fmp0 type fmp
		must ip -n "h$n" addr add "10.9.0.$n/24" dev fmp0
		check "a device goes up without IPv6" ip -n "h$n" link set fmp0 up
		must in_host "$n" fmp peer add fmp0 "${KEYS[3 - n]}" endpoint "10.0.0.$((3 - n)):2121" heartbeat off \
			address "10.9.0.$((3 - n))"
	done
	must add_session 1 2
	must add_session 2 1
	check "traffic without IPv6" in_host 1 ping -c 3 -i 0.1 -W 5 10.9.0.2
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint '[fd00::2]:2121'
	check_fail "an endpoint that cannot be reached" in_host 1 ping -c 1 -W 1 10.9.0.2
	check_equal "is a drop" 1 "$(in_host 1 ethtool -S fmp0 | awk '/tx_drop_no_(route|socket)/ && $2 { n++ } END { print n }')"
	cleanup
	TMP=$(mktemp -d)
}

# A dump goes on from the index after the one that it told of.
greatest_index() {
	must ip -n h2 link add index 2147483647 name fmp9 type fmp
	check_equal "the greatest index there is comes once" 1 \
		"$(timeout 20 nsenter --net=/run/netns/h2 fmp --json show | flat '[].name' | grep -cx fmp9)"
	must ip -n h2 link del fmp9
}

ktap_begin
without_ipv6
must ip netns add h1
must ip netns add h2
kind
mtu_limits
ports
any_port
greatest_index
ktap_end
