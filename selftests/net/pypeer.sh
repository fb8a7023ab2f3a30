# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # SECRETS and SILENCE are for who makes nodes
# Sourced after lib.sh: peers in Python (selftests/interop), one process a host, that are
# told what to do and tell what happened. docs/interop.md has the words.

# Secret keys of the hosts 1 to 4.
SECRETS=(
	none
	0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20
	b102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fb0
	0101010101010101010101010101010101010101010101010101010101010101
	0404040404040404040404040404040404040404040404040404040404040404
)

INTEROP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

declare -A TELL PYPEER MARK

# pypeer NAME HOST COMMAND...: a process in that host, begun with these commands, of which
# the first one makes a node
pypeer() {
	local name=$1 host=$2 pipe=$TMP/pypeer.$1 fd
	shift 2
	mkfifo "$pipe.in"
	(PYTHONPATH=$INTEROP run_in "$host" python3 -m interop "$@" <"$pipe.in" >"$pipe" 2>"$pipe.err") &
	PYPEER[$name]=$!
	disown
	exec {fd}>"$pipe.in"
	TELL[$name]=$fd
	MARK[$name]=0
	await 120 said "$name" node || die "no peer: $(tail -n 5 "$pipe.err")"
}

end_pypeer() {
	local fd=${TELL[$1]}
	echo quit >&"$fd"
	exec {fd}>&-
	await 10 refused test -e "/proc/${PYPEER[$1]}"
	rm -f "$TMP/pypeer.$1"*
	unset "TELL[$1]"
}

# tell NAME WORD...: a command
tell() { echo "${*:2}" >&"${TELL[$1]}"; }

# mark NAME...: what was said up to now is not looked at any more
mark() {
	local name
	for name; do MARK[$name]=$(wc -l <"$TMP/pypeer.$name"); done
}

# lines NAME EVENT [KEY=VALUE]...: what was said of that since the mark
lines() {
	local name=$1 found pair
	found=$(tail -n +$((MARK[$name] + 1)) "$TMP/pypeer.$name" | grep "\"event\":\"$2\"")
	shift 2
	for pair; do found=$(grep -E "\"${pair%%=*}\":\"?${pair#*=}\"?[,}]" <<<"$found"); done
	[ -z "$found" ] || echo "$found"
}

said() { [ -n "$(lines "$@")" ]; }

# times_said N NAME EVENT [KEY=VALUE]...: as often, or more
times_said() { [ "$(lines "${@:2}" | wc -l)" -ge "$1" ]; }

# hear NAME EVENT [KEY=VALUE]...: within 40 s
hear() {
	await 40 said "$@" && return
	echo "$1 did not say: ${*:2}; but:"
	tail -n +$((MARK[$1] + 1)) "$TMP/pypeer.$1" | cut -c 1-200 | tail -n 12
	cat "$TMP/pypeer.$1.err"
	return 1
}

# field NAME EVENT PATH [KEY=VALUE]...: of the last time that it was said
field() { lines "$1" "$2" "${@:4}" | tail -n 1 | flat "$3"; }

# stat_of NAME PATH [NODE:]: of the statistics as they are now
stat_of() {
	local before
	before=$(lines "$1" stats | wc -l)
	tell "$1" "${@:3}" stats
	await 20 times_said $((before + 1)) "$1" stats
	field "$1" stats "$2"
}

# reaches NAME PATH N
reaches() { [ "$(stat_of "$1" "$2")" -ge "$3" ] 2>/dev/null; }

# --- traffic between the device of host 1 and the node "it" of host 2

HERE=10.9.0.1 THERE=10.9.0.2 NUMBERS_PORT=7100

# series COUNT MS: so many numbered datagrams both ways, in the background
series() {
	NUMBERS_PORT=$((NUMBERS_PORT + 1))
	SERIES=$1 SERIES_MS=$2
	# What the one before left would be taken for this one's.
	rm -f "$TMP/numbers" "$TMP/numbers.sent"
	run_in 1 numbers receive "$NUMBERS_PORT" gap >"$TMP/numbers" 2>&1 &
	RECEIVER=$!
	disown
	must await 20 test -s "$TMP/numbers"
	tell it numbers-reset
	tell it numbers from "$THERE" to "$HERE" port "$NUMBERS_PORT" count "$1" every "$2"
	run_in 1 numbers send "$THERE" "$NUMBERS_PORT" "${2}000" 64 0 "$1" >"$TMP/numbers.sent" 2>&1 &
	disown
}

here_has_all() { [[ "$(tail -n 1 "$TMP/numbers")" == "received $SERIES "* ]]; }

# end_series NAME: says what was lost, which is LOST (there, here and twice), and how long
# nothing came, which is SILENCE (there and here, in ms)
end_series() {
	local words missing=() twice=()
	await $((SERIES * SERIES_MS / 1000 + 60)) test -s "$TMP/numbers.sent"
	await $((SERIES * SERIES_MS / 1000 + 60)) times_said 1 it sent count="$SERIES"
	# What is lost is not waited for in vain for long.
	await 5 reaches it .numbers.received "$SERIES"
	await 3 here_has_all
	read -ra words <<<"$(tail -n 1 "$TMP/numbers")"
	kill "$RECEIVER"
	missing=($((SERIES - $(stat_of it .numbers.received))) $((SERIES - words[1])))
	twice=($(($(stat_of it .numbers.duplicates) + words[3])))
	LOST="${missing[*]} ${twice[*]}"
	SILENCE="$(stat_of it .numbers.gap_ms) ${words[9]}"
	echo "# $1: of $SERIES each way ${missing[0]} did not reach the peer and ${missing[1]} not the host," \
		"${twice[0]} came twice, longest silence ${SILENCE/ / and } ms"
}

# series_arrived NAME: each once
series_arrived() {
	local LOST
	end_series "$1"
	check_equal "$1" "0 0 0" "$LOST"
}

# pings NAME: both families, both ways
pings() {
	local before
	check "$1: pings are answered" in_host 1 ping -q -c 3 -i 0.2 -W 10 10.9.0.2
	check "$1: also IPv6" in_host 1 ping -q -c 3 -i 0.2 -W 10 fd09::2
	before=$(stat_of it .counters.echo_replies)
	tell it ping from 10.9.0.2 to 10.9.0.1 count 3 every 50
	check "$1: and the peer's" await 20 reaches it .counters.echo_replies $((${before:-0} + 3))
}
