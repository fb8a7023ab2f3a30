#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 6.12
# shellcheck disable=SC2317 # functions are called by name
# Peers without heartbeats: who answered a handshake waits for a frame all the same (spec 7.5),
# and what goes only one way goes on over a rekey.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pair.sh"

made() { echo "$(since_mark 1 session-new) $(since_mark 2 session-new)"; }

beats() { counter "$1" tx_heartbeat; }

# rekeys_once NAME INITIATOR: and whoever misses a frame calls the other within 5 s
rekeys_once() {
	local other=$((3 - $2)) before
	before="$(($(beats "$2") + 1)) $(beats "$other")"
	mark_events
	must in_host "$2" fmp rekey fmp0
	check "$1: both go by it" await 4 cut_over 1
	check "$1: the old session goes" await 20 drained
	check_equal "$1: no other is made" "1 1" "$(made)"
	check "$1: both are on one session" one_session
	check_equal "$1: one frame for it, and heartbeats are off" "$before" "$(beats "$2") $(beats "$other")"
}

# all_of_stream FROM NAME
all_of_stream() {
	end_stream "$1"
	echo "# $2: of ${SENT[$1]} datagrams ${LOST[$1]} were lost"
	check_equal "$2: nothing is lost" "0 0" "${LOST[$1]} ${TWICE[$1]}"
}

ktap_begin
# Reports are frames too.
make_pair heartbeat off mmp minimal
rekeys_once "nothing is sent" 1
rekeys_once "nothing is sent, the other way" 2
stream 2 1
rekeys_once "only who answers sends" 1
all_of_stream 2 "only who answers sends"
stream 1 2
rekeys_once "only who asks sends" 1
all_of_stream 1 "only who asks sends"
ktap_end
