#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by check
# Whether a peer is up: it is when it is heard; it is down after a silence that can be set, and
# keeps its sessions; a handshake under way holds the judgement up; a peer that nobody
# configured loses them; and what is forwarded over a congested link is marked (spec 9.10, 10).

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/ask.sh"

G=0

# begin [HEARTBEAT [TIMEOUT]]: peers, and a session
begin() {
	local n
	for n in 1 2; do
		add_peer "$n" $((3 - n)) 4 "${1:-1}"
		must in_host "$n" fmp peer set fmp0 "${KEYS[3 - n]}" dead-timeout "${2:-3}"
		must watch_events "$n"
	done
	G=$((G + 1))
	must add_session 1 2 "$G" initiator
	must add_session 2 1 "$G"
}

end() {
	local n
	for n in 1 2; do
		end_processes "$n"
		in_host "$n" fmp peer del fmp0 "${KEYS[3 - n]}"
	done
}

state() { in_host "$1" fmp --json show fmp0 | flat "[0].peers[0].state"; }

is() { [ "$(state "$1")" = "$2" ]; }

cut() { must tc -n router qdisc replace dev "r$1" root netem loss 100%; }

mend() { must tc -n router qdisc del dev "r$1" root; }

# How long nothing had been heard of the peer when it was taken for down, milliseconds: of
# one look, as both go on.
silence() {
	local last since
	read -r last since < <(in_host "$1" fmp --json show fmp0 |
		flat "[0].peers[0].last_rx_ms" "[0].peers[0].state_ms" | xargs)
	echo $((last - since))
}

up_and_down() {
	local index before
	add_peer 1 2 4 1
	check_equal "a peer is new at first" new "$(state 1)"
	must in_host 1 fmp peer del fmp0 "${KEYS[2]}"
	begin
	check "it is up when it is heard" await 10 has_event 1 peer-up
	check "at both ends" await 10 has_event 2 peer-up
	check_equal "as is shown" "up up" "$(state 1) $(state 2)"
	index=$(session 1 current local_index)

	cut 1
	cut 2
	check "nothing gets through: it is down" await 20 has_event 1 peer-down
	check_equal "and why" timeout "$(events 1 peer-down | flat reason)"
	check "at both ends" await 20 has_event 2 peer-down
	before=$(silence 1)
	echo "# after a silence of $before ms"
	check "after the time that was set, and not much more" test "$before" -ge 2700 -a "$before" -le 6000
	check_equal "it keeps its session" "$index" "$(session 1 current local_index)"
	check_equal "it is told once" 1 "$(count_events 1 peer-down)"
	mend 1
	mend 2
	check "the path is back, and so is the peer" await 20 is 1 up
	check "at both ends, with the session that there was" await 20 is 2 up
	check_equal "that one" "$index" "$(session 1 current local_index)"
	check_equal "and that is told" 2 "$(count_events 1 peer-up)"
	end
}

one_way() {
	begin
	must await 10 is 1 up
	must await 10 is 2 up
	cut 2
	check "one direction is dead: who hears nothing finds out" await 20 is 2 down
	check_equal "who hears does not" up "$(state 1)"
	mend 2
	check "until it is mended" await 20 is 2 up
	end
}

never() {
	begin 1 off
	must await 10 is 1 up
	cut 1
	must await 20 silent_for 1 8000
	check_equal "a peer that is told so is never down" up "$(state 1)"
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" dead-timeout 5
	check "until a time is set" await 5 is 1 down
	mend 1
	end
	begin off 3
	in_host 1 ping -q -c 1 -W 10 10.9.0.2 >/dev/null
	must await 10 is 1 up
	must await 20 silent_for 1 8000
	check_equal "without heartbeats silence says nothing" up "$(state 1)"
	end
}

# Who has a session and was never heard is told of as well.
unheard() {
	add_peer 1 2 4 1
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" dead-timeout 3
	must watch_events 1
	G=$((G + 1))
	must add_session 1 2 "$G" initiator
	check "who was never heard is down too" await 20 has_event 1 peer-down
	check_equal "and was not up" "0 down" "$(count_events 1 peer-up) $(state 1)"
	end_processes 1
	must in_host 1 fmp peer del fmp0 "${KEYS[2]}"
}

silent_for() { [ "$(in_host "$1" fmp --json show fmp0 | flat "[0].peers[0].last_rx_ms")" -ge "$2" ]; }

removal() {
	begin
	must await 10 is 1 up
	must in_host 1 fmp session del fmp0 local-index "$(index_of 1 2 "$G")"
	check_equal "without a session nothing is heard" down "$(state 1)"
	check "which is told" await 10 has_event 1 peer-down
	check_equal "and why" removed "$(events 1 peer-down | flat reason)"
	G=$((G + 1))
	must add_session 1 2 "$G" initiator
	must add_session 2 1 "$G"
	check "with another one it is up again" await 10 is 1 up
	check_equal "and has been down once" "2 1" "$(count_events 1 peer-up) $(count_events 1 peer-down)"
	end
}

# Heartbeats that cannot even leave are no reason to think a peer alive.
cut_off() {
	begin
	must await 10 is 1 up
	must ip -n h1 link set eth0 down
	check "the own way out is lost: the peer is down" await 20 is 1 down
	must ip -n h1 link set eth0 up
	must ip -n h1 route add default via 10.0.1.1
	check "until there is one again" await 20 is 1 up
	must ip -n h1 link set fmp0 down
	check "the device is taken down: so is the peer" await 20 is 1 down
	must ip -n h1 link set fmp0 up
	check "until it is back" await 20 is 1 up
	end
}

# Nobody configured it: who goes leaves nothing behind, and is not called after.
dynamic() {
	local index
	index=$(ip -n h1 -o link show fmp0)
	in_host 1 nlraw requests <<-END >/dev/null
		dynamic | peer-new ifindex=u32:${index%%:*} public-key=hex:${KEYS[2]} dynamic | OK
	END
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint 10.0.2.2:2121 address 10.9.0.2 heartbeat 1
	add_peer 2 1 4 1
	must watch_events 1
	G=$((G + 1))
	must add_session 1 2 "$G" initiator
	must add_session 2 1 "$G"
	must await 10 is 1 up
	# As long as the silence after which others are asked for again.
	cut 1
	check "a peer that the agent made is down" await 50 has_event 1 peer-down
	check_equal "and has lost its session" "" "$(session 1 current local_index)"
	check_equal "and nobody is asked for another" 0 "$(count_events 1 rekey-needed)"
	mend 1
	end
}

# --- forwarding

# A host behind host 1, whose packets host 1 forwards to host 2.
make_inner() {
	must ip netns add h4
	must ip -n h1 link add inner type veth peer name eth0 netns h4
	must ip -n h1 addr add 10.8.0.1/24 dev inner
	must ip -n h1 link set inner up
	must ip -n h4 addr add 10.8.0.2/24 dev eth0
	must ip -n h4 link set eth0 up
	must ip -n h4 link set lo up
	must ip -n h4 route add default via 10.8.0.1
	in_host 1 sysctl -qw net.ipv4.ip_forward=1
	must ip -n h2 route add 10.8.0.0/24 via 10.9.0.1
}

marked() { counter 2 rx_ce; }

congested() { [ "$(in_host 1 fmp --json show fmp0 | flat "[0].peers[0].metrics.congested")" = "$1" ]; }

congestion() {
	local before n
	make_inner
	for n in 1 2; do must in_host "$n" fmp set fmp0 mmp full; done
	begin 1 30
	run_in 1 ping -q -i "$PING_INTERVAL" -Q 2 10.9.0.2 >/dev/null 2>&1 &
	disown
	run_in 4 ping -q -i "$PING_INTERVAL" -Q 2 10.9.0.2 >/dev/null 2>&1 &
	local inner=$!
	disown
	must grows 2 rx_ip 20
	must await 30 congested false
	check_equal "nothing is marked without need" 0 "$(marked)"
	kill "$inner"
	must tc -n router qdisc replace dev r2 root netem loss 40%
	check "a link that loses is congested" await 60 congested true
	before=$(marked)
	must grows 2 rx_ip 20
	check_equal "what the host sends itself is not marked" "$before" "$(marked)"
	run_in 4 ping -q -i "$PING_INTERVAL" -Q 2 10.9.0.2 >/dev/null 2>&1 &
	disown
	check "what is forwarded over it is marked" await 30 at_least 2 rx_ce 5
	must in_host 1 fmp set fmp0 ecn off
	before=$(marked)
	must grows 2 rx_ip 20
	check "unless that is not wanted" test "$(marked)" -le $((before + 2))
	must in_host 1 fmp set fmp0 ecn on congestion-loss 90 congestion-etx off
	check "and what counts as congestion can be set" await 60 congested false
	must tc -n router qdisc del dev r2 root
	end
	end_processes 4
}

ktap_begin
make_tunnels 1 2
up_and_down
one_way
never
unheard
removal
cut_off
dynamic
congestion
ktap_end
