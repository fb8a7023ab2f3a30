# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # variables are for who sources this
# Sourced after lib.sh and flow.sh: hosts 1 and 2 with an agent each, numbered datagrams
# both ways, and what becomes of their session meanwhile.

SECRETS=(
	none
	0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20
	b102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fb0
)

# Microseconds from one datagram of a stream to the next.
EVERY_US=5000
[ "$SLOW" = 0 ] || EVERY_US=100000

declare -A AGENT

agent_bound() { [ "$(in_host "$1" fmp --json show fmp0 | flat '[0].agent')" = true ]; }

# agent_on HOST [WORD]...
agent_on() {
	(run_in "$1" fmp agent fmp0 private-key "$TMP/identity.$1" allow "$TMP/none" \
		deny "$TMP/none" "${@:2}" >>"$TMP/agent.$1" 2>&1) &
	AGENT[$1]=$!
	disown
	await 30 agent_bound "$1"
}

pinged() { in_host "$1" ping -n -q -c 1 -W 1 "10.9.0.$2"; }

# make_pair [WORD]...: with a session; the words are for the peers
make_pair() {
	local n
	make_network 1 2
	for n in 1 2; do
		make_tunnel "$n"
		echo "${SECRETS[$n]}" >"$TMP/identity.$n"
		must agent_on "$n"
	done
	for n in 1 2; do
		must in_host "$n" fmp peer add fmp0 "${KEYS[3 - n]}" endpoint "$(endpoint_of $((3 - n)))" \
			address "10.9.0.$((3 - n))" address "fd09::$((3 - n))" "$@"
	done
	must await 40 pinged 1 2
	must await 20 one_session
	for n in 1 2; do must watch_events "$n"; done
}

# one_session: both ends have the same current one
one_session() {
	local here there
	here="$(session 1 current local_index) $(session 1 current remote_index)"
	there="$(session 2 current remote_index) $(session 2 current local_index)"
	echo "host 1: $here, host 2: $there"
	[ "$here" = "$there" ] && [ "$here" != " " ]
}

# --- streams

STREAM_PORT=7000
declare -A LOST TWICE LATE GAP

# stream FROM TO: from now on; a queue holds what a slow machine does not take at once
stream() {
	STREAM_PORT=$((STREAM_PORT + 1))
	rm -f "$TMP/received.$1" "$TMP/sent.$1"
	run_in "$2" numbers receive "$STREAM_PORT" gap >"$TMP/received.$1" 2>&1 &
	RECEIVER[$1]=$!
	disown
	must await 20 test -s "$TMP/received.$1"
	run_in "$1" numbers send "10.9.0.$2" "$STREAM_PORT" "$EVERY_US" 200 >"$TMP/sent.$1" 2>&1 &
	SENDER[$1]=$!
	disown
}

declare -A RECEIVER SENDER

streams() {
	stream 1 2
	stream 2 1
}

sent_all() { grep -q '^sent ' "$TMP/sent.$1"; }

arrived_all() { [[ "$(tail -n 1 "$TMP/received.$1")" == "received $2 "* ]]; }

# end_stream FROM: LOST, TWICE, LATE and GAP of it
end_stream() {
	local sent words
	kill "${SENDER[$1]}" 2>/dev/null
	await 10 sent_all "$1" || die "a sender broke off: $(cat "$TMP/sent.$1")"
	read -r _ sent <"$TMP/sent.$1"
	await 3 arrived_all "$1" "$sent"
	kill "${RECEIVER[$1]}"
	read -ra words <<<"$(tail -n 1 "$TMP/received.$1")"
	LOST[$1]=$((sent - words[1]))
	TWICE[$1]=${words[3]}
	LATE[$1]=${words[5]}
	GAP[$1]=${words[9]}
	SENT[$1]=$sent
}

declare -A SENT

# end_streams NAME: says what became of them
end_streams() {
	end_stream 1
	end_stream 2
	echo "# $1: of ${SENT[1]} and ${SENT[2]} datagrams ${LOST[1]} and ${LOST[2]} were lost," \
		"${TWICE[1]} and ${TWICE[2]} came twice, longest silence ${GAP[1]} and ${GAP[2]} ms"
}

# all_came NAME: nothing of the streams was lost, or came twice
all_came() {
	end_streams "$1"
	check_equal "$1: no datagram is lost" "0 0 0 0" "${LOST[1]} ${LOST[2]} ${TWICE[1]} ${TWICE[2]}"
}

# --- the session

mark_events() {
	local n
	for n in 1 2; do MARKED[$n]=$(wc -l <"$TMP/events.$n"); done
}

declare -A MARKED

# since_mark HOST EVENT: how often since
since_mark() { tail -n +$((MARKED[$1] + 1)) "$TMP/events.$1" | grep -c "\"event\":\"$2\""; }

cut_over() { [ "$(since_mark 1 session-cutover)" -ge "$1" ] && [ "$(since_mark 2 session-cutover)" -ge "$1" ]; }

# rekeyed HOST COUNT SECONDS: asks, and asks again where all of a handshake is lost
rekeyed() {
	local try
	for try in 1 2 3; do
		in_host "$1" fmp rekey fmp0 || return 1
		await "$3" cut_over "$2" && return
	done
	return 1
}

# rekeys N [SECONDS]: so many, asked for by turns, each as soon as the one before is through;
# says how many were
rekeys() {
	local i
	mark_events
	for ((i = 1; i <= $1; i++)); do rekeyed $((1 + i % 2)) "$i" "${2:-40}" || break; done
	echo $((i - 1))
}

# kept NAME: the session was not lost, at either end
kept() {
	check_equal "$1: no session is lost" "0 0" "$(grep -c '"event":"peer-down"' "$TMP/events.1") $(
		grep -c '"event":"peer-down"' "$TMP/events.2")"
}

# goes_on NAME: traffic both ways, under one session
goes_on() {
	check "$1: traffic goes on" await 30 pinged 1 2
	check "$1: also the other way" await 30 pinged 2 1
	check "$1: both are on one session" await 10 one_session
}
