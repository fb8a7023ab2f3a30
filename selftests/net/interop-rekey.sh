#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# shellcheck disable=SC2317 # functions are called by name
# Rekeys of module and agent with a peer in Python, in both roles and of each kind: what a
# network may do to the two messages of one must not cost a datagram; and what a lost msg2
# costs where the other end is a daemon of today (spec 8, 8.9). See agent.sh for who is where.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pypeer.sh"
. "$(dirname "$0")/agent.sh"

# Datagrams of a series, and ms from one to the next: an emulated peer needs 10 ms each.
MANY=120 EVERY=40
[ "$SLOW" = 0 ] || MANY=30 EVERY=400

# disturbed NAME we|they FAULT...: one rekey, with these faults, without loss
disturbed() {
	local name=$1 who=$2 fault
	mark it
	for fault in "${@:3}"; do tell it fault "$fault"; done
	series "$MANY" "$EVERY"
	rekeys_by "$who"
	check "$KIND, $who: $name" rekeyed 1
	series_arrived "$KIND, $who: $name"
	tell it fault clear
}

# Ages are made small: the test of them is elsewhere.
rekeys() {
	local kind=$1 who
	begin "$kind" "$SMALLER" age_gate_s=0 dampening_s=0 after_s=1000 jitter_s=0 jitter_low_s=0
	connect_by they
	for who in we they; do
		disturbed "a rekey" "$who"
		disturbed "a rekey, msg1 lost" "$who" "drop msg1 $(into "$who" msg1)"
		disturbed "a rekey, both messages twice" "$who" "duplicate msg1 $(into "$who" msg1) 1 300" \
			"duplicate msg2 $(into "$who" msg2) 1 300"
		disturbed "a rekey, both messages late" "$who" "delay msg1 $(into "$who" msg1) 1 1500" \
			"delay msg2 $(into "$who" msg2) 1 1500"
	done
	# U and S have nothing to answer a msg1 with that they have answered.
	[ "$kind" != fmp ] || disturbed "a rekey, msg2 lost" we "drop msg2 out"
	disturbed "a rekey, msg2 lost" they "drop msg2 in"
	end
}

# into we|they msg1|msg2: which way that is for the peer, when so and so initiates
into() {
	case $1.$2 in
	we.msg1 | they.msg2) echo in ;;
	*) echo out ;;
	esac
}

# What 8.9 is about: our rekey's msg2 is lost, and the daemon has cut over.
outage() {
	local kind=$1 LOST
	begin "$kind" "$SMALLER" after_s=1000 age_gate_s=0 jitter_s=0 jitter_low_s=0
	connect_by they
	tell it set age_gate_s=30
	mark it
	tell it fault drop msg2 out
	series 600 100
	rekeys_by we
	end_series "OUTAGE, $kind responds and its rekey msg2 is lost"
	check "$kind: the link recovers from a lost rekey msg2" await 60 agrees
	check "and carries traffic" in_host 1 ping -q -c 3 -i 0.2 -W 10 10.9.0.2
	end
}

ktap_begin
make_stage
must agent_on
run_parts "rekeys fmp" "rekeys U" "rekeys S" "outage U" "outage S"
ktap_end
