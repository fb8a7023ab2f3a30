#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# Devices, peers, sessions, sockets, links and the module change and go while packets
# are on their way.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

GENERATION=1

start() {
	make_router
	for n in 1 2; do
		make_host "$n"
		must in_host "$n" sysctl -qw net.ipv6.conf.default.keep_addr_on_down=1
		make_tunnel "$n"
	done
	connect 1 2
	flow out4 1 10.9.0.2
	flow out6 1 fd09::2
	flow in4 2 10.9.0.1
	must load 1 2
}

traffic() { flowing out4 out6 in4; }

# Sessions on both ends; one that has another still takes the new one by proof.
renew() {
	GENERATION=$((GENERATION + 1))
	add_session 2 1 "$GENERATION" && add_session 1 2 "$GENERATION"
}

is_up() { ip -n "h$1" link show fmp0 | grep -q '[<,]UP[,>]'; }

down_up() {
	for _ in 1 2 3 4 5 6 7 8; do
		must ip -n h1 link set fmp0 down
		must ip -n h1 link set fmp0 up
	done
	check "traffic after a device went down and up 8 times" traffic
	must ip -n h2 link set fmp0 down
	must ip -n h1 link set fmp0 down
	check_equal "a device that is down has no sockets" "" "$(in_host 1 ss -Hulna "sport = :2121")"
	must ip -n h1 link set fmp0 up
	must ip -n h2 link set fmp0 up
	check "traffic after both were down" traffic
}

link_delete() {
	check "a device is deleted" ip -n h1 link del fmp0
	check "its sockets go with it" no_sockets 1
	check "the other end stays up, and sends" grows 2 tx_frames 5
	make_tunnel 1
	add_peer 1 2
	must renew
	check "traffic with a new device and session" traffic
	check "the other end is up" is_up 2
}

no_sockets() { ! in_host "$1" ss -Hulna "sport = :2121" | grep .; }

peer_delete() {
	check "a peer is removed" in_host 1 fmp peer del fmp0 "${KEYS[2]}"
	check "nothing is sent to it" stalled out4 1 tx_drop_no_peer
	check "its sessions go with it" without_session 1
	check "so do those of the other end, which is told" await 10 without_session 2
	add_peer 1 2
	check "without a session nothing is sent" stalled out4 1 tx_drop_no_session
	must renew
	check "traffic with the peer back" traffic
}

session_delete() {
	check "a session is removed" del_session 1 2 "$GENERATION"
	check "nothing is sent without" stalled in4 1 rx_drop_unknown_index
	check "what would be is dropped" grows 1 tx_drop_no_session 5
	check_fail "it cannot be removed twice" del_session 1 2 "$GENERATION"
	must renew
	check "traffic with another session" traffic
}

endpoint() { in_host "$1" fmp --json peer show fmp0 | flat '[0].endpoint'; }

has_endpoint() { [ "$(endpoint "$1")" = "$2" ]; }

move_port() {
	check "the port changes" in_host 2 fmp set fmp0 port 3333
	check "the other end follows" await 20 has_endpoint 1 10.0.2.2:3333
	check "traffic on another port" traffic
	check_equal "the old port is closed" "" "$(in_host 2 ss -Hulna "sport = :2121")"
	check "a port that is taken is refused" port_taken 2 3334
	check "and traffic goes on" traffic
	must in_host 2 fmp set fmp0 port 2121
	check "traffic on the first port" traffic
}

# port_taken HOST PORT: another holds it for IPv6 alone, which is seen last
port_taken() {
	run_in "$1" socat "UDP6-LISTEN:$2,ipv6only=1" /dev/null >/dev/null 2>&1 &
	await 10 in_host "$1" sh -c "ss -Hulna 'sport = :$2' | grep -q ." || return 1
	refused in_host "$1" fmp set fmp0 port "$2" || return 1
	[ "$(in_host "$1" fmp --json show fmp0 | flat '[0].port')" = 3333 ]
}

# What is under way by the old family takes the peer back with it: once more then.
both_by() {
	in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint "$(endpoint_of 2 "$1")" &&
		in_host 2 fmp peer set fmp0 "${KEYS[1]}" endpoint "$(endpoint_of 1 "$1")" &&
		traffic && has_endpoint 1 "$(endpoint_of 2 "$1")" && has_endpoint 2 "$(endpoint_of 1 "$1")"
}

move_endpoint() {
	check "endpoints move to the other family, and traffic goes on" await 30 both_by 6
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint 10.0.2.99:2121
	check "an endpoint that nobody has is left when the peer is heard" \
		await 20 has_endpoint 1 "$(endpoint_of 2 6)"
	check "traffic" traffic
	check "endpoints move back, and traffic goes on" await 30 both_by 4
}

# The queue of the link is full of frames when it goes.
underlay_delete() {
	must tc -n h1 qdisc add dev eth0 root netem delay 100ms
	must tc -n router qdisc add dev r1 root netem delay 100ms
	check "traffic with frames queued" traffic
	check "the link below goes" ip -n h1 link del eth0
	check "there is no route" stalled out4 1 tx_drop_no_route
	make_underlay 1
	check "traffic once the link is back" traffic
	must ip -n h1 link set eth0 down
	must ip -n h1 link set eth0 up
	must ip -n h1 route replace default via 10.0.1.1
	check "traffic after the link below was down" traffic
}

no_module() { [ ! -e /sys/module/fmp ]; }

devices() { for n in 1 2; do ip -n "h$n" -o link show type fmp; done; }

module_remove() {
	check_equal "devices do not hold the module" 0 "$(cat /sys/module/fmp/refcnt)"
	check "the module is removed under traffic" rmmod fmp
	check_equal "the devices are gone" "" "$(devices 2>/dev/null)"
	check "so are the sockets" no_sockets 1
	check "it can be loaded again" modprobe fmp
	check "and removed" rmmod fmp
	check "a request loads it" in_host 1 fmp show
	must rmmod fmp
	check "it was not there" no_module
	make_tunnel 1
	check "a device loads it" test -e /sys/module/fmp
	make_tunnel 2
	connect 1 2
	check "traffic with the module back" traffic
}

ktap_begin
start
check "traffic before" traffic
down_up
link_delete
peer_delete
session_delete
move_port
move_endpoint
underlay_delete
module_remove
check_equal "frames were only dropped where they had to be" "" \
	"$(drops 1 | tr ' ' '\n' | grep -E '_(auth|malformed|length|nomem|source|gso|too_long|lane_full):')"
ktap_end
