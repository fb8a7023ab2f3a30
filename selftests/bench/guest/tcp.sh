# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # FROM, TO and DEV are those of drivers.sh
# Sourced: streams of TCP, by iperf3.

# What arrived, of the report of iperf3, in Mbit for each second.
rate() {
	awk '/"sum_received"/ { on = 1 }
		on && /"bits_per_second"/ { gsub(/[^0-9.e+]/, "", $2); printf "%.2f", $2 / 1e6; exit }'
}

# listens WORD...: something, in what the words select
listens() { [ -n "$(b ss -Hltn "$@")" ]; }

start_server() {
	b iperf3 -s -D >/dev/null
	await listens sport = :5201
}

# stream DRIVER NAME WORD...: the clock being what it is, Mbit for 10^9 instructions
stream() {
	local driver=$1 name=$2 size=8M out
	shift 2
	# Without a cipher it takes more until the beginning no longer counts.
	[ "$driver" != veth ] || size=96M
	out=$(a iperf3 --json -c "${TO[$driver]}" -n "$size" "$@" | rate)
	[ -n "$out" ] || die "$driver, $name: iperf3 failed"
	sample "$driver" "$name" "$out"
}

# --- a part of streams, between the profiler's marks

CLIENTS=()

# start_stream FROM TO: until stop_streams, to a server of its own
start_stream() {
	b iperf3 -s -1 -D -B "$2" >/dev/null
	await listens src "$2"
	nsenter --net=/run/netns/a iperf3 -c "$2" -B "$1" -t 3600 >/dev/null 2>&1 &
	CLIENTS+=($!)
}

stop_streams() {
	kill "${CLIENTS[@]}"
	wait "${CLIENTS[@]}" 2>/dev/null
	CLIENTS=()
}

# window DRIVER: segments that arrived, and how many ns that took, once the streams are under way
window() { b bench-window "${DEV[$1]%%[0-9]*}" 3000 8000 || die "$1: no streams"; }
