# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2119,SC2120 # arguments may be left out
# Sourced after lib.sh, flow.sh and record.sh: numbered datagrams both ways between the hosts
# 1 and 2, and what an attack upon them must leave as it is.

# Each flow: from, to, address, port, size, and us from one datagram to the next. Those of
# IPv6 are as long as every path must take, and so longer than a path may be said to take.
FLOWS=(
	"1 2 10.9.0.2 7100 64 4000"
	"2 1 10.9.0.1 7100 64 4000"
	"1 2 fd09::2 7101 1232 20000"
	"2 1 fd09::1 7101 1232 20000"
)
[ "$SLOW" = 0 ] || FLOWS=("${FLOWS[@]/%000/0000}")

FIRST=(0 0 0 0) MISSED=(0 0 0 0) TWICE=(0 0 0 0) SENDERS=()

# What was sent in all, and what the flows lost.
LOST_IN_ALL=0 SENT_IN_ALL=0 FLOWED_IN_ALL=0

receivers() {
	local flow to port
	for flow in "${FLOWS[@]}"; do
		read -r _ to _ port _ <<<"$flow"
		run_in "$to" numbers receive "$port" >"$TMP/received.$to.$port" 2>&1 &
		disown
		must await 20 test -s "$TMP/received.$to.$port"
	done
}

# senders [COUNT]: without a pause between so many, or until they are ended
senders() {
	local i from address port size us count=${1:-}
	SENDERS=()
	for i in "${!FLOWS[@]}"; do
		read -r from _ address port size us <<<"${FLOWS[i]}"
		[ -z "$count" ] || us=1
		: >"$TMP/sent.$i"
		run_in "$from" numbers send "$address" "$port" "$us" "$size" "${FIRST[i]}" \
			"${count:-$(((1 << 24) - FIRST[i]))}" >"$TMP/sent.$i" 2>&1 &
		SENDERS+=("$!")
		disown
	done
}

has_received() { [[ "$(tail -n 1 "$1")" == "received $2 "* ]]; }

# end_flow: sets LOST and DOUBLE, of what was sent since it began, and FLOWED
end_flow() {
	local i to port n received twice
	[ "${1:-}" = all ] || kill "${SENDERS[@]}"
	LOST=0 DOUBLE=0 FLOWED=0
	for i in "${!FLOWS[@]}"; do
		must await 60 test -s "$TMP/sent.$i"
		[[ "$(<"$TMP/sent.$i")" =~ ^sent\ ([0-9]+)$ ]] || die "a flow broke off: $(<"$TMP/sent.$i")"
		n=${BASH_REMATCH[1]}
		FIRST[i]=$((FIRST[i] + n))
		FLOWED=$((FLOWED + n))
		read -r _ to _ port _ <<<"${FLOWS[i]}"
		await 5 has_received "$TMP/received.$to.$port" $((FIRST[i] - MISSED[i]))
		read -r _ received _ twice _ <<<"$(tail -n 1 "$TMP/received.$to.$port")"
		LOST=$((LOST + FIRST[i] - received - MISSED[i]))
		DOUBLE=$((DOUBLE + twice - TWICE[i]))
		MISSED[i]=$((FIRST[i] - received))
		TWICE[i]=$twice
	done
}

# --- what must stay

# What traffic changes, and time.
CHANGES='\.counters\.|\.metrics\.|\.[rt]x_(packets|bytes) |\.(last_rx|handshake|state|age|rekey)_ms |\.(failures|send_counter|receive_highest) '

# look NAME: what there is, into files of that name
look() {
	local h
	for h in 1 2; do
		in_host "$h" fmp --json show fmp0 | flat >"$TMP/look.$h" || die "cannot show the device"
		grep -Ev "$CHANGES" "$TMP/look.$h" >"$TMP/state.$1.$h"
		sed -nE 's/^\[0\]\.counters\.((rx_drop_|rx_frames|rx_handshake|tx_handshake|rx_recovery)[^ ]*) /\1 /p
			s/^\[0\]\.peers\[0\]\.([rt]x_packets) /peer_\1 /p' "$TMP/look.$h" >"$TMP/numbers.$1.$h"
	done
	cat "$TMP/state.$1.1" "$TMP/state.$1.2" >"$TMP/state.$1"
}

# changes [HOST]: what counters have grown by between "before" and "after", in a line
changes() {
	local h
	for h in ${1:-1 2}; do
		paste -d ' ' "$TMP/numbers.before.$h" "$TMP/numbers.after.$h"
	done | awk '$4 != $2 { sum[$1] += $4 - $2 } END { for (name in sum) print name, sum[name] }' | sort
}

# sum_of PATTERN [HOST]
sum_of() { changes "${2:-}" | awk -v "what=^($1)" '$1 ~ what { n += $2 } END { print n + 0 }'; }

# What was thrown away, and what an agent got; without what the agents sent themselves.
disposed() { echo $(($(sum_of 'rx_drop_|rx_handshake') - $(sum_of tx_handshake))); }

# missed: frames that one has sent and the other has not found authentic
missed() {
	echo $(($(sum_of peer_tx_packets 1) - $(sum_of peer_rx_packets 2) +
		$(sum_of peer_tx_packets 2) - $(sum_of peer_rx_packets 1)))
}

# Once what is queued has been opened.
quiet() {
	look after
	[ "$(disposed) $(missed)" = "$1 0" ]
}

SYNCS=0

# What many frames that do not decrypt lead to, whoever sent them: an agent is asked for help.
# What that may come to has a limit, which "is_limited" looks at.
HELP='"event":"(rekey-needed|peer-await)"'

# told: events of both hosts since it was asked last, but for those and changes of settings
told() {
	local h
	SYNCS=$((SYNCS + 1))
	for h in 1 2; do
		must in_host "$h" fmp set fmp0 multicast off
		must await 10 times_set "$h" $((SYNCS + 1))
		grep -vE "\"event\":\"dev-set\"|$HELP" "$TMP/events.$h" | tail -n "+$((TOLD[h] + 1))" \
			>"$TMP/told.$h"
		TOLD[h]=$((TOLD[h] + $(wc -l <"$TMP/told.$h")))
	done
	cat "$TMP/told.1" "$TMP/told.2"
}

TOLD=(0 0 0)

# is_limited HOST: once in 30 s a new session is asked for, and ten times in 30 s it is told
# that one is awaited
is_limited() {
	local asked awaited
	asked=$(events "$1" rekey-needed | grep -cv '"reason":"age"')
	awaited=$(count_events "$1" peer-await)
	echo "asked for $asked times, awaited $awaited times, in $SECONDS s"
	[ "$asked" -le $((SECONDS / 30 + 1)) ] && [ "$awaited" -le $((10 * (SECONDS / 30 + 1))) ]
}

times_set() { [ "$(count_events "$1" dev-set)" -ge "$2" ]; }

# waits HOST: bytes that wait in the sockets of the device, and packets that these dropped
waits() {
	in_host "$1" ss -Huamn 'sport = :2121' |
		sed -n 's/.*skmem:(r\([0-9]*\),.*,d\([0-9]*\)).*/r\1 d\2/p' | sort -u | xargs
}

# --- attacks

attack() { ip netns exec router attack "$@"; }

# begin_flow: with NEW, what passed when it had begun
NEW=$TMP/new
begin_flow() {
	look before
	begin_recording "$NEW"
	senders
	must await 60 is_recorded 80000
	end_recording "$NEW"
}

is_recorded() { [ "$(stat -c %s "$NEW")" -ge "$1" ]; }

SENT=0

# sends WORD...: one attack, of which SENT says how many datagrams arrive
sends() {
	local out
	out=$(attack "$@" 2>&1)
	[[ $out =~ ^sent\ ([0-9]+)\ unsent\ ([0-9]+)$ ]] || die "attack $*: $out"
	SENT=$((SENT + BASH_REMATCH[1]))
	UNSENT=$((UNSENT + BASH_REMATCH[2]))
}

# under NAME COMMAND...: a flow goes on meanwhile. Sets VERDICT to what is to be as it was.
under() {
	local name=$1
	shift
	SENT=0 UNSENT=0
	begin_flow
	"$@"
	end_flow
	await 5 quiet "$SENT"
	told >"$TMP/told"
	SENT_IN_ALL=$((SENT_IN_ALL + SENT + UNSENT))
	FLOWED_IN_ALL=$((FLOWED_IN_ALL + FLOWED)) LOST_IN_ALL=$((LOST_IN_ALL + LOST))
	echo "# $name: $SENT datagrams and $UNSENT others, $LOST of $FLOWED of the flow lost;" \
		"$(changes | sed -n 's/^rx_drop_\|^rx_handshake/& /p' | sed 's/^rx_drop_ /&/; s/rx_drop_ //' | xargs)"
	VERDICT="lost $LOST twice $DOUBLE missed $(missed) disposed $(disposed) waits $(waits 1) $(waits 2)"
	if ! cmp -s "$TMP/state.before" "$TMP/state.after"; then
		VERDICT+=" state changed"
		diff "$TMP/state.before" "$TMP/state.after" | sed 's/^/# /'
	fi
	sed 's/^/# /' "$TMP/told" | cut -c 1-200
	VERDICT+=" told $(wc -l <"$TMP/told")"
}

WAITS="waits r0 d0 r0 d0"

# unmoved NAME CAUSES COMMAND...: and all is as it was. The causes are of drops that there
# must have been, lest it is something else that is thrown away.
unmoved() {
	local name=$1 cause missing=
	under "$name" "${@:3}"
	for cause in $2; do
		[ "$(sum_of "rx_drop_$cause\$")" -gt 0 ] || missing+=" no $cause"
	done
	check_equal "$name" "lost 0 twice 0 missed 0 disposed $SENT $WAITS told 0" "$VERDICT$missing"
}
