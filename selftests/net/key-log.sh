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
. "$(dirname "$0")/record.sh"

INTEROP=$(cd "$(dirname "$0")/.." && pwd)
KEYLOG=$TMP/keys
PATTERN=feedfacecafe1234
PINGS=20

# record NAME COMMAND...: what passes the router meanwhile
record() {
	begin_recording "$TMP/$1"
	"${@:2}"
	end_recording "$TMP/$1"
}

# Each goes there and back.
pings() { must in_host 1 ping -q -c "$PINGS" -i 0.2 -W 5 -p "$PATTERN" 10.9.0.2 >/dev/null; }

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
	must await 10 refused test -e "/proc/${AGENT[1]}"
	: >"$TMP/agent.1"
	# The mode of what it makes is to be its own doing.
	umask 0
	must agent_on 1 key-log "$KEYLOG"
	umask 077
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
	grep -qiFf "$TMP/secrets" "$2"
	check_equal "and no key" 1 $?
}

is_secret() {
	local npub
	{
		keys
		echo "${SECRETS[1]}"
	} >"$TMP/secrets"
	check_equal "there are keys to look for" "5 4" "$(grep -c . "$TMP/secrets") $(grep -ciFf "$TMP/secrets" "$KEYLOG")"
	tells_no_key "the agent's log" "$TMP/agent.1"
	tells_no_key "what events say" "$TMP/events.1"
	must in_host 1 fmp bug-report >"$TMP/report"
	tells_no_key "a bug report" "$TMP/report"
	npub=$(in_host 1 fmp --json show fmp0 | flat '[0].peers[0].public_key')
	check "which is of this device and its peer" grep -qF "$npub" "$TMP/report"
	check "and says where that is" grep -qF 10.0.2.2 "$TMP/report"
	must in_host 1 fmp bug-report --mask >"$TMP/report.masked"
	check "a masked one has pseudonyms" grep -q 'key-1' "$TMP/report.masked"
	tells_no_key "a masked one" "$TMP/report.masked"
	check "and does not say who the peer is" refused grep -qF "$npub" "$TMP/report.masked"
	check "nor where" refused grep -qF 10.0.2.2 "$TMP/report.masked"
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
	must await 10 refused test -e "/proc/${AGENT[1]}"
	touch "$KEYLOG" && chmod 644 "$KEYLOG"
	in_host 1 timeout 60 fmp agent fmp0 private-key "$TMP/identity.1" key-log "$KEYLOG" >"$TMP/refused" 2>&1
	check_equal "a file that others may read is refused" 2 $?
	check "for that" grep -q 'accessible to others (mode 0644)' "$TMP/refused"
	check_equal "and left alone" "644 0" "$(stat -c '%a %s' "$KEYLOG")"
}

ktap_begin
begins
opens
is_secret
ends
refuses
ktap_end
