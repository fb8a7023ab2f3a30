#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# The three slots of a peer: what a new session replaces, when it takes over, how the
# old one drains, and that nothing is lost on the way (spec 5.1, 5.4, 8.5, 8.6, 8.9).

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

G=1
STORM=50

# state HOST SLOT: generation, K bit, next counter, highest received
state() {
	in_host "$1" fmp --json session show fmp0 | jq -r --arg slot "$2" \
		'.[] | select(.slot == $slot) | "\(.local_index % 65536) \(.k_bit) \(.send_counter) \(.receive_highest // 0)"'
}

# slots HOST: generation by slot
slots() {
	in_host "$1" fmp --json session show fmp0 |
		jq -r 'map("\(.slot) \(.local_index % 65536)") | sort | join(", ")'
}

has_slots() { [ "$(slots "$1")" = "$2" ]; }

# rekey INITIATOR RESPONDER: until both have cut over
rekey() {
	G=$((G + 1))
	add_session "$2" "$1" "$G" && add_session "$1" "$2" "$G" initiator && cut_over "$1" "$2" "$G"
}

# cut_over A B GENERATION: both have
cut_over() {
	await 20 has_event "$1" session-cutover "$(index_of "$1" "$2" "$3")" &&
		await 20 has_event "$2" session-cutover "$(index_of "$2" "$1" "$3")"
}

# at HOST EVENT INDEX: when it happened, in ms
at() { events "$@" | head -n 1 | jq -r .time | date -f - +%s%3N; }

# between LOW HIGH VALUE
between() {
	echo "$3 ms"
	[ "$3" -ge "$1" ] && [ "$3" -le "$2" ]
}

# probe NAME HOST ADDRESS INTERVAL: rounds of pings
probe() {
	rm -f "$TMP/stop.$1" "$TMP/done.$1"
	(
		while [ ! -e "$TMP/stop.$1" ]; do
			in_host "$2" ping -n -i "$4" -c 50 -W 10 "$3"
		done >"$TMP/probe.$1" 2>&1
		: >"$TMP/done.$1"
	) &
}

# lost NAME...: pings of these probes that have no reply though a later one has. For the
# last of a round ping waits no longer than twice the longest round trip before.
lost() {
	local name
	for name; do : >"$TMP/stop.$name"; done
	for name; do await 60 test -e "$TMP/done.$name"; done
	for name; do cat "$TMP/probe.$name"; done |
		awk '
			match($0, /icmp_seq=[0-9]+/) { n = substr($0, RSTART + 9, RLENGTH - 9) + 0; got[n]; if (n > max) max = n }
			/packets transmitted/ {
				for (i = 1; i <= max; i++) if (!(i in got)) lost++
				sent += max; max = 0; delete got
			}
			END { print sent ? lost + 0 : "none sent" }'
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
		between 9900 14000 $(($(at 3 session-del "$(index_of 3 4 1)") - cut3))
	check "a responder's drain ends after 10 s" \
		between 9900 14000 $(($(at 4 session-del "$(index_of 4 3 1)") - cut4))
	check "the index of a drained session is claimed again" await 40 test -s "$TMP/claimed"
	check "30 s after its drain" between 39900 47000 $(($(cat "$TMP/claimed") - cut4))
	pending=$(index_of 3 4 3)
	check "a pending session without proof goes" await 70 has_event 3 session-del "$pending"
	check "after 60 s" between 59500 66000 $(($(at 3 session-del "$pending") - $(at 3 session-new "$pending")))
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

capture() {
	(ip netns exec router tcpdump -Z root -U -i r1 -w "$TMP/wire" udp port 2121 >/dev/null 2>"$TMP/wire.err" &)
	await 10 grep -q listening "$TMP/wire.err"
}

end_capture() {
	ip netns pids router | xargs -r kill -INT
	await 10 grep -q 'packets captured' "$TMP/wire.err"
}

takes_over() {
	must capture
	must flowing out in
	must add_session 1 2 3 initiator
	check "initiator and responder cut over" cut_over 1 2 3
	check "the initiator waited" between 150 3000 \
		$(($(at 1 session-cutover "$(index_of 1 2 3)") - $(at 1 session-new "$(index_of 1 2 3)")))
	check "traffic under the new session" flowing out in
	must end_capture
	check_equal "the old session drains" "current 3, previous 1 | current 3, previous 1" \
		"$(slots 1) | $(slots 2)"
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
	probe there 1 10.9.0.2 0.002
	probe back 2 fd09::1 0.01
	check "$STORM rekeys in a row under load" storm "$STORM"
	G=$((before + STORM))
	check_equal "no ping was lost" 0 "$(lost there back)"
	check_equal "nothing was dropped" "|" "$(drops 1)|$(drops 2)"
	check_equal "the K bit toggled an even number of times" "1 1" \
		"$(session 1 current k_bit) $(session 2 current k_bit)"
	must end_load
}

# cutovers HOST: how many, if there was none twice
cutovers() {
	events "$1" session-cutover | jq .session.local_index | sort | uniq -c |
		awk '$1 != 1 { twice = 1 } END { print twice ? "twice" : NR }'
}

highest_beyond() { [ "$(session "$1" previous receive_highest)" -gt "$2" ]; }

# What was sent before the responder knew arrives when the initiator has cut over.
in_flight() {
	local highest
	must tc -n h2 qdisc add dev eth0 root netem delay 700ms limit 10000
	probe there 1 10.9.0.2 0.005
	must flowing in out
	G=$((G + 1))
	must add_session 2 1 "$G"
	must add_session 1 2 "$G" initiator
	check "an initiator cuts over" await 10 has_event 1 session-cutover "$(index_of 1 2 "$G")"
	highest=$(session 1 previous receive_highest)
	check "and accepts what was sent before" await 10 highest_beyond 1 "$highest"
	check_equal "no ping was lost" 0 "$(lost there)"
	must tc -n h2 qdisc del dev eth0 root
}

reordered() {
	local n before=$G
	for n in 1 2; do
		must tc -n "h$n" qdisc add dev eth0 root netem delay 20ms 15ms reorder 25% 50% limit 10000
	done
	probe there 1 10.9.0.2 0.005
	probe back 2 10.9.0.1 0.005
	check "10 rekeys on a path that reorders" storm 10
	G=$((before + 10))
	check_equal "no ping was lost" 0 "$(lost there back)"
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

pending_only() { in_host "$1" fmp --json session show fmp0 | jq -e 'all(.slot != "current") and any(.slot == "pending")'; }

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
make_router
for n in 1 2 3 4; do
	make_host "$n"
	quiet_host "$n"
	# A raw socket gets the replies to everyone's pings, more than it has room for.
	must in_host "$n" sysctl -qw net.ipv4.ping_group_range="0 0"
	make_tunnel "$n"
done
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
