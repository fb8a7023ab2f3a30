#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# on: 7.3
# shellcheck disable=SC2317 # functions are called by name
# What anybody can send who has seen the handshakes of others: none of it may stop the
# traffic of a live link for a datagram, or keep a link from coming up (spec 3.5, 7.5). See
# agent.sh for who is where.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pypeer.sh"
. "$(dirname "$0")/agent.sh"

# Datagrams of a series, and ms from one to the next: an emulated peer needs 10 ms each.
MANY=120 EVERY=40
[ "$SLOW" = 0 ] || MANY=30 EVERY=400

# replayed NAME FRAME...: from a foreign address, against a live link
replayed() {
	local name=$1 frame
	series "$MANY" "$EVERY"
	for frame in "${@:2}"; do
		tell foe raw "$frame" to 10.0.1.2:2121 times 3
	done
	series_arrived "$name"
	check "$name: the endpoint stays" endpoint_is 10.0.2.2:2121
	check "$name: and the session" agrees
}

# flip FRAME: with the other parity of its ephemeral key
flip() { echo "${1:0:17}$((5 - ${1:17:1}))${1:18}"; }

# msg1s: those that the peer has sent, in hexadecimal
msg1s() {
	local n
	n=$(lines it record | wc -l)
	tell it recorded msg1 out
	await 10 times_said $((n + 1)) it record || return 1
	lines it record | tail -n +$((n + 1)) | flat hex | sort -u
}

replays() {
	local old same frames
	pypeer foe 3 "node foe"
	begin fmp "$SMALLER"
	connect_by they
	mapfile -t old < <(msg1s)
	mark it
	tell it link "${KEYS[2]}" endpoint 10.0.1.2:2121 auto
	tell it restart
	must hear it up
	must await 10 agrees
	mapfile -t frames < <(msg1s)
	for same in "${frames[@]}"; do [[ " ${old[*]} " == *" $same "* ]] || break; done
	replayed "a msg1 of this epoch from elsewhere" "$same"
	replayed "with the other parity" "$(flip "$same")"
	replayed "msg1s of an older epoch" "${old[@]}" "$(flip "${old[0]}")"
	# The one that knew these messages is gone.
	kill -9 "$AGENT"
	must agent_on
	replayed "a msg1 of this epoch, to an agent that is new" "$same" "$(flip "$same")"
	replayed "msg1s of an older epoch, to an agent that is new" "${old[@]}"
	mark it
	tell it rekey
	check "a rekey after all that" rekeyed 1
	pings "after it"
	end
	end_pypeer foe
}

forgeries() {
	begin fmp "$LARGER"
	tell it forge 3
	mark it
	dials we
	connected "forged msg2s with the right index"
	check_equal "one msg1 was enough" 1 "$(lines it msg1 decision=promote | wc -l)"
	pings "after forgeries"
	mark it
	tell it forge 3
	must in_host 1 fmp rekey fmp0 "${KEYS[$WHO]}"
	check "also for a rekey" rekeyed 1
	end
}

ktap_begin
make_stage
must agent_on
run_parts replays forgeries
ktap_end
