#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# on: 7.3
# shellcheck disable=SC2119,SC2317 # make_pair has words for those who want them; functions are called by name
# The key log of an agent opens what was recorded of its sessions, in both directions, and
# that of no others; it is for its owner, and in nothing that the agent or a report for
# maintainers says.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pair.sh"

INTEROP=$(cd "$(dirname "$0")/.." && pwd)
KEYLOG=$TMP/keys
PATTERN=feedfacecafe1234
PINGS=20

# record NAME COMMAND...: what passes the router meanwhile
record() {
	ip netns exec router attack record "$TMP/$1" r1 r2 >"$TMP/$1.log" 2>&1 &
	RECORDER=$!
	disown
	must await 20 grep -q ready "$TMP/$1.log"
	"${@:2}"
	kill "$RECORDER"
	must await 10 grep -q recorded "$TMP/$1.log"
}

# Each goes there and back.
pings() { must in_host 1 ping -q -c "$PINGS" -i 0.2 -W 5 -p "$PATTERN" 10.9.0.2; }

new_session() {
	mark_events
	must rekeyed 1 1 40
	must await 20 one_session
}

session_and_pings() {
	new_session
	pings
}

# survey NAME: of what was recorded, what the log opens
survey() {
	PYTHONPATH=$INTEROP python3 -m interop.recording "$KEYLOG" "$TMP/$1" "$PATTERN" >"$TMP/$1.survey" ||
		die "the recording cannot be read"
	echo "# $1: $(<"$TMP/$1.survey")"
}

# found NAME WHAT
found() { sed -n "s/.*\"$2\": \([0-9]*\).*/\1/p" "$TMP/$1.survey"; }

keys() { cut -s -d ' ' -f 6 "$KEYLOG"; }

# Killed, for one that is asked to end would take leave of its peers.
restart_agent() {
	kill -9 "${AGENT[1]}"
	await 10 refused test -e "/proc/${AGENT[1]}"
	: >"$TMP/agent.1"
	must agent_on 1 key-log "$KEYLOG"
}

begins() {
	make_pair
	record before pings
	restart_agent
	check "the agent warns of its key log" grep -qF "$KEYLOG" "$TMP/agent.1"
	check_equal "it is for its owner" "600 0" "$(stat -c '%a %s' "$KEYLOG")"
	pings
	check_equal "of a session that there was before it has nothing" "0" "$(stat -c %s "$KEYLOG")"
}

opens() {
	record first session_and_pings
	record second session_and_pings
	check_equal "two sessions, two keys each" "4 4" "$(grep -c FMP1 "$KEYLOG") $(keys | sort -u | wc -l)"
	survey first
	check "what was recorded is opened" test "$(found first matching)" -ge $((2 * PINGS))
	check_equal "in both directions" 2 "$(found first indices)"
	survey second
	# Frames of the session before may still have been on their way.
	check "the next session is opened" test "$(found second matching)" -ge $((2 * PINGS))
	check_equal "nothing of both stays sealed" "0" "$(found second sealed)"
	survey before
	check_equal "nothing of before is opened" "0" "$(found before opened)"
	check "but was recorded" test "$(found before sealed)" -ge $((2 * PINGS))
}

# tells_no_key NAME FILE: no key of the log, and no identity
tells_no_key() {
	check "$1 has something to say" test -s "$2"
	check "and no key" refused grep -qiFf <(keys; echo "${SECRETS[1]}") "$2"
}

is_secret() {
	tells_no_key "the agent's log" "$TMP/agent.1"
	tells_no_key "what events say" "$TMP/events.1"
	in_host 1 fmp bug-report >"$TMP/report" 2>"$TMP/report.err"
	tells_no_key "a bug report" "$TMP/report"
	check "which is of this device" grep -q fmp0 "$TMP/report"
	in_host 1 fmp bug-report --mask >"$TMP/report.masked" 2>>"$TMP/report.err"
	check "a masked one does not say who the peer is" refused grep -qiF "${KEYS[2]}" "$TMP/report.masked"
	check "nor where" refused grep -q '10\.0\.2\.2' "$TMP/report.masked"
}

ends() {
	rm "$KEYLOG"
	kill -HUP "${AGENT[1]}"
	check "when the file is removed SIGHUP ends the log" await 20 grep -q "is gone" "$TMP/agent.1"
	session_and_pings
	check "it is not made anew" refused test -e "$KEYLOG"
	check "the agent goes on" agent_bound 1
}

refuses() {
	kill "${AGENT[1]}"
	await 10 refused test -e "/proc/${AGENT[1]}"
	touch "$KEYLOG" && chmod 644 "$KEYLOG"
	check "a file that others may read is refused" refused in_host 1 fmp agent fmp0 \
		private-key "$TMP/identity.1" key-log "$KEYLOG"
	check_equal "and left alone" "644 0" "$(stat -c '%a %s' "$KEYLOG")"
}

ktap_begin
begins
opens
is_secret
ends
refuses
ktap_end
