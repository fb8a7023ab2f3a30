#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# When a peer needs a new session, and who is told: by command, by packets that find
# none, by frames that do not decrypt. And what tracepoints and drop monitors tell.
#
# Host 1 has the device. Host 2 is a genuine peer; in the names of the peers 3 and 4
# frames are forged at host 3.

# shellcheck disable=SC2317 # functions are called by name

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/forge.sh"

TRACE=/sys/kernel/tracing

# --- suites

prepare() {
	make_router
	for h in 1 2 3; do make_host "$h"; done
	for h in 1 2; do
		quiet_host "$h"
		make_tunnel "$h"
	done
	add_peer 1 4
	must watch_events 1
}

count_asked_at_once() {
	local n
	n=$(told rekey-needed 4 no-session)
	echo "$n times"
	[ "$n" = 1 ] || { [ "$SLOW" = 1 ] && [ "$n" = 2 ]; }
}

no_session() {
	# ping ends when it has been answered that nobody is there.
	in_host 1 ping -q -c 8 -i 0.01 -W 1 10.9.0.4 >/dev/null 2>&1
	check "packets ask for a session at once, and not each of them" count_asked_at_once
	nap 1
	[ "$SLOW" = 0 ] || nap 2
	in_host 1 ping -q -c 1 -W 1 10.9.0.4 >/dev/null 2>&1
	check "and again later" test "$(told rekey-needed 4 no-session)" -ge 2
}

# Peer 4 gets sessions that nothing proves, peer 3 one that is proven.
sessions() {
	connect 1 2
	add_peer 1 3
	must add_session 1 3
	must add_session 1 4
	must add_session 1 4 2
	CURRENT=$(now)
	garbage 3 1 8
	check_equal "failures of a new session are not counted" 0 "$(failures 3)"
	authentic 3 1
	check "a genuine peer" in_host 1 ping -q -c 1 -W 5 10.9.0.2
}

npub() { in_host 1 fmp --json peer show fmp0 "${KEYS[$1]}" | flat '[0].public_key'; }

# has_lines N: the text monitor has printed them
has_lines() { [ "$(grep -c rekey-needed "$TMP/text")" -ge "$1" ]; }

text_ready() {
	in_host 1 fmp rekey fmp0 "${KEYS[2]}"
	has_lines 1
}

by_command() {
	local two three four before
	two=$(npub 2) three=$(npub 3) four=$(npub 4)
	before=$(told rekey-needed 2 manual)
	check "one peer is asked for" in_host 1 fmp rekey fmp0 "$two"
	check_equal "in JSON" "$((before + 1)) 0 0" \
		"$(told rekey-needed 2 manual) $(told rekey-needed 3) $(told rekey-needed 4 manual)"
	check_equal "in the form that is documented" \
		"rekey-needed fmp0 $two ${KEYS[2]} manual" \
		"$(events 1 rekey-needed | tail -n 1 | flat event device peer.public_key peer.public_key_hex reason | xargs)"

	run_in 1 fmp monitor fmp0 >>"$TMP/text" 2>/dev/null &
	disown
	must await 10 text_ready
	: >"$TMP/text"
	check "all peers are asked for" in_host 1 fmp rekey fmp0
	must await 10 has_lines 3
	check_equal "in words" \
		"$(printf 'fmp0 rekey-needed peer %s reason manual\n' "$two" "$three" "$four" | sort)" \
		"$(grep rekey-needed "$TMP/text" | sort -u)"
	for _ in 1 2 3 4 5; do in_host 1 fmp rekey fmp0 "$three"; done
	check_equal "as often as it is wanted" 6 "$(told rekey-needed 3 manual)"
	check_equal "no session went" "3 current 1 pending" \
		"$(in_host 1 fmp --json session show fmp0 | flat '[].slot' | sort | uniq -c | xargs)"

	in_host 1 fmp peer del fmp0 "$two"
	in_host 1 fmp rekey fmp0 "$two" 2>"$TMP/err"
	check_equal "a peer that is not there" "2 1" "$? $(grep -c "cannot rekey the peer '$two'" "$TMP/err")"
	add_peer 1 2
}

has_trace() {
	[ -e $TRACE/events/fmp ] || mount -t tracefs tracefs $TRACE 2>/dev/null
	[ -e $TRACE/events/fmp ] && [ -e $TRACE/events/skb/kfree_skb ]
}

# traced PATTERN: so many lines of the trace
traced() { grep -Ec "$1" "$TMP/trace"; }

take_trace() {
	cat $TRACE/trace >"$TMP/trace"
	echo >$TRACE/trace
}

drop_traces() {
	has_trace || { ktap_skip "tracepoints" "this kernel has none"; return; }
	TRACING=1
	echo 1 >$TRACE/events/skb/kfree_skb/enable
	echo 1 >$TRACE/events/fmp/enable
	grown rx_drop_unknown_index 3 from 3 77 5 <<<"times=3"
	grown rx_drop_version 1 from 3 1 5 <<<"version=3"
	grown rx_drop_replay 1 from 3 1 "${COUNTER[3]}" <<<""
	authentic 3 1 -s 10.0.3.2 -p 2122
	echo 0 >$TRACE/events/skb/kfree_skb/enable
	take_trace
	check_equal "each drop is traced, with its cause and the frame" 3 \
		"$(traced "fmp_rx_drop: device=fmp0 peer=0{32} reason=rx_drop_unknown_index framed=1 index=$(printf 0x%08x "$(index_of 1 3 77)") counter=[567]$")"
	check_equal "also what is no frame" 1 \
		"$(traced 'fmp_rx_drop: .* reason=rx_drop_version framed=0 index=0x0{8} counter=0$')"
	check_equal "and of which peer it is" 1 \
		"$(traced "fmp_rx_drop: .* peer=$(node_addr 3) reason=rx_drop_replay framed=1 .* counter=$((COUNTER[3] - 1))$")"
	check_equal "drop monitors get the kernel's reason" "3 1" \
		"$(traced 'kfree_skb: .* reason: NO_SOCKET') $(traced 'kfree_skb: .* reason: UNHANDLED_PROTO')"
	check_equal "what was opened is traced" 1 \
		"$(traced "fmp_rx_open: device=fmp0 peer=$(node_addr 3) index=$(printf 0x%08x "$(index_of 1 3)") counter=${COUNTER[3]} verdict=authentic$")"
	check_equal "a peer that moves is traced" 1 \
		"$(traced "fmp_roam: device=fmp0 peer=$(node_addr 3) remote=10.0.3.2:2122$")"
	# Home again.
	nap 0.1
	authentic 3 1
}

node_addr() { in_host 1 fmp --json peer show fmp0 "${KEYS[$1]}" | flat '[0].node_addr'; }

replay_lines() { dmesg | grep -c 'is a replay'; }

debug_line() {
	local control=/proc/dynamic_debug/control
	[ -w $control ] || { ktap_skip "replays in the log" "no dynamic debug"; return; }
	check_equal "a replay leaves no line in the log" 0 "$(replay_lines)"
	echo "module fmp +p" >$control
	grown rx_drop_replay 40 from 3 1 0 < <(yes "counter=${COUNTER[3]}" | head -n 40)
	echo "module fmp -p" >$control
	check "some do when they are wanted" test "$(replay_lines)" -ge 1
	check "not each of them" test "$(replay_lines)" -le 10
}

# The grace of a session that is proven is 10 s, of another one 30 s.
threshold() {
	wait_until $((CURRENT + 10100))
	if [ $(($(now) - CURRENT)) -lt 20000 ]; then
		garbage 4 1 8
		check_equal "an unproven session has a longer grace" 0 "$(failures 4)"
	else
		ktap_skip "an unproven session has a longer grace" "the machine was too slow to ask in time"
	fi
	garbage 3 1 3
	check_equal "failures of an older session are counted" 3 "$(failures 3)"
	authentic 3 1
	check_equal "an authentic frame ends them" 0 "$(failures 3)"
	garbage 3 1 3
	check_equal "three in a row ask for nothing" "3 0 0" "$(failures 3) $(asked 3) $(told peer-await 3)"
	garbage 3 1 1
	ASKED=$(now)
	check_equal "the fourth asks for a new session" "4 1 0" "$(failures 3) $(asked 3) $(told peer-await 3)"
	check_equal "which is counted" 1 "$(counter 1 rx_recovery_rekey)"
	check "and shown" grep -q 'failures: 4 frames in a row did not decrypt' \
		<(in_host 1 fmp peer show fmp0 "${KEYS[3]}")
	garbage 3 1 20
	check_equal "more of them ask no more" "24 1 0" "$(failures 3) $(asked 3) $(told peer-await 3)"
	grown rx_drop_replay 8 from 3 1 0 < <(yes "counter=${COUNTER[3]}" | head -n 8)
	grown rx_drop_unknown_index 8 from 3 77 5 <<<"flip=-1.0 times=8"
	check_equal "replays and unknown indices are no failures" 24 "$(failures 3)"
	[ -z "${TRACING-}" ] || trace_failures
}

trace_failures() {
	local who
	who="device=fmp0 peer=$(node_addr 3) index=$(printf 0x%08x "$(index_of 1 3)")"
	take_trace
	check_equal "failures are traced" "1 1 20" \
		"$(traced "fmp_failure: $who count=4 decision=ask$") $(traced "fmp_rekey_needed: .* reason=failures$") $(traced "fmp_failure: $who count=[0-9]+ decision=wait$")"
	check_equal "and the frames" 1 "$(traced "fmp_rx_open: $who counter=$((FORGED - 1)) verdict=forged$")"
}

waiting() {
	must add_session 1 3 2
	authentic 3 1
	garbage 3 1 4
	check_equal "while a session pends it is awaited" "4 1 1" "$(failures 3) $(asked 3) $(told peer-await 3)"
	garbage 3 1 995
	check_equal "which is told once" "999 1" "$(failures 3) $(told peer-await 3)"
	garbage 3 1 1
	check_equal "in a thousand failures" "1000 2 1" "$(failures 3) $(told peer-await 3) $(asked 3)"
	COUNTER[3]=0
	authentic 3 2
	RENEWED=$(now)
	check_equal "a cutover ends them" 0 "$(failures 3)"
	if [ -n "${TRACING-}" ]; then
		take_trace
		echo 0 >$TRACE/events/fmp/enable
		check_equal "which is traced" 1 \
			"$(traced "fmp_cutover: device=fmp0 peer=$(node_addr 3) index=$(printf 0x%08x "$(index_of 1 3 2)") k=0 initiator=0$")"
	fi
	garbage 3 1 8
	check_equal "failures of the previous session do not count" 0 "$(failures 3)"
}

# A session pends for a minute.
beside_pending() {
	if [ $(($(now) - CURRENT)) -gt 50000 ]; then
		ktap_skip "failures of a pending session do not count" "the machine was too slow: it is gone"
		ktap_skip "those of an unproven one do in the end" "the machine was too slow: nothing pends beside it"
		return
	fi
	garbage 4 2 8
	check_equal "failures of a pending session do not count" "0 0" "$(failures 4) $(told peer-await 4)"
	garbage 4 1 4
	check_equal "those of an unproven one do in the end" "4 0 1" "$(failures 4) $(asked 4) $(told peer-await 4)"
}

# A new session does not make room for more requests.
limited() {
	wait_until $((RENEWED + 10100))
	garbage 3 2 4
	if [ $(($(now) - ASKED)) -lt 25000 ]; then
		check_equal "nothing is asked for twice in 30 s" "4 1 3" \
			"$(failures 3) $(asked 3) $(told peer-await 3)"
	else
		ktap_skip "nothing is asked for twice in 30 s" "the machine was too slow to try in time"
	fi
	wait_until $((CURRENT + 30100))
	beside_pending
	wait_until $((ASKED + 30500))
	garbage 3 2 1
	check_equal "after 30 s it is asked for again" 2 "$(asked 3)"
	check_equal "and counted" 2 "$(counter 1 rx_recovery_rekey)"
	garbage 3 2 2000
	check_equal "without an agent nobody gives up" 0 "$(told peer-down 3)"
	check "the sessions are there" test "$(current_sessions)" = 2
}

current_sessions() { in_host 1 fmp --json session show fmp0 | flat '[slot=current].slot' | grep -c current; }

ktap_begin
prepare
no_session
sessions
by_command
drop_traces
debug_line
threshold
waiting
limited
ktap_end
