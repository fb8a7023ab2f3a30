#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 6.12
# long
# needs: routers
# shellcheck disable=SC2317 # functions are called by name
# The files of examples/routing as they are: five nodes in a partial mesh, a device each,
# and a routing daemon on it, babeld first and then BIRD. A link dies, and comes back.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

EXAMPLE=$(cd "$(dirname "$0")/../../examples/routing" && pwd)
export FMP_RUN_DIR

NODES=(1 2 3 4 5)
PEERS=(none "2 5" "1 3 5" "2 4" "3 5" "1 2 4")

# --- the network below, where node N has the address 192.0.2.N

make_node() {
	local n=$1
	must ip netns add "h$n"
	must ip -n "h$n" -batch - <<-END
		link set lo up
		link add eth0 type veth peer name r$n netns router
		addr add 192.0.2.$n/32 dev eth0
		link set eth0 up
		route add 192.0.2.254 dev eth0
		route add default via 192.0.2.254
	END
	must ip -n router -batch - <<-END
		addr add 192.0.2.254/32 dev r$n
		link set r$n up
		route add 192.0.2.$n dev r$n
	END
	mkdir -p "$TMP/node$n/run"
	cp "$EXAMPLE/node$n/fmp0.conf" "$TMP/node$n/fmp0.conf" || die "no file of node $n"
	# The secrets of the public keys in the files.
	printf 'node %s of the routing example' "$n" | sha256sum | cut -c 1-64 >"$TMP/node$n/fmp0.key"
}

# cut_link|mend_link A B: what the two send one another gets lost on the way
cut_link() { link_rules add "$@"; }
mend_link() { link_rules del "$@"; }

link_rules() {
	must ip -n router rule "$1" from "192.0.2.$2" to "192.0.2.$3" blackhole
	must ip -n router rule "$1" from "192.0.2.$3" to "192.0.2.$2" blackhole
}

fmp_up() {
	FMP_RUN_DIR=$TMP/node$1/run
	in_host "$1" fmp up "$TMP/node$1/fmp0.conf"
}

has_sessions() { [ "$(in_host "$1" fmp --json session show fmp0 | flat "[slot=current].slot" | wc -l)" = "$2" ]; }

link_local() { ip -n "h$1" -o -6 addr show dev fmp0 scope link | awk '{ print $4 }' | xargs; }

# --- daemons

start_babeld() {
	run_in "$1" babeld -c "$EXAMPLE/babeld.conf" -g "$TMP/node$1/babeld.socket" \
		-I "$TMP/node$1/babeld.pid" -S "$TMP/node$1/babeld.state" >"$TMP/node$1/babeld.log" 2>&1 &
	DAEMON[$1]=$!
	disown
}

neighbours_babeld() {
	printf 'dump\nquit\n' | nc -U "$TMP/node$1/babeld.socket" |
		sed -n 's/^add neighbour .* address fe80::\([0-9]\) if fmp0 .*/\1/p'
}

start_bird() {
	run_in "$1" bird -f -c "$EXAMPLE/bird.conf" -s "$TMP/node$1/bird.socket" \
		-P "$TMP/node$1/bird.pid" >"$TMP/node$1/bird.log" 2>&1 &
	DAEMON[$1]=$!
	disown
}

neighbours_bird() {
	birdcl -s "$TMP/node$1/bird.socket" show babel neighbors | sed -n 's/^fe80::\([0-9]\) *fmp0 .*/\1/p'
}

declare -A DAEMON
declare -A PROTO=([babeld]=babel [bird]=bird)

# neighbours_are NODE WANTED: as the daemon sees it, "1 3 5"
neighbours_are() {
	local got
	got=$("neighbours_$KIND" "$1" | sort | xargs)
	echo "node $1 has the neighbours '$got'"
	[ "$got" = "$2" ]
}

meshed() {
	local n
	for n in "${NODES[@]}"; do neighbours_are "$n" "${PEERS[n]}" || return 1; done
}

# routes NODE: of the daemon, of both families
routes() {
	ip -n "h$1" route show proto "${PROTO[$KIND]}"
	ip -n "h$1" -6 route show proto "${PROTO[$KIND]}"
}

# has_routes NODE NUMBER
has_routes() { [ "$(routes "$1" | grep -c 'dev fmp0')" = "$2" ]; }

all_routes() {
	local n
	for n in "${NODES[@]}"; do has_routes "$n" 8 || { echo "node $n: $(routes "$n")"; return 1; }; done
}

# hello_heard NODE FROM: one that was sent to everybody
hello_heard() {
	in_host "$1" timeout 20 tcpdump -Z root --immediate-mode -n -p -c 1 -i fmp0 \
		"src host fe80::$2 and dst host ff02::1:6 and udp port 6696"
}

# --- paths

# next_node NODE DESTINATION: where it sends what is for that address
next_node() {
	local via
	via=$(ip -n "h$1" -o route get "$2" 2>/dev/null) || return 1
	[[ $via =~ \ via\ (inet6\ )?[0-9a-f.:]+[.:]([0-9])\ dev\ fmp0 ]] || return 1
	echo "${BASH_REMATCH[2]}"
}

# path FROM TO 4|6: "1 2 3"
path() {
	local at=$1 all=$1 address=10.20.0.$2
	[ "$3" = 4 ] || address=fd20::$2
	while [ "$at" != "$2" ] && [ ${#all} -lt 12 ]; do
		at=$(next_node "$at" "$address") || at=$2 all+=" ?"
		all+=" $at"
	done
	echo "$all"
}

# on_path PATH: both families, both ways, for the ends of the path
on_path() {
	local from=${1%% *} to=${1##* } back f
	back=$(tr ' ' '\n' <<<"$1" | tac | xargs)
	for f in 4 6; do
		echo "IPv$f: $(path "$from" "$to" "$f") and $(path "$to" "$from" "$f")"
		[ "$(path "$from" "$to" "$f")" = "$1" ] && [ "$(path "$to" "$from" "$f")" = "$back" ] || return 1
	done
}

# hop_limit ADDRESS: with which the answer to node 1 comes in
hop_limit() {
	in_host 1 ping -n -c 1 -W 10 "$1" | sed -n 's/.*bytes from.* ttl=\([0-9]*\) .*/\1/p'
}

all_pairs() {
	local a b
	for a in "${NODES[@]}"; do
		for b in "${NODES[@]}"; do
			in_host "$a" ping -n -q -c 1 -W 10 "10.20.0.$b" || return 1
			in_host "$a" ping -n -q -c 1 -W 10 "fd20::$b" || return 1
		done
	done
}

# --- a link dies

now_ms() { local us=${EPOCHREALTIME/[.,]/}; echo "${us%???}"; }

# within NAME SECONDS PATH: traffic takes that path and is answered; says when
within() {
	local start
	start=$(now_ms)
	check "$1" await "$2" on_path "$3"
	echo "# $1: after $(($(now_ms) - start)) ms"
	check "$1: traffic" flowing "$KIND"
}

# The time between two answers in a row, at most, in ms.
longest_silence() {
	sed -n 's/^\[\([0-9.]*\)\] .*bytes from.*/\1/p' "$TMP/flow.$KIND" |
		awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { printf "%d\n", 1000 * most }'
}

link_dies() {
	flow "$KIND" 1 -D 10.20.0.3
	FLOW=$!
	check "$KIND: there is traffic from 1 to 3" flowing "$KIND"
	cut_link 2 3
	within "$KIND: the link of 2 and 3 is cut, traffic takes the other way" 20 "1 5 4 3"
	check_equal "$KIND: the answer has come over two others" "62 62" "$(hop_limit 10.20.0.3) $(hop_limit fd20::3)"
	check "$KIND: everybody still reaches everybody" all_pairs
	echo "# $KIND: the longest silence was $(longest_silence) ms"
	mend_link 2 3
	within "$KIND: the link is back, traffic takes it" 60 "1 2 3"
	check "$KIND: 2 and 3 are neighbours again" await 20 meshed
}

# Also those who were neighbours lose one another.
without_multicast() {
	must in_host 3 fmp set fmp0 multicast off
	check "$KIND: without its multicast, nobody knows node 3" await 40 gone 3
	must in_host 3 fmp set fmp0 multicast on
	check "$KIND: with it, everybody does" await 60 all_routes
}

# gone NODE: no other has a route to it
gone() {
	local n
	for n in "${NODES[@]}"; do
		[ "$n" = "$1" ] || ! routes "$n" | grep -q "^\(10\.20\.0\.\|fd20::\)$1 .*dev fmp0" || return 1
	done
}

ended() { [ ! -e "/proc/${DAEMON[$1]}" ]; }

stop_daemons() {
	local n
	kill "$FLOW"
	for n in "${NODES[@]}"; do kill "${DAEMON[$n]}"; done
	for n in "${NODES[@]}"; do must await 20 ended "$n"; done
	for n in "${NODES[@]}"; do check "$KIND: node $n is left without routes" await 10 has_routes "$n" 0; done
}

# with_daemon KIND
with_daemon() {
	local n
	KIND=$1
	for n in "${NODES[@]}"; do "start_$KIND" "$n"; done
	check "$KIND: neighbours are those that there is a link with" await 30 meshed
	check "$KIND: they say hello to everybody at once" hello_heard 2 3
	check "$KIND: everybody has routes to everybody" await 60 all_routes
	check "$KIND: the way from 1 to 3 is by 2" await 30 on_path "1 2 3"
	check_equal "$KIND: the answer has come over one other" "63 63" "$(hop_limit 10.20.0.3) $(hop_limit fd20::3)"
	check "$KIND: everybody reaches everybody" all_pairs
	link_dies
	without_multicast
	stop_daemons
}

prepare() {
	local n peers
	make_router
	for n in "${NODES[@]}"; do make_node "$n"; done
	for n in "${NODES[@]}"; do check "node $n is up as its file says" fmp_up "$n"; done
	for n in "${NODES[@]}"; do
		read -ra peers <<<"${PEERS[n]}"
		check "node $n has a session with each peer" await 60 has_sessions "$n" "${#peers[@]}"
		check_equal "node $n has one link-local address" "fe80::$n/64" "$(link_local "$n")"
	done
}

ktap_begin
prepare
with_daemon babeld
with_daemon bird
ktap_end
