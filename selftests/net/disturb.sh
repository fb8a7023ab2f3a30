# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by suites of one kind of peer each: rekeys under traffic, and what a network may
# do to their messages.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pypeer.sh"
. "$(dirname "$0")/agent.sh"

# Datagrams of a series, and ms from one to the next: an emulated peer needs 10 ms each.
MANY=120 EVERY=40
[ "$SLOW" = 0 ] || MANY=30 EVERY=400

# disturbed NAME we|they FAULT...: one rekey, with these faults, without loss
disturbed() {
	local name="$KIND, $2: $1" who=$2 fault early
	mark it
	for fault in "${@:3}"; do tell it fault "$fault"; done
	early=$(counter 1 rx_drop_reserved_index)
	series "$MANY" "$EVERY"
	rekeys_by "$who"
	check "$name" rekeyed 1
	case $KIND.$who in
	U.we) series_arrived_but "$name" "$early" ;;
	*) series_arrived "$name" ;;
	esac
	tell it fault clear
}

# series_arrived_but NAME EARLY: each once, but for what U sent under a session of which we
# had no msg2 yet: it does not wait for us (spec 8.5, 8.9)
series_arrived_but() {
	local LOST there here twice early
	end_series "$1"
	early=$(($(counter 1 rx_drop_reserved_index) - $2))
	read -r there here twice <<<"$LOST"
	echo "# $1: $early frames came before their session"
	check_equal "$1, but for what came early" "0 0 0" "$there $((here > early ? here - early : 0)) $twice"
}

# into we|they msg1|msg2: which way that is for the peer, when so and so initiates
into() {
	case $1.$2 in
	we.msg1 | they.msg2) echo in ;;
	*) echo out ;;
	esac
}

# rekeys KIND: ages are small, and yet those of a session that is old enough for a rekey
# and of one that has just been made; the test of them is elsewhere
rekeys() {
	local who
	begin "$1" "$SMALLER" age_gate_s=3 dampening_s=0 after_s=1000 jitter_s=0 jitter_low_s=0
	connect_by they
	nap 3
	for who in we they; do
		disturbed "a rekey" "$who"
		disturbed "a rekey, msg1 lost" "$who" "drop msg1 $(into "$who" msg1)"
		disturbed "a rekey, both messages twice" "$who" "duplicate msg1 $(into "$who" msg1) 1 300" \
			"duplicate msg2 $(into "$who" msg2) 1 300"
		disturbed "a rekey, both messages late" "$who" "delay msg1 $(into "$who" msg1) 1 1500" \
			"delay msg2 $(into "$who" msg2) 1 1500"
	done
	# U and S have nothing to answer a msg1 with that they have answered.
	[ "$KIND" != fmp ] || disturbed "a rekey, msg2 lost" we "drop msg2 out"
	disturbed "a rekey, msg2 lost" they "drop msg2 in"
	end
}

# suite KIND: all there is to the suite of that kind
suite() {
	ktap_begin
	make_stage
	must agent_on
	rekeys "$1"
	ktap_end
}
