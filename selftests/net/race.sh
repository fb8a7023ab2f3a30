#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# CPUs that receive at the same time: a counter is accepted once (spec 5.6), and what
# is of one flow stays in order (spec 12 #55). More CPUs in the guest make it harder.
#
# RACE_TRIALS, RACE_CHUNKS and RACE_SEED, in the environment or on the kernel's command
# line, are for longer runs.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/play.sh"

TRIALS=20000 CHUNKS=100 SECONDS_TCP=3 RATE=20M SEED=1
[ "$SLOW" = 0 ] || TRIALS=3000 CHUNKS=15 SECONDS_TCP=6 RATE=1M

# tcp_ext HOST FIELD: what the host's TCP has counted
# shellcheck disable=SC2016 # of awk
tcp_ext() {
	in_host "$1" awk -v "field=$2" '$1 == "TcpExt:" {
		if (!seen++) { for (i = 2; i <= NF; i++) if ($i == field) at = i }
		else print $at
	}' /proc/net/netstat
}

# A second device, to which host 1 sends with TCP. All of it on one CPU: the links below keep
# the order of no two of them.
tcp() {
	local before after
	make_host 3
	quiet_host 3
	make_tunnel 3
	connect 1 3
	run_in 3 taskset -c 0 iperf3 -s -1 >/dev/null 2>&1 &
	disown
	must await 10 listening 3 5201
	before=$(tcp_ext 3 TCPOFOQueue)
	in_host 1 taskset -c 0 iperf3 -c 10.9.0.3 -t "$SECONDS_TCP" -b "$RATE" >"$TMP/iperf" || die "iperf3"
	after=$(tcp_ext 3 TCPOFOQueue)
	sed -n 's/^/# /; /sender/p' "$TMP/iperf"
	check_equal "no segment of a TCP flow came out of order" "$before" "$after"
	check_equal "nothing was dropped" "" "$(drops 3)"
}

set_from TRIALS RACE_TRIALS
set_from CHUNKS RACE_CHUNKS
set_from SEED RACE_SEED

ktap_begin
if [ "$(nproc)" -lt 2 ]; then
	ktap_skip "race" "the guest has one CPU"
	ktap_end
fi
make_stage
relay race -n "$TRIALS" -c "$CHUNKS" -S "$SEED" h1 fmp0 10.0.1.2 2121
tcp
ktap_end
