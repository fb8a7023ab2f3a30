# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after lib.sh and flow.sh: frames in the names of peers of host 1, genuine and
# forged, from host 3; and what host 1 tells of its peers.

now() { echo "$((${EPOCHREALTIME/./} / 1000))"; }

# wait_until MS: of that clock
wait_until() {
	local left=$(($1 - $(now)))
	[ "$left" -le 0 ] || nap "$((left / 1000)).$(printf %03d $((left % 1000)))"
}

# What an authentic frame of each peer has for a counter, and a forged one.
COUNTER=(0 0 0 0 0)
FORGED=$((1 << 40))

# from PEER GENERATION COUNTER [OPTION...]: sends the list that is the input
from() {
	local peer=$1 generation=$2 counter=$3 key index
	shift 3
	set_key key "$peer" 1 "$generation"
	set_index index 1 "$peer" "$generation"
	must in_host 3 frame -C 0 -p 2121 "$@" -k "$key" -i "$index" -c "$counter" 10.0.1.2 2121 >/dev/null
}

# grown COUNTER BY COMMAND...: the command makes the counter grow by that much
grown() {
	local name=$1 wanted=$(($(counter 1 "$1") + $2))
	shift 2
	"$@"
	must await 10 at_least 1 "$name" "$wanted"
}

# authentic PEER GENERATION [OPTION...]: one heartbeat
authentic() {
	local peer=$1 generation=$2
	shift 2
	COUNTER[peer]=$((COUNTER[peer] + 1))
	grown rx_heartbeat 1 from "$peer" "$generation" "${COUNTER[peer]}" "$@" <<<""
}

# garbage PEER GENERATION N: frames that do not decrypt
garbage() {
	grown rx_drop_auth "$3" from "$1" "$2" "$FORGED" <<<"flip=-1.0 times=$3"
	FORGED=$((FORGED + $3))
}

# failures PEER
failures() { in_host 1 fmp --json peer show fmp0 "${KEYS[$1]}" | flat '[0].failures'; }

# All that was told before has been read when this is.
SETTINGS=0
settled() {
	SETTINGS=$((SETTINGS + 1))
	must in_host 1 fmp set fmp0 fwmark "$SETTINGS"
	await 10 grep -q "\"event\":\"dev-set\".*\"fwmark\":$SETTINGS\\b" "$TMP/events.1"
}

# told EVENT PEER [REASON]: how often
told() {
	must settled
	grep -c "\"event\":\"$1\".*\"public_key_hex\":\"${KEYS[$2]}\"${3:+.*\"reason\":\"$3\"}" "$TMP/events.1"
}

# asked PEER: how often because of failures
asked() { told rekey-needed "$1" failures; }
