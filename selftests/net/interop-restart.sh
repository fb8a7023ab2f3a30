#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# shellcheck disable=SC2317 # functions are called by name
# What goes on when something ends: a peer that restarts with or without a new epoch, an
# agent that is killed at any time, rules and names that change (spec 7.5, 7.7, 7.8). See
# agent.sh for who is where.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pypeer.sh"
. "$(dirname "$0")/agent.sh"

# How often an agent is killed, ms between datagrams meanwhile.
KILLS=60 EVERY=50
[ "$SLOW" = 0 ] || KILLS=20 EVERY=400

restarts() {
	local kind=$1 what began
	begin "$kind" "$SMALLER"
	connect_by they
	tell it link "${KEYS[2]}" endpoint 10.0.1.2:2121 auto
	for what in restart forget; do
		mark it
		began=$SECONDS
		tell it "$what"
		connected "$kind: $what"
		echo "# $kind: $what: a session after $((SECONDS - began)) s"
		pings "$kind after $what"
	done
	end
	begin "$kind" "$LARGER"
	connect_by we
	mark it
	began=$SECONDS
	tell it restart
	# It dials nobody: silence tells.
	(in_host 1 ping -q -i 0.5 -w 60 10.9.0.2 >/dev/null 2>&1 &)
	check "$kind restarts and waits: we find out" await 100 said it up
	echo "# $kind restarts and waits: a session after $((SECONDS - began)) s"
	check "and go on" await 20 agrees
	end
}

# A minute of agents that live for a second, while both ends want rekeys.
kills() {
	local n
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
	echo "# sessions taken into use meanwhile: $(lines it cutover | wc -l)"
	check "both ends are on one session" await 60 agrees
	mark it
	tell it rekey
	check "and rekey as ever" rekeyed 1
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
	tell it restart
	tell it dial
	unheard "only what would begin"
	echo ALL >"$TMP/allow"
	check "all are allowed, whoever is denied" hear it up
	rm -f "$TMP/allow" "$TMP/deny"
	kill -HUP "$AGENT"
	end
}

names() {
	local began
	pypeer dns 2 "node dns port 4000" "dns 10.0.2.2:53" "record peer.test 10.0.2.2 ttl 5"
	echo "nameserver 10.0.2.2" >/etc/resolv.conf
	kill -HUP "$AGENT"
	WHO=$SMALLER
	pypeer it 2 "node it secret ${SECRETS[$WHO]}" "link ${KEYS[2]} endpoint 10.0.1.2:2121"
	must in_host 1 fmp peer add fmp0 "${KEYS[$WHO]}" endpoint peer.test:2121 auto-connect on \
		heartbeat 10 address 10.9.0.2 address fd09::2
	check "a peer is dialled by its name" hear it up initiator=false
	pings "by name"
	end_pypeer it
	tell dns record peer.test 10.0.3.2 ttl 5
	began=$SECONDS
	pypeer it 3 "node it secret ${SECRETS[$WHO]}" "link ${KEYS[2]} endpoint 10.0.1.2:2121"
	check "it is found where its name leads now" await 150 said it up
	echo "# another address of a name: a session after $((SECONDS - began)) s"
	check "both are on one session" await 10 agrees
	end

	tell dns record peer.test fd00:99::9 10.0.2.2 ttl 5
	pypeer it 2 "node it secret ${SECRETS[$WHO]}" "link ${KEYS[2]} endpoint 10.0.1.2:2121"
	began=$SECONDS
	must in_host 1 fmp peer add fmp0 "${KEYS[$WHO]}" endpoint peer.test:2121 auto-connect on \
		heartbeat 10 address 10.9.0.2 address fd09::2
	check "an address that leads nowhere is not the last that is tried" await 100 said it up
	echo "# the other family: a session after $((SECONDS - began)) s"
	end
	end_pypeer dns
	rm /etc/resolv.conf
}

ktap_begin
make_stage
must agent_on
run_parts "restarts fmp" "restarts U" kills acl names
ktap_end
