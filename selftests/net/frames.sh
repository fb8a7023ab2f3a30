#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Forged datagrams: what each of them counts, and that it does nothing else.
#
# Host 1 has the device, host 2 is its genuine peer. Host 3 is no more than an
# address: frames are forged there, in the name of peer 2 or of a peer 3.

# shellcheck disable=SC2317 # functions are called by name

. "$(dirname "$0")/lib.sh"

# Far above what the genuine peer counts, and without a bit to lose.
FORGED=$((1 << 40))

# --- what there is to see

# A counter that depends on more than the frames.
IGNORED=none

COMPARE=$(dirname "$0")/compare.awk

show() { in_host 1 fmp --json show fmp0; }

# Sets PACKETS and BYTES to what the device has received in all.
read_device() {
	local name bytes packets
	while read -r name bytes packets _; do
		[ "$name" != fmp0: ] || DEVICE=("$packets" "$bytes")
	done <"/proc/$INSIDE/net/dev"
}

look() {
	BEFORE=$(show) || die "cannot show the device"
	read_device
	DEVICE_BEFORE=("${DEVICE[@]}")
}

# Compares what is with what was, and with what is wanted.
compare() {
	local device after
	read_device
	device=("dev.rx_packets+$((DEVICE[0] - DEVICE_BEFORE[0]))" "dev.rx_bytes+$((DEVICE[1] - DEVICE_BEFORE[1]))")
	after=$(show) || die "cannot show the device"
	mapfile -t FOUND < <(flat <<<"$BEFORE$after" | awk -v "two=${KEYS[2]}" -v "ignored=$IGNORED" \
		-v "authentic=$AUTHENTIC" -v "wants=${WANTED[*]}" -v "device=${device[*]}" -f "$COMPARE")
	[ "${FOUND[0]}" = "${FOUND[1]}" ]
}

ENDPOINT=4 SLOTS=5

alive() { in_host 1 ping -q -c 1 -W 5 10.9.0.2 >/dev/null && echo alive; }

# The highest counter received in the session that is forged.
highest() {
	in_host 1 fmp --json session show fmp0 local-index "${SESSION[3]}" | flat '[0].receive_highest'
}

# --- forging

# as PEER GENERATION COUNTER: in whose name
as() {
	SESSION=(-k "$(key_file "$1" 1 "$2")" -i "$(index_of 1 "$1" "$2")")
	COUNTER=$3
}

TARGET=10.0.1.2
FROM=(-p 2121)
CPU=0

# Sends the frames of the list that is the input; sets SENT, BYTES and NEXT.
forge() {
	in_host 3 frame -C "$CPU" "${FROM[@]}" "${SESSION[@]}" -c "$COUNTER" "$TARGET" 2121 >"$TMP/sums" ||
		die "cannot send frames"
	read -r SENT BYTES NEXT <"$TMP/sums"
}

# What each authentic frame of peer 3 counts.
TRAFFIC=(lane peer3.rx_packets peer3.rx_bytes+bytes)

# wants WORD...: NAME+N, NAME+bytes, or NAME for as many as there were frames
wants() {
	local w
	WANTED=()
	for w in rx_frames "$@"; do
		[[ $w == *+* ]] || w+=+$SENT
		WANTED+=("${w/%+bytes/+$BYTES}")
	done
}

# send WANTS...: sends the list, and waits until it has been counted
send() {
	look
	forge
	wants "$@"
	await 5 compare
}

# forged NAME WANTS...: nothing but the counters changes, and traffic goes on
forged() {
	local name=$1
	shift
	AUTHENTIC=0
	send "$@"
	check_equal "$name" "${FOUND[0]} | ${FOUND[2]} | alive" "${FOUND[1]} | ${FOUND[3]} | $(alive)"
}

# Collects what "unauthentic" has sent, for a run over another path.
declare -A TOTAL
: >"$TMP/all"

# unauthentic NAME WANTS...: in the name of peer 2
unauthentic() {
	local name=$1 w
	shift
	as 2 1 $FORGED
	tee "$TMP/list" >>"$TMP/all"
	forged "$name" "$@" <"$TMP/list"
	for w; do TOTAL[$w]=$((${TOTAL[$w]-0} + SENT)); done
}

# authentic NAME HIGHEST WANTS...: in the name of peer 3; its counters go up too,
# and HIGHEST becomes the highest received, "-" being that of the last frame
authentic() {
	local name=$1 highest=$2
	shift 2
	AUTHENTIC=1
	send "$@"
	COUNTER=$NEXT
	[ "$highest" != - ] || highest=$((NEXT - 1))
	check_equal "$name" "${FOUND[0]} | ${FOUND[2]} | $highest | alive" \
		"${FOUND[1]} | ${FOUND[3]} | $(highest) | $(alive)"
}

# accepted NAME WANTS...: newer frames, all of them traffic of the peer
accepted() {
	local name=$1
	shift
	authentic "$name" - "${TRAFFIC[@]}" "$@"
}

# --- packets

be16() { printf '%04x' "$1"; }

hex4() {
	local IFS=.
	# shellcheck disable=SC2086,SC2046 # four numbers
	printf '%02x' $1
}

# hex6 PREFIX LAST: an address of which all between the two is zero
hex6() { printf '%s%024d%04x' "$1" 0 "$2"; }

# ip4 SOURCE [TOS [TOT_LEN]]: an echo reply that nobody waits for, to host 1
ip4() {
	local head sum=0 i
	head="45$(printf '%02x' "${2:-0}")$(be16 "${3:-28}")00000000400100""00$(hex4 "$1")$(hex4 10.9.0.1)"
	for ((i = 0; i < 40; i += 4)); do sum=$((sum + 0x${head:i:4})); done
	sum=$((sum % 65535 ^ 65535))
	echo "${head:0:20}$(be16 "$sum")${head:24}0000ffff00000000"
}

# ip6 SOURCE [PAYLOAD_LEN]: 8 bytes that are no protocol, to host 1
ip6() { echo "60000000$(be16 "${2:-8}")3b40$1$(hex6 fd09 1)0000000000000000"; }

# packet HEX: the plaintext around a packet
packet() { echo "plain=0000000040000000$1"; }

# --- suites

prepare() {
	make_router
	for h in 1 2 3; do make_host "$h"; done
	for h in 1 2; do
		# What IPv6 makes of its own accord would be counted.
		in_host "$h" nft -f - <<-'END' || die "nft"
			table ip6 quiet {
				chain output {
					type filter hook output priority 0
					oifname fmp0 ip6 daddr ff00::/8 drop
				}
			}
		END
		quiet_host "$h"
		in_host "$h" sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
		make_tunnel "$h"
	done
	connect 1 2
	add_peer 1 3
	must add_session 1 3
	must in_host 3 ip addr add 10.0.3.3/24 dev eth0
	nsenter --net=/run/netns/h1 sleep 3600 &
	INSIDE=$!
	must await 10 alive
	must await 10 in_host 3 ping -q -c 1 -W 1 10.0.1.2
	must await 10 in_host 3 ping -q -c 1 -W 1 fd00:1::2
}

prefixes() {
	unauthentic "datagrams of 0 to 3 bytes" rx_drop_short <<-END
		raw=
		raw=00
		raw=0000
		raw=000000
	END
	unauthentic "every other version" rx_drop_version < <(printf 'version=%d\n' {1..15})
	unauthentic "every undefined phase" rx_drop_phase < <(printf 'phase=%d\n' {3..15})
	unauthentic "a prefix alone, of an undefined phase" rx_drop_phase <<<raw=03000000
	unauthentic "4 to 31 bytes" rx_drop_established_short < <(printf 'cut=%d\n' {4..31})
	unauthentic "payload_len is not the length" rx_drop_payload_len < <(printf 'len=%d\n' 0 4 6 21 261 65535)
	unauthentic "longer than payload_len" rx_drop_payload_len < <(printf 'cut=%d\n' 38 39 1000 65507)
	unauthentic "shorter than payload_len" rx_drop_payload_len < <(printf 'cut=%d\n' {32..36})
}

# msg PHASE FLAGS PAYLOAD_LEN LENGTH
msg() { printf 'raw=%02x%02x%02x%02x cut=%d\n' "$1" "$2" $(($3 & 255)) $(($3 >> 8)) "$4"; }

handshakes() {
	unauthentic "msg1 without an agent" rx_drop_msg1_no_agent < <(msg 1 0 110 114)
	unauthentic "msg2 without an agent" rx_drop_msg2_no_agent < <(msg 2 0 65 69)
	unauthentic "msg1 of a wrong length or with flags" rx_drop_msg1_malformed < <(
		for len in 4 5 69 113 115 65507; do msg 1 0 110 "$len"; done
		for flags in 1 2 4 128 255; do msg 1 "$flags" 110 114; done)
	unauthentic "msg2 of a wrong length or with flags" rx_drop_msg2_malformed < <(
		for len in 4 5 68 70 114 65507; do msg 2 0 65 "$len"; done
		for flags in 1 2 4 128 255; do msg 2 "$flags" 65 69; done)
	unauthentic "msg1 and msg2 with another payload_len" rx_drop_payload_len < <(
		for len in 0 65 109 111 114 65535; do msg 1 0 "$len" 114; done
		for len in 0 64 66 69 110 65535; do msg 2 0 "$len" 69; done)
}

# flips BYTE...: each bit of those bytes, one in a frame
flips() {
	local byte
	for byte; do printf "flip=$byte.%d\n" {0..7}; done
}

indices() {
	unauthentic "indices that nobody has" rx_drop_unknown_index < <(
		printf 'index=%s\n' 0 1 0xffffffff "$(index_of 2 1)" "$(index_of 1 2 2)"
		flips 4 5 7
		# Bit 0 would make it the index of peer 3.
		printf 'flip=6.%d\n' {1..7})
}

seals() {
	local auth=(rx_drop_auth lane peer2.rx_drop_auth)
	unauthentic "a flipped K bit" "${auth[@]}" <<<flip=1.0
	unauthentic "a flipped CE bit" "${auth[@]}" <<<flip=1.1
	unauthentic "a flipped SP bit" "${auth[@]}" <<<flip=1.2
	unauthentic "flipped reserved flags" "${auth[@]}" < <(printf 'flip=1.%d\n' {3..7})
	unauthentic "a flipped bit of payload_len" rx_drop_payload_len < <(flips 2 3)
	unauthentic "a flipped bit of the counter" "${auth[@]}" < <(flips 8 9 10 11 12)
	unauthentic "a flipped bit of the ciphertext" "${auth[@]}" < <(flips {16..20})
	unauthentic "a flipped bit of the tag" "${auth[@]}" < <(flips -{1..16})
	unauthentic "a wrong tag on no ciphertext" "${auth[@]}" <<<"plain= flip=-1.7"
	unauthentic "a wrong tag on much ciphertext" "${auth[@]}" <<<"pad=65470 flip=40000.0"
	unauthentic "a wrong tag on the highest counter that may be" "${auth[@]}" <<<"counter=0xfffffffffffffffe flip=-1.0"
	unauthentic "counter 2^64-1" rx_drop_counter_limit peer2.rx_drop_replay <<<counter=0xffffffffffffffff
	unauthentic "a counter that was seen" rx_drop_replay peer2.rx_drop_replay <<<counter=0
	as 2 1 $FORGED
	SESSION[1]=$(key_file 1 2)
	forged "a frame sealed with the key of the other direction" "${auth[@]}" <<<""
}

# The same frames, all of them at once.
again() {
	local words w family cpu
	for w in "${!TOTAL[@]}"; do words+=("$w+${TOTAL[$w]}"); done
	for family in 10.0.1.2 fd00:1::2; do
		for ((cpu = 0; cpu < $(nproc); cpu++)); do
			TARGET=$family CPU=$cpu
			as 2 1 $FORGED
			forged "all of these to $family on CPU $cpu" "${words[@]}" <"$TMP/all"
		done
	done
	TARGET=10.0.1.2 CPU=0
}

flags() {
	as 3 1 0
	accepted "a heartbeat" rx_heartbeat <<<""
	accepted "every flag, known or reserved, when it is authentic" rx_heartbeat < <(
		printf 'flags=%d\n' 1 2 4 7 8 16 32 64 128 248 255 0)
	accepted "a heartbeat with more after it" rx_heartbeat <<<pad=20
	accepted "the longest datagram there is" rx_heartbeat <<<pad=65470
}

# --- replay window

again_and_again() {
	local last=$((COUNTER - 1)) replay=(rx_drop_replay peer3.rx_drop_replay)
	authentic "the newest frame again" "$last" "${replay[@]}" <<<"counter=$last"
	COUNTER=$((last + 1))
	authentic "an older frame again, five times" "$last" "${replay[@]}" < <(
		printf "counter=$((last - 1))\n%.0s" {1..5})
	COUNTER=$((last + 1))
}

reordered() {
	local top=$((COUNTER + 100000))
	local ok=(rx_heartbeat "${TRAFFIC[@]}")
	authentic "a counter far ahead" "$top" "${ok[@]}" <<<"counter=$top"
	authentic "2048 behind the highest is too old" "$top" rx_drop_too_old peer3.rx_drop_replay <<<"counter=$((top - 2048))"
	authentic "2047 behind the highest is accepted" "$top" "${ok[@]}" <<<"counter=$((top - 2047))"
	authentic "2047 behind the highest is accepted once" "$top" rx_drop_replay peer3.rx_drop_replay <<<"counter=$((top - 2047))"
	authentic "an unauthentic frame far ahead leaves the window alone" "$top" \
		rx_drop_auth lane peer3.rx_drop_auth <<<"counter=$((top + 100000)) flip=-1.0"
	authentic "1 behind the highest is accepted" "$top" "${ok[@]}" <<<"counter=$((top - 1))"
	COUNTER=$((top + 1))
	accepted "1 ahead of the highest is accepted" rx_heartbeat <<<""
}

inner_short() {
	local short=(rx_drop_inner_short lane peer3.rx_drop_malformed)
	authentic "plaintext of 4 bytes consumes its counter" - "${short[@]}" <<<plain=00000000
	authentic "plaintext of 0 to 3 bytes does so too" - "${short[@]}" < <(
		printf 'plain=%s\n' '' 00 0000 000000)
	again_and_again
}

# renew GENERATION: another session of peer 3, in place of the one before
renew() {
	must in_host 1 fmp session del fmp0 local-index "$(index_of 1 3 $(($1 - 1)))"
	must add_session 1 3 "$1"
	as 3 "$1" 0
}

# The sequence of the specification's section 5.6. Whether a replay gets as far
# as a lane depends on when the frame before it was opened.
window() {
	renew 2
	IGNORED=lane
	authentic "the sequence of the specification" 7048 rx_heartbeat+12 rx_drop_replay+5 rx_drop_too_old+3 \
		peer3.rx_packets+12 peer3.rx_bytes+444 peer3.rx_drop_replay+8 < <(printf 'counter=%d\n' \
		0 0 1 5 3 3 2048 1 0 2 2049 2 4 5000 2953 2952 2953 7048 5000 5001)
	IGNORED=none
}

ends() {
	local top=18446744073709551614
	renew 3
	authentic "counter 2^64-2 is accepted" $top rx_heartbeat "${TRAFFIC[@]}" <<<counter=$top
	authentic "counter 2^64-1 is refused after it" $top rx_drop_counter_limit peer3.rx_drop_replay <<<"counter=0xffffffffffffffff"
	renew 4
}

quarantine() {
	local k=(-k "$(key_file 3 1 1)") generation
	for generation in 1 2 3; do
		SESSION=("${k[@]}" -i "$(index_of 1 3 "$generation")")
		COUNTER=$FORGED
		forged "the index of session $generation, which was removed" rx_drop_unknown_index <<<""
	done
	as 3 4 0
}

# --- what is in the frames

link_types() {
	accepted "link types that nobody knows" rx_drop_link_unknown peer3.rx_drop_other < <(
		for t in {3..15} {17..31} {33..47} {50..63} {65..79} {82..255}; do printf 'plain=00000000%02x\n' "$t"; done)
	accepted "link types that have no handler here" rx_drop_link_unhandled peer3.rx_drop_other < <(
		printf 'plain=00000000%s\n' 00 10 20 30 31)
	accepted "messages of such types" rx_drop_link_unhandled peer3.rx_drop_other < <(
		printf 'plain=00000000%s pad=68\n' 00 10 20 30 31)
	# The type counts for what is demanded, and padding is part of the message.
	accepted "reports that are cut short" rx_drop_inner_short peer3.rx_drop_malformed < <(
		printf 'plain=00000000%s\n' 01 "01 pad=46" 02 "02 pad=66")
	accepted "reports, with what may follow them" rx_report < <(
		printf 'plain=00000000%s\n' "01 pad=47" "01 pad=60" "02 pad=67" "02 pad=1000")
}

# delivered NAME BYTES [N]: with the list of N packets that are BYTES in all
delivered() { accepted "$1" rx_ip dev.rx_packets "dev.rx_bytes+$2"; }

packets() {
	local own
	own=$(ip4 10.9.0.3)
	delivered "an IPv4 packet" 28 < <(packet "$own")
	delivered "an IPv6 packet" 48 < <(packet "$(ip6 "$(hex6 fd09 3)")")
	delivered "reserved bytes and timestamps are not looked at" 56 < <(
		echo "plain=ffffffff40ffffff$own"
		echo "plain=0000008040010203$own")
	delivered "what follows an IPv4 packet is cut off" 84 < <(
		printf "$(packet "$own") pad=%d\n" 1 100 1300)
	delivered "what follows an IPv6 packet is cut off" 144 < <(
		printf "$(packet "$(ip6 "$(hex6 fd09 3)")") pad=%d\n" 1 100 1300)
}

malformed() {
	local counts=(rx_drop_ip_malformed peer3.rx_drop_malformed) own own6
	own=$(ip4 10.9.0.3)
	own6=$(ip6 "$(hex6 fd09 3)")
	accepted "an IP message shorter than its head" "${counts[@]}" < <(printf 'plain=0000000040%s\n' '' 00 0000)
	accepted "no packet" "${counts[@]}" < <(packet "")
	accepted "a packet of another IP version" "${counts[@]}" < <(
		for v in 0 1 2 3 5 7 8 9 a b c d e f; do packet "$v${own6:1}"; done)
	accepted "an IPv4 header cut short" "${counts[@]}" < <(
		for n in 1 2 10 19; do packet "${own:0:n * 2}"; done)
	accepted "an IPv6 header cut short" "${counts[@]}" < <(
		for n in 1 2 20 39; do packet "${own6:0:n * 2}"; done)
	accepted "tot_len beyond the frame" "${counts[@]}" < <(
		for n in 29 30 1000 65535; do packet "$(ip4 10.9.0.3 0 $n)"; done)
	accepted "tot_len shorter than a header" "${counts[@]}" < <(
		for n in 0 1 19; do packet "$(ip4 10.9.0.3 0 $n)"; done)
	accepted "payload_len of IPv6 beyond the frame" "${counts[@]}" < <(
		for n in 9 1000 65535; do packet "$(ip6 "$(hex6 fd09 3)" $n)"; done)
}

sources() {
	local counts=(rx_drop_source peer3.rx_drop_source)
	accepted "IPv4 from another peer's address" "${counts[@]}" < <(packet "$(ip4 10.9.0.2)")
	accepted "IPv4 from an address of the subnet that no peer has" "${counts[@]}" < <(packet "$(ip4 10.9.0.77)")
	accepted "IPv4 from our own addresses" "${counts[@]}" < <(
		for a in 10.9.0.1 10.0.1.2 127.0.0.1; do packet "$(ip4 $a)"; done)
	accepted "IPv4 from addresses that are not routed to the device" "${counts[@]}" < <(
		for a in 192.0.2.1 10.0.2.2 10.0.3.2; do packet "$(ip4 $a)"; done)
	accepted "IPv4 from what is no source" "${counts[@]}" < <(
		for a in 0.0.0.0 224.0.0.1 255.255.255.255 10.9.0.255 10.9.0.0; do packet "$(ip4 $a)"; done)
	accepted "IPv6 from another peer's address" "${counts[@]}" < <(packet "$(ip6 "$(hex6 fd09 2)")")
	accepted "IPv6 from an address of the subnet that no peer has" "${counts[@]}" < <(packet "$(ip6 "$(hex6 fd09 119)")")
	accepted "IPv6 from our own addresses" "${counts[@]}" < <(
		packet "$(ip6 "$(hex6 fd09 1)")"
		packet "$(ip6 "$(hex6 0000 1)")")
	accepted "IPv6 from addresses that are not routed to the device" "${counts[@]}" < <(
		packet "$(ip6 "$(hex6 2001 1)")"
		packet "$(ip6 fd000002000000000000000000000002)")
	accepted "IPv6 from what is no source" "${counts[@]}" < <(
		packet "$(ip6 "$(hex6 0000 0)")"
		packet "$(ip6 "$(hex6 ff02 1)")")
}

# RFC 6040: a congested path, and a packet that did not agree to be told.
congestion() {
	FROM=(-p 2121 -t 3)
	accepted "congestion outside, not for the packet" rx_drop_ecn peer3.rx_drop_other < <(packet "$(ip4 10.9.0.3 0)")
	delivered "congestion outside, for the packet" 28 < <(packet "$(ip4 10.9.0.3 2)")
	FROM=(-p 2121)
}

# --- sessions and endpoints

pending() {
	must add_session 1 3 5
	as 3 5 0
	forged "an unauthentic frame proves no pending session" rx_drop_auth lane peer3.rx_drop_auth <<<"flags=1 flip=-1.0"
	check_equal "the session is pending" "current 4 0, pending 5 0" "${FOUND[SLOTS]}"
	send "${TRAFFIC[@]}" rx_heartbeat <<<"flags=1"
	check_equal "an authentic one proves it, and its K bit is taken over" "${FOUND[0]} | current 5 1, previous 4 0" \
		"${FOUND[1]} | ${FOUND[SLOTS]}"
	as 3 4 1000000
	found_at "a frame of the previous session is accepted and moves nothing" 10.0.3.2:2121 -p 3333
	as 3 5 1
	# Its drain is not to end amid what follows.
	must del_session 1 3 4
}

# found_at NAME ENDPOINT FROM...: where the peer is after an authentic frame
found_at() {
	local name=$1 endpoint=$2
	shift 2
	FROM=("$@")
	AUTHENTIC=1
	# A peer moves a hundred times in a second at most.
	sleep 0.03
	send rx_heartbeat "${TRAFFIC[@]}" <<<""
	COUNTER=$NEXT
	check_equal "$name" "${FOUND[0]} | $endpoint | alive" "${FOUND[1]} | ${FOUND[ENDPOINT]} | $(alive)"
	FROM=(-p 2121)
}

# sent_to PORT: a packet for peer 3 leaves for that port
sent_to() {
	in_host 3 nft -f - <<-END || return 1
		table inet count
		delete table inet count
		table inet count {
			chain input {
				type filter hook input priority 0
				udp sport 2121 udp dport $1 counter
			}
		}
	END
	in_host 1 ping -c 1 -W 1 10.9.0.3 >/dev/null &
	await 5 counted
}

counted() { in_host 3 nft list table inet count | grep -q 'packets [1-9]'; }

roaming() {
	found_at "the newest frame moves the peer to its port" 10.0.3.2:3333 -p 3333
	check "and frames for the peer go there" sent_to 3333
	FROM=(-p 4444)
	forged "an unauthentic frame does not" rx_drop_auth lane peer3.rx_drop_auth <<<"flip=-1.0"
	forged "a replay does not" rx_drop_replay peer3.rx_drop_replay <<<"counter=$((COUNTER - 1))"
	authentic "nor one too short to say anything" - rx_drop_inner_short lane peer3.rx_drop_malformed <<<plain=00000000
	COUNTER=$((COUNTER + 100))
	found_at "another newest frame does" 10.0.3.2:5555 -p 5555
	COUNTER=$((COUNTER - 50))
	found_at "one that was overtaken does not" 10.0.3.2:5555 -p 4444
	COUNTER=$((COUNTER + 100))
	found_at "to another address" 10.0.3.3:2121 -p 2121 -s 10.0.3.3
	TARGET=fd00:1::2
	found_at "to another family" "[fd00:3::2]:2121" -p 2121
	check "and frames for the peer go there" sent_to 2121
	TARGET=10.0.1.2
	found_at "and back" 10.0.3.2:2121 -p 2121
}

# What ethtool shows is what was looked at.
same_counters() {
	check_equal "ethtool shows the same counters" \
		"$(in_host 1 fmp --json show fmp0 | flat | sed -n 's/^\[0\]\.counters\.\([^ ]*\) /\1: /p')" \
		"$(in_host 1 ethtool -S fmp0 | sed -n 's/^ *\([a-z0-9_]*: [0-9]\)/\1/p')"
	check "frames were opened where they arrived" test "$(counter 1 rx_inline)" -gt 0
	[ "$(nproc)" = 1 ] || check "and elsewhere" test "$(counter 1 rx_handoff)" -gt 0
}

ktap_begin
prepare
prefixes
handshakes
indices
seals
again
flags
again_and_again
reordered
inner_short
window
ends
quarantine
link_types
packets
malformed
sources
congestion
pending
roaming
same_counters
ktap_end
