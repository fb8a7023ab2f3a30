#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a privileged user can get wrong, or try: keys twice, sockets of others,
# packets past routing.

# shellcheck disable=SC2317 # functions are called by check

. "$(dirname "$0")/lib.sh"

# The slots of host 1's sessions, by local index.
slots() {
	local found i n
	mapfile -t found < <(in_host 1 fmp --json session show fmp0 | flat '[].local_index' '[].slot')
	n=$((${#found[@]} / 2))
	for ((i = 0; i < n; i++)); do echo "$((found[i] % 65536))=${found[n + i]}"; done | sort | xargs
}

# install GENERATION INDEX-GENERATION [initiator]: keys of one, indices of another
install_session() {
	# shellcheck disable=SC2086 # a word or none
	in_host 1 fmp session add fmp0 peer "${KEYS[2]}" \
		local-index "$(index_of 1 2 "$2")" remote-index "$(index_of 2 1 "$2")" \
		send-key "$(key_file 1 2 "$1")" receive-key "$(key_file 2 1 "$1")" ${3:-}
}

# A peer's send key taken for one of ours.
install_crossed() {
	in_host 1 fmp session add fmp0 peer "${KEYS[2]}" local-index 77 remote-index 77 \
		send-key "$(key_file 2 1 1)" receive-key "$(key_file 2 1 9)"
}

keys_twice() {
	check_fail "the keys of a session cannot be installed again" install_session 1 2
	check_fail "nor one of them the other way round" install_crossed
	check_equal "the session is as it was" "1=current" "$(slots)"
}

newest_wins() {
	must install_session 2 2 >/dev/null
	check_equal "a further session pends" "1=current 2=pending" "$(slots)"
	must in_host 1 fmp session del fmp0 local-index "$(index_of 1 2 1)"
	must install_session 3 3 >/dev/null
	check_equal "what pended gives way to a newer session" "3=current" "$(slots)"
}

# A user namespace is given the device, and nothing of the network below.
in_container() {
	nsenter -t "$CONTAINER" -U -n --preserve-credentials "$@"
}

container() {
	local port mark
	ip netns exec h1 unshare -U -r -n sleep 1000 &
	CONTAINER=$!
	await 10 ready || die "no user namespace"
	must ip -n h1 link set fmp0 netns "$CONTAINER"
	check "a container may use its device" in_container ip link set fmp0 up
	check "and switch its source check" in_container fmp set fmp0 source-check off
	check_fail "but not choose the port of the host's sockets" in_container fmp set fmp0 port 5555
	check_fail "nor their mark" in_container fmp set fmp0 fwmark 7
	port=$(in_container fmp --json show fmp0 | flat '[0].port')
	mark=$(in_container fmp --json show fmp0 | flat '[0].fwmark')
	check_equal "both are what they were" "2121 0" "$port $mark"
	kill "$CONTAINER"
	wait "$CONTAINER" 2>/dev/null
}

ready() { [ "$(readlink "/proc/$CONTAINER/ns/user")" != "$(readlink /proc/self/ns/user)" ]; }

# sends COUNTER PACKET...: host 1 sends, and counts it there
sends() {
	local counter=$1 before after
	shift
	before=$(counter 1 "$counter")
	in_host 1 packet "$@" || return 1
	after=$(counter 1 "$counter")
	echo "$counter was $before and is $after"
	[ "$after" = $((before + 1)) ]
}

# A route may claim more than the device's MTU.
overflow() {
	local before after
	must ip -n h1 route add 10.9.0.2/32 dev fmp0 mtu lock 65500
	before=$(counter 1 tx_drop_too_long)
	in_host 1 ping -c 1 -W 1 -s 65460 10.9.0.2 && return 1
	after=$(counter 1 tx_drop_too_long)
	echo "tx_drop_too_long was $before and is $after"
	ip -n h1 route del 10.9.0.2/32 dev fmp0
	[ "$after" = $((before + 1)) ]
}

packet_sockets() {
	check "a packet socket sends through the device" sends tx_frames fmp0 100 10.9.0.2
	check "past the queues too" sends tx_frames bypass fmp0 100 10.9.0.2
	must ip -n h1 link set fmp0 mtu 65467
	check "the longest packet leaves" sends tx_frames fmp0 65467 10.9.0.2
	must ip -n h1 link set fmp0 mtu 1412
}

ktap_begin
make_router
make_host 1
make_host 2
make_tunnel 1
make_tunnel 2
connect 1 2
keys_twice
packet_sockets
check "what would overflow the outer length does not leave" overflow
newest_wins
container
ktap_end
