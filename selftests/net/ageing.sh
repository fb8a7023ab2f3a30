#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 6.12
# What takes minutes: an agent that was asked to recover a peer and cannot, and a session
# that has served its time.
#
# Host 1 has the device and an agent that makes no sessions. Host 2 is a genuine peer; in
# the names of the peers 3 and 4 frames are made at host 3.

# shellcheck disable=SC2317 # functions are called by name

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/forge.sh"

prepare() {
	make_router
	for h in 1 2 3; do make_host "$h"; done
	for h in 1 2; do
		quiet_host "$h"
		make_tunnel "$h"
	done
	must watch_events 1
	run_in 1 agent fmp0 <&"$NEVER" >"$TMP/agent" &
	disown
	must await 10 grep -q bound "$TMP/agent"
	add_peer 1 3
	add_peer 1 4
	must add_session 1 3
	must add_session 1 4
	connect 1 2
	BEGUN=$(now)
	check "a genuine peer" in_host 1 ping -q -c 1 -W 5 10.9.0.2
	authentic 3 1
	authentic 4 1
}

sessions_of() {
	in_host 1 fmp --json session show fmp0 | flat '[].public_key_hex' | grep -c "${KEYS[$1]}"
}

# The grace of both is over, and recovery is asked for; the agent has 90 s from then on.
ask() {
	wait_until $((BEGUN + 10500))
	garbage 3 1 4
	garbage 4 1 4
	ASKED=$(now)
	check_equal "recovery of both peers is asked for" "1 1" "$(asked 3) $(asked 4)"
	wait_until $((ASKED + 60000))
	authentic 4 1
}

give_up() {
	wait_until $((ASKED + 85000))
	garbage 3 1 8
	check_equal "an agent has 90 s" "0 1" "$(told peer-down 3) $(sessions_of 3)"
	wait_until $((ASKED + 90500))
	garbage 3 1 1
	check_equal "and then the sessions of a silent peer go" "1 0" "$(told peer-down 3 failures) $(sessions_of 3)"
	garbage 4 1 8
	check_equal "not those of one that was heard" "0 1" "$(told peer-down 4) $(sessions_of 4)"
	check "the peer stays" in_host 1 fmp peer show fmp0 "${KEYS[3]}"
}

has_aged() { [ "$(told rekey-needed 2 age)" = 1 ]; }

age() {
	wait_until $((BEGUN + 138000))
	check_equal "a session that is used serves for 140 s" 0 "$(told rekey-needed 2 age)"
	check "and at most 15 s more until another one is asked for" await 20 has_aged
	check "which does not end it" in_host 1 ping -q -c 1 -W 5 10.9.0.2
}

ktap_begin
prepare
ask
give_up
age
ktap_end
