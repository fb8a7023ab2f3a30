#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# on: 7.3
# shellcheck disable=SC2317 # functions are called by name
# An agent that is killed at any time, also in the middle of handshakes, and started again:
# sessions go on without one. See agent.sh for who is where.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pypeer.sh"
. "$(dirname "$0")/agent.sh"

# How often an agent is killed, ms between datagrams meanwhile.
KILLS=60 EVERY=50
[ "$SLOW" = 0 ] || KILLS=20 EVERY=400
# An answer has to come before the next kill.
FAST=yes

# A minute of agents that live for a second, while both ends want rekeys.
kills() {
	local n sessions
	begin fmp "$SMALLER" age_gate_s=0 after_s=1000
	connect_by they
	mark it
	series $((KILLS * 1000 / EVERY)) "$EVERY"
	for ((n = 0; n < KILLS; n++)); do
		case $((n % 4)) in
		1) tell it rekey ;;
		3) in_host 1 fmp rekey fmp0 "${KEYS[$WHO]}" ;;
		esac
		# At another moment of a handshake each time.
		nap "0.0$((n % 10))"
		kill -9 "$AGENT"
		spawn_agent
		nap 0.9
	done
	check "there is an agent in the end" await 30 agent_bound
	series_arrived "an agent is killed $KILLS times"
	sessions=$(lines it cutover | wc -l)
	echo "# sessions taken into use meanwhile: $sessions"
	check "there are new sessions all the time" test "$sessions" -ge $((KILLS / 10))
	check "both ends are on one session" await 60 agrees
	mark it
	tell it rekey
	check "and rekey as ever" rekeyed 1
	end
}

ktap_begin
make_stage
must agent_on
run_parts kills
ktap_end
