#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 6.12
# shellcheck disable=SC2317 # functions are called by name
# A machine that hibernates, with keys wiped or kept as configured, and clocks that jump: both
# hosts are on it, so both sleep. Programs, devices and all CPUs but one are stopped and the
# image is made, for which there is then no place: so the machine wakes by itself.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pair.sh"

SLEEPS=3

# --- sleep

can_sleep() { grep -qsw disk /sys/power/state && [ -z "$(tail -n +2 /proc/swaps)" ]; }

# Told apart from what did not begin by what the kernel says.
doze() {
	dmesg -C
	echo shutdown >/sys/power/disk
	! echo disk 2>/dev/null >/sys/power/state && dmesg | grep -q 'PM: hibernation: hibernation exit' &&
		dmesg | grep -qi 'PM: .*swap'
}

# why WANTED: so both tell
why() { [ "$(reasons 1) $(reasons 2)" = "$1" ]; }

reasons() {
	tail -n +$((MARKED[$1] + 1)) "$TMP/events.$1" |
		sed -n 's/.*"event":"peer-down".*"reason":"\([a-z]*\)".*/\1/p' | sort -u | xargs
}

new_session() { one_session && [ "$(session 1 current local_index)" != "$1" ]; }

sleeps_without() {
	local i before
	for ((i = 1; i <= SLEEPS; i++)); do
		before=$(session 1 current local_index)
		mark_events
		check "the machine sleeps, $i" doze
		check "both lost their session, and tell why" await 10 why "wiped wiped"
		# Packets that wait ask for another.
		goes_on "sleep $i without keys"
		check "in another session" await 10 new_session "$before"
	done
}

sleeps_with() {
	local i n before
	for n in 1 2; do must in_host "$n" fmp set fmp0 suspend-wipe off; done
	before=$(session 1 current local_index)
	mark_events
	streams
	for ((i = 1; i <= SLEEPS; i++)); do check "the machine sleeps with keys, $i" doze; done
	all_came "$SLEEPS sleeps with keys"
	check_equal "sleeps with keys: the session is the same" "$before" "$(session 1 current local_index)"
	check_equal "sleeps with keys: no peer went down" "0 0" "$(since_mark 1 peer-down) $(since_mark 2 peer-down)"
	check_equal "a rekey goes through after that" 1 "$(rekeys 1)"
	goes_on "sleeps with keys"
}

age_of() { session "$1" current age_ms; }

# --- clocks

jumps() {
	local when today
	today=$(date +%s)
	trap 'date -s "@$today" >/dev/null; cleanup' EXIT
	streams
	mark_events
	for when in "2038-01-19 03:14:00" "1971-01-01" "2100-02-28 23:59:59" "2026-06-01"; do
		must date -s "$when" >/dev/null
		check "the clock jumps to $when: a rekey goes through" rekey_at_once
	done
	all_came "jumps of the clock"
	check_equal "jumps of the clock: no peer went down" "0 0" "$(since_mark 1 peer-down) $(since_mark 2 peer-down)"
	must date -s "@$today" >/dev/null
	trap cleanup EXIT
	check "ages are not of that clock" test "$(age_of 1)" -lt 60000
	goes_on "jumps of the clock"
}

rekey_at_once() { [ "$(rekeys 1 20)" = 1 ]; }

agent_unbound() { ! agent_bound "$1"; }

# An agent has other ideas of when the machine was booted than the kernel, as if that clock had
# jumped: ages are what both go by.
other_clock() {
	if [ ! -e /proc/self/ns/time ]; then
		ktap_skip "an agent with another boot clock" "this kernel has one for all"
		return
	fi
	kill -9 "${AGENT[1]}"
	must await 10 agent_unbound 1
	(run_in 1 unshare --time --boottime 1000000 --fork fmp agent fmp0 private-key "$TMP/identity.1" \
		allow "$TMP/none" deny "$TMP/none" >>"$TMP/agent.1" 2>&1) &
	disown
	check "an agent begins a million seconds later" await 30 agent_bound 1
	check_equal "another boot clock: rekeys go through" 2 "$(rekeys 2)"
	kept "another boot clock"
	goes_on "another boot clock"
}

ktap_begin
make_pair heartbeat 10
jumps
other_clock
if can_sleep; then
	sleeps_without
	sleeps_with
else
	ktap_skip "a machine that sleeps" "this one cannot"
fi
ktap_end
