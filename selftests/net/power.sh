#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 6.12
# shellcheck disable=SC2317 # functions are called by name
# A machine that hibernates, with keys wiped or kept as configured, and clocks that jump: both
# hosts are on it, so both sleep. Programs, devices and all CPUs but one are stopped and the
# image is made, for which there is then no place: so the machine wakes by itself. One suspend is
# given up as soon as programs are stopped, for nothing would end it here.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pair.sh"

SLEEPS=3

# --- what is in the image

TRACE=/sys/kernel/tracing
ALARM=/sys/class/rtc/rtc0/wakealarm

# Each session that is made or freed from now on, when programs are stopped, and the image, in
# one order for all CPUs.
trace_on() {
	echo counter >"$TRACE/trace_clock"
	echo "p:sleep/made fmp:fmp_session_install" >"$TRACE/kprobe_events" &&
		echo "p:sleep/freed fmp:fmp_session_free_rcu" >>"$TRACE/kprobe_events" &&
		echo "p:sleep/stop freeze_processes" >>"$TRACE/kprobe_events" &&
		echo "p:sleep/image swsusp_save" >>"$TRACE/kprobe_events" || return 1
	echo 1 >"$TRACE/events/sleep/enable"
}

trace_off() {
	echo 0 >"$TRACE/events/sleep/enable"
	echo >"$TRACE/kprobe_events"
	echo local >"$TRACE/trace_clock"
}

# Two hosts with a session each and nothing else, of which the trace would not know.
settled() { [ "$(all_sessions)" = 2 ]; }

all_sessions() { (in_host 1 fmp --json session show fmp0; in_host 2 fmp --json session show fmp0) | flat | grep -c local_index; }

# left_at EVENT BEFORE: how many sessions there were then, whose keys could be read
left_at() {
	awk -v "event= $1: " -v n="$2" '/ made: / { n++ } / freed: / { n-- } $0 ~ event { print n; exit }' "$TRACE/trace"
}

# Somebody who asks for the same session all the time, as an agent does that was told that it is
# gone; in a namespace of its own.
make_asker() {
	must ip netns add h3
	must ip -n h3 link add fmp0 type fmp
	must in_host 3 fmp peer add fmp0 "${KEYS[1]}"
	# An index would have to wait before it serves again.
	REQUEST="session-new ifindex=u32:$(ip -n h3 -json link show fmp0 | flat "[0].ifindex") public-key=hex:${KEYS[1]}"
	REQUEST+=" remote-index=u32:1 send-key=hex:$(cat "$(key_file 3 1)") receive-key=hex:$(cat "$(key_file 1 3)")"
	REFUSED=0
}

ask() {
	rm -f "$TMP/refused"
	yes "asked | $REQUEST | EBUSY text=about to sleep" > >(in_host 3 nlraw requests | grep -c '^ok' >"$TMP/refused") &
	ASKER=$!
	disown
}

# REFUSED is how often there was none, for the sleep.
end_asking() {
	kill "$ASKER"
	must await 20 test -s "$TMP/refused"
	REFUSED=$((REFUSED + $(<"$TMP/refused")))
}

asked_again() { [ "$(in_host 3 fmp --json session show fmp0 | flat | grep -c local_index)" = 1 ]; }

# --- sleep

can_sleep() { grep -qsw disk /sys/power/state && [ -z "$(tail -n +2 /proc/swaps)" ]; }

# Told apart from what did not begin by what the kernel says.
doze() {
	dmesg -C
	echo shutdown >/sys/power/disk
	! echo disk 2>/dev/null >/sys/power/state && dmesg | grep -q 'PM: hibernation: hibernation exit' &&
		dmesg | grep -qi 'PM: .*swap'
}

# A device that goes waits for what RCU has to free yet, which would be taken for another's end.
trace_anew() {
	await 30 settled && ip link add once type dummy && ip link del once && echo >"$TRACE/trace"
}

woken() { [ "$(cat /sys/power/wakeup_count)" != "$1" ]; }

# Nothing would wake it here, so something has before: the suspend ends when programs are stopped.
give_up() {
	local count
	for _ in 1 2 3; do
		count=$(cat /sys/power/wakeup_count)
		# In this order, lest it comes ahead of who counts; and not at once, for what is past
		# cannot be set.
		echo "$count" >/sys/power/wakeup_count && echo 0 >"$ALARM" && echo +2 >"$ALARM" && break
	done 2>/dev/null
	await 10 woken "$count" || return 1
	dmesg -C
	! echo freeze 2>/dev/null >/sys/power/state && dmesg | grep -q 'PM: suspend exit'
}

# dream COMMAND: sleeps with a session at either host, and one of who asks
dream() { await 10 asked_again && trace_anew && "$1"; }

# why WANTED: so both tell
why() { [ "$(reasons 1) $(reasons 2)" = "$1" ]; }

reasons() {
	tail -n +$((MARKED[$1] + 1)) "$TMP/events.$1" |
		sed -n 's/.*"event":"peer-down".*"reason":"\([a-z]*\)".*/\1/p' | sort -u | xargs
}

new_session() { one_session && [ "$(session 1 current local_index)" != "$1" ]; }

# without NAME EVENT COMMAND: a sleep, and what there is when the machine comes to EVENT
without() {
	local before
	before=$(session 1 current local_index)
	mark_events
	ask
	check "$1: the machine sleeps" dream "$3"
	check_equal "$1: no keys are left before" 0 "$(left_at "$2" 3)"
	check "$1: who asks for a session gets it again" await 10 asked_again
	end_asking
	check "$1: both lost their session, and tell why" await 10 why "wiped wiped"
	# Packets that wait ask for another.
	goes_on "$1"
	check "$1: in another session" await 10 new_session "$before"
}

sleeps_without() {
	local i
	make_asker
	for ((i = 1; i <= SLEEPS; i++)); do without "hibernation $i without keys" image doze; done
	if [ -e "$ALARM" ] && grep -qw freeze /sys/power/state; then
		without "a suspend without keys" stop give_up
	else
		ktap_skip "a suspend without keys" "this machine has no alarm"
	fi
	must ip netns del h3
	check "who asked meanwhile was told that there is none: $REFUSED times" test "$REFUSED" -gt 0
}

sleeps_with() {
	local i n before
	for n in 1 2; do must in_host "$n" fmp set fmp0 suspend-wipe off; done
	before=$(session 1 current local_index)
	mark_events
	must trace_anew
	streams
	for ((i = 1; i <= SLEEPS; i++)); do check "the machine sleeps with keys, $i" doze; done
	all_came "$SLEEPS sleeps with keys"
	check_equal "sleeps with keys: they are in the image" 2 "$(left_at image 2)"
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
	trap 'trace_off; cleanup' EXIT
	must trace_on
	sleeps_without
	sleeps_with
	trace_off
	trap cleanup EXIT
else
	ktap_skip "a machine that sleeps" "this one cannot"
fi
ktap_end
