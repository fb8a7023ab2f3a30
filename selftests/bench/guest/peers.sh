#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# peers.sh DRIVER N...
#
# In the guest: what a device with N peers costs, for each N in turn, ascending. Of
# fmp each peer has a session. The host b has all peers, a as many as are used in turn.

cd "$(dirname "$0")" || exit
. ./lib.sh
. ./drivers.sh
. ./measures.sh
. ./many.sh

DRIVER=$1
shift
# Packets go to so many peers in turn, at most.
TURN_MAX=1000
# So many are removed.
DEL_MAX=10000
PEERS=0

smaller() { echo $(($1 < $2 ? $1 : $2)); }

# In KiB; what the kernel could give back is as good as free.
memory_used() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(MemTotal|MemFree|Buffers|Cached):/ { n[$1] = $2 }
		END { print n["MemTotal:"] - n["MemFree:"] - n["Buffers:"] - n["Cached:"] }' /proc/meminfo
}

now_ns() { date +%s%N; }

# timed COMMAND...: prints how long it took
timed() {
	local start
	start=$(now_ns)
	"$@" >/dev/null || return
	echo $(($(now_ns) - start))
}

ms() { awk "BEGIN { printf \"%.1f\", $1 / 1e6 }"; }

# --- WireGuard: b's peers are nobody, but for the first

start_wireguard() {
	up_wireguard
	PEERS=1
}

wireguard_conf() {
	awk -v first="$1" -v n="$2" 'BEGIN {
		srand(first)
		digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		for (i = first; i < first + n; i++) {
			key = ""
			while (length(key) < 42)
				key = key substr(digits, int(rand() * 64) + 1, 1)
			printf "[Peer]\nPublicKey = %sA=\nEndpoint = 10.0.0.1:5000\n", key
			printf "AllowedIPs = 10.%d.%d.%d/32\n", 64 + int(i / 65536), int(i / 256) % 256, i % 256
		}
	}'
}

add_wireguard() {
	[ "$1" = b ] || return 0
	wireguard_conf "$2" "$3" >/tmp/peers.conf
	timed b wg addconf wg0 /tmp/peers.conf
}

# --- for each number

# grow N: until there are so many
grow() {
	local more=$(($1 - PEERS)) before after ns turn
	[ "$more" -gt 0 ] || return 0
	turn=$(smaller "$1" "$TURN_MAX")
	[ "$PEERS" -ge "$turn" ] || "add_$DRIVER" a "$PEERS" $((turn - PEERS)) >/dev/null || die "no peers on a"
	before=$(memory_used)
	ns=$("add_$DRIVER" b "$PEERS" "$more") || die "no peers on b"
	after=$(memory_used)
	PEERS=$1
	# For all of them, had none been there before.
	[ "$more" -lt 50 ] || sample "$DRIVER" "add-$1" "$(ms "$((ns * $1 / more))")"
	# Of few peers it is lost in what else comes and goes.
	[ "$more" -lt 500 ] || sample "$DRIVER" "memory-$1" $(((after - before) * 1024 / more))
}

packets() {
	local turn
	turn=$(smaller "$1" "$TURN_MAX")
	many "$DRIVER" "receive-one-$1" mode=receive size=1420
	[ "$DRIVER" = fmp ] || return 0
	# The first frame of each session takes more, once.
	many fmp "receive-all-$1" mode=receive size=1420 flows="$turn" warm=$((WARM + turn))
	many fmp "through-all-$1" size=1420 flows="$turn" warm=$((WARM + turn))
}

# del_peers: some of very many, one by one, else all with the device
del_peers() {
	local ns
	if [ "$PEERS" -gt "$DEL_MAX" ]; then
		ns=$("del_$DRIVER" $((PEERS - DEL_MAX)) "$DEL_MAX") || die "peers stay"
		sample "$DRIVER" "del-$DEL_MAX" "$(ms "$ns")"
		return
	fi
	ns=$(timed ip -n b link del "${DEV[$DRIVER]}") || die "the device stays"
	sample "$DRIVER" "del-device-$PEERS" "$(ms "$ns")"
}

make_hosts
must modprobe fmp_bench
"start_$DRIVER"
for n; do
	grow "$n"
	packets "$n"
done
del_peers
