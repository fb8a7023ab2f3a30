#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# live.sh N...
#
# In the guest: what a packet costs through WireGuard to N peers in turn, for each N,
# ascending, each of which has a session.

cd "$(dirname "$0")" || exit
. ./lib.sh
. ./drivers.sh
. ./measures.sh
. ./many.sh

make_hosts
must modprobe fmp_bench
start_wireguard_live
peers=0
for n; do
	add_wireguard_live "$peers" $((n - peers))
	peers=$n
	many wireguard "through-all-$n" size=1420 flows="$n" warm=$((WARM + n))
done
