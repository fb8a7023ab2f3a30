#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh GROUP ROUNDS DRIVER...
#
# In the guest: takes samples of a group of measures, ROUNDS times of each driver in
# turn. Each round begins with another driver. Groups: udp, quick, latency, tcp, profile.

cd "$(dirname "$0")" || exit
. ./lib.sh
. ./drivers.sh
. ./measures.sh
. ./tcp.sh

GROUP=$1 ROUNDS=$2
shift 2
DRIVERS=("$@")

# cipher_alone SEAL|OPEN SIZE
cipher_alone() {
	local out
	out=$(load mode="$1" size="$2" warm=64 count=500) || die "$1 failed"
	# shellcheck disable=SC2086 # three numbers
	sample cipher "$1-$2" "$(per_packet $out)"
}

round_udp() {
	local driver=$1 size
	for size in 1420 512 64; do measure_through "$driver" "$size"; done
	measure_burst "$driver" 1420
	measure_gso "$driver" 1420
	measure_gro "$driver" 1420
	for size in 1420 64; do
		measure_send "$driver" "$size"
		measure_receive "$driver" "$size"
	done
}

after_udp() {
	local size
	for size in 1420 512 64; do
		cipher_alone seal "$size"
		cipher_alone open "$size"
	done
}

round_quick() { measure_through "$1" 1420; }

round_latency() {
	local size
	for size in 1420 64; do
		measure_single "$1" "$size"
		measure_echo "$1" "$size"
	done
}

# The clock counts the instructions: nothing is idle while a stream is under way.
profile_tcp() {
	local out
	start_stream "${FROM[$1]}" "${TO[$1]}"
	out=$(window "$1") || exit
	stop_streams
	# shellcheck disable=SC2086 # two numbers
	sample "$1" tcp-1 "$(per_packet $out 0)"
}

round_profile() {
	measure_through "$1" 1420
	measure_through "$1" 64
	measure_burst "$1" 1420
	measure_gso "$1" 1420
	measure_gro "$1" 1420
	measure_send "$1" 1420
	measure_receive "$1" 1420
	profile_tcp "$1"
}

# What the addresses in a profile are.
after_profile() { echo "symbols $(grep -i ' t ' /proc/kallsyms | gzip -1 | base64 -w 0)"; }

# --- TCP

before_tcp() { start_server; }

round_tcp() {
	local flows
	for flows in 1 8; do
		stream "$1" "tcp-$flows" -P "$flows"
		stream "$1" "tcp-$flows-back" -P "$flows" -R
	done
}

# --- all of it

# if_there FUNCTION: not every group needs one
if_there() { ! declare -F "$1" >/dev/null || "$1"; }

make_hosts
must modprobe fmp_bench
for driver in "${DRIVERS[@]}"; do "up_$driver"; done
if_there "before_$GROUP"
for ((round = 0; round < ROUNDS; round++)); do
	for driver in $(rotated "$round" "${DRIVERS[@]}"); do "round_$GROUP" "$driver"; done
	if_there "after_$GROUP"
done
