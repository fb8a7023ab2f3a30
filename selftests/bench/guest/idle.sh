#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# idle.sh N
#
# In the guest: what N peers with a session each cost while nobody sends anything: what they
# take from a process that would have all of the CPU, at both ends together.

cd "$(dirname "$0")" || exit
. ./lib.sh
. ./drivers.sh
. ./measures.sh
. ./many.sh

N=$1
# Two heartbeats of each peer come within that.
SECONDS_MEASURED=20

make_hosts
start_fmp
alone=$(bench-spin "$SECONDS_MEASURED") || die "no CPU"
add_fmp a 0 "$N" 10 >/dev/null || die "no peers on a"
add_fmp b 0 "$N" 10 >/dev/null || die "no peers on b"
# The first reports are over, and those of an idle link have begun.
bench-spin 15 >/dev/null
beside=$(bench-spin "$SECONDS_MEASURED") || die "no CPU"
echo "# $alone turns alone, $beside beside $N peers"
awk -v a="$alone" -v b="$beside" -v n="$N" \
	'BEGIN { share = (a - b) / a; printf "share %.4f\ninstructions a peer, both ends, and second: %.0f\n", share, share * 1e9 / n }'
for host in a b; do
	in_host "$host" ethtool -S fmp0 | awk '/tx_heartbeat|tx_report|rx_report/ { print "# '"$host"'", $1, $2 }'
done
