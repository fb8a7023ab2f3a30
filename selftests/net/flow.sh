# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after lib.sh: traffic that goes on in the background, and what a device
# told of meanwhile.

# What keeps a slow kernel busy, and does not starve what is tested.
PING_INTERVAL=0.02 FLOOD=(-f) RATE=2M
[ "$SLOW" = 0 ] || PING_INTERVAL=0.1 FLOOD=(-i 0.05) RATE=100K

# flow NAME HOST ADDRESS [OPTION...]: pings until the host's processes are ended
flow() {
	local name=$1 host=$2
	shift 2
	run_in "$host" ping -n -i "$PING_INTERVAL" "$@" >"$TMP/flow.$name" 2>&1 &
	disown
}

replies() { grep -c 'bytes from' "$TMP/flow.$1"; }

has_replies() { [ "$(replies "$1")" -ge "$2" ]; }

# flowing NAME...: more replies come in than could have been under way
flowing() {
	local name
	for name; do
		await 30 has_replies "$name" $(($(replies "$name") + 8)) && continue
		echo "no replies: $name"
		tail -n 2 "$TMP/flow.$name"
		return 1
	done
}

# grows HOST COUNTER BY
grows() { await 30 at_least "$1" "$2" $(($(counter "$1" "$2") + $3)); }

at_least() { [ "$(counter "$1" "$2")" -ge "$3" ]; }

# stalled NAME HOST COUNTER: no reply while the host drops, once what was under
# way has arrived
stalled() {
	local before
	grows "$2" "$3" 2 || return 1
	before=$(replies "$1")
	grows "$2" "$3" 8 || return 1
	[ "$(replies "$1")" = "$before" ]
}

# load A B: as much as the hosts can bear, both ways, until end_load
load() {
	loading "$2" ping -q "${FLOOD[@]}" -s 1300 "fd09::$1"
	load_tcp "$1" "$2"
}

load_tcp() {
	loading "$2" iperf3 -s
	await 10 listening "$2" 5201 || return 1
	loading "$1" iperf3 -c "10.9.0.$2" -b "$RATE" --bidir -t 1000
}

LOAD=()

loading() {
	run_in "$@" >/dev/null 2>&1 &
	LOAD+=("$!")
	disown
}

end_load() {
	kill "${LOAD[@]}"
	LOAD=()
}

# end_processes HOST...: of these hosts
end_processes() {
	local host
	for host; do
		ip netns pids "h$host" | xargs -r kill -9
	done
}

# watch_events HOST: "events" tells of what happens from now on
watch_events() {
	: >"$TMP/events.$1"
	run_in "$1" fmp --json monitor -t >"$TMP/events.$1" 2>"$TMP/events.$1.err" &
	disown
	await 10 is_watched "$1"
}

# Every change is an event, of nothing into nothing too.
is_watched() {
	in_host "$1" fmp set fmp0 fwmark off
	has_event "$1" dev-set
}

# grep_events OPTION HOST EVENT [LOCAL-INDEX]: the lines of JSON that tell of it
grep_events() {
	local pattern="\"event\":\"$3\""
	[ $# -lt 4 ] || pattern+=".*\"local_index\":$(($4))\\b"
	grep "$1" "$pattern" "$TMP/events.$2"
}

events() { grep_events -h "$@"; }

count_events() { grep_events -c "$@"; }

has_event() { grep_events -q "$@"; }

# session HOST SLOT FIELD: of the only peer; nothing when the slot is empty
session() { in_host "$1" fmp --json session show fmp0 | flat "[slot=$2].$3"; }

# Neither of the hosts 1 and 2 has an old one any more.
drained() { [ "$(session 1 previous slot)$(session 2 previous slot)" = "" ]; }
