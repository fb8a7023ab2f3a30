#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# Disconnect: a peer that says goodbye under its current session loses its sessions, at
# once and with an event, and stays configured. Nothing else that looks like a goodbye
# does anything (spec 2.5, 5.5, 10).
#
# Host 1 has the device, host 2 a genuine one. In the name of a peer 3 host 3 forges.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/ask.sh"

# told NAME N EVENT: what was told since the last time
told() {
	answers "$1" "$3" one take 1 "$2"
}

# slots: the sessions of peer 3, as "SLOT GENERATION"
slots() {
	local slot index list='' paths=() at="[0].peers[public_key_hex=${KEYS[3]}].sessions"
	for slot in current pending previous; do
		paths+=("${at}[slot=$slot].slot" "${at}[slot=$slot].local_index")
	done
	while read -r slot && read -r index; do
		list+="${list:+, }$slot $((index % 65536))"
	done < <(in_host 1 fmp --json show fmp0 | flat "${paths[@]}")
	echo "$list"
}

# forge GENERATION COUNTER: frames of peer 3 under that session, from the list that is
# the input
forge() {
	local key index
	set_key key 3 1 "$1"
	set_index index 1 3 "$1"
	in_host 3 frame -C 0 "${FROM[@]}" -k "$key" -i "$index" -c "$2" 10.0.1.2 2121 >/dev/null || die "cannot send frames"
}

FROM=(-p 2121)

# goodbye CODE [WORD...]: the line of a list
goodbye() { echo "plain=0000000050$1 ${*:2}"; }

has_counter() { [ "$(counter 1 "$1")" = "$2" ]; }

# nothing NAME COUNTER SLOTS: the frame counted that, once more, and changed nothing
nothing() {
	local now
	SEEN[$2]=$((${SEEN[$2]-0} + 1))
	await 10 has_counter "$2" "${SEEN[$2]}"
	now=$(slots)
	! has_drained || [ "$now, previous 1" != "$3" ] || now=$3
	check_equal "$1" "${SEEN[$2]} | $3 | ${SEEN[rx_disconnect]}" \
		"$(counter 1 "$2") | $now | $(counter 1 rx_disconnect)"
}

declare -A SEEN=([rx_disconnect]=0)

# gone NAME CODE: the sessions are, which was told
gone() {
	SEEN[rx_disconnect]=$((SEEN[rx_disconnect] + 1))
	told "$1" 1 "$I ${KEYS[3]:0:8} down 0 $2"
	check_equal "and leaves no session" "| ${SEEN[rx_disconnect]}" "$(slots)| $(counter 1 rx_disconnect)"
}

prepare() {
	local h
	make_network 1 2 3
	for h in 1 2; do
		in_host "$h" sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
		make_tunnel "$h"
	done
	connect 1 2
	add_peer 1 3
	must add_session 1 3
	I=$(ip -n h1 -o link show fmp0)
	I=${I%%:*}
	must await 10 in_host 3 ping -q -c 1 -W 1 10.0.1.2
	must await 10 in_host 1 ping -q -c 1 -W 1 10.9.0.2
	serve one 1
	ask one events 1
	ask one bind 1 link "$I"
}

malformed() {
	forge 1 5 <<<"plain=0000000050"
	nothing "a goodbye without a reason" rx_drop_inner_short "current 1"
	forge 1 6 <<<"$(goodbye 00 flip=-1.0)"
	nothing "a forged one" rx_drop_auth "current 1"
	FROM=(-p 3333)
	forge 1 5 <<<"$(goodbye 00)"
	nothing "one with a counter that was seen" rx_drop_replay "current 1"
	FROM=(-p 2121)
	forge 9 0 <<<"$(goodbye 00)"
	nothing "one for a session that is not there" rx_drop_unknown_index "current 1"
}

# The session before drains for 10 s, and a slow machine may look after that.
has_drained() { [ "$SLOW" = 1 ] && [ $((SECONDS - CUT_OVER)) -ge 10 ]; }

CUT_OVER=0

# late NAME COUNTER FRAME SLOTS: a frame of the first session, which drains for 10 s beside
# the others; a slow machine may come when it is gone
late() {
	local unknown=${SEEN[rx_drop_unknown_index]-0}
	forge 1 "$2" <<<"$3"
	if [ "$SLOW" = 1 ] && await 3 has_counter rx_drop_unknown_index $((unknown + 1)) && has_drained; then
		SEEN[rx_drop_unknown_index]=$((unknown + 1))
		ktap_skip "$1" "it came when the session before had drained"
	else
		nothing "$1" rx_drop_link_unhandled "$4, previous 1"
	fi
}

# What is pending becomes current when it is used, and what was current may be late.
earlier() {
	must add_session 1 3 2
	forge 2 0 <<<"$(goodbye 00 flip=-1.0)"
	nothing "a forged one of a pending session" rx_drop_auth "current 1, pending 2"
	CUT_OVER=$SECONDS
	forge 2 0 <<<"flags=1"
	must await 10 has_slots "current 2, previous 1"
	late "a late one of the session before" 100 "$(goodbye 00)" "current 2"
	must add_session 1 3 3
	late "which leaves what is pending" 101 "$(goodbye 01)" "current 2, pending 3"
	told "of none of these is anything told" 0 ""
}

has_slots() { [ "$(slots)" = "$1" ]; }

goodbyes() {
	forge 2 1 <<<"$(goodbye 01)"
	gone "one of the current session ends all three" 1
	forge 2 2 <<<"$(goodbye 01)"
	nothing "the next one finds none" rx_drop_unknown_index ""
	check_equal "the peer stays, with its endpoint" "10.0.3.2:2121" \
		"$(in_host 1 fmp --json show fmp0 | flat "[0].peers[public_key_hex=${KEYS[3]}].endpoint")"
	check_fail "what is sent to it now does not arrive" in_host 1 ping -q -c 1 -W 1 10.9.0.3
	check "other peers are not concerned" in_host 1 ping -q -c 1 -W 5 10.9.0.2

	must add_session 1 3 4
	check_equal "a new session is current at once" "current 4" "$(slots)"
	forge 4 0 <<<""
	must await 10 has_counter rx_heartbeat 2
	forge 4 1 <<<"$(goodbye 7f pad=20)"
	gone "an unknown reason is Other, and what follows it is not looked at" 255

	must add_session 1 3 5
	must add_session 1 3 6
	forge 6 0 <<<"$(goodbye 07 flags=1)"
	gone "one that proves a pending session ends that as well" 7
}

# Every known reason, each with a session of its own; the links may go wild meanwhile.
reasons() {
	local g=10 code
	for code in 0 2 3 4 5 6; do
		g=$((g + 1))
		must add_session 1 3 $g
		forge $g 0 <<<"$(goodbye "0$code")"
		SEEN[rx_disconnect]=$((SEEN[rx_disconnect] + 1))
		told "reason $code" 1 "$I ${KEYS[3]:0:8} down 0 $code"
	done
	check_equal "each was counted" "${SEEN[rx_disconnect]}" "$(counter 1 rx_disconnect)"
}

# How an agent says goodbye.
sent() {
	local before
	before=$(counter 2 rx_disconnect)
	answers "a goodbye can be sent" OK one send 2 "$I" "${KEYS[2]}" 5000
	check "and takes the other end down" await 10 refused in_host 2 fmp session show fmp0 local-index "$(index_of 2 1)"
	check_equal "which counts it" $((before + 1)) "$(counter 2 rx_disconnect)"
	told "it is no message for the subscriber, here or there" 0 ""
	check "and no reason to go for the sender" in_host 1 fmp session show fmp0 local-index "$(index_of 1 2)"
	must in_host 1 fmp session del fmp0 local-index "$(index_of 1 2)"
	must add_session 1 2 7
	must add_session 2 1 7
	check "with new sessions traffic goes on" in_host 1 ping -q -c 1 -W 5 10.9.0.2
}

# told_removal NAME COMMAND...: how the tool takes a peer away whose other end would go on
# sending
told_removal() {
	local name=$1
	shift
	check "$name" "$@"
	check "$name: the other end has no session then" await 10 without_session 2
	REMOVALS=$((REMOVALS + 1))
	check "$name: it knows why" await 10 removals_known
	must in_host 2 fmp peer del fmp0 "${KEYS[1]}"
}

REMOVALS=0

removals_known() { [ "$(events 2 peer-down | grep -c '"reason":"disconnect","code":6')" = "$REMOVALS" ]; }

# anew GENERATION: peers and sessions
anew() {
	add_peer 1 2
	add_peer 2 1
	must add_session 1 2 "$1"
	must add_session 2 1 "$1"
}

# without_peers COMMAND: takes a configuration as it is, but for the peers
without_peers() { in_host 1 fmp showconf fmp0 | sed '/^\[Peer]/,$d' | in_host 1 fmp "$1" fmp0 -; }

removals() {
	must watch_events 2
	told_removal "a peer is removed" in_host 1 fmp peer del fmp0 "${KEYS[2]}"
	anew 8
	told_removal "one is removed among settings" in_host 1 fmp set fmp0 peer "${KEYS[2]}" remove
	anew 9
	told_removal "one is not in the file that is synchronized" without_peers syncconf
	anew 10
	told_removal "nor in the one that is set" without_peers setconf
	add_peer 1 2
	check "one without a session is removed as ever" in_host 1 fmp peer del fmp0 "${KEYS[2]}"
	check_fail "but only once" in_host 1 fmp peer del fmp0 "${KEYS[2]}"
}

ktap_begin
prepare
malformed
earlier
goodbyes
reasons
sent
removals
ktap_end
