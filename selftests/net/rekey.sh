#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# The three slots of a peer: what a new session replaces, when it takes over, how the
# old one drains, and that nothing is lost on the way (spec 5.1, 5.4, 8.5, 8.6, 8.9).

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

# What a slow machine may need to come to it, ms.
LATE=$((SLOW * 5000))

G=1
# Even, for the K bit.
STORM=24 EACH=2000
[ "$SLOW" = 0 ] || STORM=12 EACH=20000

# state HOST SLOT: generation, K bit, next counter, highest received
state() {
	local at="[slot=$2]" found
	mapfile -t found < <(in_host "$1" fmp --json session show fmp0 |
		flat "$at.local_index" "$at.k_bit" "$at.send_counter" "$at.receive_highest")
	[ ${#found[@]} = 0 ] || echo "$((found[0] % 65536)) ${found[1]} ${found[2]} ${found[3]-0}"
}

# slots HOST: generation by slot
slots() {
	local slot index list='' paths=()
	for slot in current pending previous; do
		paths+=("[slot=$slot].slot" "[slot=$slot].local_index")
	done
	while read -r slot && read -r index; do
		list+="${list:+, }$slot $((index % 65536))"
	done < <(in_host "$1" fmp --json session show fmp0 | flat "${paths[@]}")
	echo "$list"
}

has_slots() { [ "$(slots "$1")" = "$2" ]; }

# rekey INITIATOR RESPONDER: until both have cut over
rekey() {
	G=$((G + 1))
	add_session "$2" "$1" "$G" && add_session "$1" "$2" "$G" initiator && cut_over "$1" "$2" "$G"
}

# cut_over A B GENERATION: both have
cut_over() {
	local here there
	set_index here "$1" "$2" "$3"
	set_index there "$2" "$1" "$3"
	await 20 has_event "$1" session-cutover "$here" && await 20 has_event "$2" session-cutover "$there"
}

# at HOST EVENT INDEX: when it happened, in ms
at() { events "$@" | head -n 1 | flat time | date -f - +%s%3N; }

# between LOW HIGH VALUE
between() {
	echo "$3 ms"
	[ "$3" -ge "$1" ] && [ "$3" -le "$2" ]
}

# probe NAME HOST ADDRESS INTERVAL: numbered datagrams to the other of the hosts 1 and
# 2, one in so many us
probe() {
	PORT=$((PORT + 1))
	rm -f "$TMP/received.$1" "$TMP/sent.$1"
	run_in $((3 - $2)) numbers receive "$PORT" >"$TMP/received.$1" 2>&1 &
	RECEIVER[$1]=$!
	disown
	must await 10 test -s "$TMP/received.$1"
	run_in "$2" numbers send "$3" "$PORT" "$4" >"$TMP/sent.$1" 2>&1 &
	SENDER[$1]=$!
	disown
}

PORT=7000
declare -A SENDER RECEIVER

# tally NAME: TALLY becomes what the receiver said last
tally() {
	local lines
	mapfile -t lines <"$TMP/received.$1"
	read -ra TALLY <<<"${lines[-1]}"
}

has_all() {
	tally "$1"
	[ "${TALLY[1]}" -ge "$SENT" ]
}

# end_probe NAME: stops sending; ASTRAY gets what did not come once
end_probe() {
	local SENT=0 TALLY
	kill "${SENDER[$1]}"
	await 10 test -s "$TMP/sent.$1"
	read -r _ SENT <"$TMP/sent.$1"
	await 20 has_all "$1"
	kill "${RECEIVER[$1]}"
	await 10 refused test -e "/proc/${RECEIVER[$1]}"
	tally "$1"
	echo "# $1: sent $SENT, ${TALLY[*]}"
	[ "$SENT" != 0 ] || ASTRAY+="$1: none sent "
	[ "${TALLY[1]} ${TALLY[3]}" = "$SENT 0" ] || ASTRAY+="$1: sent $SENT, ${TALLY[*]} "
}

# arrived NAME...: the datagrams of these probes have, and each of them once
arrived() {
	local name ASTRAY=
	for name; do end_probe "$name"; done
	check_equal "no datagram was lost" "" "$ASTRAY"
}

# --- what takes long goes on beside the rest, between the hosts 3 and 4

# The index of the first session is free 30 s after its 10 s of drain.
claim_again() {
	until add_session 4 3 1 2>/dev/null; do
		sleep 0.5
	done
	date +%s%3N >"$TMP/claimed"
}

slow_begin() {
	must watch_events 3
	must watch_events 4
	flow slow 3 10.9.0.4
	must flowing slow
	G=1
	must rekey 3 4
	claim_again >/dev/null 2>&1 &
	must add_session 3 4 3
}

slow_end() {
	local cut3 cut4 pending
	cut3=$(at 3 session-cutover "$(index_of 3 4 2)")
	cut4=$(at 4 session-cutover "$(index_of 4 3 2)")
	check "an initiator's drain ends after 10 s" \
		between 9900 $((14000 + LATE)) $(($(at 3 session-del "$(index_of 3 4 1)") - cut3))
	check "a responder's drain ends after 10 s" \
		between 9900 $((14000 + LATE)) $(($(at 4 session-del "$(index_of 4 3 1)") - cut4))
	check "the index of a drained session is claimed again" await 40 test -s "$TMP/claimed"
	check "30 s after its drain" between 39900 $((47000 + LATE)) $(($(cat "$TMP/claimed") - cut4))
	pending=$(index_of 3 4 3)
	check "a pending session without proof goes" await 70 has_event 3 session-del "$pending"
	check "after 60 s" between 59500 $((66000 + LATE)) $(($(at 3 session-del "$pending") - $(at 3 session-new "$pending")))
	check_equal "it never took over" 0 "$(count_events 3 session-cutover "$pending")"
	check_equal "the current one stayed" "current 2" "$(slots 3)"
	check "and carries traffic" flowing slow
}

# --- slots

first() {
	check_equal "the first session is current, from counter 0" "1 0 0 0 | 1 0 0 0" \
		"$(state 1 current) | $(state 2 current)"
	must watch_events 1
	must watch_events 2
	flow out 1 10.9.0.2
	flow in 2 fd09::1
	check "traffic under the first" flowing out in
}

old_enough() { [ "$(session "$1" pending age_ms)" -ge "$2" ]; }

# Twice what makes an initiator cut over, and more.
pending() {
	must add_session 2 1 2
	must add_session 1 2 2
	check "a second session stays pending" await 10 old_enough 1 1000
	check "while there is traffic" flowing out in
	check_equal "nothing was sent or received under it" "2 0 0 0 | 2 0 0 0" \
		"$(state 1 pending) | $(state 2 pending)"
	check_equal "nobody cut over" "0 0" "$(count_events 1 session-cutover) $(count_events 2 session-cutover)"
}

replaced() {
	must add_session 2 1 3
	check_equal "a third replaces the second" "current 1, pending 3" "$(slots 2)"
	check "which is told" await 10 has_event 2 session-del "$(index_of 2 1 2)"
	check_fail "its index rests" add_session 2 1 2
}

# A frame's index as the wire has it, read by tcpdump.
wire_index() {
	local i
	i=$(index_of "$@")
	printf '0x%02x%02x%02x%02x' $((i & 255)) $((i >> 8 & 255)) $((i >> 16 & 255)) $((i >> 24))
}

# frames FROM TO GENERATION [FILTER]: how many were on the wire
frames() {
	captured -q "src host 10.0.$1.2 and udp[12:4] = $(wire_index "$2" "$1" "$3") ${4:-}" | grep -c .
}

on_the_wire() { [ "$(frames "$@")" -gt 0 ]; }

capture() {
	(ip netns exec router tcpdump -Z root --immediate-mode -s 128 -U -i r1 -w "$TMP/wire" udp port 2121 >/dev/null 2>"$TMP/wire.err" &)
	await 10 grep -q listening "$TMP/wire.err"
}

end_capture() {
	ip netns pids router | xargs -r kill -INT
	await 10 grep -q 'packets captured' "$TMP/wire.err"
}

# drains SLOTS: as they were right after the cutover; it takes 10 s
drains() {
	if [ "$SLOW" = 1 ] && [[ "$1" =~ ^current\ 3(,\ previous\ 1)?\ \|\ current\ 3$ ]]; then
		ktap_skip "the old session drains" "a slow machine looks when it has drained"
	else
		check_equal "the old session drains" "current 3, previous 1 | current 3, previous 1" "$1"
	fi
}

# By the times at which events were read, which is later on a machine that has more to do.
waited() {
	local ms=$(($(at 1 session-cutover "$(index_of 1 2 3)") - $(at 1 session-new "$(index_of 1 2 3)")))
	if [ "$SLOW" = 1 ] && [ "$ms" -lt 150 ]; then
		ktap_skip "the initiator waited" "a slow machine reads events together"
	else
		check "the initiator waited" between 150 $((3000 + LATE)) "$ms"
	fi
}

takes_over() {
	must capture
	must flowing out in
	must add_session 1 2 3 initiator
	check "initiator and responder cut over" cut_over 1 2 3
	drains "$(slots 1) | $(slots 2)"
	waited
	check "traffic under the new session" flowing out in
	# It reads later than packets pass.
	await 10 on_the_wire 1 2 3
	await 10 on_the_wire 2 1 3
	must end_capture
	check_equal "the K bit toggled" "1 1" "$(session 1 current k_bit) $(session 2 current k_bit)"
	G=3
}

wire() {
	local from to
	for from in 1 2; do
		to=$((3 - from))
		check "$from: frames of the old session" test "$(frames "$from" "$to" 1)" -gt 0
		check_equal "$from: all with K 0" 0 "$(frames "$from" "$to" 1 'and udp[9] & 1 = 1')"
		check_equal "$from: none of the one that was replaced" 0 "$(frames "$from" "$to" 2)"
		check "$from: frames of the new session" test "$(frames "$from" "$to" 3)" -gt 0
		check_equal "$from: all with K 1" 0 "$(frames "$from" "$to" 3 'and udp[9] & 1 = 0')"
		check_equal "$from: from counter 0" 1 \
			"$(frames "$from" "$to" 3 'and udp[16:4] = 0 and udp[20:4] = 0')"
	done
	check_equal "no counter was used twice" "" "$(nonces | sort | uniq -d)"
	check "of many" test "$(nonces | grep -c .)" -gt 20
}

# captured TCPDUMP-ARGUMENT...
captured() { tcpdump -Z root -n -r "$TMP/wire" "$@" 2>/dev/null; }

# Index and counter of each frame.
nonces() { captured -q -x | awk '$1 == "0x0020:" { print $2 $3, $4 $5 $6 $7 }'; }

# --- loss

# storm HOW-MANY: by turns, each end initiates
storm() {
	local i
	for ((i = 0; i < $1; i++)); do
		rekey $((i % 2 + 1)) $((2 - i % 2)) || return 1
	done
}

under_load() {
	local before=$G
	must load_tcp 1 2
	probe there 1 10.9.0.2 "$EACH"
	probe back 2 fd09::1 $((EACH * 5))
	check "$STORM rekeys in a row under load" storm "$STORM"
	G=$((before + STORM))
	arrived there back
	check_equal "nothing was dropped" "|" "$(drops 1)|$(drops 2)"
	check_equal "the K bit toggled an even number of times" "1 1" \
		"$(session 1 current k_bit) $(session 2 current k_bit)"
	must end_load
}

# cutovers HOST: how many, if there was none twice
cutovers() {
	events "$1" session-cutover | flat session.local_index | sort | uniq -c |
		awk '$1 != 1 { twice = 1 } END { print twice ? "twice" : NR }'
}

# all_arrived FROM TO GENERATION: the last frame of that session
all_arrived() {
	local there here sent highest
	set_index there "$1" "$2" "$3"
	set_index here "$2" "$1" "$3"
	sent=$(in_host "$1" fmp --json session show fmp0 | flat "[local_index=$((there))].send_counter")
	highest=$(in_host "$2" fmp --json session show fmp0 | flat "[local_index=$((here))].receive_highest")
	echo "counter $sent is next, $highest was the highest"
	[ -n "$sent" ] && [ "$highest" = $((sent - 1)) ]
}

drained() {
	local here
	set_index here 1 2 "$1"
	[ -z "$(in_host 1 fmp --json session show fmp0 | flat "[local_index=$((here))].slot")" ]
}

# accepts_earlier NAME GENERATION: of that session, which drains for 10 s; a slow machine may
# look when it is gone, and has only the datagrams to tell
accepts_earlier() {
	if await 5 all_arrived 2 1 "$2"; then
		ktap_pass "$1"
	elif [ "$SLOW" = 1 ] && drained "$2"; then
		ktap_skip "$1" "the session had drained before anybody looked"
	else
		all_arrived 2 1 "$2" | sed 's/^/# /'
		ktap_fail "$1"
	fi
}

# What was sent before the responder knew arrives when the initiator has cut over.
in_flight() {
	must tc -n h2 qdisc add dev eth0 root netem delay 700ms limit 10000
	probe there 1 10.9.0.2 $((EACH * 2))
	probe back 2 10.9.0.1 $((EACH * 2))
	must flowing in out
	G=$((G + 1))
	must add_session 2 1 "$G"
	must add_session 1 2 "$G" initiator
	check "both cut over" cut_over 1 2 "$G"
	accepts_earlier "the initiator accepts what was sent before" $((G - 1))
	arrived there back
	check_equal "nothing was dropped" "|" "$(drops 1)|$(drops 2)"
	must tc -n h2 qdisc del dev eth0 root
}

reordered() {
	local n before=$G
	for n in 1 2; do
		must tc -n "h$n" qdisc add dev eth0 root netem delay 20ms 15ms reorder 25% 50% limit 10000
	done
	probe there 1 10.9.0.2 $((EACH * 2))
	probe back 2 10.9.0.1 $((EACH * 2))
	check "10 rekeys on a path that reorders" storm 10
	G=$((before + 10))
	arrived there back
	check_equal "nothing was dropped" "|" "$(drops 1)|$(drops 2)"
	for n in 1 2; do must tc -n "h$n" qdisc del dev eth0 root; done
}

# All sessions since the third have been current.
expected() { echo $((G - 2)); }

# --- removal

current_removed() {
	local old=$G
	G=$((G + 1))
	must add_session 2 1 "$G"
	must del_session 2 1 "$old"
	check "a pending session does not stand in for a current one" stalled out 2 tx_drop_no_session
	check "it stays pending" await 1 pending_only 2
	must add_session 1 2 "$G" initiator
	check "until it is proven" cut_over 1 2 "$G"
	check "traffic" flowing out in
	old=$G
	G=$((G + 1))
	must add_session 2 1 "$G"
	must add_session 1 2 "$G" initiator
	must del_session 1 2 "$old"
	check "an initiator without a current session cuts over" cut_over 1 2 "$G"
	check "traffic after that" flowing out in
	check_equal "both agree on the K bit" "$(session 1 current k_bit)" "$(session 2 current k_bit)"
}

pending_only() { [[ $(slots "$1") =~ ^pending\ [0-9]+(, previous [0-9]+)?$ ]]; }

peer_removed() {
	local n
	for n in 2 1; do
		G=$((G + 1))
		must add_session 2 1 "$G"
		must add_session 1 2 "$G" initiator
		check "peer $((3 - n)) is removed while a session is pending" in_host "$n" fmp peer del fmp0 "${KEYS[3 - n]}"
		check_equal "its sessions are gone" "" "$(slots "$n")"
		check "which is told" await 10 has_event "$n" session-del "$(index_of "$n" $((3 - n)) "$G")"
		add_peer "$n" $((3 - n))
		G=$((G + 1))
		must add_session 2 1 "$G"
		must add_session 1 2 "$G"
		# The new peer's frames are what proves the session to the other end.
		must in_host "$n" ping -q -c 1 -W 5 "10.9.0.$((3 - n))" >/dev/null
		check "traffic with the peer back" flowing out in
	done
}

ktap_begin
make_tunnels 1 2 3 4
connect 3 4
slow_begin
connect 1 2
first
pending
replaced
takes_over
wire
under_load
in_flight
reordered
check_equal "each cutover was told once at either end" "$(expected) $(expected)" "$(cutovers 1) $(cutovers 2)"
current_removed
peer_removed
slow_end
ktap_end
