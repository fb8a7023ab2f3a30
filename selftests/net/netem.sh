#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 6.12
# shellcheck disable=SC2317 # functions are called by name
# A network that loses, reorders, repeats and spoils packets, each alone and all of it
# together, both ways, under streams and rekeys: what is lost is what the network lost.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pair.sh"

# Of each kind of trouble.
REKEYS=3
# Longer than from one datagram of a stream to the next; and percent of those that are
# spoiled, of few more.
DELAY=20ms SPOILED=1
[ "$SLOW" = 0 ] || REKEYS=1 DELAY=300ms SPOILED=20

# The outer packets of host 1 leave the router by r2, those of host 2 by r1.
trouble() {
	local n
	for n in 1 2; do must tc -n router qdisc add dev "r$n" root netem limit 100000 "$@"; done
}

# dropped_of HOST: of the host's packets, by the network
dropped_of() {
	tc -n router -s qdisc show dev "r$((3 - $1))" | sed -n 's/.*dropped \([0-9]*\),.*/\1/p'
}

# spoiled HOST: that came to it and were no longer what was sent
spoiled() {
	local udp ip
	udp=$(in_host "$1" nstat -asz UdpInCsumErrors IpInHdrErrors IpInAddrErrors |
		awk '/^(Udp|Ip)/ { n += $2 } END { print n }')
	ip=$(in_host "$1" ethtool -S fmp0 | awk '/rx_drop_/ && !/replay/ { n += $2 } END { print n }')
	echo $((udp + ip))
}

# under NAME LOSSY NETEM...: rekeys and streams; NETWORK is what was lost on the way
under() {
	local name=$1 lossy=$2 n sent lost bound
	trouble "${@:3}"
	streams
	check_equal "$name: rekeys go through" "$REKEYS" "$(rekeys "$REKEYS" 60)"
	end_streams "$name"
	for n in 1 2; do
		sent=${SENT[$n]} lost=${LOST[$n]} bound=0
		[ "$lossy" = 0 ] || bound=$(($(dropped_of "$n") + sent * lossy / 100))
		check "$name: what host $n sends is lost in the network or nowhere: $lost, at most $bound" \
			test "$lost" -le "$bound"
	done
	check_equal "$name: nothing is delivered twice" "0 0" "${TWICE[1]} ${TWICE[2]}"
	NETWORK=$(($(dropped_of 1) + $(dropped_of 2)))
	for n in 1 2; do must tc -n router qdisc del dev "r$n" root; done
	kept "$name"
	goes_on "$name"
}

replays() { echo $(($(counter 1 rx_drop_replay) + $(counter 2 rx_drop_replay))); }

ktap_begin
make_pair heartbeat 10
under "20 % are lost" 1 loss 20%
check "some were: $NETWORK" test "$NETWORK" -gt 0
under "50 % are reordered" 0 delay "$DELAY" reorder 50%
check "they arrive so: ${LATE[1]} and ${LATE[2]}" test $((LATE[1] > 0 && LATE[2] > 0)) = 1
BEFORE=$(replays)
under "10 % come twice" 0 duplicate 10%
check "they are known for replays: $(($(replays) - BEFORE))" test "$(replays)" -gt "$BEFORE"
BEFORE=$(($(spoiled 1) + $(spoiled 2)))
under "$SPOILED % are spoiled" $((4 * SPOILED)) corrupt $SPOILED%
check "some were no longer what was sent: $(($(spoiled 1) + $(spoiled 2) - BEFORE))" \
	test $(($(spoiled 1) + $(spoiled 2))) -gt "$BEFORE"
under "all together" 4 delay "$DELAY" reorder 50% loss 20% duplicate 10% corrupt 1%
ktap_end
