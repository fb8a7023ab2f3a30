#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# batches.sh ROUNDS
#
# In the guest: what batches are worth, ROUNDS times of each setting in turn, with
# WireGuard beside them, and how large they are.  The driver of a sample is the
# setting.  veth- is as everywhere else: packets stay whole from one host to the
# other. nic- is what a host sees that receives from a NIC: frames leave one by one,
# and the receiving veth has a NAPI, and GRO.

cd "$(dirname "$0")" || exit
. ./lib.sh
. ./drivers.sh
. ./measures.sh
. ./tcp.sh

ROUNDS=$1
declare -A TX=([both]=on [tx]=on [rx]=off [neither]=off)
declare -A RX=([both]=on [tx]=off [rx]=on [neither]=off)

# set_batches TX RX: on both hosts
set_batches() {
	local host
	for host in a b; do must in_host "$host" fmp set fmp0 tx-batch "$1" rx-batch "$2"; done
}

# as_nic on|off: veth has no NAPI for what comes from a device that could send TCP whole
as_nic() {
	local host tso=on
	[ "$1" = off ] || tso=off
	for host in a b; do must in_host "$host" ethtool -K eth0 gro "$1" tso "$tso"; done
}

# with_setting SETTING COMMAND WORD...: of the driver whose setting that is
with_setting() {
	local ALIAS=$1 command=$2 driver=wireguard
	shift 2
	if [ "$ALIAS" != wireguard ]; then
		driver=fmp
		set_batches "${TX[$ALIAS]}" "${RX[$ALIAS]}"
	fi
	"$command" "$driver" "$@"
}

of_each() {
	many "$1" "$2-gso-1420" size=1420 gso=16
	many "$1" "$2-burst-1420" size=1420 burst=64
	stream "$1" "$2-tcp-1" -P 1
	stream "$1" "$2-tcp-1-back" -P 1 -R
}

# --- how large they are

counters() { in_host "$1" ethtool -S fmp0 | tr -d ':' | grep -E "^ *$2_(batch|frames)"; }

# sizes DIRECTION RUN: of two reports of the counters, one after the other. What is in no batch is alone.
sizes() {
	awk -v what="$1" -v run="$2" '
		{ n[$1] = $2 - n[$1] }
		END {
			n[what "_batch_alone"] = n[what "_frames"] - n[what "_batch_frames"]
			split("alone 2 4 8 16 32 frames", bins)
			for (i = 1; i in bins; i++)
				print "sample", what, "size-" run "-" bins[i], n[what "_batch_" bins[i]]
		}'
}

# histogram RUN FLOWS: of what leaves a and of what comes to b
histogram() {
	local tx rx
	tx=$(counters a tx)
	rx=$(counters b rx)
	stream fmp ignored -P "$2" >/dev/null
	{ echo "$tx"; counters a tx; } | sizes tx "$1"
	{ echo "$rx"; counters b rx; } | sizes rx "$1"
}

histograms() {
	histogram "$1-tcp-1" 1
	histogram "$1-tcp-8" 8
}

make_hosts
must modprobe fmp_bench
up_fmp
up_wireguard
start_server
for ((round = 0; round < ROUNDS; round++)); do
	for setting in $(rotated "$round" both tx rx neither wireguard); do
		with_setting "$setting" of_each veth
	done
	set_batches on on
	histograms veth
	as_nic on
	for setting in $(rotated "$round" rx neither wireguard); do with_setting "$setting" of_each nic; done
	set_batches off on
	histograms nic
	as_nic off
done
