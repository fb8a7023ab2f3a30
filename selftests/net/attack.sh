#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 7.3
# long
# Somebody on the path who has no key: sees every frame between two hosts, and sends what
# was seen again, changed, in others' names, or anything else. After each attack sessions,
# endpoints, settings and what was told are as they were, every authentic frame has been
# counted and nothing else has, and of numbered datagrams both ways none was lost or came
# twice.
#
# Elsewhere: "frames" has each forged datagram by itself, and what it counts, "cutover" the
# K bit and several sessions of a peer, "recovery" what follows from frames that do not
# decrypt, "pmtu" which errors of routers are believed, "handshake" who gets how many
# handshakes through to an agent, "interop-attack" an agent that has forgotten, or has
# restarted, and "interop-crowd" strangers who keep an agent busy.
#
# What no key protects from: whoever stands in the way can keep frames, and who sends one on
# from another address ahead of its peer is where the peer is, until the next frame.
# shellcheck disable=SC2317,SC2086,SC2016 # functions are called by name, variables are numbers, awk has its own

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/record.sh"
. "$(dirname "$0")/attack-lib.sh"

# Datagrams of each kind before the attacks, more than a window in all; indices that are
# scanned; seconds of a flood, of an attack upon frames as they pass; of all frames, those
# that are sent again amid a flow, and of new ones those that a pending session outlives.
BURST=1200 SCAN=10000 FLOOD_S=2 LIVE_S=1 AGAIN=4000 PROOFS=1000
# KiB that caches may take.
ROOM=16384
[ "$SLOW" = 0 ] || BURST=1100 SCAN=1000 FLOOD_S=4 LIVE_S=4 AGAIN=500 PROOFS=50

ALL=$TMP/all
ELSEWHERE=10.0.3.2

prepare() {
	make_network 1 2
	for h in 1 2; do
		make_tunnel "$h"
		must watch_events "$h"
	done
	# Instead of 30 s, for which fragments of somebody else's are in the way of the flow's own.
	for h in 1 2; do must in_host $h sysctl -qw net.ipv4.ipfrag_time=3; done
	# One of the two merges what comes in.
	must in_host 1 ethtool -K eth0 gro on
	connect 1 2
	must await 10 in_host 1 ping -q -c 1 -W 1 10.9.0.2
	must await 10 in_host 1 ping -q -c 1 -W 1 fd09::2
	receivers
	told >/dev/null
	look before
	begin_recording "$ALL"
	senders "$BURST"
	end_flow all
	end_recording "$ALL"
	await 5 quiet 0
	check_equal "a flow and nobody else" "lost 0 twice 0 missed 0 disposed 0" \
		"lost $LOST twice $DOUBLE missed $(missed) disposed $(disposed)"
	echo "# $(grep recorded "$ALL.log")"
}

# --- replays

# All there was, while nothing moves the windows: there is no hole anywhere.
replays_at_rest() {
	local order
	look before
	SENT=0 UNSENT=0
	for order in forward backward shuffled; do
		sends send "$ALL" order=$order
	done
	await 10 quiet "$SENT"
	SENT_IN_ALL=$((SENT_IN_ALL + SENT))
	echo "# every frame again, three times: $SENT datagrams; $(changes | grep rx_drop | xargs)"
	check_equal "every frame again, in three orders: not one is taken" \
		"disposed $SENT authentic 0" "disposed $(sum_of 'rx_drop_replay|rx_drop_too_old') authentic $(sum_of peer_rx_packets)"
	check_equal "and nothing else has changed" "" "$(diff "$TMP/state.before" "$TMP/state.after")"
}

replays() {
	sends send "$ALL" order=shuffled last=$AGAIN
	sends send "$NEW" order=backward times=5
	sends live r1,r2 times=3 seconds=$LIVE_S
}

replays_from_elsewhere() {
	sends send "$ALL" from=$ELSEWHERE order=shuffled last=$((AGAIN / 4))
	sends send "$NEW" from=$ELSEWHERE times=3
	sends send "$NEW" from=$ELSEWHERE+4444 order=backward
	sends send "$NEW" reflect=1
}

replays_in_batches() {
	sends send "$NEW" batch=64 times=3
	sends send "$ALL" batch=16 order=shuffled last=$((AGAIN / 2))
	sends send "$NEW" batch=7 from=$ELSEWHERE
}

# --- frames that are changed

scans() {
	sends send "$NEW" to=10.0.1.2 last=1 ahead=100000 index=$(($(index_of 1 2) & ~0xfff)) scan=$SCAN
	sends send "$NEW" to=10.0.2.2 last=1 ahead=100000 index=$(($(index_of 2 1) & ~0xfff)) scan=$SCAN batch=32
	sends send "$NEW" noise=4 times=5
}

flips() {
	local bit
	for bit in 0 1 2; do
		sends send "$NEW" flip=1.$bit
		sends send "$NEW" flip=1.$bit ahead=1000000
		sends live r1,r2 flip=1.$bit seconds=$LIVE_S
	done
	sends send "$NEW" flip=1.0 flip=1.1 flip=1.2 ahead=1000000 batch=32
}

flips_from_elsewhere() {
	local bit
	for bit in 0 1 2; do
		sends send "$NEW" flip=1.$bit ahead=1000000 from=$ELSEWHERE
	done
	sends live r1,r2 flip=1.2 ahead=50 from=$ELSEWHERE seconds=$LIVE_S
	sends send "$NEW" flip=-1.0 ahead=1000000 from=$ELSEWHERE batch=16
}

# The counter of a frame that is yet to come, again and again.
counters() {
	sends live r1,r2 ahead=1 seconds=$LIVE_S
	sends live r1,r2 ahead=2 times=3 noise=16 seconds=$LIVE_S
	sends live r1,r2 ahead=3000 from=$ELSEWHERE seconds=$LIVE_S
	sends send "$NEW" ahead=0x7fffffffffffff00
}

lengths() {
	local longer
	for longer in -40 -17 -16 -1 1 16 100; do
		sends send "$NEW" longer=$longer last=100
		sends send "$NEW" longer=$longer fix=1 ahead=1000000 last=100
		sends send "$NEW" longer=$longer fix=1 ahead=1000000 last=100 batch=16
	done
	sends send "$NEW" longer=60000 fix=1 ahead=1000000 last=5
}

# Segments that end elsewhere than frames do, and batches of which a part is changed.
segments() {
	local bytes
	for bytes in 40 103 137 138 1000; do
		sends send "$NEW" batch=64 segment=$bytes last=200
	done
	sends send "$NEW" batch=32 each=2 flip=-1.0 ahead=1000000
	sends send "$NEW" batch=32 each=7 noise=4
	sends live r1,r2 batch=8 each=2 times=6 flip=1.0 ahead=10 seconds=$LIVE_S
}

# Under the index of a session of host 1 that no frame has proven yet, with either K bit.
proofs() {
	local index
	index=$(index_of 1 2 2)
	sends send "$NEW" to=10.0.1.2 index="$index" last=50
	sends send "$NEW" to=10.0.1.2 index="$index" flip=1.0 ahead=1000000 last=$PROOFS
	sends send "$NEW" to=10.0.1.2 index="$index" flip=1.0 from=$ELSEWHERE batch=16 last=$PROOFS
}

# In the other direction, and under the index of that.
crossed() {
	sends send "$NEW" to=10.0.2.2 reflect=1 index="$(index_of 1 2)" ahead=1000000
	sends send "$NEW" to=10.0.1.2 reflect=1 index="$(index_of 2 1)" ahead=1000000
	sends send "$NEW" to=10.0.2.2 reflect=1 index="$(index_of 1 2)"
}

handshakes() {
	sends send "$NEW" make=1
	sends send "$NEW" make=2
	sends send "$NEW" make=2 to=10.0.1.2 index="$(index_of 1 2)"
	sends send "$NEW" make=1 from=$ELSEWHERE batch=32
	sends send "$NEW" make=1 longer=1 last=50
	sends send "$NEW" make=2 longer=-1 last=50
}

# --- below UDP

# quote TO: sets HEAD, of the last frame that was seen on its way there
quote() { read -r HEAD _ <<<"$(attack head "$NEW" to="$1" last=1)"; }

# icmp_to HOST MTU TYPE CODE: as if from the router
icmp_to() {
	local h=$1 other=$((3 - $1))
	quote "10.0.$other.2"
	must ip netns exec router icmp -t "$3" -c "$4" "10.0.$h.1" "10.0.$h.2" "$2" \
		"10.0.$h.2" 2121 "10.0.$other.2" 2121 1400 "$HEAD"
	ERRORS=$((ERRORS + 1))
}

icmp() {
	local h code
	ERRORS=0
	for h in 1 2; do
		for code in {0..3} {5..15}; do icmp_to $h 0 3 "$code"; done
		for code in 0 1; do icmp_to $h 0 11 "$code"; done
		for code in 0 1 2; do icmp_to $h 0 12 "$code"; done
		icmp_to $h 0 4 0
		# To send by a host that is not there.
		icmp_to $h $((0x0a000163)) 5 1
	done
	UNSENT=$ERRORS
}

# Each names a frame that was sent a moment ago, and less than any path takes.
poison() {
	local h mtu
	ERRORS=0
	for h in 1 2; do
		for mtu in 1300 600 576 575 552 500 296 128 68 67 20 1 0; do icmp_to $h $mtu 3 4; done
	done
	UNSENT=$ERRORS
}

fragments() {
	sends send "$NEW" pieces=whole
	sends send "$NEW" pieces=whole ahead=1000000 from=$ELSEWHERE
	sends send "$NEW" pieces=overlapping
	sends send "$NEW" pieces=unfinished times=20
	sends send "$NEW" pieces=unfinished ahead=1000000 from=$ELSEWHERE times=5
}

# fragment_memory HOST: of those that wait for others
fragment_memory() { in_host "$1" awk '$1 == "FRAG:" { print $5 }' /proc/net/sockstat; }

# Each CPU may have added one, of a page, to less than that.
no_fragments() { [ "$(fragment_memory 1) $(fragment_memory 2)" = "0 0" ]; }

fragment_limit() { echo $(($(in_host 1 sysctl -n net.ipv4.ipfrag_high_thresh) + 4096 * $(nproc))); }

# is_narrow HOST: its IP layer believes that the path to the other takes less than frames of
# IPv6, and so divides them
is_narrow() {
	[[ "$(ip -n "h$1" route get "10.0.$((3 - $1)).2" | xargs)" =~ \ mtu\ (lock\ )?([0-9]+) ]] &&
		[ "${BASH_REMATCH[2]}" -lt 1280 ]
}

# What the IP layer believes of whoever says so, whether there is a tunnel or not.
poisoned() {
	local h
	# What is on its way to the socket while the route changes may go.
	held_but "paths that take next to nothing" $((2 * $(nproc))) poison
	for h in 1 2; do check "host $h believes in that" is_narrow $h; done
	unmoved "a flow of fragments by such a path" "" nap "$LIVE_S"
	for h in 1 2; do must ip -n "h$h" route flush cache; done
	for h in 1 2; do check "host $h has forgotten it" refused is_narrow $h; done
}

below() {
	unmoved "errors of routers and hosts, about frames that were sent" "" icmp
	# Ahead of what makes fragments of the flow itself, which among so many others are given
	# up: docs/security.md has that.
	unmoved "fragments: overlapping, never completed, and of frames that are known" "auth replay" fragments
	check "what waits for fragments has a limit" test "$(fragment_memory 1)" -le "$(fragment_limit)"
	check "and a time" await 20 no_fragments
	poisoned
}

# --- floods

flood_of_unknown() { sends send "$NEW" noise=4 seconds=$FLOOD_S; }

flood_of_bad() { sends send "$NEW" noise=16 ahead=1000000 seconds=$FLOOD_S; }

flood_of_bad_batches() { sends send "$NEW" noise=16 ahead=1000000 batch=64 from=$ELSEWHERE seconds=$FLOOD_S; }

flood_of_replays() { sends send "$ALL" order=shuffled batch=32 seconds=$FLOOD_S; }

flood_of_handshakes() { sends send "$NEW" make=1 seconds=$FLOOD_S; }

# all_else NAME: but for what was lost
all_else() {
	local words=${VERDICT#* disposed }
	words=${words#* }
	check_equal "$1: all else is as it was" "twice 0 $WAITS told 0" "twice $DOUBLE $words"
}

# held NAME COMMAND...: a flood takes its part of the machine, and nothing else
held() {
	under "$@"
	all_else "$1"
	check "$1: the flow goes on" test $((LOST * 2)) -lt "$FLOWED"
}

# held_but NAME LOST COMMAND...: no more than so many are lost
held_but() {
	under "$1" "${@:3}"
	all_else "$1"
	check "$1: no more than $2 are lost" test "$LOST" -le "$2"
}

slab() { awk -v "name=$1" '$1 == name { print $2 }' /proc/slabinfo; }

kernel_memory() { awk '$1 == "SUnreclaim:" { print $2 }' /proc/meminfo; }

# --- parts, of which PARTS may name some

again() {
	replays_at_rest
	unmoved "frames again, of now and of before" "replay" replays
	unmoved "frames again, from elsewhere and where they came from" "replay unknown_index" replays_from_elsewhere
	unmoved "frames again, in batches" "replay" replays_in_batches
}

# That it pends as before is part of the state. It does for a minute, and may be gone after.
unproven() {
	must add_session 1 2 2
	told >/dev/null
	unmoved "frames of a session that nothing has proven" "auth" proofs
	del_session 1 2 2 2>/dev/null
	told >/dev/null
}

changed() {
	unmoved "every index around those that are in use" "auth unknown_index" scans
	unmoved "flags of live frames" "auth replay" flips
	unmoved "flags of live frames, from elsewhere" "auth" flips_from_elsewhere
	unproven
	unmoved "counters of frames to come" "auth" counters
	unmoved "frames cut short and drawn out" "auth payload_len" lengths
	unmoved "batches that are no batches" "auth replay payload_len" segments
	unmoved "frames turned round" "auth" crossed
	unmoved "handshakes that nobody waits for" "msg1_no_agent msg2_no_agent msg1_malformed msg2_malformed" handshakes
}

floods() {
	held "a flood of unknown indices" flood_of_unknown
	held "a flood to the live session" flood_of_bad
	held "a flood of batches to it, from elsewhere" flood_of_bad_batches
	held "a flood of replays" flood_of_replays
	held "a flood of handshakes" flood_of_handshakes
}

memory_is_flat() {
	local grown=$(($(kernel_memory) - MEMORY))
	echo "grown by $grown KiB"
	[ "$grown" -le "$ROOM" ]
}

ktap_begin
prepare
MEMORY=$(kernel_memory)
OBJECTS="$(slab fmp_session) $(slab fmp_peer)"
for part in again changed below floods; do
	[[ ,${PARTS:-$part}, != *,$part,* ]] || $part
done
check "how often host 1 asks for help has a limit" is_limited 1
check "and host 2" is_limited 2
check_equal "as many sessions and peers as before" "$OBJECTS" "$(slab fmp_session) $(slab fmp_peer)"
check "the kernel holds no more than before" await 10 memory_is_flat
echo "# the kernel's own memory has grown by $(($(kernel_memory) - MEMORY)) KiB"
echo "# in all $SENT_IN_ALL sent, $LOST_IN_ALL of $FLOWED_IN_ALL of the flows lost"
ktap_end
