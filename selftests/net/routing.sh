#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Routes tell the peer: several peers on one device, next hops of both families,
# forwarding, the source check, and changes under traffic.
# shellcheck disable=SC2317 # functions are called by name

. "$(dirname "$0")/lib.sh"

# peer_number HOST PEER NAME: a number of a peer of that host
peer_number() {
	in_host "$1" fmp --json peer show fmp0 "${KEYS[$2]}" | flat "[0].$3"
}

declare -A NUMBER=(["${KEYS[1]}"]=1 ["${KEYS[2]}"]=2 ["${KEYS[3]}"]=3 ["${KEYS[4]}"]=4)

# read_sent HOST: SENT becomes what each peer was sent, by its number
read_sent() {
	local found i n peer
	mapfile -t found < <(in_host "$1" fmp --json peer show fmp0 | flat '[].public_key_hex' '[].tx_packets')
	n=$((${#found[@]} / 2))
	SENT=()
	for ((i = 0; i < n; i++)); do
		peer=${NUMBER[${found[i]}]}
		SENT[peer]=${found[n + i]}
	done
}

# sent_by HOST COMMAND...: which peers the packets of the command went to, as
# "2 2 3", the number of the peer for each packet
sent_by() {
	local h=$1 p n list='' SENT before=()
	shift
	read_sent "$h"
	for p in "${!SENT[@]}"; do before[p]=${SENT[p]}; done
	"$@" >/dev/null 2>&1
	read_sent "$h"
	for p in "${!SENT[@]}"; do
		for ((n = SENT[p]; n > before[p]; n--)); do list+=" $p"; done
	done
	echo "${list# }"
}

ping_from() {
	local h=$1
	shift
	in_host "$h" ping -q -c 1 -W 5 "$@"
}

# ping_lost HOST ADDRESS...: one that is not expected to be answered
ping_lost() {
	local h=$1
	shift
	in_host "$h" ping -q -c 1 -W 0.2 "$@"
}

# grew HOST COUNTER COMMAND...: by how much the command, which may fail, makes it
grew() {
	local h=$1 name=$2 before
	shift 2
	before=$(counter "$h" "$name")
	"$@" >/dev/null 2>&1
	echo $(($(counter "$h" "$name") - before))
}

prepare() {
	local h
	make_router
	for h in 1 2 3 4; do
		make_host "$h"
		# Multicast of the hosts' own would be counted.
		quiet_host "$h"
		make_tunnel "$h"
		in_host "$h" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
			net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	done
	connect 1 2
	connect 1 3 6
	connect 1 4
	# What is behind a host: 10.50.N.1 and fd50:N::1
	for h in 2 3 4; do
		must ip -n "h$h" link add behind type dummy
		must ip -n "h$h" addr add "10.50.$h.1/24" dev behind
		must ip -n "h$h" addr add "fd50:$h::1/64" dev behind nodad
		must ip -n "h$h" link set behind up
	done
}

# --- which peer

own_addresses() {
	local p
	for p in 2 3 4; do
		check_equal "IPv4 to the address of peer $p" "$p" "$(sent_by 1 ping_from 1 "10.9.0.$p")"
		check_equal "IPv6 to the address of peer $p" "$p" "$(sent_by 1 ping_from 1 "fd09::$p")"
		check_equal "and peer $p answers host 1" 1 "$(sent_by "$p" ping_from 1 "10.9.0.$p")"
	done
	check_equal "to no peer at all" "" "$(sent_by 1 ping_lost 1 10.9.0.77)"
}

# derived HOST PEER: the address of the public key of a peer
derived() { peer_number "$1" "$2" 'addresses[0]'; }

# It needs no configuration but a route.
derived_addresses() {
	local p own peer
	own=$(derived 2 1)
	must ip -n h1 addr add "$own/128" dev fmp0 nodad
	for p in 2 3 4; do
		peer=$(derived 1 "$p")
		must ip -n "h$p" addr add "$peer/128" dev fmp0 nodad
		must ip -n "h$p" route add "$own/128" dev fmp0
		route 6 "$peer/128"
		check "the derived address of peer $p is reached" ping_from 1 -I "$own" "$peer"
		check_equal "by peer $p" "$p" "$(sent_by 1 ping_from 1 -I "$own" "$peer")"
		must ip -n "h$p" addr del "$peer/128" dev fmp0
	done
	must ip -n h1 addr del "$own/128" dev fmp0
}

# route FAMILY WORD...: of host 1
route() {
	local family=$1
	shift
	must ip -n h1 "-$family" route replace "$@" dev fmp0
}

next_hops() {
	route 4 10.50.2.0/24 via 10.9.0.2
	check_equal "an IPv4 route by an IPv4 next hop" 2 "$(sent_by 1 ping_from 1 10.50.2.1)"
	check "is answered" ping_from 1 10.50.2.1
	route 4 10.50.3.0/24 via inet6 fd09::3
	check_equal "an IPv4 route by an IPv6 next hop" 3 "$(sent_by 1 ping_from 1 10.50.3.1)"
	check "is answered" ping_from 1 10.50.3.1
	route 6 fd50:4::/64 via fd09::4
	check_equal "an IPv6 route by a next hop" 4 "$(sent_by 1 ping_from 1 fd50:4::1)"
	check "is answered" ping_from 1 fd50:4::1
	route 4 10.51.0.0/16 via 10.9.0.4
	route 4 10.51.7.0/24 via 10.9.0.2
	check_equal "the longest prefix decides" 2 "$(sent_by 1 ping_lost 1 10.51.7.1)"
	check_equal "and the shorter one for the rest" 4 "$(sent_by 1 ping_lost 1 10.51.8.1)"
	route 4 10.51.7.0/24 via 10.9.0.3
	check_equal "a replaced route moves traffic" 3 "$(sent_by 1 ping_lost 1 10.51.7.1)"
	must ip -n h1 route del 10.51.7.0/24
	check_equal "a removed route too" 4 "$(sent_by 1 ping_lost 1 10.51.7.1)"
	must ip -n h1 route del 10.51.0.0/16
	route 4 10.52.0.0/16 via 10.9.0.77 onlink
	check_equal "a next hop that no peer has is no peer" 1 "$(grew 1 tx_drop_no_peer ping_lost 1 10.52.0.1)"
	must ip -n h1 route del 10.52.0.0/16
}

# in_turn FAMILY NAME: what holds for a route to two peers, however it was made
in_turn() {
	local name="IPv$1, $2" h source=10.53.0.1 own=10.9.0.1
	[ "$1" = 4 ] || source=fd53::1 own=fd09::1
	check_equal "$name: flows are spread over its peers" "2 3" "$(sent_by 1 flows $source | tr ' ' '\n' | sort -u | xargs)"
	for h in 2 3; do
		# The answer may go to the other one.
		check_equal "$name: peer $h may send from behind it" 1 "$(grew 1 rx_ip ping_lost "$h" -I $source $own)"
	done
	check_equal "$name: peer 4 may not" 1 "$(spoofed 4 $source $own)"
}

multipath4() {
	must ip -n h1 route add 10.53.0.0/24 nexthop via 10.9.0.2 dev fmp0 nexthop via inet6 fd09::3 dev fmp0
	in_turn 4 "a multipath route"
	must ip -n h1 route del 10.53.0.0/24
	must ip -n h1 route add 10.53.0.0/24 nhid 23
	in_turn 4 "a group of next hops"
	must ip -n h1 route del 10.53.0.0/24
}

multipath6() {
	must ip -n h1 route add fd53::/64 nexthop via fd09::2 dev fmp0 nexthop via fd09::3 dev fmp0
	in_turn 6 "a multipath route"
	must ip -n h1 route del fd53::/64
	must ip -n h1 -6 route add fd53::/64 nhid 23
	in_turn 6 "a group of next hops"
	must ip -n h1 -6 route del fd53::/64
}

# Both peers of such a route have 10.53.0.1 and fd53::1.
multipath() {
	local h
	for h in 2 3; do
		must ip -n "h$h" addr add 10.53.0.1/32 dev behind
		must ip -n "h$h" addr add fd53::1/128 dev behind nodad
		must ip -n h1 nexthop add id "$h" via "fd09::$h" dev fmp0
	done
	must ip -n h1 nexthop add id 23 group 2/3
	# Ports count, too.
	in_host 1 sysctl -qw net.ipv6.fib_multipath_hash_policy=1
	multipath6
	if in_host 1 sysctl -qw net.ipv4.fib_multipath_hash_policy=1 2>/dev/null; then
		multipath4
	else
		ktap_skip "IPv4 multipath" "this kernel has none"
	fi
	must ip -n h1 nexthop flush >/dev/null
}

# Datagrams of as many flows, to where nobody listens.
flows() {
	local port
	for port in {5000..5031}; do
		in_host 1 bash -c "echo >/dev/udp/$1/$port"
	done
}

# from HOST SOURCE DESTINATION: a ping from an address that is not the host's
from() {
	local address=$2/32
	[[ $2 != *:* ]] || address="$2/128 nodad"
	# shellcheck disable=SC2086 # a word or two
	must ip -n "h$1" addr add dev lo $address
	ping_lost "$1" -I "$2" "$3"
	must ip -n "h$1" addr del dev lo "${address% nodad}"
}

# spoofed HOST SOURCE DESTINATION: how many packets host 1 refuses for their source
spoofed() { grew 1 rx_drop_source from "$@"; }

# arrived HOST SOURCE DESTINATION: how many packets host 1 delivers
arrived() { grew 1 rx_ip from "$@"; }

# --- forwarding

forwarding() {
	local refused
	refused=$(refusals)
	must ip -n h2 route add 10.50.3.0/24 via 10.9.0.1 dev fmp0
	must ip -n h3 route add 10.50.2.0/24 via 10.9.0.1 dev fmp0
	must ip -n h2 -6 route add fd50:3::/64 via fd09::1 dev fmp0
	must ip -n h3 -6 route add fd50:2::/64 via fd09::1 dev fmp0
	route 6 fd50:2::/64 via fd09::2
	route 6 fd50:3::/64 via fd09::3
	check "host 1 reaches what is behind peer 2" ping_from 1 10.50.2.1
	check "IPv4 from behind peer 2 to behind peer 3 goes by host 1" ping_from 2 -I 10.50.2.1 10.50.3.1
	check "IPv6 does so too" ping_from 2 -I fd50:2::1 fd50:3::1
	check_equal "host 1 sends it on to peer 3, and the answer to peer 2" "2 3" \
		"$(sent_by 1 ping_from 2 -I 10.50.2.1 10.50.3.1)"
	check "datagrams of the MTU are sent on" ping_from 2 -s 1384 -M 'do' -I 10.50.2.1 10.50.3.1
	check "fragments are sent on" ping_from 2 -s 4000 -I 10.50.2.1 10.50.3.1
	check "TCP from behind peer 2 to behind peer 3" tcp
	check_equal "and nothing was refused for its source" "$refused" "$(refusals)"
	must ip -n h1 -6 route del fd50:2::/64
	must ip -n h1 -6 route del fd50:3::/64
}

refusals() {
	local h
	for h in 1 2 3; do counter "$h" rx_drop_source; done | xargs
}

tcp() {
	in_host 3 iperf3 -s -1 -D -B 10.50.3.1 -I "$TMP/iperf.pid" >/dev/null
	await 10 listening 3 5201 || return 1
	in_host 2 iperf3 -B 10.50.2.1 -c 10.50.3.1 -n 2M || return 1
	await 10 refused test -e "$TMP/iperf.pid"
}

# --- the source check

source_check() {
	check_equal "another peer's address is refused" 1 "$(spoofed 2 10.9.0.3 10.9.0.1)"
	check_equal "another peer's IPv6 address is refused" 1 "$(spoofed 2 fd09::3 fd09::1)"
	check_equal "what is behind another peer is refused" 1 "$(spoofed 2 10.50.3.9 10.9.0.1)"
	check_equal "an address that is not routed is refused" 1 "$(spoofed 2 198.51.100.1 10.9.0.1)"
	check_equal "the peer is charged with it" 4 "$(peer_number 1 2 counters.rx_drop_source)"
	must in_host 1 fmp set fmp0 source-check off
	check_equal "switched off, nothing is refused" 0 "$(spoofed 2 198.51.100.1 10.9.0.1)"
	check_equal "but delivered" 1 "$(arrived 2 198.51.100.1 10.9.0.1)"
	check_equal "IPv6 too" 1 "$(arrived 2 fd66::6 fd09::1)"
	must in_host 1 fmp set fmp0 source-check on
	check_equal "switched on, it is refused again" 1 "$(spoofed 2 198.51.100.1 10.9.0.1)"
}

# --- where packets cannot go

# unreachable ADDRESS: the answer to a ping is that
unreachable() { in_host 1 ping -c 1 -W 5 "$1" | grep -iE 'Destination Host Unreachable|Address unreachable'; }

nowhere() {
	check "IPv4 to no peer is unreachable" unreachable 10.9.0.77
	check "IPv6 to no peer is unreachable" unreachable fd09::77
	check_equal "and counted" 1 "$(grew 1 tx_drop_no_peer ping_lost 1 10.9.0.77)"
	check_equal "and counted for IPv6" 1 "$(grew 1 tx_drop_no_peer ping_lost 1 fd09::77)"

	check_equal "multicast is counted" 1 "$(grew 1 tx_drop_multicast ping_lost 1 -I fmp0 224.0.0.9)"
	check_equal "multicast of IPv6 is counted" 1 "$(grew 1 tx_drop_multicast ping_lost 1 -I fmp0 ff02::9)"
	check_equal "broadcast is counted" 1 "$(grew 1 tx_drop_multicast ping_lost 1 -b -I fmp0 255.255.255.255)"
	check_fail "and not answered" unreachable_multicast

	must in_host 1 fmp session del fmp0 local-index "$(index_of 1 4)"
	check "IPv4 without a session is unreachable" unreachable 10.9.0.4
	check "IPv6 without a session is unreachable" unreachable fd09::4
	check_equal "and counted" 1 "$(grew 1 tx_drop_no_session ping_lost 1 10.9.0.4)"
	check "the other peers do not notice" ping_from 1 10.9.0.2
	must add_session 1 4 2
	must in_host 4 fmp session del fmp0 local-index "$(index_of 4 1)"
	must add_session 4 1 2
	check "with a session again it is answered" ping_from 1 10.9.0.4

	must in_host 1 fmp peer set fmp0 "${KEYS[4]}" remove-address 10.9.0.4
	check "an address taken away is unreachable" unreachable 10.9.0.4
	check_equal "and packets from it are refused" 1 "$(grew 1 rx_drop_source ping_lost 4 10.9.0.1)"
	check "the peer's other address stays" ping_from 1 fd09::4
	must in_host 1 fmp peer set fmp0 "${KEYS[4]}" address 10.9.0.4
	check "given back, it is answered" ping_from 1 10.9.0.4

	must in_host 1 fmp peer del fmp0 "${KEYS[4]}"
	check "a removed peer is unreachable" unreachable 10.9.0.4
	check "its host has no session either" await 10 without_session 4
	check_equal "and counts what it cannot send" 1 "$(grew 4 tx_drop_no_session ping_lost 4 10.9.0.1)"
	must in_host 1 fmp peer add fmp0 "${KEYS[4]}" heartbeat off address 10.9.0.4
	must add_session 1 4 3
	check "a peer without an endpoint is unreachable" unreachable 10.9.0.4
	check_equal "and counted" 1 "$(grew 1 tx_drop_no_endpoint ping_lost 1 10.9.0.4)"
}

unreachable_multicast() {
	in_host 1 ping -c 1 -W 1 -I fmp0 224.0.0.9 | grep -i unreachable
}

# --- the outer packets

# Counts the frames of host 1 that have mark 5, and those with mark 6.
count_marks() {
	in_host 1 nft -f - <<-END
		table inet marks {
			chain output {
				type filter hook output priority 0
				udp sport 2121 meta mark 5 counter comment "five"
				udp sport 2121 meta mark 6 counter comment "six"
			}
		}
	END
}

marked() {
	in_host 1 nft list table inet marks | sed -n "s/.* counter packets \([0-9]*\) .* comment \"$1\".*/\1/p"
}

marks() {
	must count_marks
	must in_host 1 fmp set fmp0 fwmark 5
	check "IPv4 with a mark outside" ping_from 1 10.9.0.2
	check "IPv6 with a mark outside" ping_from 1 10.9.0.3
	check_equal "both frames had the mark" 2 "$(marked five)"
	must in_host 1 fmp set fmp0 fwmark 6
	check "with another mark" ping_from 1 10.9.0.2
	check_equal "the frame had that one" "2 1" "$(marked five) $(marked six)"

	must ip -n h1 rule add fwmark 6 table 66
	must ip -n h1 -6 rule add fwmark 6 table 66
	must ip -n h1 route add blackhole default table 66
	must ip -n h1 -6 route add blackhole default table 66
	check_equal "the mark chooses the outer route" 1 "$(grew 1 tx_drop_no_route ping_lost 1 10.9.0.2)"
	check_equal "of both families" 1 "$(grew 1 tx_drop_no_route ping_lost 1 10.9.0.3)"
	must in_host 1 fmp set fmp0 fwmark off
	check "and without it another" ping_from 1 10.9.0.2
	check "of both families" ping_from 1 10.9.0.3
	check_equal "no frame had a mark then" "2 1" "$(marked five) $(marked six)"
	must ip -n h1 rule del fwmark 6
	must ip -n h1 -6 rule del fwmark 6
}

# The way to the peer is by the device itself.
loop() {
	must ip -n h1 route add 10.0.2.2/32 dev fmp0
	check_equal "a route of the frames into their own device is seen" 1 "$(grew 1 tx_drop_loop ping_lost 1 10.9.0.2)"
	must ip -n h1 route del 10.0.2.2/32
	check "and gone with the route" ping_from 1 10.9.0.2
}

# --- changes under traffic

# Pings in the background, 50 a second, into a file.
start_traffic() {
	in_host 1 ping -i 0.02 10.9.0.2 >"$TMP/traffic" &
	TRAFFIC=$!
	must await 10 grep -q 'bytes from' "$TMP/traffic"
}

replies() { grep -c 'bytes from' "$TMP/traffic"; }

# goes_on: ten more answers
goes_on() {
	local n
	n=$(($(replies) + 10))
	await 10 answered "$n"
}

answered() { [ "$(replies)" -ge "$1" ]; }

# is_at ENDPOINT: host 1 is, for host 2
is_at() { [ "$(peer_number 2 1 endpoint)" = "$1" ]; }

under_traffic() {
	start_traffic
	must in_host 1 fmp set fmp0 port 4000
	check "traffic survives that our port changes" goes_on
	check "the peer has followed" await 30 is_at 10.0.1.2:4000
	must in_host 2 fmp set fmp0 port 4002
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint 10.0.2.2:4002
	check "traffic survives that the peer's port changes" goes_on
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint "[fd00:2::2]:4002"
	check "traffic survives that the endpoint's family changes" goes_on
	check "the peer has followed" await 30 is_at "[fd00:1::2]:4000"
	must in_host 1 fmp set fmp0 fwmark 9
	check "traffic survives a mark" goes_on
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint 10.0.2.2:4002 replace-addresses address 10.9.0.2
	check "traffic survives that addresses are replaced" goes_on
	must ip -n h1 link set fmp0 down
	must ip -n h1 link set fmp0 up
	check "traffic survives that the device was down" goes_on
	kill "$TRAFFIC"
	wait "$TRAFFIC" 2>/dev/null
	check_equal "no frame was taken for what it is not" "" "$(drops 2 | tr ' ' '\n' | grep -v 'rx_drop_source:' | xargs)"
}

ktap_begin
prepare
own_addresses
derived_addresses
next_hops
multipath
source_check
forwarding
nowhere
marks
loop
under_traffic
ktap_end
