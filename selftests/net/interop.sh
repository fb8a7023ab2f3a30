#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# shellcheck disable=SC2317 # functions are called by name
# The module against a peer in Python that has nothing in common with it, whose sessions
# are typed in on both sides: frames, rekeys, heartbeats and goodbyes, over both families
# and with the behaviours of other implementations (spec 2, 5, 6, 8, 10).
#
# Host 1 has the device, host 2 the peer.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/ask.sh"
. "$(dirname "$0")/pypeer.sh"

# Datagrams of a series, and ms from one to the next: an emulated peer needs 10 ms each.
MANY=60 EVERY=30
[ "$SLOW" = 0 ] || MANY=20 EVERY=300

G=0

# their_session GENERATION [initiator]: the peer's end
their_session() {
	local local_index remote_index send_key receive_key
	set_index local_index 2 1 "$1"
	set_index remote_index 1 2 "$1"
	set_key send_key 2 1 "$1"
	set_key receive_key 1 2 "$1"
	tell it session local "$local_index" remote "$remote_index" send "$send_key" \
		receive "$receive_key" "${@:2}"
}

# begin KIND [4|6] [OPTION=VALUE]...: a peer of that kind, and a first session
begin() {
	local kind=$1 family=${2:-4}
	# Rekeys are this script's to make, and so are sessions after a silence.
	pypeer it 2 "node it secret ${SECRETS[2]} kind $kind rekey=off dead_s=100000 ${*:3}" \
		"link ${KEYS[1]} endpoint $(endpoint_of 1 "$family")"
	add_peer 1 2 "$family" 10
	# Indices rest for a while.
	G=$((G + 1))
	must add_session 1 2 "$G" initiator
	their_session "$G"
	must hear it up
	must watch_events 1
}

end() {
	end_pypeer it
	must in_host 1 fmp peer del fmp0 "${KEYS[2]}"
	end_processes 1
}

heartbeats() {
	local before
	before=$(counter 1 rx_heartbeat)
	tell it heartbeat
	check "a heartbeat arrives" await 10 at_least 1 rx_heartbeat $((before + 1))
	before=$(counter 1 rx_drop_link_unknown)
	tell it message hex 7f00112233
	check "so does a message that nobody knows" await 10 at_least 1 rx_drop_link_unknown $((before + 1))
	mark it
	check "the module sends heartbeats" hear it heartbeat
}

# they_rekey: the peer initiates
they_rekey() {
	G=$((G + 1))
	must add_session 1 2 "$G"
	their_session "$G" initiator
}

we_rekey() {
	G=$((G + 1))
	their_session "$G"
	must hear it pending local="$(($(index_of 2 1 "$G")))"
	must add_session 1 2 "$G" initiator
}

cut_over() {
	await 20 has_event 1 session-cutover "$(index_of 1 2 "$G")" &&
		hear it cutover local="$(($(index_of 2 1 "$G")))"
}

# k_bits: the module's, the peer's
k_bits() {
	tell it show
	await 10 said it state
	echo "$(session 1 current k_bit) $(field it state .sessions.current.k)"
}

# What daemons send besides packets and heartbeats is nobody's here.
counted_drops() { drops 1 | sed 's/rx_drop_link_unhandled:[0-9]* *//'; }

rekeys() {
	local k before
	mark it
	k=$(k_bits)
	before=$(counted_drops)
	mark it
	series "$MANY" "$EVERY"
	they_rekey
	check "$1 initiates a rekey" cut_over
	if [ "$1" != U ]; then
		we_rekey
		check "and we do, while the one before drains" cut_over
	fi
	series_arrived "no datagram is lost or comes twice"
	mark it
	[ "$1" = U ] || check_equal "both have toggled twice" "$k" "$(k_bits)"
	check_equal "nothing was dropped" "$before" "$(counted_drops)"
}

# What a daemon does that cuts over as responder, a moment after it has sent its msg2. Here
# the other end has its keys later than a handshake would give them to it: what the daemon
# sends in between is for an index that nobody has yet.
self_cutover() {
	mark it
	we_rekey
	check "U as responder: both cut over" cut_over
	echo "# its cause: $(field it cutover .cause)"
	pings "after that"
}

roams() {
	mark it
	tell it rebind 4444
	tell it heartbeat
	check "a peer that moves is followed" await 10 moved_to 10.0.2.2:4444
	pings "from there"
}

moved_to() { [ "$(in_host 1 fmp --json show fmp0 | flat "[0].peers[public_key_hex=${KEYS[2]}].endpoint")" = "$1" ]; }

replays() {
	local before
	before=$(counter 1 rx_drop_replay)
	tell it fault duplicate frame out 5
	tell it ping from 10.9.0.2 to 10.9.0.1 count 5 every 20
	check "frames that come twice count once" await 10 at_least 1 rx_drop_replay $((before + 5))
}

goodbyes() {
	local I SAID
	I=$(ip -n h1 -o link show fmp0)
	I=${I%%:*}
	mark it
	tell it disconnect 1
	check "the peer says goodbye" await 10 has_event 1 peer-down
	check_equal "and why" "disconnect 1" "$(events 1 peer-down | flat reason code | xargs)"
	G=$((G + 1))
	must add_session 1 2 "$G" initiator
	their_session "$G"
	must hear it up
	pings "with new sessions"
	serve one 1
	answers "we say goodbye" OK one send 1 "$I" "${KEYS[2]}" 5001
	check "which the peer hears" hear it down reason=disconnect code=1
}

ktap_begin
make_router
make_host 1
make_host 2
quiet_host 1
make_tunnel 1

begin fmp
pings "IPv4 outside"
heartbeats
check "long ones" in_host 1 ping -q -c 2 -i 0.2 -W 10 -s 1200 10.9.0.2
rekeys "the peer"
roams
replays
goodbyes
end

begin U 6
pings "IPv6 outside"
self_cutover
rekeys U
goodbyes
end

begin S
rekeys S
end
ktap_end
