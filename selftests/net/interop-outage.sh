#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# on: 6.12
# long
# shellcheck disable=SC2317 # functions are called by name
# What a lost msg2 of our rekey costs where the other end is a daemon of today (spec 8.9).
# See agent.sh for who is where.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pypeer.sh"
. "$(dirname "$0")/agent.sh"

# The series, and ms from one datagram to the next.
FOR=55000 EVERY=100
[ "$SLOW" = 0 ] || EVERY=500

# lose_msg2 NAME: of our rekey, in the middle of a series; LOST and SILENCE are what it cost
lose_msg2() {
	mark it
	tell it fault drop msg2 out
	series $((FOR / EVERY)) "$EVERY"
	rekeys_by we
	must hear it fault action=drop frame=msg2
	end_series "$1"
}

# at_most NAME LIMIT VALUE
at_most() { check "$1: $3, at most $2" test "$3" -le "$2"; }

# It has cut over within a second of the first msg1, and sends what we cannot read. For
# 10 s more it reads what we send. The copy of 31 s is the first that finds its session old
# enough for a rekey, and has 5 s to be answered; 250 ms later we cut over, which promotes
# it. If that copy comes a moment too early, silence, which is told 37 s after it began, or a
# second later, makes another msg1. Two seconds are for a slow machine.
cuts_over() {
	local LOST SILENCE there here limit_there limit_here=$((38000 + 250 + 2000))

	limit_there=$((limit_here - 10000))
	begin U "$SMALLER" after_s=1000 jitter_s=0 jitter_low_s=0
	connect_by they
	# A rekey of a younger session is none to it.
	nap 31
	lose_msg2 "U has cut over, the msg2 is lost"
	check "U: both ends are on one session again" await 10 agrees
	read -r there here <<<"$SILENCE"
	at_most "U: ms without a datagram there" "$limit_there" "$there"
	at_most "U: ms without a datagram here" "$limit_here" "$here"
	# Else this is not what 8.9 is about.
	check "U: there was an outage" test "$here" -ge 15000
	read -r there here _ <<<"$LOST"
	at_most "U: lost on the way there" $((limit_there / EVERY)) "$there"
	at_most "U: lost on the way here" $((limit_here / EVERY)) "$here"
	pings "U, after the outage"
	end
}

# It goes on with the session that both have, and answers no rekey until it makes one.
waits() {
	local LOST SILENCE

	begin S "$SMALLER" after_s=45 age_gate_s=0 jitter_s=0 jitter_low_s=0
	connect_by they
	lose_msg2 "S waits, the msg2 is lost"
	check_equal "S: nothing was lost" "0 0 0" "$LOST"
	check "S: its own rekey is the next" said it cutover initiator=true
	check_equal "S: ours was none" "" "$(lines it cutover initiator=false)"
	check "S: both ends are on one session" await 10 agrees
	pings "S, after that"
	end
}

ktap_begin
make_stage
must agent_on
run_parts cuts_over waits
ktap_end
