#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2034,SC2317 # functions are called by name, as sizes are
# Large packets go through a tunnel as their segments would: contents, order, counters,
# numbers of frames and outer headers, with batches and without, and over paths that lose,
# repeat, reorder, spoil and take less than a frame.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/batch-lib.sh"

# all_settings: each setting of each direction, over veth
all_settings() {
	local tx rx
	join_hosts veth_pair
	join_tunnels 4
	SIZES=MANY
	for tx in on off; do
		for rx in on off; do
			set_batches "$tx" "$rx"
			core "tx-batch $tx rx-batch $rx" "$tx" "$([ "$tx" = off ] && echo off || echo "$rx")"
			SIZES=FEW
		done
	done
}

# over6: the other family outside
over6() {
	in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint "$(endpoint_of 2 6)"
	in_host 2 fmp peer set fmp0 "${KEYS[1]}" endpoint "$(endpoint_of 1 6)"
	set_batches on on
	SIZES=MANY
	core "IPv6 outside" on on
	SIZES=FEW
	set_batches off off
	core "IPv6 outside, without" off off
}

# --- counters

# device HOST: packets and bytes sent, and received
device() {
	ip -n "h$1" -s -json link show fmp0 | flat | awk '
		sub(/^\[0]\.stats64\./, "") { v[$1] = $2 }
		END { print v["tx.packets"], v["tx.bytes"], v["rx.packets"], v["rx.bytes"] }'
}

# peer HOST OF: the same
peer() {
	in_host "$1" fmp --json peer show fmp0 "${KEYS[$2]}" | flat | awk '
		sub(/^\[0]\./, "") { v[$1] = $2 }
		END { print v["tx_packets"], v["tx_bytes"], v["rx_packets"], v["rx_bytes"] }'
}

# grown FIRST BEFORE AFTER: of two numbers each, from the first on
grown() {
	local -a before after
	read -ra before <<<"$2"
	read -ra after <<<"$3"
	echo "$((after[$1] - before[$1])) $((after[$1 + 1] - before[$1 + 1]))"
}

counters() {
	local name="tx-batch $1${MERGED:+, merged}" device1 device2 peer1 peer2 frames
	# 169 datagrams; IPv4 and UDP have 28 bytes. Peers count frames, which have 40 more.
	local packets=$((5 * 21 + 64)) bytes=$((5 * (20 * 1228 + 35) + 64 * 29)) framed
	framed=$((bytes + 40 * packets))
	set_batches "$1" on
	device1=$(device 1) device2=$(device 2) peer1=$(peer 1 2) peer2=$(peer 2 1)
	frames="$(counter 1 tx_frames) $(counter 2 rx_frames)"
	check "$name: datagrams to count" gso_whole 1 2 10.9.0.2 1200x20+7*5 1x64
	check_equal "$name: the device sends segments" "$packets $bytes" "$(grown 0 "$device1" "$(device 1)")"
	check_equal "$name: and receives them" "$packets $bytes" "$(grown 2 "$device2" "$(device 2)")"
	check_equal "$name: as the peer" "$packets $framed" "$(grown 0 "$peer1" "$(peer 1 2)")"
	check_equal "$name: and the other side's" "$packets $framed" "$(grown 2 "$peer2" "$(peer 2 1)")"
	check_equal "$name: each is a frame" "$packets $packets" \
		"$(grown 0 "$frames" "$(counter 1 tx_frames) $(counter 2 rx_frames)")"
}

# --- packets that become one

# merging NAME WANTED COMMAND...: on or off, of packets at host 2 while the command runs
merging() {
	local name=$1 wanted=$2 before
	shift 2
	before=$(counter 2 rx_merged)
	check "$name: all arrives" "$@"
	check "$name: packets are merged, $wanted ($(($(counter 2 rx_merged) - before)))" \
		was_batched "$wanted" $(($(counter 2 rx_merged) - before))
}

took_several() { grep -q '^[1-9][0-9]* times several' "$TMP/gso"; }

merged() {
	local sizes=(1384x40+7*6 1200x20*3 3x64 1384x2*8 700x1+699*3)
	set_batches on on
	merging "TCP in IPv4" on tcp_whole 1 2 10.9.0.2
	merging "TCP in IPv6" on tcp_whole 1 2 fd09::2
	merging "UDP for who takes one at a time" off gso_whole 1 2 10.9.0.2 "${sizes[@]}"
	MERGED=-g
	merging "UDP in IPv4 for who takes several" on gso_whole 1 2 10.9.0.2 "${sizes[@]}"
	check "who takes several gets several" took_several
	merging "UDP in IPv6 for who takes several" on gso_whole 1 2 fd09::2 1364x40+7*6 1200x20*3 3x64
	check "of IPv6 too" took_several
	must feature 2 fmp0 gro off
	merging "UDP without GRO" off gso_whole 1 2 10.9.0.2 "${sizes[@]}"
	MERGED=
	merging "TCP without GRO" off tcp_whole 1 2 10.9.0.2
	must feature 2 fmp0 gro on
	set_batches on off
	merging "TCP not received in batches" off tcp_whole 1 2 10.9.0.2
	set_batches on on
}

# What is chained is not merged, nor what is no socket's of this host.
merged_by_others() {
	must feature 2 fmp0 rx-gro-list on
	merging "TCP that is chained" off tcp_whole 1 2 10.9.0.2
	must feature 2 fmp0 rx-gro-list off
	must feature 2 fmp0 rx-udp-gro-forwarding on
	merging "UDP that may be forwarded" off gso_whole 1 2 10.9.0.2 1200x20+7*5
	must feature 2 fmp0 rx-udp-gro-forwarding off
}

# long_packets: some are longer than a page, a few fill a batch
long_packets() {
	local mtu
	mtu=$(ip -n h1 -json link show fmp0 | flat '[0].mtu')
	mtus 9000 8900
	merging "long TCP" any tcp_whole 1 2 10.9.0.2
	merging "long UDP" off gso_whole 1 2 10.9.0.2 8872x7+100*4 4068x15+1*2
	MERGED=-g
	merging "long UDP for who takes several" on gso_whole 1 2 10.9.0.2 8872x7+100*4 4068x15+1*2
	MERGED=
	mtus 1500 "$mtu"
}

# mtus OUTSIDE INSIDE
mtus() {
	local h
	for h in 1 2; do
		must ip -n "h$h" link set fmp0 mtu "$2"
		must ip -n "h$h" link set eth0 mtu "$1"
	done
}

in_vrf() {
	must ip -n h2 -batch - <<-END
		link add vrf0 type vrf table 100
		link set vrf0 up
		link set fmp0 master vrf0
	END
	must in_host 2 sysctl -qw net.ipv4.tcp_l3mdev_accept=1 net.ipv4.udp_l3mdev_accept=1
	merging "TCP in a VRF" on tcp_whole 1 2 10.9.0.2
	# The way back of who does not belong to it.
	must ip -n h2 route add 10.9.0.1 dev fmp0
	MERGED=-g
	merging "UDP in a VRF" off gso_whole 1 2 10.9.0.2 1200x20+7*5
	MERGED=
}

elsewhere() {
	set_batches on on
	merged_by_others
	long_packets
	in_vrf
}

# --- frames

start_capture() {
	: >"$TMP/capture"
	run_in 1 capture out eth0 >"$TMP/capture" 2>&1 &
	CAPTURE=$!
	await 10 grep -q ready "$TMP/capture"
}

end_capture() {
	kill "$CAPTURE"
	wait "$CAPTURE" 2>/dev/null
}

# captured FAMILY: traffic class and counter of each frame that left
captured() {
	awk -v family="$1" '
		function number(hex, at,   i, n) {
			for (i = 7; i >= 0; i--)
				n = n * 256 + strtonum("0x" substr(hex, at + 2 * i, 2))
			return n
		}
		substr($0, 1, 1) != family { next }
		{
			fmp = family == 4 ? 57 : 97
			# Established frames, phase 0 in the lower half.
			if (substr($0, fmp, 2) != "00") next
			print substr($0, family == 4 ? 3 : 2, 2), number($0, fmp + 16)
		}' "$TMP/capture"
}

# in_sequence FAMILY COUNT: frames, each with the number that follows the one before
in_sequence() {
	captured "$1" | awk '
		NR > 1 && $2 != last + 1 { printf "%d after %d\n", $2, last; bad = 1 }
		{ last = $2 }
		END { if (NR != '"$2"') { print NR " frames"; bad = 1 } exit bad }'
}

# classes FAMILY: the traffic classes there are
classes() { captured "$1" | awk '!seen[$1]++ { printf "%s%s", s, $1; s = " " }'; }

# class NAME FAMILY INNER-TOS ADDRESS WANTED: a CE mark is not taken outside (RFC 6040)
class() {
	must start_capture
	check "$1: datagrams" gso_flow 1 2 "$4" "-t $3" 700x50+1*2
	end_capture
	check_equal "$1: on each frame" "$5" "$(classes "$2")"
}

headers() {
	local f=$1
	in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint "$(endpoint_of 2 "$f")"
	set_batches on on
	# The neighbour is found first, lest the path keep frames meanwhile.
	must in_host 1 ping -q -c 1 -W 10 10.9.0.2 >/dev/null
	# Frames are captured after the device's own cut, which is that of the kernel now.
	must feature 1 eth0 tx-udp-segmentation off
	must start_capture
	check "IPv$f outside: datagrams to capture" gso_whole 1 2 10.9.0.2 1384x40+1*3 1x64 500x50+499*2
	end_capture
	check "IPv$f outside: no number comes twice, none is left out" in_sequence "$f" $((41 * 3 + 64 + 51 * 2))
	check_equal "IPv$f outside: no traffic class" "00" "$(classes "$f")"
	must in_host 1 fmp set fmp0 tos inherit
	class "IPv$f outside, class of IPv4 with ECT(0)" "$f" 0xba 10.9.0.2 ba
	class "IPv$f outside, class of IPv6 with CE" "$f" 0x2b fd09::2 2a
	must in_host 1 fmp set fmp0 tos 0x48
	class "IPv$f outside, class of the device with ECT(1)" "$f" 0x01 fd09::2 49
	must in_host 1 fmp set fmp0 tos 0
	must feature 1 eth0 tx-udp-segmentation on
}

# --- a bad path

# netem OPTION...: on the way to host 2. It takes a batch for one packet, except to
# spoil a part of it.
netem() { must tc -n router qdisc replace dev r2 root netem limit 100000 "$@"; }

# in_order: what netem is about to let go may be taken out by another CPU, which would
# then be where it arrives, and overtakes: all is received on one. Without RPS in the kernel
# it says so.
in_order() {
	local ns
	for ns in router h2; do
		# shellcheck disable=SC2016 # inside
		ip netns exec "$ns" sh -c 'n=0
			for f in /sys/class/net/*/queues/rx-*/rps_cpus; do
				[ ! -e "$f" ] || { echo 1 >"$f" && n=$((n + 1)); }
			done
			[ "$n" -gt 0 ]' || echo "# $ns: any CPU may receive"
	done
}

dropped_by_path() { tc -n router -s qdisc show dev r2 | awk '{ sub(",", "") } $6 == "(dropped" { print $7 + 0 }'; }

BAD_PATH=(8x60*4 500x50+13*6 1384x40*6)
BAD_TOTAL=$((60 * 4 + 51 * 6 + 40 * 6))

# rough NAME OPTION...: over such a path; DROPS are those of host 2
rough() {
	local name=$1 before
	shift
	netem "$@"
	before=$(drops 2)
	check "$name: all is sent" gso_flow 1 2 10.9.0.2 -l "${BAD_PATH[@]}"
	check_equal "$name: what arrives is right" "0 0" "$(of twice) $(of bad)"
	DROPS=$(comm -13 <(tr ' ' '\n' <<<"$before") <(drops 2 | tr ' ' '\n') | xargs)
	netem loss 0%
}

# causes: names in DROPS
causes() { tr -d ':0-9' <<<"$DROPS"; }

losses() {
	rough "whole batches are lost" loss 20%
	check_equal "whole batches are lost: nothing is out of order, or dropped" "0 " "$(of late) $DROPS"
	must feature 1 eth0 tx-udp-segmentation off
	rough "frames are lost" loss 5%
	check_equal "frames are lost: nothing is out of order, or dropped" "0 " "$(of late) $DROPS"
	check "frames are lost: some ($(of missing))" test "$(of missing)" -gt 0
	must feature 1 eth0 tx-udp-segmentation on
}

repeats() {
	local way
	for way in on off; do
		must feature 1 eth0 tx-udp-segmentation "$way"
		rough "repeats, segmentation $way" duplicate 30%
		check_equal "repeats, segmentation $way: all arrives once" "$BAD_TOTAL 0" "$(of datagrams) $(of late)"
		check_equal "repeats, segmentation $way: repeats are replays" rx_drop_replay "$(causes)"
	done
	must feature 1 eth0 tx-udp-segmentation on
}

reorders() {
	local way
	for way in on off; do
		must feature 1 eth0 tx-udp-segmentation "$way"
		rough "disorder, segmentation $way" delay 4ms reorder 40% 25%
		check_equal "disorder, segmentation $way: all arrives" "$BAD_TOTAL " "$(of datagrams) $DROPS"
	done
	check "disorder, segmentation off: some is late ($(of late))" test "$(of late)" -gt 0
	must feature 1 eth0 tx-udp-segmentation on
}

spoils() {
	rough "spoiled frames" corrupt 30%
	check "spoiled frames: some are ($(of missing))" test "$(of missing)" -gt 0
	check_equal "spoiled frames: their neighbours are not replays" "" "$(grep -o rx_drop_replay <<<"$DROPS")"
	netem loss 3% duplicate 3% delay 2ms reorder 30% corrupt 3%
	check "TCP over all of that" tcp_whole 1 2 10.9.0.2
	netem loss 0%
}

bad_path() {
	routed_hosts 4
	in_order
	set_batches on on
	losses
	repeats
	reorders
	spoils
	begin_anew
}

# --- a narrow path

link_mtu() {
	must ip -n "h$1" link set eth0 mtu "$2"
	must ip -n router link set "r$1" mtu "$2"
}

# What either host has learned of the path is forgotten: the one that receives tells the
# other how long segments may be.
new_path() {
	local h
	in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint "$(endpoint_of 2 "$1")"
	for h in 1 2; do
		in_host "$h" ip route flush cache
		in_host "$h" ip -6 route flush cache
	done
} >/dev/null 2>&1

# narrow_results FAMILY FITS: what becomes of packets where less fits. UDP that is sent in
# batches may be divided on an IPv4 path, for its packets are larger than any.
narrow_results() {
	local f=$1 fits=$2 updates
	link_mtu 2 1300
	new_path "$f"
	updates=$(counter 1 tx_pmtu_update)
	gso_flow 1 2 10.9.0.2 -l 1384x40 >/dev/null 2>&1
	echo "nobody knows: $(of datagrams)"
	tcp_whole 1 2 fd09::2 >/dev/null 2>&1 && echo "TCP in IPv6"
	tcp_whole 1 2 10.9.0.2 >/dev/null 2>&1 && echo "TCP in IPv4"
	gso_whole 1 2 10.9.0.2 "$fits"x40+1*2 >/dev/null 2>&1
	echo "that fits: $(arrived)"
	echo "updates: $(($(counter 1 tx_pmtu_update) - updates))"
	link_mtu 2 1500
	link_mtu 1 1400
	new_path "$f"
	gso_flow 1 2 10.9.0.2 -l 1384x40 >/dev/null 2>&1
	echo "own link: $(of datagrams)"
	gso_whole 1 2 10.9.0.2 $((fits + 100))x40+1*2 >/dev/null 2>&1
	echo "that fits: $(arrived)"
	link_mtu 1 1500
}

narrow() {
	local f=$1 fits=$2 without with
	set_batches off off
	without=$(narrow_results "$f" "$fits")
	set_batches on on
	with=$(narrow_results "$f" "$fits")
	check_equal "IPv$f outside, a narrow path: the same with batches" "$without" "$with"
	check_equal "IPv$f outside, a narrow path: all that fits arrives" 2 \
		"$(grep -c "that fits: 82 datagrams, 0 missing, 0 twice, 0 late, 0 bad" <<<"$with")"
	check_equal "IPv$f outside, a narrow path: it is learned once" "updates: 1" "$(grep updates <<<"$with")"
	check_equal "IPv$f outside, a narrow path: TCP" 2 "$(grep -c TCP <<<"$with")"
}

narrow_path() {
	local ns
	routed_hosts 4
	for ns in router h1 h2; do
		nsenter "--net=/run/netns/$ns" sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	done
	# Of the path's 1300 bytes, headers outside take 68 or 88, those inside 28.
	narrow 4 1204
	narrow 6 1184
}

ktap_begin
all_settings
counters on
counters off
MERGED=-g
counters on
MERGED=
merged
headers 4
headers 6
over6
elsewhere
begin_anew
bad_path
narrow_path
ktap_end
