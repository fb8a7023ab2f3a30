#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# on: 7.3
# long
# shellcheck disable=SC2317 # functions are called by name
# Many peers at one device: all begin, as fast as the process that plays them can, all are
# dialled, and those that are known rekey in one moment while a stranger floods the port with
# first messages (spec 7.6, 7.8).

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pypeer.sh"
. "$(dirname "$0")/agent.sh"
. "$(dirname "$0")/crowd.sh"

CROWD=500 KNOWN=50 FLOOD_S=40 FLOOD_RATE=10000
[ "$SLOW" = 0 ] || CROWD=50 KNOWN=10 FLOOD_RATE=1000

# told WHO: what a scenario cost
told() {
	echo "# $1: $(lines it up | wc -l) of $CROWD sessions, the last after $(took up) ms," \
		"$(lines it resend | wc -l) msg1s of theirs sent again, drops here: $(drops 1)"
}

they_come() {
	must known_crowd off
	mark it
	tell it each "m*" 10 dial
	check "$CROWD peers begin" came "$CROWD" up 100
	told "they begin"
	check "each has a session, which is the same at both ends" await 40 same_sessions
	check_equal "none of them had to give up" 0 "$(lines it failed | wc -l)"
	must unknown_crowd
	tell it "m*:" forget
	must await 60 times_said "$CROWD" it restart
}

# No more than 16 a second.
we_dial() {
	mark it
	must known_crowd on
	check "$CROWD peers are dialled" came "$CROWD" up $((CROWD / 16 + 60))
	told "we dial"
	check "each has a session, which is the same at both ends" await 40 same_sessions
	must unknown_crowd
}

flood() {
	local limited passed
	must known_crowd off
	all_at_once dial
	must came "$KNOWN" up 60
	limited=$(counter 1 rx_drop_msg1_limit) passed=$(counter 1 rx_handshake)
	run_in 3 flood 10.0.1.2 2121 "$FLOOD_RATE" "$FLOOD_S" >"$TMP/flood" 2>&1 &
	disown
	must await 20 at_least 1 rx_drop_msg1_limit $((limited + 1000))
	all_at_once rekey
	check "$KNOWN known peers rekey in a flood" came "$KNOWN" cutover $((FLOOD_S - 5))
	check "which goes on" test ! -s "$TMP/flood"
	must await $((FLOOD_S + 20)) test -s "$TMP/flood"
	limited=$(($(counter 1 rx_drop_msg1_limit) - limited))
	passed=$(($(counter 1 rx_handshake) - passed))
	echo "# flood: $(cat "$TMP/flood") a second; $limited dropped before the agent, which got $passed" \
		"handshake messages; $(lines it cutover | wc -l) rekeys, the last after $(took cutover) ms"
	check_equal "none of them failed" 0 "$(lines it failed | wc -l)"
	check "each is on its new session" await 20 same_sessions
}

ktap_begin
make_stage
make_square
must agent_on
must crowd "$CROWD"
run_parts they_come we_dial
end_pypeer it
must crowd "$KNOWN"
run_parts flood
ktap_end
