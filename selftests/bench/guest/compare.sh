#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# compare.sh ROUNDS MEASURE-SIZE...
#
# In the guest: two builds of the module, old.ko and new.ko, one after the other.

cd "$(dirname "$0")" || exit
. ./lib.sh
. ./drivers.sh
. ./measures.sh

ROUNDS=$1
shift

one_build() {
	local ALIAS=$1 m
	shift
	must insmod "/root/$ALIAS.ko"
	up_fmp
	for m; do "measure_${m%-*}" fmp "${m##*-}"; done
	down_fmp
	must rmmod fmp
}

make_hosts
must modprobe fmp_bench
# Leaves behind what the builds need.
must modprobe fmp
must rmmod fmp
for ((round = 0; round < ROUNDS; round++)); do
	for build in $(rotated "$round" old new); do one_build "$build" "$@"; done
done
