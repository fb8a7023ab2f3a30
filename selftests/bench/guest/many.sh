# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # FROM and TO are those of drivers.sh
# Sourced after drivers.sh: fmp devices with very many peers, which have a session each.

start_fmp() {
	describe fmp fmp0 - 2121
	FROM[fmp]=10.32.0.0 TO[fmp]=10.64.0.0
	local host
	for host in a b; do
		must ip -n "$host" link add fmp0 type fmp
		must in_host "$host" fmp set fmp0 multicast off
		must ip -n "$host" link set fmp0 mtu "$MTU" up
		must ip -n "$host" route add 10.32.0.0/11 dev fmp0
	done
	must ip -n a route add 10.64.0.0/11 dev fmp0
	must ip -n b route add 10.64.0.0/11 dev fmp0
}

# add_fmp HOST FIRST COUNT [HEARTBEAT]: prints how long it took
add_fmp() {
	case $1 in
	a) a bench-peers new fmp0 "$2" "$3" 0 10.0.0.2 2121 "${4:-0}" ;;
	b) b bench-peers new fmp0 "$2" "$3" 1 10.0.0.1 2121 "${4:-0}" ;;
	esac
}

del_fmp() { b bench-peers del fmp0 "$1" "$2"; }
