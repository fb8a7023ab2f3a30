#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# on: 6.12
# shellcheck disable=SC2317 # functions are called by name
# What goes on when a peer ends: it restarts with or without a new epoch, dials again or
# waits, and the rules have changed meanwhile (spec 7.5, 7.7, 10). See agent.sh for who is
# where.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pypeer.sh"
. "$(dirname "$0")/agent.sh"

# ms_until EVENT: from the peer's restart, by its clock
ms_until() { echo $(($(field it "$1" .ms) - $(field it restart .ms))); }

# in_time MS: silence is 30 s (spec 10), heartbeats come every 10 s; handshakes and looks at
# deadlines take the rest
in_time() {
	echo "a session after $1 ms"
	[ "$1" -ge 19000 ] && [ "$1" -le 34000 ]
}

restarts() {
	local kind=$1 what
	begin "$kind" "$SMALLER"
	connect_by they
	tell it link "${KEYS[2]}" endpoint 10.0.1.2:2121 auto
	for what in restart forget; do
		mark it
		tell it "$what"
		connected "$kind: $what"
		echo "# $kind: $what: a session after $(ms_until up) ms"
		pings "$kind after $what"
	done
	end
	begin "$kind" "$LARGER"
	connect_by we
	mark it
	tell it restart
	# It dials nobody: silence tells.
	check "$kind restarts and waits: we find out" await 60 said it up
	echo "# $kind restarts and waits: a session after $(ms_until up) ms"
	check "by the silence of 30 s, of which the time between two heartbeats may be over already" \
		in_time "$(ms_until up)"
	check "and go on" await 20 agrees
	end
}

# unheard NAME: the peer's msg1s come to nothing
unheard() {
	must await 20 said it resend resends=2
	check_equal "$1" 0 "$(lines it up | wc -l)"
}

acl() {
	begin fmp "$SMALLER"
	must in_host 1 fmp peer del fmp0 "${KEYS[$WHO]}"
	mark it
	tell it dial
	unheard "a stranger is not answered"
	echo "${KEYS[$WHO]} # a friend" >"$TMP/allow"
	check "but when it is allowed, and nobody said so to the agent" hear it up
	check "both are on one session" await 10 agrees
	echo "${KEYS[$WHO]}" >"$TMP/deny"
	: >"$TMP/allow"
	kill -HUP "$AGENT"
	check "a rule against it does not end what is there" agrees
	mark it
	tell it rekey
	check "nor keep it from a rekey" rekeyed 1
	mark it
	tell it restart
	tell it dial
	unheard "only what would begin"
	echo ALL >"$TMP/allow"
	check "all are allowed, whoever is denied" hear it up
	rm -f "$TMP/allow" "$TMP/deny"
	kill -HUP "$AGENT"
	end
}

ktap_begin
make_stage
must agent_on
run_parts "restarts fmp" "restarts U" acl
ktap_end
