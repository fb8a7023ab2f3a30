#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Lanes: a session's frames are opened on one CPU, which is where they arrive; nothing is
# lost or reordered when that changes, or when a CPU goes away.

# shellcheck disable=SC2317 # functions are called by name
. "$(dirname "$0")/lib.sh"

CPUS=$(nproc)
PORT=7000
SENT=0

# A peer that is no more than an address and a key file.
known_peer() {
	must in_host 2 fmp peer add fmp0 "${KEYS[$1]}" endpoint "10.0.1.2:$((3000 + $1))" heartbeat off address "10.9.0.$1"
	must add_session 2 "$1"
}

# frames PEER COUNTER CPU LINE...: to host 2, in the name of a peer
frames() {
	local peer=$1 counter=$2 cpu=$3
	shift 3
	printf '%s\n' "$@" | in_host 1 frame -C "$cpu" -p "$((3000 + peer))" -k "$(key_file "$peer" 2)" \
		-i "$(index_of 2 "$peer")" -c "$counter" 10.0.2.2 2121 >/dev/null || die "cannot send frames"
}

look() { BEFORE=$(in_host 2 ethtool -S fmp0); }

# grown NAME...: by how much, since look
grown() {
	local now name list='' a b
	now=$(in_host 2 ethtool -S fmp0)
	for name; do
		[[ $BEFORE =~ [[:space:]]"$name: "([0-9]+) ]] && a=${BASH_REMATCH[1]}
		[[ $now =~ [[:space:]]"$name: "([0-9]+) ]] && b=${BASH_REMATCH[1]}
		list+="${list:+ }$((b - a))"
	done
	echo "$list"
}

has_grown() {
	local want=$1
	shift
	[ "$(grown "$@")" = "$want" ]
}

# settled NAME WANT COUNTER...: they get there, and are there
settled() {
	local name=$1 want=$2
	shift 2
	await 10 has_grown "$want" "$@"
	check_equal "$name" "$want" "$(grown "$@")"
}

# --- who opens what

follow() {
	known_peer 3
	look
	frames 3 100 0 "times=10"
	settled "frames are opened where the first arrived" "10 10 0 0" rx_heartbeat rx_inline rx_handoff rx_lane_move

	look
	frames 3 200 1 "times=63"
	settled "some that arrive elsewhere are handed over" "63 0 63 0" rx_heartbeat rx_inline rx_handoff rx_lane_move
	look
	frames 3 300 0 "times=1"
	frames 3 310 1 "times=63"
	settled "one where it was before begins the count anew" "64 1 63 0" rx_heartbeat rx_inline rx_handoff rx_lane_move

	look
	frames 3 400 1 "flip=-1.0 times=200"
	settled "frames that are not authentic do not move a session" "200 200 0" rx_handoff rx_drop_auth rx_lane_move
	look
	frames 3 310 1 "times=63"
	settled "nor do replays" "63 0" rx_drop_replay rx_lane_move

	look
	frames 3 700 1 "times=1"
	settled "the session follows after 64 in a row" "1 1 1" rx_heartbeat rx_handoff rx_lane_move
	look
	frames 3 800 1 "times=10"
	settled "and its frames are opened there" "10 10 0" rx_heartbeat rx_inline rx_handoff
	look
	frames 3 100 1 "times=10"
	settled "where replays are still known" "10" rx_drop_replay
}

# --- packets in order

receiver() {
	PORT=$((PORT + 1)) SENT=0
	rm -f "$TMP/received"
	run_in 2 numbers receive "$PORT" >"$TMP/received" 2>&1 &
	RECEIVER=$!
	disown
	must await 10 test -s "$TMP/received"
}

has_received() { grep -q "^received $1 " "$TMP/received"; }

tally() {
	kill "$RECEIVER"
	await 5 refused test -e "/proc/$RECEIVER"
	tail -n 1 "$TMP/received"
}

# burst CPU COUNT INTERVAL: numbered packets, which all arrive on the CPU
burst() {
	must in_host 1 taskset -c "$1" numbers send 10.9.0.2 "$PORT" "$3" 200 "$SENT" "$2" >/dev/null
	SENT=$((SENT + $2))
}

arrive() { await 10 has_received "$SENT"; }

# to_and_fro ROUNDS: between two CPUs, so that the session moves amid each burst
to_and_fro() {
	local i
	for ((i = 0; i < $1; i++)); do
		burst $((i % 2)) 300 1
		arrive || return 0
	done
}

order() {
	local rounds=10
	receiver
	look
	to_and_fro "$rounds"
	check_equal "bursts from two CPUs in turn: each packet comes once, in order" \
		"received $SENT duplicates 0 reordered 0 highest $((SENT - 1))" "$(tally)"
	read -r MOVED DROPPED <<<"$(grown rx_lane_move rx_drop_lane_full)"
	check "while the session moved with them ($MOVED times)" test "$MOVED" -ge $((rounds - 1))
	check_equal "and no lane was too full" 0 "$DROPPED"
}

threaded() {
	must ip netns exec h2 sh -c "echo 1 > /sys/class/net/fmp0/threaded"
	receiver
	look
	to_and_fro 4
	check_equal "and with threaded NAPI" \
		"received $SENT duplicates 0 reordered 0 highest $((SENT - 1))" "$(tally)"
	check "where it moves too" test "$(grown rx_lane_move)" -ge 2
	must in_host 2 ip link set fmp0 down
	must in_host 2 ip link set fmp0 up
	check "the device goes down and up with it" in_host 2 ping -q -c 1 -W 5 10.9.0.1
	must ip netns exec h2 sh -c "echo 0 > /sys/class/net/fmp0/threaded"
}

# --- fairness

# junk PEER: a frame of it with junk for its content, which costs the lane what a real one does
junk() {
	local index len zeroes
	set_index index 2 "$1"
	printf -v index '%08x' "$((index))"
	printf -v len '%04x' 1300
	printf -v zeroes '%02632d' 0
	echo "raw=0000${len:2:2}${len:0:2}${index:6:2}${index:4:2}${index:2:2}${index:0:2}ffff000000000000$zeroes"
}

fairness() {
	local i flood=20000
	[ "$SLOW" = 0 ] || flood=4000
	known_peer 4
	# Both are CPU 0's.
	frames 3 5000 0 "times=80"
	frames 4 100 0 "times=80"
	look
	frames 3 6000 1 "$(junk 3) times=$flood" &
	for i in 1 2 3 4 5; do
		frames 4 $((1000 * i)) 1 "times=40"
		nap 0.05
	done
	wait $!
	settled "a flood in one session takes nothing from another" "200" rx_heartbeat
	await 20 none_waits "$flood"
	none_waits "$flood"
	check_equal "each frame of the flood is accounted for ($FULL found the lane full)" "$flood" "$((FULL + AUTH))"
}

none_waits() {
	read -r FULL AUTH <<<"$(grown rx_drop_lane_full rx_drop_auth)"
	[ $((FULL + AUTH)) -ge "$1" ]
}

# --- CPUs that go

set_online() { echo "$1" >/sys/devices/system/cpu/cpu1/online; }

hotplug() {
	local i before=0
	receiver
	look
	for i in 1 2 3; do
		burst 1 200 1
		arrive || break
		before=$SENT
		# The session is CPU 1's, and its packets go on elsewhere.
		burst 0 300 3000 &
		must set_online 0
		wait $!
		SENT=$((before + 300))
		arrive || break
		must set_online 1
	done
	check_equal "a CPU goes offline under traffic: each packet comes once, in order" \
		"received $SENT duplicates 0 reordered 0 highest $((SENT - 1))" "$(tally)"
	check_equal "and nothing is dropped" "0 0 0" "$(grown rx_drop_down rx_drop_lane_full rx_drop_replay)"
}

# --- a lane that does not move on

# Where lanes work in softirq, no program keeps them from their CPU.
can_stall() { ! grep -qw bh_worker /proc/kallsyms; }

# Junk for 8 MiB and more, which no session gets alone.
OVERFLOW=8000

stalled() {
	frames 3 31000 1 "times=1"
	nap 1.5
	frames 3 31001 1 "times=1"
	frames 3 32000 1 "$(junk 3) times=$OVERFLOW"
	frames 4 32000 1 "$(junk 4) times=$OVERFLOW"
	frames 3 33000 1 "times=8"
	frames 4 33000 1 "times=8"
}

stuck() {
	local throttle limit=/proc/sys/kernel/sched_rt_runtime_us hog
	if ! can_stall; then
		ktap_skip "a lane that does not move on" "softirqs cannot be kept from a CPU by a program"
		return
	fi
	throttle=$(cat "$limit")
	frames 3 30000 0 "times=80"
	frames 4 30000 0 "times=80"
	look
	echo -1 >"$limit"
	chrt -f 98 taskset -c 0 sh -c 'while :; do :; done' &
	hog=$!
	stalled
	check_equal "a lane that does not move on is counted, once" 1 "$(grown rx_lane_stuck)"
	kill "$hog"
	echo "$throttle" >"$limit"
	settled "what may be control frames has room when bulk has none, and all sessions have" 18 rx_heartbeat
	await 20 none_waits $((2 * OVERFLOW))
	none_waits $((2 * OVERFLOW))
	check_equal "each frame of the floods is accounted for" $((2 * OVERFLOW)) "$((FULL + AUTH))"
	check "most found the lane full ($FULL)" test "$FULL" -gt $((OVERFLOW / 2))
}

ktap_begin
if [ "$CPUS" -lt 2 ]; then
	ktap_skip "lanes" "the guest has one CPU"
	ktap_end
fi
make_tunnels 1 2
connect 1 2
must in_host 1 ping -q -c 1 -W 5 10.9.0.2 >/dev/null
follow
order
threaded
fairness
hotplug
stuck
ktap_end
