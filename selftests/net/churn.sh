#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# Devices, peers, sessions and namespaces made and removed again and again, by several
# at a time, while others look at them. Nothing may be left in the end.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

WORKERS="1 2 3 4"
CYCLES=30 MOVES=10 RACES=16
[ "$SLOW" = 0 ] || CYCLES=20 MOVES=6 RACES=8

# The number of each worker's device.
LINK=50

# peer_row NUMBER ENDPOINT: a line of nlraw's table
peer_row() {
	echo "a peer | peer-new ifindex=u32:$LINK public-key=hex:${KEYS[$1]} $2" \
		"endpoint-port=be16:2121 address=nest:ipv4=ip:10.9.0.$1 | OK"
}

# session_row LOCAL REMOTE [GENERATION [initiator]]
session_row() {
	local SESSION send receive
	set_session "$@"
	read -r send <"${SESSION[8]}"
	read -r receive <"${SESSION[10]}"
	echo "a session | session-new ifindex=u32:$LINK public-key=hex:${KEYS[$2]}" \
		"local-index=u32:${SESSION[4]} remote-index=u32:${SESSION[6]}" \
		"send-key=hex:$send receive-key=hex:$receive ${4:-} | OK"
}

# cycle HOST: a device with two peers, and a session of either kind
cycle() {
	local n=$1 other=$(($1 % 4 + 1)) third=$((($1 + 1) % 4 + 1))
	echo "a device | link-add $LINK | OK"
	echo "any port | dev-set ifindex=u32:$LINK port=u16:0 | OK"
	peer_row "$other" "endpoint-ipv4=ip:10.0.$other.2"
	peer_row "$third" "endpoint-ipv6=ip:fd00:$third::2"
	session_row "$n" "$other"
	session_row "$n" "$other" 2 initiator
	echo "up | link-up $LINK | OK"
	session_row "$n" "$third"
	echo "no device | link-del $LINK | OK"
}

# table HOST CYCLES: what its worker shall do
table() {
	local rows i
	rows=$(cycle "$1")
	for ((i = 0; i < $2; i++)); do echo "$rows"; done >"$TMP/table.$1"
}

# worker HOST: in one process, lest most of the time goes into starting others
worker() { in_host "$1" nlraw requests <"$TMP/table.$1"; }

# failed HOST CYCLES: unless each request of a worker's was a success, what was not
failed() {
	[ "$(grep -c '^ok' "$TMP/worker.$1")" = $(($2 * 9)) ] && return 1
	grep -v '^ok' "$TMP/worker.$1" | head -n 5
}

# workers CYCLES: all at a time; says which of them failed
workers() {
	local n
	# One after the other: they make the key files that they share.
	for n in $WORKERS; do table "$n" "$1"; done
	for n in $WORKERS; do
		worker "$n" >"$TMP/worker.$n" 2>&1 &
	done
	wait
	for n in $WORKERS; do
		! failed "$n" "$1" || return 1
	done
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
	for ((i = 0; i < MOVES; i++)); do
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

# try NAME COMMAND...: until told to stop; keeps the messages, notes what dies of a
# signal. A message is written in pieces: each has a file of its own.
try() {
	local name=$1
	shift
	cat >"$TMP/try.$name" <<-END
		while [ ! -e "$TMP/stop" ]; do
			${*@Q} >/dev/null
			status=\$?
			[ "\$status" -le 2 ] || echo "status \$status: $*" >&2
			echo "$name"
		done
	END
	run_in 1 bash "$TMP/try.$name" >"$TMP/tries.$name" 2>"$TMP/messages.$name"
}

requests() {
	local SESSION
	set_session 1 2
	try show fmp show &
	try show-json fmp --json show fmp0 &
	try peer-add fmp peer add fmp0 "${KEYS[3]}" endpoint 10.0.3.2:2121 address 10.9.0.3 &
	try session-add fmp session add "${SESSION[@]:0:3}" remote-index 5 "${SESSION[@]:7}" &
	try session-show fmp session show fmp0 &
	try peer-del fmp peer del fmp0 "${KEYS[2]}" &
	try down ip link set fmp0 down &
	try set fmp set fmp0 port 0 &
}

# Requests come when the device is there, when it is not, and in between.
race() {
	run_in 1 fmp monitor >/dev/null 2>&1 &
	disown
	requests
	cat >"$TMP/race" <<-END
		for ((i = 0; i < $RACES; i++)); do
			ip link add fmp0 type fmp
			fmp set fmp0 peer ${KEYS[2]} endpoint 10.0.2.2:2121 address 10.9.0.2
			ip link set fmp0 up
			ip link del fmp0
		done
	END
	in_host 1 bash "$TMP/race" 2>"$TMP/messages.race" >&2
	: >"$TMP/stop"
	wait
	end_processes 1
	echo "# $(cat "$TMP"/tries.* | grep -c .) requests, $(cat "$TMP"/messages.* | grep -c .) were refused"
}

# Whatever else a request may come upon is a mistake.
unclean() {
	cat "$TMP"/messages.* | sort | uniq -c |
		grep -viE 'no such (device|peer|network device)|cannot find device|file exists|being removed'
}

ktap_begin
many_cycles
check "namespaces with devices come and go" namespaces
race
check "requests met the devices" test "$(cat "$TMP"/tries.* | sort -u | grep -c .)" = 8
check_equal "and only clean errors" "" "$(unclean)"
check_equal "nothing is left that holds the module" 0 "$(cat /sys/module/fmp/refcnt)"
check "which can be removed" rmmod fmp
must modprobe fmp
check_leaks
ktap_end
