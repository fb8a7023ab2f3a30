# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # core takes sizes by their name
# Sourced after lib.sh: large packets through a tunnel, and whether they arrive as they
# were sent, over a path that the suite makes.

# In which directions there are batches; without, all else holds all the same.
BATCHES="tx rx"

# Of each kind of large packet, from a byte to the MTU, last ones that are shorter, equal
# and alone. Those of IPv6 have 20 bytes less.
MANY4=(1x64 2x40+1 33x60+7 64x63+63 500x50+499 1200x50+1 1384x40+1383*3 1384x2 1384x1 9x1)
MANY6=(1x64 3x50+3 500x50+1 1364x40+1363*3 1364x2)
FEW4=(1x60 500x50+499 1384x40+13*3)
FEW6=(100x50+7 1364x40+13*2)

# What TCP carries in each direction.
AMOUNT=1M
[ "$SLOW" = 0 ] || AMOUNT=500K

# What the receiver of gso_flow told
arrived() { tail -n 1 "$TMP/gso"; }

# of WORD: a number of that
of() { [[ $(arrived) =~ ([0-9]+)" $1" ]] && echo "${BASH_REMATCH[1]}"; }

all_arrived() { arrived | grep " 0 missing, 0 twice, 0 late, 0 bad$"; }

# An option for who receives.
MERGED=

# gso_flow FROM TO ADDRESS OPTION BATCH...: batches between two hosts. OPTION may be
# empty.
gso_flow() {
	local from=$1 to=$2 address=$3 option=$4 pid
	shift 4
	: >"$TMP/gso"
	# shellcheck disable=SC2086 # an option, or none
	run_in "$to" gso receive $MERGED 7000 "$@" >"$TMP/gso" 2>&1 &
	pid=$!
	await 10 grep -q ready "$TMP/gso" || return 1
	# On two CPUs one batch could overtake another.
	# shellcheck disable=SC2086 # an option with its value, or none
	in_host "$from" taskset -c 0 gso send $option "$address" 7000 "$@" || { kill "$pid"; return 1; }
	wait "$pid"
	cat "$TMP/gso"
}

# gso_whole FROM TO ADDRESS BATCH...: each datagram arrives, as it was sent, in order
gso_whole() {
	gso_flow "$1" "$2" "$3" "" "${@:4}" && all_arrived
}

# tcp_whole FROM TO ADDRESS: both sides send at the same time, and all of it arrives
tcp_whole() {
	local from=$1 to=$2 address=$3 pid n rc=0
	for n in from to; do
		[ -e "$TMP/sent.$n" ] || head -c "$AMOUNT" /dev/urandom >"$TMP/sent.$n"
		rm -f "$TMP/got.$n"
	done
	run_in "$to" socat -b 65536 -t 60 TCP6-LISTEN:7001,reuseaddr,ipv6-v6only=0 \
		"OPEN:$TMP/sent.to,rdonly!!OPEN:$TMP/got.to,wronly,creat" &
	pid=$!
	await 10 listening "$to" 7001 || return 1
	[[ $address != *:* ]] || address="[$address]"
	in_host "$from" timeout 120 socat -b 65536 -t 60 "TCP:$address:7001" \
		"OPEN:$TMP/sent.from,rdonly!!OPEN:$TMP/got.from,wronly,creat" || rc=1
	[ "$rc" = 0 ] || kill "$pid"
	wait "$pid"
	[ "$rc" = 0 ] && cmp "$TMP/sent.from" "$TMP/got.to" && cmp "$TMP/sent.to" "$TMP/got.from"
}

# set_batches TX RX: on both hosts
set_batches() {
	local n
	for n in 1 2; do
		must in_host "$n" fmp set fmp0 tx-batch "$1" rx-batch "$2"
	done
}

# note_batches: from here on they are counted
note_batches() {
	SENT_IN_BATCHES=$(counter 1 tx_batch_frames)
	OPENED_IN_BATCHES=$(counter 2 rx_batch_frames)
}

# was_batched WANTED COUNT: on, off, or any
was_batched() {
	case $1 in
	on) [ "$2" -gt 0 ] ;;
	off) [ "$2" = 0 ] ;;
	any) ;;
	esac
}

# batches_expected NAME TX RX: whether host 1 sent, and host 2 opened, any since
# note_batches
batches_expected() {
	local tx rx
	tx=$(($(counter 1 tx_batch_frames) - SENT_IN_BATCHES))
	rx=$(($(counter 2 rx_batch_frames) - OPENED_IN_BATCHES))
	[[ $BATCHES != *tx* ]] || check "$1: frames sent in batches, $2 ($tx)" was_batched "$2" "$tx"
	[[ $BATCHES != *rx* ]] || check "$1: frames opened in batches, $3 ($rx)" was_batched "$3" "$rx"
}

# core NAME TX RX [FROM [ADDRESS4 ADDRESS6]]: what has to hold on each path, from a host
# to host 2. MANY or FEW of SIZES says how much of it.
core() {
	local name=$1 from=${4:-1} four=${5:-10.9.0.2} six=${6:-fd09::2}
	local -n sizes4=${SIZES}4 sizes6=${SIZES}6
	# Else packets that wait for a neighbour may be overtaken by those that come next.
	must in_host "$from" ping -q -c 1 -W 10 "$four" >/dev/null
	note_batches
	check "$name: UDP in IPv4" gso_whole "$from" 2 "$four" "${sizes4[@]}"
	check "$name: UDP in IPv6" gso_whole "$from" 2 "$six" "${sizes6[@]}"
	batches_expected "$name" "$2" "$3"
	check "$name: TCP in IPv4" tcp_whole "$from" 2 "$four"
	[ "$SIZES" = FEW ] || check "$name: TCP in IPv6" tcp_whole "$from" 2 "$six"
	check_equal "$name: nothing was dropped" "|" "$(drops 1)|$(drops 2)"
}

SIZES=FEW

# join_hosts COMMAND...: hosts 1 and 2, each with an interface eth0 that the command makes,
# at the same addresses as if a router were between them
join_hosts() {
	local n
	for n in 1 2; do
		must ip netns add "h$n"
		quiet_host "$n"
		must ip -n "h$n" link set lo up
	done
	must "$@"
	for n in 1 2; do
		must ip -n "h$n" -batch - <<-END
			addr add 10.0.$n.2/16 dev eth0
			addr add fd00:$n::2/16 dev eth0 nodad
			link set eth0 up
		END
	done
}

veth_pair() { ip -n h1 link add eth0 type veth peer name eth0 netns h2; }

# join_tunnels [4|6]: between hosts that reach each other
join_tunnels() {
	make_tunnel 1
	make_tunnel 2
	connect 1 2 "${1:-4}"
}

# routed_hosts [4|6]: with a router, and tunnels
routed_hosts() {
	make_network 1 2
	join_tunnels "${1:-4}"
}

# begin_anew: nothing is left of the path before
begin_anew() {
	cleanup
	TMP=$(mktemp -d)
}

# feature HOST|router DEVICE NAME on|off...
feature() {
	local ns=$1
	[ "$ns" = router ] || ns=h$1
	nsenter "--net=/run/netns/$ns" ethtool -K "$2" "${@:3}" >/dev/null
}
