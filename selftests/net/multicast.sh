#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Link-local multicast goes to every peer that there is a session with.
# shellcheck disable=SC2317 # functions are called by name

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

# who WORD...: the other hosts that answer a ping, "2 3"
who() {
	in_host 1 ping -n -w "$WAIT" -i 9 "$@" 2>/dev/null |
		sed -n 's/.*bytes from \(10\.9\.0\.\|fd09::\)\([2-9]\)[:, ].*/\2/p' | sort -u | xargs
}

WAIT=1
[ "$SLOW" = 0 ] || WAIT=3

# copies COMMAND...: how many copies it makes
copies() {
	local before
	before=$(counter 1 tx_multicast_copy)
	"$@" >/dev/null 2>&1
	echo $(($(counter 1 tx_multicast_copy) - before))
}

# send ADDRESS: one packet that nobody needs to answer
send() { in_host 1 ping -n -c 1 -W 0.1 -I fmp0 "$1"; }

# drop_of ADDRESS: how much tx_drop_multicast grows
drop_of() {
	local before
	before=$(counter 1 tx_drop_multicast)
	send "$1" >/dev/null 2>&1
	echo $(($(counter 1 tx_drop_multicast) - before))
}

to_all() {
	check_equal "IPv4: every peer gets it" "2 3" "$(who -I fmp0 224.0.0.1)"
	check_equal "IPv6: every peer gets it" "2 3" "$(who -I fd09::1 ff02::1%fmp0)"
	check_equal "copies are counted, for those with a session" 2 "$(copies send 224.0.0.1)"
	check_equal "they count as sent to the peer" 1 "$(sent_to 2 send 224.0.0.1)"
	check_equal "broadcast goes to every peer" 2 "$(copies in_host 1 ping -b -n -c 1 -W 0.1 -I fmp0 255.255.255.255)"
	check_equal "any address of that scope does" 2 "$(copies send ff12::77)"
}

# sent_to PEER COMMAND...: what the peer is sent
sent_to() {
	local peer=$1 before
	shift
	before=$(tx_packets "$peer")
	"$@" >/dev/null 2>&1
	echo $(($(tx_packets "$peer") - before))
}

tx_packets() { in_host 1 fmp --json peer show fmp0 "${KEYS[$1]}" | flat '[0].tx_packets'; }

others() {
	local a
	for a in 239.1.1.1 224.0.1.1 ff05::1 ff0e::1; do
		check_equal "$a goes to nobody" "1 0" "$(drop_of "$a") $(copies send "$a")"
	done
	must ip -n h1 route add 239.2.2.2/32 via 10.9.0.2 dev fmp0
	check_equal "multicast with a next hop goes there" 1 "$(sent_to 2 send 239.2.2.2)"
	check_equal "and nowhere else" "0 0" "$(copies send 239.2.2.2) $(sent_to 3 send 239.2.2.2)"
}

switch() {
	must in_host 1 fmp set fmp0 multicast off
	check_equal "switched off, it is dropped" "1 0" "$(drop_of 224.0.0.1) $(copies send 224.0.0.1)"
	check_equal "nobody answers" "" "$(who -I fmp0 224.0.0.1)"
	must in_host 1 fmp set fmp0 multicast on
	check_equal "switched on, it is sent" 2 "$(copies send 224.0.0.1)"
}

# With the outer headers as long as the path takes.
long() {
	check_equal "a packet that is as long as the device takes" "2 3" "$(who -s 1384 -I fmp0 224.0.0.1)"
}

spoofed() {
	local before
	before=$(counter 1 rx_drop_source)
	in_host 2 ping -n -c 1 -W 0.1 -I 10.9.0.3 224.0.0.1 >/dev/null 2>&1
	await 5 at_least 1 rx_drop_source $((before + 1))
}

check_source() {
	must ip -n h2 addr add 10.9.0.3/32 dev fmp0
	must ip -n h2 route add 224.0.0.0/24 dev fmp0
	must in_host 2 fmp set fmp0 multicast on
	check "a peer cannot speak for another" spoofed
	must ip -n h2 addr del 10.9.0.3/32 dev fmp0
}

# The last peer of many is served by a work item.
many() {
	must in_host 1 fmp peer del fmp0 "${KEYS[3]}"
	must in_host 1 nlraw fill "$(in_host 1 fmp --json show fmp0 | flat '[0].ifindex')" 200
	add_peer 1 3
	must add_session 3 1 2
	must add_session 1 3 2 initiator
	# The other side takes up the new session when it sees it used.
	check "a session with it" in_host 1 ping -q -c 1 -W 10 10.9.0.3
	check_equal "the last of 200 peers gets it" "2 3" "$(who -I fmp0 224.0.0.1)"
	check "a burst of it is answered" in_host 1 ping -q -n -f -c 50 -W 1 -I fmp0 224.0.0.1
	check "the device goes down in the middle" down_amid
}

down_amid() {
	run_in 1 ping -q -n -f -c 200 -W 1 -I fmp0 224.0.0.1 >/dev/null 2>&1 &
	local pid=$!
	disown
	nap 0.3
	ip -n h1 link set fmp0 down || return 1
	kill "$pid" 2>/dev/null
	ip -n h1 link del fmp0
}

ktap_begin
make_tunnels 1 2 3
for h in 1 2 3; do
	in_host "$h" sysctl -qw net.ipv4.icmp_echo_ignore_broadcasts=0 net.ipv6.icmp.echo_ignore_multicast=0
done
must in_host 1 fmp set fmp0 multicast on
connect 1 2
connect 1 3 6
add_peer 1 4
check "a session with 2" in_host 1 ping -q -c 1 -W 10 10.9.0.2
check "a session with 3" in_host 1 ping -q -c 1 -W 10 10.9.0.3
to_all
others
switch
long
check_source
many
ktap_end
