#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# on: 6.12
# shellcheck disable=SC2317 # functions are called by name
# Module and agent against a peer in Python that has nothing in common with them, in both
# roles, with either order of NodeAddrs, of each kind: first contacts, those of both at
# once, ports that change meanwhile, and goodbyes (spec 7). See agent.sh for who is where.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pypeer.sh"
. "$(dirname "$0")/agent.sh"


# --- first contact

contacts() {
	local kind who
	for kind in fmp U S; do
		begin "$kind" "$SMALLER"
		dials they
		connected "$kind dials"
		check_equal "who was the initiator" "false false" \
			"$(session 1 current initiator) $([[ $(field it up .initiator) = false ]] && echo true || echo false)"
		pings "$kind dialled"
		check_equal "its epoch is known" "$(field it node .epoch)" "$(session 1 current epoch)"
		end
		begin "$kind" "$LARGER"
		dials we
		connected "$kind is dialled"
		check_equal "who was the initiator" "true" "$(session 1 current initiator)"
		pings "$kind was dialled"
		end
	done
}

# Long enough for both msg1s to be on their way at the same time.
slow_wire() {
	local h
	for h in 1 2; do must tc -n "h$h" qdisc add dev eth0 root netem delay 400ms; done
}

fast_wire() {
	local h
	for h in 1 2; do must tc -n "h$h" qdisc del dev eth0 root; done
}

crossings() {
	local kind who
	slow_wire
	for kind in fmp U; do
		for who in "$SMALLER" "$LARGER"; do
			begin "$kind" "$who"
			dials we
			dials they
			check "$kind, $who: both dial at once" hear it up
			settle
			check "and agree on one session" await 20 agrees
			check "which carries traffic" in_host 1 ping -q -c 3 -i 0.2 -W 10 10.9.0.2
			end
		done
	done
	fast_wire
}

# A NAT forgets the peer's port between msg1 and msg2.
rebindings() {
	begin fmp "$SMALLER"
	mark it
	tell it fault drop msg2 in
	dials they
	must hear it fault
	tell it rebind 4444
	connected "the peer's port changes before our msg2"
	check "we go on with the new one" await 10 endpoint_is 10.0.2.2:4444
	pings "from the new port"
	end
	begin fmp "$LARGER"
	mark it
	tell it fault delay msg2 out 1 1500
	dials we
	must hear it fault
	tell it rebind 4444
	connected "the peer's port changes before its msg2"
	check "we go on with that one" await 10 endpoint_is 10.0.2.2:4444
	pings "from there"
	end
}

# --- goodbyes

goodbyes() {
	begin U "$SMALLER"
	connect_by they
	must watch_events 1
	mark it
	tell it disconnect 0
	check "the peer says goodbye" await 10 has_event 1 peer-down
	dials they
	connected "and comes back"
	mark it
	kill -TERM "$AGENT"
	check "an agent that stops says goodbye" hear it down reason=disconnect
	await 10 refused test -e "/proc/$AGENT"
	must agent_on
	dials they
	connected "and comes back"
	end
}

# settle: whatever is on its way has arrived
settle() { nap 2; }

ktap_begin
make_stage
must agent_on
run_parts contacts crossings rebindings goodbyes
ktap_end
