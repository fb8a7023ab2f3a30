#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# Devices that move between network namespaces, and namespaces that go away, all of
# it while packets are on their way.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

# sockets HOST: its UDP sockets on the port of the tunnel
sockets() { in_host "$1" ss -Hulna "sport = :2121" | grep -c .; }

has_sockets() { [ "$(sockets "$1")" = "$2" ]; }

names() { ip -n "h$1" -o link show | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | sort | paste -sd ' '; }

# overlay_up NUMBER HOST: the addresses of a host on a device that moved, and up
overlay_up() {
	ip -n "h$2" addr replace "10.9.0.$1/24" dev fmp0 &&
		ip -n "h$2" addr replace "fd09::$1/64" dev fmp0 nodad &&
		ip -n "h$2" link set fmp0 up
}

make_box() {
	must ip netns add hbox
	must ip -n hbox link set lo up
}

no_router_link() { ! ip -n router link show "$1"; }

start() {
	make_router
	for n in 1 2 3; do
		make_host "$n"
		make_tunnel "$n"
	done
	connect 1 2
	connect 2 3
	flow out 1 10.9.0.2
	flow in4 2 10.9.0.1
	flow in6 2 fd09::1
	flow other 2 10.9.0.3
	must load 1 2
	check "traffic before" flowing out in4 in6 other
}

moved() {
	make_box
	check "a device moves under traffic" ip -n h1 link set fmp0 netns hbox
	check_equal "and takes its sockets down" 0 "$(sockets 1)"
	check "it comes up where it went" overlay_up 1 box
	check_equal "which has no other network" "fmp0 lo" "$(names box)"
	check_equal "its sockets stay" "2 0" "$(sockets 1) $(sockets box)"
	flow box4 box 10.9.0.2
	flow box6 box fd09::2
	check "traffic goes on" flowing in4 in6 box4 box6 other
	check "its peers are shown there" in_host box fmp peer show fmp0 "${KEYS[2]}"
	check_fail "and no longer where it was" in_host 1 fmp peer show fmp0
}

moved_back() {
	check "the device moves back under traffic" ip -n hbox link set fmp0 netns h1
	check "it comes up" overlay_up 1 1
	check "traffic goes on where it began" flowing out in4 in6 other
	end_processes box
	must ip netns del hbox
}

born_elsewhere() {
	make_box
	must ip -n h1 link add fmp7 netns hbox type fmp
	check "a device is made for another namespace" in_host box fmp set fmp7 port 2200
	must ip -n hbox link set fmp7 up
	check_equal "its sockets are where it was asked for" 2 \
		"$(in_host 1 ss -Hulna "sport = :2200" | grep -c .)"
	must ip -n hbox link del fmp7
	check_equal "and go with it" 0 "$(in_host 1 ss -Hulna "sport = :2200" | grep -c .)"
	must ip netns del hbox
}

# The echo replies are traffic too, and no process keeps the namespace.
home_exits() {
	make_box
	must ip -n h1 link set fmp0 netns hbox
	must overlay_up 1 box
	check "traffic before the device's namespace goes" flowing in4 in6
	must ip netns del hbox
	check "the sockets go with the device's namespace" await 30 has_sockets 1 0
	check_fail "no device comes back" ip -n h1 link show fmp0
	check "the peer and its traffic to others stay" flowing other
	make_tunnel 1
	add_peer 1 2
	must add_session 2 1 2
	must add_session 1 2 2
	check "a new device with a new session follows" flowing out in4 in6 other
}

no_carrier() { ip -n hbox link show fmp0 | grep -q NO-CARRIER; }

birth_exits() {
	make_box
	must ip -n h3 link set fmp0 netns hbox
	must overlay_up 3 box
	flow box4 box 10.9.0.2
	check "traffic before the birth namespace goes" flowing box4 other
	must ip netns del h3
	check "the birth namespace goes" await 30 no_router_link r3
	check "the device stays without a carrier" await 10 no_carrier
	check_equal "nothing more is sent" "$(counter box tx_frames)" "$(sleep 0.5; counter box tx_frames)"
	check_equal "nothing more is received" "$(counter box rx_frames)" "$(sleep 0.5; counter box rx_frames)"
	check "it goes down" ip -n hbox link set fmp0 down
	check "it does not go up again, and says why" no_longer_up
	check "its peers can be seen" in_host box fmp peer show fmp0 "${KEYS[2]}"
	check "a peer can be removed" in_host box fmp peer del fmp0 "${KEYS[2]}"
	check_fail "a port cannot be set any more" in_host box fmp set fmp0 port 2300
	check "the source check can" in_host box fmp set fmp0 source-check off
	check "it can be deleted" ip -n hbox link del fmp0
	check "traffic of others" flowing out in4 in6
	end_processes box
	must ip netns del hbox
}

no_longer_up() {
	local out
	out=$(ip -n hbox link set fmp0 up 2>&1) && return 1
	[[ $out == *"Network is down"* ]]
}

# A device that is down loses its birth namespace as one that is up does.
birth_exits_down() {
	make_box
	must ip netns add h4
	must ip -n h4 link add r4 type veth peer name r4 netns router
	must ip -n h4 link add fmp0 type fmp
	must ip -n h4 link set fmp0 netns hbox
	must ip netns del h4
	check "the birth namespace of a device that is down goes" await 30 no_router_link r4
	check "it does not go up, and says why" no_longer_up
	must ip netns del hbox
}

ktap_begin
start
moved
moved_back
born_elsewhere
home_exits
birth_exits
birth_exits_down
ktap_end
