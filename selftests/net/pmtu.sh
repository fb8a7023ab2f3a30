#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The path between the peers takes less than the device: who is told, and who is
# believed.
# shellcheck disable=SC2317 # functions are called by name

. "$(dirname "$0")/lib.sh"

# With the device's MTU of 1412: 28 and 48 bytes are IP and ICMP.
FULL4=1384 FULL6=1364

# whole ADDRESS SIZE: one packet that must not be fragmented
whole() { in_host 1 ping -n -c 1 -W 5 -M "do" -s "$2" "$1"; }

# Without a word.
quietly() { "$@" >/dev/null 2>&1; }

# broken ADDRESS SIZE: one that may be
broken() { in_host 1 ping -n -c 1 -W 1 -M dont -s "$2" "$1"; }

# told MTU ADDRESS SIZE: the sender learns from one packet how much it may send
told() {
	local mtu=$1 out
	shift
	out=$(in_host 1 ping -n -c 1 -W 1 -M "do" -s "$2" "$1" 2>&1)
	echo "$out"
	[[ $out =~ mtu[\ :=]*"$mtu"[^0-9] ]]
}

# What the senders above were told is forgotten.
forget() {
	in_host 1 ip route flush cache
	in_host 1 ip -6 route flush cache
} >/dev/null 2>&1

# Nobody has told of anything: a new endpoint, and a path of its own.
new_path() {
	in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint "$(endpoint_of 2 "$1")"
	forget
}

# link_mtu HOST MTU: of both ends of its link to the router
link_mtu() {
	must ip -n "h$1" link set eth0 mtu "$2"
	must ip -n router link set "r$1" mtu "$2"
}

# hdr INDEX COUNTER: FMP header of a full frame
hdr() {
	local n=$((1412 + 8)) i=$1 c=$2 out
	printf -v out '0000%02x%02x' $((n & 255)) $((n >> 8))
	for ((n = 0; n < 4; n++)); do printf -v out '%s%02x' "$out" $((i >> 8 * n & 255)); done
	for ((n = 0; n < 8; n++)); do printf -v out '%s%02x' "$out" $((c >> 8 * n & 255)); done
	echo "$out"
}

# forge FAMILY MTU HEADER [SPORT [DESTINATION [LENGTH [OPTION...]]]]: from a router
forge() {
	local from to dest header=$3 mtu=$2 sport=${4:-2121} length=1480
	if [ "$1" = 4 ]; then
		from=10.0.1.1 to=10.0.1.2 dest=${5:-10.0.2.2}
	else
		from=fd00:1::1 to=fd00:1::2 dest=${5:-fd00:2::2} length=1500
	fi
	length=${6:-$length}
	shift $(($# < 6 ? $# : 6))
	must ip netns exec router icmp "$@" $from $to "$mtu" $to "$sport" "$dest" 2121 "$length" ${header:+"$header"}
}

next_counter() { in_host 1 fmp --json session show fmp0 | flat '[slot=current].send_counter'; }

updates() { counter 1 tx_pmtu_update; }

# As many frames as an error may be late, and some more.
many_frames() {
	in_host 1 ping -q -f -l 60 -c 4200 -s 0 -W 1 10.9.0.2 >/dev/null
	[ "$(next_counter)" -gt 4150 ]
}

# unbelieved FAMILY NAME WORD...: a forged error changes nothing
unbelieved() {
	local family=$1 name=$2 before
	shift 2
	before=$(updates)
	forge "$family" "$@"
	check_equal "IPv$family, $name: ignored" "$before" "$(updates)"
}

forged() {
	local f=$1 index next other=10.0.2.99
	[ "$f" = 4 ] || other=fd00:2::99
	# Each names less than the one before, which could have been believed.
	MTU=1400
	new_path "$f"
	must quietly whole 10.9.0.2 $FULL4
	index=$(($(index_of 2 1)))
	next=$(next_counter)
	unbelieved "$f" "another index" $((MTU -= 1)) "$(hdr $((index + 1)) $((next - 1)))"
	unbelieved "$f" "a frame that was not sent" $((MTU -= 1)) "$(hdr $index "$next")"
	unbelieved "$f" "a frame that will not be sent" $((MTU -= 1)) ffffffffffffffffffffffffffffffff
	unbelieved "$f" "a frame of long ago" $((MTU -= 1)) "$(hdr $index 3)"
	unbelieved "$f" "another port of ours" $((MTU -= 1)) "$(hdr $index $((next - 1)))" 2122
	unbelieved "$f" "another destination" $((MTU -= 1)) "$(hdr $index $((next - 1)))" 2121 $other
	unbelieved "$f" "a frame that fits" 1480 "$(hdr $index $((next - 1)))" 2121 '' 1400
	unbelieved "$f" "a quote that ends with the UDP header" $((MTU -= 1)) ''
	unbelieved "$f" "half of a header" $((MTU -= 1)) "$(hdr $index $((next - 1)) | cut -c 1-16)"
	if [ "$f" = 4 ]; then
		unbelieved 4 "another error" $((MTU -= 1)) "$(hdr $index $((next - 1)))" 2121 '' 1480 -t 3 -c 1
	else
		unbelieved 6 "another error" $((MTU -= 1)) "$(hdr $index $((next - 1)))" 2121 '' 1500 -t 1 -c 4
	fi
	# Of these the kernel may have believed some, for everybody: that is not ours.
	forget
	check "IPv$f: whole packets go through all the same" whole 10.9.0.2 $FULL4
}

genuine() {
	local f=$1 overhead=$2 before
	new_path "$f"
	must quietly whole 10.9.0.2 $FULL4
	before=$(updates)
	forge "$f" 1400 "$(hdr $(($(index_of 2 1))) $(($(next_counter) - 1)))"
	check_equal "IPv$f: a right one is believed" $((before + 1)) "$(updates)"
	forget
	check "IPv$f: the sender of IPv4 is told" told $((1400 - overhead)) 10.9.0.2 $FULL4
	check "IPv$f: the sender of IPv6 is told" told $((1400 - overhead)) fd09::2 $FULL6
	check "IPv$f: what fits goes through" whole 10.9.0.2 $((1400 - overhead - 28))
	check "IPv$f: fragments go through" broken 10.9.0.2 $FULL4
	check "IPv$f: and those of IPv6" in_host 1 ping -n -c 1 -W 1 -M dont -s $FULL6 fd09::2
	before=$(updates)
	forge "$f" 1440 "$(hdr $(($(index_of 2 1))) $(($(next_counter) - 1)))"
	check_equal "IPv$f: it is never raised" "$before" "$(updates)"
	check "IPv$f: another endpoint starts anew" new_path "$f"
	check "IPv$f: with whole packets" whole 10.9.0.2 $FULL4
}

# Nobody makes us send crumbs.
floor() {
	local f=$1 inner=$2
	new_path "$f"
	must quietly whole 10.9.0.2 64
	forge "$f" 100 "$(hdr $(($(index_of 2 1))) $(($(next_counter) - 1)))"
	forget
	check "IPv$f: less than any path takes is not believed" told "$inner" 10.9.0.2 $FULL4
}

# A link in the middle that takes less, and says so.
narrow() {
	local f=$1 overhead=$2 before dropped
	new_path "$f"
	link_mtu 2 1300
	before=$(updates) dropped=$(counter 1 tx_drop_pmtu)
	in_host 1 ping -n -c 1 -W 0.5 -M "do" -s $FULL4 10.9.0.2 >/dev/null 2>&1
	check_equal "IPv$f: a narrow link is learned" $((before + 1)) "$(updates)"
	check "IPv$f: and the sender told" told $((1300 - overhead)) 10.9.0.2 $FULL4
	check "IPv$f: which is a drop" test "$(counter 1 tx_drop_pmtu)" -gt "$dropped"
	check "IPv$f: IPv4 gets through" await 10 broken 10.9.0.2 $FULL4
	# 1280 bytes, which no sender of IPv6 has to divide.
	check "IPv$f: IPv6 of the least MTU gets through" await 10 in_host 1 ping -n -c 1 -W 1 -M "do" -s 1232 fd09::2
	check "IPv$f: TCP gets through" tcp fd09::2
	link_mtu 2 1500
	new_path "$f"
}

tcp() {
	in_host 2 iperf3 -s -1 -D --pidfile "$TMP/iperf" >/dev/null
	await 10 listening 2 5201
	in_host 1 iperf3 -c "$1" -n 500K --connect-timeout 5000
}

# What the host knows by itself needs no router.
own_link() {
	local f=$1 overhead=$2 before
	before=$(updates)
	link_mtu 1 1400
	check "IPv$f: the host's own link counts" told $((1400 - overhead)) 10.9.0.2 $FULL4
	check "IPv$f: others are fragmented" await 10 broken 10.9.0.2 $FULL4
	check_equal "IPv$f: nobody had to say so" "$before" "$(updates)"
	link_mtu 1 1500
	forget
	check "IPv$f: a wide link counts at once" whole 10.9.0.2 $FULL4
}

ktap_begin
make_tunnels 1 2
for ns in router h1 h2; do
	ip netns exec "$ns" sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
done
connect 1 2
must quietly in_host 1 ping -q -c 1 -W 10 10.9.0.2
check "some frames" many_frames
for f in 4 6; do
	overhead=68
	[ "$f" = 4 ] || overhead=88
	new_path "$f"
	forged "$f"
	genuine "$f" $overhead
	own_link "$f" $overhead
done
floor 4 508
floor 6 1192
narrow 4 68
narrow 6 88
ktap_end
