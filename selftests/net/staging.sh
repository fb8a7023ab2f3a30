#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Packets that wait for a session: in order, not too many, not too long.
# shellcheck disable=SC2317 # functions are called by name

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

unreachable() { grep -q 'Destination Host Unreachable\|Address unreachable' "$1"; }

# pinging NAME HOST ADDRESS SECONDS: one packet in the background
pinging() {
	run_in "$2" ping -n -c 1 -W "$4" "$3" >"$TMP/ping.$1" 2>&1 &
	disown
}

answered() { grep -q 'bytes from' "$TMP/ping.$1"; }

given_up() { unreachable "$TMP/ping.$1"; }

# A device without an agent is not going to get a session.
without_agent() {
	in_host 1 ping -n -c 1 -W 5 10.9.0.2 >"$TMP/refused" 2>&1
	check "without an agent the sender is told" unreachable "$TMP/refused"
	check_equal "and nothing waits" "0 1" "$(counter 1 tx_staged) $(counter 1 tx_drop_no_session)"
}

is_bound() { grep -q bound "$TMP/agent"; }

bind_agent() {
	run_in 1 agent fmp0 <"$TMP/hold" >"$TMP/agent" 2>&1 &
	disown
	await 10 is_bound
}

field() { sed -n "s/.*$2 \([0-9]*\).*/\1/p" "$TMP/$1" | tail -n 1; }

is_ready() { [ -s "$TMP/receiver" ]; }

# What waited for longer than it may has been dropped, too, on a slow machine.
dropped() { echo $(($(counter 1 tx_drop_staging_full) + $(counter 1 tx_drop_no_session))); }

# all_here BEFORE: everything not dropped since then is received, however it was sent
all_here() { [ "$(field receiver received)" = $(($(cat "$TMP/sent") - $(dropped) + $1)) ]; }

# at_the_stop COUNTER: when the sender was made to stop
at_the_stop() { sed -n "s/^ *$1: //p" "$TMP/stop"; }

# On two CPUs the network between the hosts does not keep order.
one_cpu() {
	local cpu
	for cpu in /sys/devices/system/cpu/cpu[1-9]*/online; do
		[ ! -w "$cpu" ] || echo "$1" >"$cpu"
	done
}

order() {
	local before sender
	# Also if this ends early: others need them.
	trap 'one_cpu 1; cleanup' EXIT
	one_cpu 0
	before=$(dropped)
	must add_session 2 1
	run_in 2 numbers receive 9000 >"$TMP/receiver" 2>&1 &
	disown
	await 10 is_ready
	# Twice as many as may wait.
	run_in 1 numbers send 10.9.0.2 9000 2000 >"$TMP/sender" 2>&1 &
	sender=$!
	disown
	check "packets wait, the oldest are dropped" await 30 at_least 1 tx_drop_staging_full 100
	# Not for long: they wait for seconds only, and newer ones come before that.
	kill -STOP "$sender"
	in_host 1 ethtool -S fmp0 >"$TMP/stop"
	kill -CONT "$sender"
	must add_session 1 2 1 initiator
	check_equal "as many wait as may" 128 "$(($(at_the_stop tx_staged) - $(at_the_stop tx_drop_staging_full)))"
	check_equal "and none were sent" 0 "$(at_the_stop tx_frames)"
	check "with a session they are sent, and newer ones" await 30 at_least 2 rx_ip 200
	kill "$sender"
	await 10 test -s "$TMP/sender"
	sed 's/[^0-9]//g' "$TMP/sender" >"$TMP/sent"
	check "none is lost" await 10 all_here "$before"
	check_equal "none comes twice" 0 "$(field receiver duplicates)"
	check_equal "they come in order" 0 "$(field receiver reordered)"
	one_cpu 1
	check_equal "nothing waits any more" "$(counter 1 tx_staged)" \
		"$(in_host 1 ping -q -c 3 -i 0.2 10.9.0.2 >/dev/null; counter 1 tx_staged)"
}

without_endpoint() {
	local staged
	must in_host 1 fmp peer del fmp0 "${KEYS[2]}"
	must in_host 1 fmp peer add fmp0 "${KEYS[2]}" heartbeat off address 10.9.0.2
	must add_session 2 1 2
	must add_session 1 2 2 initiator
	# The other side's pending session has to prove itself, which sending does.
	staged=$(counter 1 tx_staged)
	pinging endpoint 1 10.9.0.2 20
	check "a packet waits for an endpoint" await 10 at_least 1 tx_staged $((staged + 1))
	check_fail "which is not there" answered endpoint
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint "$(endpoint_of 2)"
	check "and is answered when there is one" await 10 answered endpoint
}

# Peer 3 is nobody.
too_long() {
	local before
	before=$(counter 1 tx_drop_no_session)
	pinging late 1 10.9.0.3 20
	pinging late6 1 fd09::3 20
	nap 2
	check_fail "the sender is not told at once" given_up late
	check "but after some seconds" await 10 given_up late
	check "for IPv6, too" await 10 given_up late6
	check_equal "and that is a drop" $((before + 2)) "$(counter 1 tx_drop_no_session)"
}

# Long packets take more memory than 128 of them may.
too_much() {
	local staged full
	staged=$(counter 1 tx_staged) full=$(counter 1 tx_drop_staging_full)
	in_host 1 ping -q -n -f -c 4 -s 60000 -W 0.1 10.9.0.3 >/dev/null 2>&1
	staged=$(($(counter 1 tx_staged) - staged)) full=$(($(counter 1 tx_drop_staging_full) - full))
	check "long packets wait" test "$staged" -gt 128
	check "fewer of them may" test $((staged - full)) -le 120 -a $((staged - full)) -ge 50
	# Their time is not waited for.
	must in_host 1 fmp peer del fmp0 "${KEYS[3]}"
	add_peer 1 3
}

# waiting_then COMMAND...: by how much tx_drop_no_session grows
waiting_then() {
	local staged before
	before=$(counter 1 tx_drop_no_session)
	staged=$(counter 1 tx_staged)
	pinging gone 1 10.9.0.3 1
	await 10 at_least 1 tx_staged $((staged + 1))
	"$@"
	echo $(($(counter 1 tx_drop_no_session) - before))
}

gone() {
	local staged
	check_equal "what waits goes when the device goes down" 1 "$(waiting_then ip -n h1 link set fmp0 down)"
	must ip -n h1 link set fmp0 up
	check_equal "what waits goes with the peer" 1 "$(waiting_then in_host 1 fmp peer del fmp0 "${KEYS[3]}")"
	# Nothing is left that could wait.
	add_peer 1 3
	staged=$(counter 1 tx_staged)
	pinging last 1 10.9.0.3 1
	await 10 at_least 1 tx_staged $((staged + 1))
	check "the device goes with what waits" ip -n h1 link del fmp0
}

ktap_begin
mkfifo "$TMP/hold"
# It has a writer, and so no end.
# shellcheck disable=SC2034
exec {HOLD}<>"$TMP/hold"
make_router
for h in 1 2; do
	make_host "$h"
	quiet_host "$h"
	make_tunnel "$h"
done
add_peer 1 2
add_peer 1 3
add_peer 2 1
without_agent
check "an agent" bind_agent
order
too_long
too_much
without_endpoint
gone
ktap_end
