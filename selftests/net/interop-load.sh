#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# on: 6.1
# long
# shellcheck disable=SC2317 # functions are called by name
# Many rekeys in a row under traffic: with a peer in Python, and between two modules with
# connections of programs (spec 8). See agent.sh for who is where.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pypeer.sh"
. "$(dirname "$0")/agent.sh"

REKEYS=50 EVERY=50
[ "$SLOW" = 0 ] || REKEYS=10 EVERY=400

# By turns, each as soon as the one before is through.
in_a_row() {
	local n turn
	begin fmp "$SMALLER" age_gate_s=0 after_s=1000
	connect_by they
	mark it
	series $((REKEYS * 1000 / EVERY)) "$EVERY"
	for ((n = 1; n <= REKEYS; n++)); do
		turn=we
		[ $((n % 2)) = 0 ] || turn=they
		rekeys_by "$turn"
		await 40 times_said "$n" it cutover || break
		await 20 agrees || break
	done
	check_equal "$REKEYS rekeys in a row, by turns" "$REKEYS" "$(lines it cutover | wc -l)"
	series_arrived "$REKEYS rekeys"
	end
}

# --- two modules with agents, for connections of programs

both_cut_over() {
	await 30 more_cutovers 1 "$1" && await 30 more_cutovers 3 "$1"
}

more_cutovers() { [ "$(count_events "$1" session-cutover)" -ge "$2" ]; }

connections() {
	local n h received sent
	make_tunnel 3
	echo "${SECRETS[1]}" >"$TMP/identity.3"
	(run_in 3 fmp agent fmp0 private-key "$TMP/identity.3" >"$TMP/agent.3" 2>&1) &
	disown
	must in_host 1 fmp peer add fmp0 "${KEYS[1]}" endpoint 10.0.3.2:2121 heartbeat 10 address 10.9.0.3
	must in_host 3 fmp peer add fmp0 "${KEYS[2]}" endpoint 10.0.1.2:2121 heartbeat 10 address 10.9.0.1
	must await 40 in_host 1 ping -q -c 1 -W 1 10.9.0.3
	must watch_events 1
	must watch_events 3
	run_in 3 iperf3 -s >/dev/null 2>&1 &
	disown
	must await 10 listening 3 5201
	run_in 1 iperf3 -c 10.9.0.3 -P 4 -b "$RATE" -t 600 >"$TMP/iperf" 2>&1 &
	h=$!
	run_in 3 numbers receive 7000 >"$TMP/numbers" 2>&1 &
	disown
	must await 20 test -s "$TMP/numbers"
	run_in 1 numbers send 10.9.0.3 7000 5000 >"$TMP/numbers.sent" 2>&1 &
	sent=$!
	for ((n = 1; n <= REKEYS; n++)); do
		case $((n % 2)) in
		0) in_host 1 fmp rekey fmp0 "${KEYS[1]}" ;;
		1) in_host 3 fmp rekey fmp0 "${KEYS[2]}" ;;
		esac
		both_cut_over "$n" || break
	done
	check_equal "$REKEYS rekeys under connections" "$REKEYS" "$(count_events 1 session-cutover)"
	check "no connection was lost" test -e "/proc/$h"
	kill "$sent"
	must await 10 test -s "$TMP/numbers.sent"
	read -r _ n <"$TMP/numbers.sent"
	await 10 numbers_are "$n"
	read -r _ received _ <<<"$(tail -n 1 "$TMP/numbers")"
	echo "# $REKEYS rekeys: of $n datagrams $((n - received)) were lost"
	check_equal "nor a datagram" "$n" "$received"
	end_processes 3
	kill "$h"
	must in_host 1 fmp peer del fmp0 "${KEYS[1]}"
}

numbers_are() { [[ "$(tail -n 1 "$TMP/numbers")" == "received $1 "* ]]; }

ktap_begin
make_stage
must agent_on
run_parts in_a_row connections
ktap_end
