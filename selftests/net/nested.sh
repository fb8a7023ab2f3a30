#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tunnels inside tunnels, and routes that lead encrypted packets back into them.
# shellcheck disable=SC2317 # functions are called by name

. "$(dirname "$0")/lib.sh"

# inner_tunnel NUMBER: fmp1, whose packets fmp0 carries
inner_tunnel() {
	local n=$1 other=$((3 - $1))
	must ip -n "h$n" link add fmp1 type fmp
	must in_host "$n" fmp set fmp1 port 2122 multicast off peer "${KEYS[other]}" \
		endpoint "10.9.0.$other:2122" address "10.10.0.$other" address "fd10::$other"
	must ip -n "h$n" -batch - <<-END
		addr add 10.10.0.$n/24 dev fmp1
		addr add fd10::$n/64 dev fmp1 nodad
		link set fmp1 up
	END
}

# inner_session LOCAL REMOTE: with keys of its own
inner_session() {
	local SESSION
	set_session "$1" "$2" 9
	SESSION[0]=fmp1
	in_host "$1" fmp session add "${SESSION[@]}" >/dev/null
}

# counter_of DEVICE NAME: of host 1
counter_of() { in_host 1 ethtool -S "$1" | awk -v n="$2:" '$1 == n { print $2 }'; }

nested() {
	inner_tunnel 1
	inner_tunnel 2
	must inner_session 1 2
	must inner_session 2 1
	check "IPv4 goes through both" in_host 1 ping -n -q -c 1 -W 10 10.10.0.2
	check "IPv6 goes through both" in_host 1 ping -n -q -c 1 -W 10 fd10::2
	check "a packet that the outer one has no room for is refused" \
		told 1344 in_host 1 ping -n -c 1 -W 2 -M "do" -s 1384 10.10.0.2
	check "one that it has room for is not" in_host 1 ping -n -q -c 1 -W 10 -M "do" -s 1316 10.10.0.2
	check "others are divided" in_host 1 ping -n -q -c 1 -W 10 -M dont -s 4000 10.10.0.2
	check "those of IPv6, too" await 10 in_host 1 ping -n -q -c 1 -W 1 -M dont -s 4000 fd10::2
	check "TCP goes through both" tcp
	check_equal "nothing was taken for a loop" "0 0" "$(counter_of fmp0 tx_drop_loop) $(counter_of fmp1 tx_drop_loop)"
}

told() {
	local mtu=$1
	shift
	"$@" 2>&1 | grep -q "mtu[ =]*$mtu\b"
}

tcp() {
	in_host 2 iperf3 -s -1 -D --pidfile "$TMP/iperf" >/dev/null
	await 10 listening 2 5201
	in_host 1 iperf3 -c 10.10.0.2 -n 300K --connect-timeout 5000
}

# The route to a peer leads into its own tunnel.
own_loop() {
	local before
	must ip -n h1 route add 10.0.2.2/32 dev fmp0
	before=$(counter_of fmp0 tx_drop_loop)
	in_host 1 ping -n -q -c 1 -W 0.5 10.9.0.2 >/dev/null 2>&1
	check "a route into the device itself is a loop" test "$(counter_of fmp0 tx_drop_loop)" -gt "$before"
	must ip -n h1 route del 10.0.2.2/32 dev fmp0
	check "without it, packets flow again" in_host 1 ping -n -q -c 1 -W 10 10.9.0.2
}

# fmp0 is carried by fmp1, and that by fmp0.
mutual_loop() {
	local before
	must ip -n h1 route add 10.0.2.2/32 dev fmp1 via 10.10.0.2
	before=$(($(counter_of fmp0 tx_drop_loop) + $(counter_of fmp1 tx_drop_loop)))
	in_host 1 ping -n -q -c 3 -i 0.2 -W 0.5 10.9.0.2 >/dev/null 2>&1
	in_host 1 ping -n -q -c 3 -i 0.2 -W 0.5 10.10.0.2 >/dev/null 2>&1
	check "tunnels that carry each other are a loop" \
		test $(($(counter_of fmp0 tx_drop_loop) + $(counter_of fmp1 tx_drop_loop))) -gt "$before"
	must ip -n h1 route del 10.0.2.2/32 dev fmp1
	check "without it, packets flow again" in_host 1 ping -n -q -c 1 -W 10 10.10.0.2
}

# The one that carries goes first.
outer_goes() {
	must ip -n h1 link del fmp0
	check_fail "without the outer one, nobody is reached" in_host 1 ping -n -q -c 1 -W 0.5 10.10.0.2
	check "and the inner one can go" ip -n h1 link del fmp1
}

ktap_begin
make_tunnels 1 2
connect 1 2
check "the outer tunnel" in_host 1 ping -n -q -c 1 -W 10 10.9.0.2
nested
own_loop
mutual_loop
outer_goes
ktap_end
