#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# Devices, peers, sessions and namespaces made and removed again and again, by several
# at a time, while others look at them. Nothing may be left in the end.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

WORKERS="1 2 3 4"
CYCLES=50

# cycle HOST GENERATION: a device with two peers, and a session of either kind
cycle() {
	local n=$1 other=$(($1 % 4 + 1)) third=$((($1 + 1) % 4 + 1))
	ip -n "h$n" link add fmp0 type fmp &&
		in_host "$n" fmp set fmp0 port 0 \
			peer "${KEYS[other]}" endpoint "10.0.$other.2:2121" address "10.9.0.$other" \
			peer "${KEYS[third]}" endpoint "[fd00:$third::2]:2121" address "10.9.0.$third" &&
		add_session "$n" "$other" && add_session "$n" "$other" 2 initiator &&
		ip -n "h$n" link set fmp0 up &&
		add_session "$n" "$third" &&
		ip -n "h$n" link del fmp0
}

# worker HOST CYCLES
worker() {
	local i
	for ((i = 0; i < $2; i++)); do
		cycle "$1" || return 1
	done
}

# workers CYCLES: all at a time; says which of them failed
workers() {
	local n jobs=()
	for n in $WORKERS; do
		worker "$n" "$1" >"$TMP/worker.$n" 2>&1 &
		jobs+=("$!")
	done
	for n in $WORKERS; do
		wait "${jobs[n - 1]}" || { tail -n 3 "$TMP/worker.$n"; return 1; }
	done
}

# What devices and all that hangs on them are made of, in KiB.
memory() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(Slab|Percpu):/ { sum += $2 } END { print sum }' /proc/meminfo
}

# A device a cycle would be far more than the noise that this allows.
memory_back() { [ "$(memory)" -le $((BASE + 1536)) ]; }

many_cycles() {
	local n
	for n in $WORKERS; do
		must ip netns add "h$n"
		must ip -n "h$n" link set lo up
	done
	check "devices come and go" workers 3
	# That waits for whatever is still to be freed.
	must rmmod fmp
	BASE=$(memory)
	check "$((CYCLES * 4)) devices come and go, 4 at a time" workers "$CYCLES"
	check "their memory comes back" await 30 memory_back
	echo "# memory: $BASE KiB before, $(memory) KiB after"
	check_equal "none is left" "" "$(ip -all netns exec ip -o link show type fmp | grep fmp)"
}

# Half of the namespaces are where a device was born, half where one lives.
namespaces() {
	local i
	for ((i = 0; i < 20; i++)); do
		ip netns add here && ip netns add there &&
			ip -n here link add fmp0 type fmp && ip -n here link set fmp0 up &&
			in_host_of here fmp peer add fmp0 "${KEYS[1]}" endpoint 10.0.0.9:2121 address 10.9.0.9 &&
			ip -n here link set fmp0 netns there && ip -n there link set fmp0 up &&
			ip -n there link add fmp1 type fmp && ip -n there link set fmp1 up || return 1
		if ((i % 2)); then
			ip netns del here && ip netns del there || return 1
		else
			ip netns del there && ip netns del here || return 1
		fi
	done
}

in_host_of() {
	local ns=$1
	shift
	ip netns exec "$ns" "$@"
}

# try COMMAND...: until told to stop; keeps the messages, notes what dies of a signal
try() {
	local status
	while [ ! -e "$TMP/stop" ]; do
		in_host 1 "$@" >/dev/null 2>>"$TMP/messages"
		status=$?
		[ "$status" -le 2 ] || echo "status $status: $*" >>"$TMP/messages"
		echo "$*" >>"$TMP/tries"
	done
}

requests() {
	try fmp show &
	try fmp --json show fmp0 &
	try fmp peer add fmp0 "${KEYS[3]}" endpoint 10.0.3.2:2121 address 10.9.0.3 &
	try fmp session add fmp0 peer "${KEYS[2]}" remote-index 5 \
		send-key "$(key_file 1 2)" receive-key "$(key_file 2 1)" &
	try fmp session show fmp0 &
	try fmp peer del fmp0 "${KEYS[2]}" &
	try ip link set fmp0 down &
	try fmp set fmp0 port 0 &
}

# Requests come when the device is there, when it is not, and in between.
race() {
	local i
	: >"$TMP/messages"
	: >"$TMP/tries"
	(in_host 1 fmp monitor >/dev/null 2>&1 &)
	requests
	for ((i = 0; i < 30; i++)); do
		ip -n h1 link add fmp0 type fmp
		in_host 1 fmp set fmp0 peer "${KEYS[2]}" endpoint 10.0.2.2:2121 address 10.9.0.2
		ip -n h1 link set fmp0 up
		ip -n h1 link del fmp0
	done 2>>"$TMP/messages" >&2
	: >"$TMP/stop"
	wait
	end_processes 1
	echo "# $(grep -c . "$TMP/tries") requests, $(grep -c . "$TMP/messages") were refused"
}

# Whatever else a request may come upon is a mistake.
unclean() { grep -viE 'no such (device|peer|network device)|cannot find device|file exists|being removed' "$TMP/messages" | sort | uniq -c; }

ktap_begin
many_cycles
check "namespaces with devices come and go" namespaces
race
check "requests met the devices" test "$(sort -u "$TMP/tries" | grep -c .)" = 8
check_equal "and only clean errors" "" "$(unclean)"
check_equal "nothing is left that holds the module" 0 "$(cat /sys/module/fmp/refcnt)"
check "which can be removed" rmmod fmp
must modprobe fmp
if [ -w /sys/kernel/debug/kmemleak ]; then
	check "kmemleak finds nothing" kmemleak-check
else
	ktap_skip "kmemleak finds nothing" "this kernel has no kmemleak"
fi
ktap_end
