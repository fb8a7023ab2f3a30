#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 6.12
# shellcheck disable=SC2317 # functions are called by name
# Hosts whose address changes in every phase of a session: idle, at each step of a rekey by
# either side, while the old session drains, both at once; and routes that change. The session
# stays, and no more is lost than was on its way to an address that is gone.
#
# ROAM_SIDES="1 2", in the environment, has rekeys begun by both hosts.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pair.sh"

# On the way between the hosts, so that each step of a rekey takes a while.
DELAY=300ms
[ "$SLOW" = 0 ] || DELAY=3s
SWITCHES=8

declare -A AT=([1]=2 [2]=2)

# move HOST: it has another address from now on, and no longer the old one
move() {
	local n=$1 old=${AT[$1]} new
	new=$((5 - old))
	AT[$n]=$new
	must ip -n "h$n" -batch - <<-END
		addr add 10.0.$n.$new/24 dev eth0
		route replace default via 10.0.$n.1 src 10.0.$n.$new
		addr del 10.0.$n.$old/24 dev eth0
		route replace default via 10.0.$n.1
	END
}

endpoint_at() { [ "$(in_host $((3 - $1)) fmp --json peer show fmp0 | flat '[0].endpoint')" = "10.0.$1.${AT[$1]}:2121" ]; }

current() { session 1 current local_index; }

# Nobody knows but the host itself, until its next heartbeat.
idle() {
	local n before
	before=$(current)
	for n in 1 2; do
		move "$n"
		check "host $n moves while nothing is sent: the other follows" await 20 endpoint_at "$n"
		goes_on "host $n has moved"
	done
	check_equal "with the session they had" "$before" "$(current)"
	kept "moves of idle hosts"
}

happened() { [ "$(since_mark "$1" "$2")" -ge 1 ]; }

# at_most LIMIT: of the datagrams to who moved
at_most() { [ "${LOST[$1]}" -le "$2" ]; }

# in_phase NAME INITIATOR MOVER WHO EVENT LIMIT: when host WHO tells the event of a rekey, the
# mover moves; datagrams towards it are lost meanwhile, at most so many
in_phase() {
	local name="$1, begun by host $2, host $3 moves" limit=$6 other=$((3 - $3))
	mark_events
	streams
	must in_host "$2" fmp rekey fmp0
	check "$name: it is at that point" await 30 happened "$4" "$5"
	move "$3"
	check "$name: the other follows" await 40 endpoint_at "$3"
	check "$name: both have cut over" await 40 cut_over 1
	check "$name: both are on one session" await 40 one_session
	end_streams "$name"
	check "$name: of what was sent to it ${LOST[$other]} are lost, at most $limit" at_most "$other" "$limit"
	check "$name: nothing came twice" test "${TWICE[1]}${TWICE[2]}" = 00
	kept "$name"
}

# What is under way to the old address when it goes, and until the first frame from the new one
# has arrived. In the worst moment the initiator sends under a session that the other side
# waits for in vain, and the other's agent notices after 5 s (docs/agent.md).
steps() {
	local we they
	for n in 1 2; do must tc -n router qdisc add dev "r$n" root netem delay "$DELAY" limit 100000; done
	for we in ${ROAM_SIDES:-1}; do
		they=$((3 - we))
		in_phase "msg1 under way" "$we" "$we" "$we" handshake "$MANY"
		in_phase "msg1 under way" "$we" "$they" "$we" handshake "$MANY"
		in_phase "msg2 under way" "$we" "$we" "$they" session-new "$MANY"
		in_phase "msg2 under way" "$we" "$they" "$they" session-new "$MANY"
		in_phase "msg2 is there" "$we" "$they" "$we" session-new "$MANY"
		in_phase "the initiator has cut over" "$we" "$we" "$we" session-cutover "$MANY"
		in_phase "the initiator has cut over" "$we" "$they" "$we" session-cutover "$MANY"
		in_phase "the old session drains" "$we" "$we" "$they" session-cutover "$MANY"
		in_phase "the old session drains" "$we" "$they" "$they" session-cutover "$MANY"
	done
	for n in 1 2; do must tc -n router qdisc del dev "r$n" root; done
}

# Neither can reach the other then, until somebody says where one of them is.
both() {
	local before
	before=$(current)
	move 1
	move 2
	check_fail "both move at once: nothing gets through" pinged 1 2
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint "10.0.2.${AT[2]}:2121"
	check "one is told of the other, which follows" await 20 endpoint_at 1
	goes_on "both have moved"
	check_equal "both have moved: with the session they had" "$before" "$(current)"
	kept "both move at once"
}

# Another link to the router, used in turns with the first one.
routes() {
	local i
	must ip -n h1 -batch - <<-END
		link add eth1 type veth peer name r9 netns router
		addr add 10.0.9.2/24 dev eth1
		link set eth1 up
	END
	must ip -n router -batch - <<-END
		addr add 10.0.9.1/24 dev r9
		link set r9 up
	END
	streams
	for ((i = 0; i < SWITCHES; i++)); do
		case $((i % 2)) in
		0) must ip -n h1 route replace default via 10.0.9.1 dev eth1 ;;
		1) must ip -n h1 route replace default via 10.0.1.1 dev eth0 ;;
		esac
		nap 0.2
	done
	all_came "a route changes $SWITCHES times"
	kept "routes change"
}

# As many as come in ten seconds.
MANY=$((10000000 / EVERY_US))

ktap_begin
make_pair heartbeat 2
# Else the second address goes with the first.
for n in 1 2; do must in_host "$n" sysctl -qw net.ipv4.conf.all.promote_secondaries=1; done
idle
both
routes
steps
ktap_end
