#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The source check: for whom a peer may speak, whatever routes cover.
#
# Host 1 routes everything to peer 2, but for a LAN of its own. What peer 2
# sends in the name of others is dropped, and counted as nothing else.

# shellcheck disable=SC2317 # functions are called by check

. "$(dirname "$0")/lib.sh"

# dropped SOURCE DESTINATION: host 2's packet from there does not get through
dropped() {
	local before after
	before=$(counter 1 rx_drop_source)
	in_host 2 ping -c 1 -W 1 -I "$1" "$2" && return 1
	after=$(counter 1 rx_drop_source)
	echo "rx_drop_source was $before and is $after"
	[ "$after" -gt "$before" ]
}

# let_through SOURCE DESTINATION
let_through() {
	local before after
	before=$(counter 1 rx_ip)
	in_host 2 ping -c 1 -W 1 -I "$1" "$2"
	after=$(counter 1 rx_ip)
	echo "rx_ip was $before and is $after"
	[ "$after" -gt "$before" ]
}

# A host can have anybody's address.
impersonate() {
	local address
	for address; do
		case $address in
		*:*) must ip -n h2 addr add "$address" dev lo nodad ;;
		*) must ip -n h2 addr add "$address" dev lo ;;
		esac
	done
}

ktap_begin
make_router
make_host 1
make_host 2
make_tunnel 1
make_tunnel 2
connect 1 2

must ip -n h1 link add lan0 type dummy
must ip -n h1 addr add 192.168.1.1/24 dev lan0
must ip -n h1 addr add 2001:db8:1::1/64 dev lan0 nodad
must ip -n h1 link set lan0 up
must ip -n h1 route add 10.0.2.0/24 via 10.0.1.1
must ip -n h1 route replace default via 10.9.0.2 dev fmp0
must ip -n h1 -6 route replace default via fd09::2 dev fmp0
impersonate 192.168.1.77/32 192.168.1.1/32 198.51.100.9/32 \
	2001:db8:1::77/128 2001:db8:1::1/128 fd00:1::2/128 2001:db8:9::9/128

check "the overlay address of the peer" let_through 10.9.0.2 10.9.0.1
check "what the default route covers" let_through 198.51.100.9 10.9.0.1
check "what the IPv6 default route covers" let_through 2001:db8:9::9 fd09::1
check "not a host of our LAN" dropped 192.168.1.77 10.9.0.1
check "not our own address" dropped 192.168.1.1 10.9.0.1
check "not a host of our IPv6 LAN" dropped 2001:db8:1::77 fd09::1
check "not our own IPv6 address" dropped 2001:db8:1::1 fd09::1
check "not our own underlay address" dropped fd00:1::2 fd09::1
must in_host 1 fmp set fmp0 source-check off
check "everything when it is off" let_through 192.168.1.77 10.9.0.1
must in_host 1 fmp set fmp0 source-check on
check "not any more when it is on again" dropped 192.168.1.77 10.9.0.1

# Link-local addresses are anybody's, for routing protocols, until a peer has one.
must ip -n h2 addr add fe80::1:2/64 dev fmp0 nodad
check "a link-local address" let_through fe80::1:2%fmp0 fd09::1
must in_host 1 fmp peer add fmp0 "${KEYS[3]}" address fe80::1:2
check "not if it is another peer's" dropped fe80::1:2%fmp0 fd09::1
must in_host 1 fmp peer del fmp0 "${KEYS[3]}"

check_equal "router advertisements of peers are not believed" 0 \
	"$(in_host 1 sysctl -n net.ipv6.conf.fmp0.accept_ra)"
check_equal "nor are their redirects" "0 0" \
	"$(in_host 1 sysctl -n net.ipv6.conf.fmp0.accept_redirects) $(in_host 1 sysctl -n net.ipv4.conf.fmp0.accept_redirects)"
# As on hosts that nobody has made quiet.
must in_host 1 sysctl -qw net.ipv6.conf.default.accept_ra=1
must ip -n h1 link set fmp0 mtu 1000
must ip -n h1 link set fmp0 mtu 1412
check_equal "also after the device has been without IPv6" "0 0" \
	"$(in_host 1 sysctl -n net.ipv6.conf.fmp0.accept_ra) $(in_host 1 sysctl -n net.ipv6.conf.fmp0.accept_redirects)"
must in_host 1 sysctl -qw net.ipv6.conf.fmp0.accept_ra=1
must ip -n h1 link set fmp0 mtu 1400
check_equal "but what the administrator wants stays" 1 \
	"$(in_host 1 sysctl -n net.ipv6.conf.fmp0.accept_ra)"
ktap_end
