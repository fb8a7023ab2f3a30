# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by what runs in the guest: two hosts, and how a sample is taken.
#
#   a [eth0 10.0.0.1] --- [eth0 10.0.0.2] b      tunnels between them: drivers.sh

set -u
umask 077

# Nobody writes there: waiting for it sleeps without a process.
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
exec {NEVER}<> <(:)

nap() { ! read -rt "$1" -u "$NEVER"; }

die() {
	echo "bench: $*" >&2
	exit 1
}

must() { "$@" || die "failed: $*"; }

in_host() {
	local host=$1
	shift
	nsenter "--net=/run/netns/$host" "$@"
}

a() { in_host a "$@"; }
b() { in_host b "$@"; }

make_hosts() {
	local host
	for host in a b; do
		must ip netns add "$host"
		must ip -n "$host" link set lo up
		# What hosts send of their own accord is no part of what is measured.
		must in_host "$host" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	done
	must ip -n a link add eth0 type veth peer name eth0 netns b
	must ip -n a addr add 10.0.0.1/24 dev eth0
	must ip -n b addr add 10.0.0.2/24 dev eth0
	must ip -n a link set eth0 up
	must ip -n b link set eth0 up
}

# await COMMAND...: it succeeds within some seconds
await() {
	local try
	for ((try = 0; try < 100; try++)); do
		"$@" >/dev/null 2>&1 && return
		nap 0.1
	done
	die "never succeeded: $*"
}

# rotated N WORD...: the words, beginning with the one after the first N
rotated() {
	local n=$1
	shift
	n=$((n % $#))
	echo "${@:n+1}" "${@:1:n}"
}

# sample DRIVER MEASURE VALUE: a line for the host; ALIAS takes the place of the driver
sample() { echo "sample ${ALIAS:-$1} $2 $3"; }

# The shell that asks is in one namespace, and has a descriptor of the other.
# shellcheck disable=SC2016 # expanded by the inner shell
LOAD='exec 9</run/netns/b; echo "netns=9 $*" >/proc/fmp_bench && exec cat /proc/fmp_bench'

# load WORD...: what the module says to the request: packets, instructions, idle time
load() { a bash -c "$LOAD" load "$@"; }

# load_between DRIVER WORD...: a load by way of a driver's tunnel
load_between() {
	local driver=$1
	shift
	load dev="${DEV[$driver]}" far-dev="${DEV[$driver]}" port="${PORT[$driver]}" \
		from="${FROM[$driver]}" to="${TO[$driver]}" "$@"
}

# per_packet PACKETS NS IDLE: instructions a packet.  The clock counts instructions, but while the CPU is
# idle it goes ahead to the next timer.
per_packet() { awk "BEGIN { printf \"%.1f\", ($2 - 1000 * $3) / $1 }"; }

# measure DRIVER MEASURE WORD...: takes a sample of a load
measure() {
	local driver=$1 name=$2 out
	shift 2
	out=$(load_between "$driver" "$@") || die "$driver, $name: the load failed"
	# shellcheck disable=SC2086 # three numbers
	sample "$driver" "$name" "$(per_packet $out)"
}
