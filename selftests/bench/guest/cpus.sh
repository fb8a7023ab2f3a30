#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# cpus.sh ROUNDS
#
# In the guest: 16 peers and as many flows, through fmp and WireGuard, ROUNDS times of
# each in turn, with the CPUs there are; one process sends. The CPUs take turns, and the
# clock counts the instructions of all of them. It goes ahead only while all are idle,
# which they are not while anything is under way: nothing is taken off for that.

cd "$(dirname "$0")" || exit
. ./lib.sh
. ./drivers.sh
. ./measures.sh
. ./many.sh

ROUNDS=$1
FLOWS=16
CPUS=$(nproc)

packets() {
	local out packets ns
	out=$(load_between "$1" size=1420 flows="$FLOWS" window=64 warm="$WARM" count="$COUNT") || die "$1: the load failed"
	read -r packets ns _ <<<"$out"
	sample "$1" "16-peers-$CPUS" "$(per_packet "$packets" "$ns" 0)"
}

make_hosts
must modprobe fmp_bench
start_fmp
add_fmp a 0 "$FLOWS" >/dev/null || die "no peers on a"
add_fmp b 0 "$FLOWS" >/dev/null || die "no peers on b"
start_wireguard_live
add_wireguard_live 0 "$FLOWS"
for ((round = 0; round < ROUNDS; round++)); do
	for driver in $(rotated "$round" fmp wireguard); do packets "$driver"; done
done
