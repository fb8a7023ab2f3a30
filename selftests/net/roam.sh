#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 6.12
# shellcheck disable=SC2317 # functions are called by name
# Hosts whose address changes in every phase of a session: idle, at each step of a rekey by
# either side, while the old session drains, both at once; and routes that change. The session
# stays, and no more is lost than was on its way to an address that is gone.
#
# ROAM_ALL=1, in the environment or on the kernel's command line, has either host move at each
# step of rekeys that either has begun.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pair.sh"
. "$(dirname "$0")/play.sh"

# On the way between the hosts, so that each step of a rekey takes a while.
DELAY=1s
[ "$SLOW" = 0 ] || DELAY=3s
SWITCHES=8
TRIES=3 ALL=0
set_from ALL ROAM_ALL
RESCUED=-31
TRACE=/sys/kernel/tracing

declare -A AT=([1]=2 [2]=2)

# moving HOST: how it gets another address, and no longer has the old one
moving() {
	local n=$1 old=${AT[$1]} new=$((5 - ${AT[$1]}))
	cat <<-END
		addr add 10.0.$n.$new/24 dev eth0
		route replace default via 10.0.$n.1 src 10.0.$n.$new
		addr del 10.0.$n.$old/24 dev eth0
		route replace default via 10.0.$n.1
	END
}

has_moved() { AT[$1]=$((5 - AT[$1])); }

move() {
	must ip -n "h$1" -batch - < <(moving "$1")
	has_moved "$1"
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

# move_upon WHO EVENT MOVER INITIATOR: a rekey, and when host WHO tells the event of it the mover
# moves; nothing has to be started then, for some phases are short
move_upon() {
	local line told tail to ip rc=1
	exec {told}< <(exec tail -n +$((MARKED[$1] + 1)) -f "$TMP/events.$1")
	tail=$!
	exec {to}> >(exec ip -n "h$3" -batch -)
	ip=$!
	must in_host "$4" fmp rekey fmp0
	while read -rt 30 -u "$told" line; do
		[[ $line != *"\"event\":\"$2\""* ]] || { rc=0; break; }
	done
	moving "$3" >&"$to"
	exec {to}>&-
	must wait "$ip"
	has_moved "$3"
	echo moved >"$TRACE/trace_marker"
	kill "$tail"
	exec {told}<&-
	return "$rc"
}

# What a rekey consists of is traced, in one order for all CPUs: the session is made by the
# responder and the initiator, and cut over to by the initiator and the responder.
trace_on() {
	echo counter >"$TRACE/trace_clock"
	echo "p:roam/made fmp:fmp_session_install" >"$TRACE/kprobe_events" &&
		echo 1 >"$TRACE/events/roam/enable" && echo 1 >"$TRACE/events/fmp/fmp_cutover/enable"
}

trace_off() {
	echo 0 >"$TRACE/events/fmp/fmp_cutover/enable"
	echo 0 >"$TRACE/events/roam/enable"
	echo >"$TRACE/kprobe_events"
	echo local >"$TRACE/trace_clock"
}

# How much of the rekey had happened when the host had moved.
happened() { awk '/: moved$/ { print n + 0; exit } / made: | fmp_cutover: / { n++ }' "$TRACE/trace"; }

# at_most HOST LIMIT: of the datagrams to who moved
at_most() { [ "${LOST[$1]}" -le "$2" ]; }

PHASES=("msg1 under way" "msg2 under way" "msg2 is there" "the initiator has cut over" "the old session drains")

# phase NAME NUMBER INITIATOR MOVER WHO EVENT LIMIT [OWN]: WHEN is the phase in which the host moved
phase() {
	local name=$1 limit=$7 own=${8:-0} other=$((3 - $4)) rc=0
	mark_events
	streams
	echo >"$TRACE/trace"
	move_upon "$5" "$6" "$4" "$3" || rc=1
	WHEN=$(happened)
	check_equal "$name: it came to that point" 0 "$rc"
	check "$name: the other follows" await 40 endpoint_at "$4"
	check "$name: both have cut over" await 40 cut_over 1
	check "$name: both are on one session" await 40 one_session
	end_streams "$name"
	if [ "$WHEN" = "$2" ]; then
		check "$name: of what was sent to it ${LOST[$other]} are lost, at most $limit" at_most "$other" "$limit"
		check "$name: of what it sent ${LOST[$4]}, at most $own" at_most "$4" "$own"
	fi
	check "$name: nothing came twice" test "${TWICE[1]}${TWICE[2]}" = 00
	kept "$name"
}

# in_phase NUMBER INITIATOR MOVER WHO EVENT LIMIT [OWN]: when host WHO tells the event of a rekey,
# the mover moves, and once more if it was late; datagrams towards it are lost meanwhile, at most
# so many, and of its own none, or at most so many
in_phase() {
	local name="${PHASES[$1]}, begun by host $2, host $3 moves" try
	for ((try = 1; try <= TRIES; try++)); do
		phase "$name" "$@"
		[ "$WHEN" != "$1" ] || break
		echo "# $name: too late, ${PHASES[$WHEN]}"
		RESCUED=$SECONDS
	done
	# It is over in 250 ms, which a busy machine may need to hear of it.
	if [ "$WHEN" != "$1" ] && [ "$1" = 2 ]; then
		ktap_skip "$name: in that phase" "this machine is too slow"
		return
	fi
	check_equal "$name: in that phase" "${PHASES[$1]}" "${PHASES[$WHEN]}"
}

# Another handshake for the sake of a session that is not proven is made after 30 s only
# (docs/agent.md).
rescue() {
	local left=$((RESCUED + 31 - SECONDS))
	[ "$left" -le 0 ] || nap "$left"
	TRIES=1 in_phase "$@" "$MANY" "$FEW"
	RESCUED=$SECONDS
}

# each_step INITIATOR: in the worst moments it sends under a session that the other side waits for
# in vain, and the other's agent notices after 5 s (docs/agent.md): these come first and last.
each_step() {
	local we=$1 they=$((3 - $1))
	rescue 2 "$we" "$they" "$we" session-new
	in_phase 0 "$we" "$they" "$we" handshake "$FEW"
	in_phase 1 "$we" "$we" "$they" session-new "$FEW"
	in_phase 3 "$we" "$we" "$we" session-cutover "$FEW"
	in_phase 4 "$we" "$they" "$they" session-cutover "$FEW"
	[ "$ALL" = 1 ] || return
	in_phase 0 "$we" "$we" "$we" handshake "$FEW"
	in_phase 1 "$we" "$they" "$they" session-new "$FEW"
	in_phase 4 "$we" "$we" "$they" session-cutover "$FEW"
	rescue 3 "$we" "$they" "$we" session-cutover
}

# What is under way to the old address when it goes, and until the first frame from the new one
# has arrived.
steps() {
	if [ ! -e "$TRACE/kprobe_events" ]; then
		ktap_skip "a host moves in each phase of a rekey" "this kernel has no kprobes, by which phases are known"
		return
	fi
	for n in 1 2; do must tc -n router qdisc add dev "r$n" root netem delay "$DELAY" limit 100000; done
	trap 'trace_off; cleanup' EXIT
	must trace_on
	each_step 1
	[ "$ALL" = 0 ] || each_step 2
	trace_off
	trap cleanup EXIT
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

# As many as come in ten seconds, and in four.
MANY=$((10000000 / EVERY_US))
FEW=$((MANY * 4 / 10))
[ "$SLOW" = 0 ] || FEW=$MANY

ktap_begin
make_pair heartbeat 2
# Else the second address goes with the first.
for n in 1 2; do must in_host "$n" sysctl -qw net.ipv4.conf.all.promote_secondaries=1; done
idle
both
routes
steps
ktap_end
