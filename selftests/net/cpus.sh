#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 6.12
# shellcheck disable=SC2317 # functions are called by name
# CPUs that go offline and come back under streams, a connection and rekeys: nothing is lost,
# neither of what a lane had nor of what was on its way. lanes.sh has which CPU a lane is on.
# A guest with more CPUs (selftests/vm/run --smp) makes it harder.
#
# CPUS_ROUNDS, in the environment or on the kernel's command line, is for longer runs.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pair.sh"
. "$(dirname "$0")/play.sh"

ROUNDS=24
[ "$SLOW" = 0 ] || ROUNDS=6
set_from ROUNDS CPUS_ROUNDS

all_online() {
	local n
	for ((n = 1; n < CPUS; n++)); do set_online "$n" 1; done
}

set_online() { echo "$2" >"/sys/devices/system/cpu/cpu$1/online"; }

# Of what a device has, and must not lose.
lost_in() {
	in_host "$1" ethtool -S fmp0 | awk '/(rx_drop_down|rx_drop_lane_full|rx_drop_replay|rx_drop_auth|rx_lane_stuck):/ { n += $2 }
		END { print n }'
}

moved() { echo $(($(counter 1 rx_lane_move) + $(counter 2 rx_lane_move))); }

# Received by who serves it.
tcp_bytes() { in_host 2 ss -Htin sport = :5201 | grep -o 'bytes_received:[0-9]*' | awk -F: '{ n += $2 } END { print n + 0 }'; }

tcp_beyond() { [ "$(tcp_bytes)" -gt "$1" ]; }

rounds() {
	local i cpu n done=0 asked=0
	streams
	must load_tcp 1 2
	mark_events
	for ((i = 0; i < ROUNDS; i++)); do
		cpu=$((1 + i % (CPUS - 1)))
		set_online "$cpu" 0 || break
		# With one lane less, and again with all.
		if [ $((i % 3)) = 0 ]; then
			# One that is asked for while another is under way is none.
			await 40 cut_over "$asked" || break
			in_host $((1 + i / 3 % 2)) fmp rekey fmp0 || break
			asked=$((asked + 1))
		fi
		for n in 1 2; do await 20 grown_by "$n" 20 || break 2; done
		set_online "$cpu" 1 || break
		for n in 1 2; do await 20 grown_by "$n" 20 || break 2; done
		done=$((i + 1))
	done
	check_equal "CPUs go and come $ROUNDS times under traffic" "$ROUNDS" "$done"
	check "rekeys go on meanwhile" await 40 cut_over $((ROUNDS / 3))
	check "so does a connection" await 20 tcp_beyond $(($(tcp_bytes) + 100000))
	end_load
	end_streams "CPUs come and go"
	check_equal "no datagram is lost, or comes twice" "0 0 0 0" "${LOST[1]} ${LOST[2]} ${TWICE[1]} ${TWICE[2]}"
	check_equal "no lane lost anything" "0 0" "$(lost_in 1) $(lost_in 2)"
}

# grown_by HOST N: more frames have come since it was asked last
grown_by() {
	local now
	now=$(counter "$1" rx_ip)
	[ "$now" -ge $((${FRAMES[$1]:-0} + $2)) ] || return 1
	FRAMES[$1]=$now
}

declare -A FRAMES

ktap_begin
CPUS=$(nproc)
if [ "$CPUS" -lt 2 ]; then
	ktap_skip "CPUs that come and go" "the guest has one CPU"
	ktap_end
fi
make_pair heartbeat 10
# Whatever ends this, the next suite has all of them.
trap 'all_online; cleanup' EXIT
BEFORE=$(moved)
rounds
all_online
trap cleanup EXIT
check "lanes changed the CPU: $(($(moved) - BEFORE)) times" test "$(moved)" -gt "$BEFORE"
kept "CPUs come and go"
goes_on "CPUs come and go"
ktap_end
