# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after agent.sh: many peers in host 2, in one process, each at an address of its
# own and known here by it.

CROWD_NET=10.2.0.0/22

# make_square: where they stand
make_square() {
	must ip -n h2 route add local "$CROWD_NET" dev lo
	must ip -n router route add "$CROWD_NET" via 10.0.2.2
	printf '[Interface]\nMulticast = off\n' >"$TMP/nobody.conf"
}

# crowd N: the nodes m0, m1 and so on, which do not begin anything by themselves
crowd() {
	pypeer it 2 --fast "swarm $1 m hosts 10.2.0.1 port 2121 rekey=off strangers=off dead_s=100000 \
heartbeat_s=100 tick_ms=5000"
	await 60 times_said "$1" it node || return 1
	tell it "m*:" link "${KEYS[2]}" endpoint 10.0.1.2:2121
	lines it node | flat public_key_hex >"$TMP/crowd"
}

# known_crowd on|off: peers here, which the agent connects or does not. Nobody is asked for
# a sign of life: 500 would keep an emulated process busy with nothing else.
known_crowd() {
	awk -v "auto=$1" '
		{
			print "\n[Peer]\nPublicKey = " $1
			printf "Endpoint = 10.2.%d.%d:2121\n", NR / 256, NR % 256
			print "AutoConnect = " auto "\nHeartbeat = off"
		}' "$TMP/crowd" | cat "$TMP/nobody.conf" - >"$TMP/crowd.conf"
	in_host 1 fmp syncconf fmp0 "$TMP/crowd.conf"
}

unknown_crowd() { in_host 1 fmp syncconf fmp0 "$TMP/nobody.conf"; }

# came N EVENT SECONDS: that many times since the mark
came() {
	local end=$((SECONDS + $3))
	until times_said "$1" it "$2"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		# Looking is work for the machine that is measured.
		nap 2
	done
}

# all_at_once WORD: dials or rekeys, all of which leave in one moment
all_at_once() {
	mark it
	tell it "m*:" hold on
	tell it "m*:" "$1"
	must came "$(wc -l <"$TMP/crowd")" dial 60
	mark it
	tell it "m*:" hold off
}

# took EVENT: ms from the first msg1 to the last of it
took() {
	local first last
	first=$(tail -n +$((MARK["it"] + 1)) "$TMP/pypeer.it" | grep -m 1 -E '"event":"(go|dial|msg1)"' | flat ms)
	last=$(lines it "$1" | tail -n 1 | flat ms)
	echo $((${last:-0} - ${first:-0}))
}

# same_sessions: of all, here and there
same_sessions() {
	local before here there
	before=$(lines it state | wc -l)
	tell it "m*:" show
	await 60 times_said $((before + $(wc -l <"$TMP/crowd"))) it state || return 1
	lines it state | tail -n +$((before + 1)) |
		flat sessions.current.remote sessions.current.local | xargs -n 2 | sort >"$TMP/there"
	in_host 1 fmp --json session show fmp0 >"$TMP/sessions"
	flat '[slot=current].local_index' <"$TMP/sessions" >"$TMP/local"
	flat '[slot=current].remote_index' <"$TMP/sessions" | paste -d ' ' "$TMP/local" - | sort >"$TMP/here"
	here=$(wc -l <"$TMP/here") there=$(wc -l <"$TMP/there")
	echo "$here sessions here, $there there, $(comm -12 "$TMP/here" "$TMP/there" | wc -l) the same"
	[ "$here" = "$(wc -l <"$TMP/crowd")" ] && cmp -s "$TMP/here" "$TMP/there"
}
