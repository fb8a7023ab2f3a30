#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# Congestion marks: what becomes of those of an outer packet and of a frame in the
# packet inside, and which of them a packet that is sent takes with it (RFC 6040).
#
# Host 1 has the device, host 2 is a genuine peer. In the name of a peer 3, host 3
# sends every combination of marks, and every bit that is delivered is looked at.

. "$(dirname "$0")/lib.sh"

# Traffic class of all packets but for their mark, and of what carries them.
INNER=0xb8 OUTER=0x28

KEY='' INDEX='' COUNTER=0 CE=0 DROPPED=0

# packet4 ID TOS: PACKET becomes an IPv4 packet of peer 3
packet4() {
	local sum=0 i
	printf -v PACKET '45%02x0014%04x000040fd0000''0a0900030a090001' "$2" "$1"
	for ((i = 0; i < 40; i += 4)); do sum=$((sum + 0x${PACKET:i:4})); done
	sum=$((sum % 65535 ^ 65535))
	printf -v sum %04x "$sum"
	PACKET=${PACKET:0:20}$sum${PACKET:24}
}

# packet6 ID TCLASS: PACKET becomes an IPv6 packet of peer 3
packet6() {
	printf -v PACKET '6%02x%05x00003b40fd09%024d0003fd09%024d0001' "$2" "$1" 0 0
}

# marked INNER OUTER FLAG: MARK becomes what is delivered, nothing if nothing is
marked() {
	MARK=$1
	case $1$2 in
	03) MARK= ;;
	13 | 23) MARK=3 ;;
	21) MARK=1 ;;
	esac
	[ "$3" = 0 ] || [ "${MARK:-0}" = 0 ] || MARK=3
}

# frames OUTER: LIST becomes a frame for each combination, WANTED what they deliver
frames() {
	local inner family flag MARK PACKET
	LIST='' WANTED=()
	for inner in 0 1 2 3; do
		for flag in 0 2; do
			for family in 4 6; do
				ID=$((ID + 1))
				marked "$inner" "$1" "$flag"
				"packet$family" "$ID" $((INNER | inner))
				LIST+="flags=$flag plain=0000000040000000$PACKET"$'\n'
				if [ -z "$MARK" ]; then
					DROPPED=$((DROPPED + 1))
					continue
				fi
				[ "$flag" = 0 ] || [ "$MARK" = 0 ] || CE=$((CE + 1))
				"packet$family" "$ID" $((INNER | MARK))
				WANTED+=("$PACKET")
			done
		done
	done
}

ID=0

captured() {
	mapfile -t LINES <"$TMP/in"
	[ ${#LINES[@]} -ge "$1" ]
}

# delivered ADDRESS OUTER: sends the combinations, and compares all that came in
delivered() {
	local before list WANTED LINES
	captured 0
	before=${#LINES[@]}
	frames "$2"
	COUNTER=$(in_host 3 frame -C 0 -p 2121 -k "$KEY" -i "$INDEX" -c "$COUNTER" -t $((OUTER | $2)) \
		"$1" 2121 <<<"${LIST%$'\n'}") || die "cannot send frames"
	COUNTER=${COUNTER##* }
	await 10 captured $((before + ${#WANTED[@]}))
	list=("${LINES[@]:before}")
	check_equal "outer $1 with mark $2" "${WANTED[*]}" "${list[*]}"
}

# capture_in FILE HOST in|out DEVICE
capture_in() {
	run_in "$2" capture "$3" "$4" >"$TMP/$1" &
	disown
	must await 10 test -s "$TMP/$1"
}

received() {
	local outer
	for outer in 0 1 2 3; do
		delivered 10.0.1.2 "$outer"
		delivered fd00:1::2 "$outer"
	done
	check_equal "packets that got the mark of a frame" "$CE" "$(counter 1 rx_ce)"
	check_equal "packets that must not get the mark of a path" "$DROPPED" "$(counter 1 rx_drop_ecn)"
	check_equal "nothing else was dropped" "rx_drop_ecn:$DROPPED" "$(drops 1)"
}

# What is not IP has no bits to mark.
others() {
	local before
	before=$(counter 1 rx_heartbeat)
	COUNTER=$(in_host 3 frame -p 2121 -k "$KEY" -i "$INDEX" -c "$COUNTER" -t 3 10.0.1.2 2121 <<<"flags=2")
	check "a heartbeat with both marks is one" await 10 heartbeats $((before + 1))
	check_equal "and is no packet that was marked" "$CE" "$(counter 1 rx_ce)"
}

heartbeats() { [ "$(counter 1 rx_heartbeat)" = "$1" ]; }

# Sets SENT to the traffic class and the flags of each frame that was sent, from line
# $1 of the capture on.
read_sent() {
	local line i=0
	SENT=''
	while read -r line; do
		i=$((i + 1))
		[ "$i" -gt "$1" ] || continue
		case $line in
		4*) [ "${line:44:4}" != 0849 ] || SENT+="${line:2:2}.${line:58:2} " ;;
		6*) [ "${line:84:4}" != 0849 ] || SENT+="${line:1:2}.${line:98:2} " ;;
		esac
	done <"$TMP/out"
	LAST=$i
}

has_sent() {
	read_sent "$1"
	[ ${#SENT} -ge $((6 * $2)) ]
}

# sent NAME: packets with every mark, of both families; the mark outside is that inside,
# but the path begins without congestion, and the frame has no mark of its own
sent() {
	local mark address SENT LAST before
	read_sent 0
	before=$LAST
	for mark in 0 1 2 3; do
		for address in 10.9.0.2 fd09::2; do
			in_host 1 frame -C 0 -t $((INNER | mark)) "$address" 9 <<<raw=00 >/dev/null ||
				die "cannot send a datagram"
		done
	done
	await 10 has_sent "$before" 8
	check_equal "$1" "00.00 00.00 01.00 01.00 02.00 02.00 02.00 02.00 " "$SENT"
}

prepare() {
	local h
	make_network 1 2 3
	for h in 1 2; do
		in_host "$h" sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
		make_tunnel "$h"
		# Nobody answers what is sent here.
		in_host "$h" nft -f - <<-'END' || die "nft"
			table inet quiet {
				chain output {
					type filter hook output priority 0
					oifname fmp0 meta l4proto { icmp, ipv6-icmp } drop
				}
			}
		END
	done
	connect 1 2
	add_peer 1 3
	must add_session 1 3
	set_key KEY 3 1
	set_index INDEX 1 3
	must await 10 in_host 3 ping -q -c 1 -W 1 10.0.1.2
	must await 10 in_host 3 ping -q -c 1 -W 1 fd00:1::2
}

ktap_begin
prepare
capture_in in 1 in fmp0
capture_in out 1 out eth0
received
others
sent "sent over IPv4"
must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint "$(endpoint_of 2 6)"
sent "sent over IPv6"
ktap_end
