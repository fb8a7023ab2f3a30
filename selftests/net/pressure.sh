#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 6.12
# shellcheck disable=SC2317 # functions are called by name
# Memory that runs out until the OOM killer comes, and tables of connections that are full,
# under streams and rekeys: sessions stay, and all of it goes on when there is room again.
# failnth has what becomes of each allocation that fails.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pair.sh"

KILLS=2

# --- memory

killed() { dmesg | grep -c 'Out of memory: Killed process'; }

# What would fail the suite if it were on the console. Reports of the killer, and of who found no
# memory and could not wait, have traces as well.
no_complaints() {
	dmesg | grep -q 'fmp: memory runs out' || { echo "the log does not go back that far"; return 1; }
	dmesg | awk '/invoked oom-killer|page allocation failure/ { report = 1 } /Mem-Info:/ { report = 0 }
		!(report && /Call Trace:/)' |
		awk -v "from=fmp: memory runs out" -f "$(dirname "$0")/../splat.awk"
}

# Whoever the killer takes before is none of ours.
spare() {
	local d
	for d in /proc/[0-9]*; do echo -1000 >"$d/oom_score_adj"; done 2>/dev/null
}

# A process that takes all the memory there is.
eat() {
	(echo 1000 >"/proc/$BASHPID/oom_score_adj"; exec tail /dev/zero) >/dev/null 2>&1 &
	disown
}

more_killed() { [ "$(killed)" -ge "$1" ]; }

drops_of() {
	in_host "$1" ethtool -S fmp0 | awk '/_drop_/ && $1 != "tx_drop_multicast:" { n += $2 } END { print n }'
}

as_before() {
	echo "$RESERVE" >/proc/sys/vm/min_free_kbytes
	echo "$LOG" >/proc/sys/kernel/printk
}

no_memory() {
	local i before=()
	LOG=$(</proc/sys/kernel/printk)
	RESERVE=$(</proc/sys/vm/min_free_kbytes)
	# Also if this ends early: others are watched by what is on the console.
	trap 'as_before; cleanup' EXIT
	spare
	echo "fmp: memory runs out" >/dev/kmsg
	# Its report would be taken for a complaint.
	echo 1 >/proc/sys/kernel/printk
	# What is kept for those that cannot wait would hide them from this.
	echo 512 >/proc/sys/vm/min_free_kbytes
	before=("$(drops_of 1)" "$(drops_of 2)")
	streams
	mark_events
	for ((i = 1; i <= KILLS; i++)); do
		eat
		in_host $((1 + i % 2)) fmp rekey fmp0
		await $((60 + 240 * SLOW)) more_killed "$i" || break
	done
	check "the OOM killer came $(killed) times" test "$(killed)" -ge "$KILLS"
	echo "$RESERVE" >/proc/sys/vm/min_free_kbytes
	end_streams "no memory"
	echo "# drops: $(($(drops_of 1) - before[0])) and $(($(drops_of 2) - before[1])), $(drops 1) $(drops 2)"
	check_equal "no memory: nothing came twice" "0 0" "${TWICE[1]} ${TWICE[2]}"
	check "no memory: the kernel complains of nothing else" no_complaints
	as_before
	trap cleanup EXIT
	check_equal "no memory: both agents live" "yes yes" "$(lives 1) $(lives 2)"
	kept "no memory"
	goes_on "no memory"
	check_equal "no memory: rekeys go through after that" 2 "$(rekeys 2)"
	streams
	nap 1
	all_came "with memory again"
}

lives() { [ -e "/proc/${AGENT[$1]}" ] && echo yes; }

# --- connections

MAX=/proc/sys/net/netfilter/nf_conntrack_max FULL=24

# What is tracked in the hosts and on the way: what is inside of the tunnel is not, for a
# stream that nobody answers makes room.
track() {
	local ns
	for ns in h1 router h2; do
		must ip netns exec "$ns" nft -f - <<-END
			table inet track {
				chain raw_in { type filter hook prerouting priority -300; iifname fmp0 notrack; }
				chain raw_out { type filter hook output priority -300; oifname fmp0 notrack; }
				chain in { type filter hook input priority 0; ct state invalid counter drop; }
				chain on { type filter hook forward priority 0; ct state invalid counter drop; }
				chain out { type filter hook output priority 0; ct state invalid counter; }
			}
		END
	done
}

connections() { ip netns exec "$1" conntrack -C; }

# dropped NAMESPACE: what found no room
dropped() { ip netns exec "$1" conntrack -S | grep -o '\bdrop=[0-9]*' | awk -F= '{ n += $2 } END { print n + 0 }'; }

# fill NAMESPACE FROM TO: connections that get their answers, lest they make room
fill() {
	local i
	for ((i = 0; i < $3; i++)); do
		ip netns exec "$1" conntrack -I -p udp -s "192.0.2.$((i % 250 + 1))" -d "$2" --sport $((1000 + i)) \
			--dport 9 -t 600 --status ASSURED,SEEN_REPLY >/dev/null 2>&1 || return 0
	done
}

full_tables() {
	local room ns
	track
	goes_on "connections are tracked"
	room=$(cat "$MAX")
	streams
	echo "$FULL" >"$MAX"
	for ns in h1 router h2; do fill "$ns" 198.51.100.7 $((FULL + 1)); done
	for ns in h1 router h2; do
		check "the table of $ns is full: $(connections "$ns")" test "$(connections "$ns")" -ge "$FULL"
	done
	check_fail "nobody gets a new connection" in_host 1 ping -n -q -c 2 -W 1 10.0.2.2
	check_equal "rekeys go through" 4 "$(rekeys 4)"
	all_came "tables are full"
	check "others were refused: $(dropped h1) in host 1" test "$(dropped h1)" -gt 0
	# More than there is room for, so that one that goes makes none.
	echo $((FULL / 2)) >"$MAX"
	for ns in h1 router h2; do ip netns exec "$ns" conntrack -D -p udp --dport 2121 >/dev/null 2>&1; done
	check_fail "the tunnel is forgotten, and finds no room" pinged 1 2
	echo "$room" >"$MAX"
	goes_on "there is room again"
	kept "full tables"
	for ns in h1 router h2; do must ip netns exec "$ns" nft delete table inet track; done
}

ktap_begin
make_pair heartbeat 10
if [ -e "$MAX" ] || modprobe nf_conntrack; then
	full_tables
else
	ktap_skip "tables of connections that are full" "this kernel tracks none"
fi
no_memory
ktap_end
