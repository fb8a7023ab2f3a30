#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Traffic of both families over both families, of every size, and TCP.

# shellcheck disable=SC2317 # functions are called by check
. "$(dirname "$0")/lib.sh"

# The sanitizer kernel is ten times as slow.
BYTES=4M
[ ! -d /sys/kernel/debug/kunit ] || BYTES=1M

# ping_sizes HOST ADDRESS SIZE...: payload sizes of ICMP
ping_sizes() {
	local host=$1 address=$2 size
	shift 2
	for size; do
		in_host "$host" ping -c 1 -W 5 -s "$size" "$address" || return 1
	done
}

tcp() {
	local address=$1
	shift
	in_host 2 iperf3 -s -1 -D -I "$TMP/iperf.pid" >/dev/null
	await 10 listening 2 5201 || return 1
	in_host 1 iperf3 -c "$address" -n "$BYTES" "$@" || return 1
	await 10 refused test -e "$TMP/iperf.pid"
}

# A session's frames are opened on one CPU, wherever they arrive.
lanes() {
	local inline handoff cpus
	cpus=$(nproc)
	if [ "$cpus" -lt 2 ]; then
		ktap_skip "frames that arrive elsewhere go to their lane" "the guest has one CPU"
		return
	fi
	make_router
	make_host 1
	make_host 2
	make_tunnel 1
	make_tunnel 2
	connect 1 2

	check "frames that arrive on the lane's CPU" taskset -c 0 ip netns exec h1 ping -c 20 -i 0.01 -W 5 10.9.0.2
	inline=$(counter 2 rx_inline)
	check "frames that arrive on another CPU" taskset -c 1 ip netns exec h1 ping -c 20 -i 0.01 -W 5 10.9.0.2
	handoff=$(counter 2 rx_handoff)
	check "the first are opened in place ($inline)" test "$inline" -ge 10
	check "the others are handed over ($handoff)" test "$handoff" -ge 10
	check_equal "none of them is lost" "|" "$(drops 1)|$(drops 2)"
	cleanup
	TMP=$(mktemp -d)
}

# over FAMILY: everything, with an outer family
over() {
	local outer=$1
	make_router
	make_host 1
	make_host 2
	make_tunnel 1
	make_tunnel 2
	connect 1 2 "$outer"

	check "v4-in-v$outer: 1 byte to the MTU" ping_sizes 1 10.9.0.2 0 1 2 15 16 17 56 512 1000 1383 1384
	check "v4-in-v$outer: beyond the MTU" ping_sizes 1 10.9.0.2 1385 1400 2000 4000 9000 20000 65507
	check "v6-in-v$outer: 1 byte to the MTU" ping_sizes 1 fd09::2 0 1 2 15 16 17 56 512 1000 1363 1364
	check "v6-in-v$outer: beyond the MTU" ping_sizes 1 fd09::2 1365 1400 2000 4000 9000 20000 65487
	check "v4-in-v$outer: the other way" ping_sizes 2 10.9.0.1 56 1384
	check "v6-in-v$outer: the other way" ping_sizes 2 fd09::1 56 1364
	check "v4-in-v$outer: TCP" tcp 10.9.0.2
	check "v4-in-v$outer: TCP backwards" tcp 10.9.0.2 -R
	check "v6-in-v$outer: TCP" tcp fd09::2
	check "v6-in-v$outer: TCP backwards" tcp fd09::2 -R
	check_equal "v$outer: nothing was dropped on the way" "|" "$(drops 1)|$(drops 2)"
	# A flood may fill a queue; what gets through is what is asked for here.
	check "v4-in-v$outer: UDP" tcp 10.9.0.2 -u -b 20M -l 1200
	cleanup
	TMP=$(mktemp -d)
}

ktap_begin
over 4
over 6
lanes
ktap_end
