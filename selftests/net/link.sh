#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# Link messages that the kernel does not handle: who gets them and who does not, what
# is lost when nobody reads, and sending them.
#
# Hosts 1 and 2 have devices. In the name of a peer 3 host 3 forges frames for host 1.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/ask.sh"

# Of the messages that the kernel does not handle by itself.
KNOWN=(00 10 20 30 31)
UNKNOWN=(03 32 41 4f 52 7f ff)

# forge: frames of peer 3 to host 1, from the list that is the input
forge() {
	local sums
	sums=$(in_host 3 frame -C 0 -p 2121 -k "$KEY" -i "$INDEX" -c "$NEXT" 10.0.1.2 2121) || die "cannot send frames"
	NEXT=${sums##* }
}

KEY='' INDEX='' NEXT=0

# counts NAME=N...: these counters of host 1 grew by N, and no other drop did
counts() {
	local word all name value
	all=$(in_host 1 ethtool -S fmp0)
	GREW=''
	while read -r name value; do
		name=${name%:}
		[[ $name == rx_link_message || $name == *_drop_* ]] || continue
		[[ $name != tx_drop_* ]] || continue
		[ "$value" = "${OLD[$name]-0}" ] || GREW+="$name=$((value - ${OLD[$name]-0})) "
	done <<<"$all"
	for word; do [[ " $GREW" == *" $word "* ]] || return 1; done
	[ "$(wc -w <<<"$GREW")" = $# ]
}

declare -A OLD

remember() {
	local name value
	while read -r name value; do OLD[${name%:}]=$value; done < <(in_host 1 ethtool -S fmp0)
}

# counted NAME NAME=N...
counted() {
	local name=$1 GREW
	shift
	await 10 counts "$@"
	check_equal "$name" "$* " "$GREW"
	remember
}

prepare() {
	local h
	make_network 1 2 3
	for h in 1 2; do
		in_host "$h" sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
		make_tunnel "$h"
	done
	connect 1 2
	add_peer 1 3
	must add_session 1 3
	set_key KEY 3 1
	set_index INDEX 1 3
	I=$(ip -n h1 -o link show fmp0)
	I=${I%%:*}
	J=$(ip -n h2 -o link show fmp0)
	J=${J%%:*}
	must await 10 in_host 3 ping -q -c 1 -W 1 10.0.1.2
	must await 10 in_host 1 ping -q -c 1 -W 1 10.9.0.2
	serve one 1
	serve two 2
	FROM2="$I ${KEYS[2]:0:8}"
	FROM3="$I ${KEYS[3]:0:8}"
}

unbound() {
	remember
	forge < <(printf 'plain=00000000%s pad=9\n' "${KNOWN[@]}" "${UNKNOWN[@]}")
	counted "nobody is bound" rx_drop_link_unknown=${#UNKNOWN[@]} rx_drop_link_unhandled=${#KNOWN[@]}
}

# joined WORD...: with ", " in between
joined() {
	local list
	printf -v list ', %s' "$@"
	echo "${list:2}"
}

bound() {
	local lines=() t
	answers "one may bind" OK one bind 1 link "$I"
	answers "and again, which changes nothing" OK one bind 1 link "$I"
	answers "another may not" "EBUSY Another program has this role already" one bind 2 link "$I"
	answers "it may be the agent" OK one bind 2 agent "$I"
	answers "of which there is one" "EBUSY Another program has this role already" one bind 1 agent "$I"
	answers "nor take the role away" "ENOENT The socket does not have this role" one unbind 2 link "$I"

	for t in "${KNOWN[@]}" "${UNKNOWN[@]}"; do
		lines+=("$FROM3 $t" "$FROM3 ${t}0102ff+9" "$FROM3 $t+1399 ce")
	done
	forge < <(for t in "${KNOWN[@]}" "${UNKNOWN[@]}"; do
		echo "plain=00000000$t"
		echo "plain=ffffffff${t}0102ff pad=9"
		echo "plain=12345678$t pad=1399 flags=2"
	done)
	answers "each type, byte by byte, in order" "$(joined "${lines[@]}")" one take 1 ${#lines[@]}
	counted "and no drop" rx_link_message=${#lines[@]}
	forge <<<"plain=0000000020 pad=65470"
	answers "the longest" "$FROM3 20+65470" one take 1 1
	counted "in one piece" rx_link_message=1

	forge < <(printf '%s\n' plain=0000000051 plain=0000000040 plain=00000000 "plain=0000000020 flip=-1.0" \
		"plain=0000000020 counter=0")
	# The replay is the last: what it counts comes after all others.
	counted "the kernel's own, malformed, forged and replayed ones are none" \
		rx_drop_replay=1 rx_drop_auth=1 rx_drop_inner_short=1 rx_drop_ip_malformed=1
	answers "nothing of these was passed on" "" one take 1 0
	answers "the agent gets none" "" one take 2 0
}

overflow() {
	local SAID got
	ask one rcvbuf 1 20000
	forge <<<"plain=0000000010 pad=200 times=500"
	await 10 counts_sum 500
	counts_sum 500
	check "what did not fit was dropped and counted" test "$DROPPED" -gt 0
	check_equal "as the peer's, too" "$DROPPED" "$(($(peer_dropped) - PEER_DROPPED))"
	ask one count 1
	read -r got lost <<<"$SAID"
	check_equal "what was passed on arrived" "$PASSED" "$got"
	check_equal "the program was told that some were lost" 1 "$lost"
	ask one take 1 0
	check "other traffic went on" in_host 1 ping -q -c 3 -i 0.01 -W 5 10.9.0.2
	remember
	forge <<<plain=0000000030
	answers "and so do messages once they are read" "$FROM3 30" one take 1 1
	counted "each of them" rx_link_message=1
}

peer_dropped() {
	in_host 1 fmp --json show fmp0 | flat "[0].peers[public_key_hex=${KEYS[3]}].counters.rx_drop_other"
}

# counts_sum N: that many were either passed on or dropped
counts_sum() {
	local all
	all=$(in_host 1 ethtool -S fmp0)
	[[ $all =~ rx_link_message:\ ([0-9]+) ]] && PASSED=$((BASH_REMATCH[1] - OLD[rx_link_message]))
	[[ $all =~ rx_drop_link_backlog:\ ([0-9]+) ]] && DROPPED=$((BASH_REMATCH[1] - OLD[rx_drop_link_backlog]))
	[ $((PASSED + DROPPED)) = "$1" ]
}

released() {
	local SAID port
	answers "it may stop" OK one unbind 1 link "$I"
	forge <<<plain=0000000030
	counted "then nobody gets it" rx_drop_link_unhandled=1
	answers "nor does the program" "" one take 1 0
	answers "another may bind now" OK one bind 2 link "$I"
	ask one port 2
	port=$SAID
	ask one close 2
	answers "and one more, when it closed its socket" OK one bind 3 link "$I"
	answers "which was the agent as well" OK one bind 3 agent "$I"
	ask one open 4 "$port"
	answers "the port of the one that closed" "$port" one port 4
	forge <<<plain=0000000031
	answers "it goes to who is bound" "$FROM3 31" one take 3 1
	answers "and not there" "" one take 4 0
	ask one port 3
	port=$SAID
	ask one close 3
	ask one open 3 "$port"
	forge <<<plain=0000000031
	counted "nor to who has the same port again" rx_link_message=1 rx_drop_link_unhandled=1
	answers "which sees nothing" "" one take 3 0
}

killed() {
	answers "a program binds" OK one bind 1 link "$I"
	kill -9 "${SERVER[one]}"
	must await 10 refused test -e "/proc/${SERVER[one]}"
	serve one 1
	answers "and another when it was killed" OK one bind 1 link "$I"
	forge <<<plain=0000000031
	answers "which gets what comes" "$FROM3 31" one take 1 1
	remember
}

# sending PAYLOAD: between two hosts that both have devices
sending() {
	local types=(00 10 20 30 31 52 41 ff) t lines=() SAID text
	answers "the other host binds" OK two bind 1 link "$J"
	for t in "${types[@]}"; do
		ask one send 5 "$I" "${KEYS[2]}" "${t}abcdef+30"
		text+="$SAID "
		lines+=("$J ${KEYS[1]:0:8} ${t}abcdef+30")
	done
	ask one send 5 "$I" "${KEYS[2]}" "20" ce
	text+="$SAID"
	lines+=("$J ${KEYS[1]:0:8} 20 ce")
	check_equal "messages are sent" "OK OK OK OK OK OK OK OK OK" "$text"
	answers "and arrive, with the congestion mark that was asked for" "$(joined "${lines[@]}")" two take 1 ${#lines[@]}
	answers "the longest that fits" OK one send 5 "$I" "${KEYS[2]}" "20+65470"
	answers "arrives" "$J ${KEYS[1]:0:8} 20+65470" two take 1 1
	answers "one more byte does not fit" "EMSGSIZE Message does not fit into a datagram" \
		one send 5 "$I" "${KEYS[2]}" "20+65471"
	check_equal "as many were sent" $((${#lines[@]} + 1)) "$(counter 1 tx_link_message)"
	check_equal "and received" $((${#lines[@]} + 1)) "$(counter 2 rx_link_message)"
	answers "a bound socket may send as well" OK two send 1 "$J" "${KEYS[1]}" 1001
	answers "in the other direction" "$FROM2 1001" one take 1 1
	remember
}

refusals() {
	local t SAID text=
	for t in 01 02 40 51; do
		ask one send 5 "$I" "${KEYS[2]}" "$t"
		text+="$SAID; "
	done
	check_equal "what is the kernel's to send" \
		"$(printf 'EPERM The kernel sends messages of this type; %.0s' 1 2 3 4)" "$text"
	answers "an empty message" "EINVAL Empty message" one send 5 "$I" "${KEYS[2]}" empty
	answers "no message" "EINVAL Attribute payload is missing" one send 5 "$I" "${KEYS[2]}" -
	answers "to nobody" "EINVAL Attribute public-key is missing" one send 5 "$I" - 20
	answers "to somebody else" "ENOENT No such peer" one send 5 "$I" "${KEYS[4]}" 20
	answers "by no device" "ENODEV No such device" one send 5 9999 "${KEYS[2]}" 20
	answers "by a device that is none of ours" "EOPNOTSUPP Not an fmp device" one send 5 1 "${KEYS[2]}" 20
	answers "binding to no device" "EINVAL Attribute ifindex is missing" one bind 5 link 0
	answers "binding to one that is none of ours" "EOPNOTSUPP Not an fmp device" one bind 5 link 1
	must in_host 1 fmp peer add fmp0 "${KEYS[4]}"
	answers "to a peer without a session" "ENOTCONN Peer has no session" one send 5 "$I" "${KEYS[4]}" 20
	must add_session 1 4
	answers "to a peer without an endpoint" "ENOTCONN Peer has no endpoint" one send 5 "$I" "${KEYS[4]}" 20
	must ip -n h1 link set fmp0 down
	answers "while the device is down" "ENETDOWN Device is down" one send 5 "$I" "${KEYS[2]}" 20
	must ip -n h1 link set fmp0 up
}

# A device that moves is somebody else's.
moved() {
	local SAID
	must ip netns add hbox
	must ip -n h1 link set fmp0 netns hbox
	must ip -n hbox link set fmp0 up
	serve box box
	I=$(ip -n hbox -o link show fmp0)
	I=${I%%:*}
	forge <<<plain=0000000031
	must await 10 box_unhandled
	answers "a binding does not outlive the move of the device" "" one take 1 0
	answers "where it is now one may bind" OK box bind 1 link "$I"
	forge <<<plain=0000000031
	answers "and gets what comes" "$I ${KEYS[3]:0:8} 31" box take 1 1
	must ip -n hbox link set fmp0 netns h1
	answers "back again, the first one may" OK one bind 1 link "$I"
	must ip -n h1 link del fmp0
	answers "a binding ends with its device" "ENODEV No such device" one unbind 1 link "$I"
}

box_unhandled() {
	local all
	all=$(nsenter --net=/run/netns/hbox ethtool -S fmp0)
	[[ $all =~ rx_drop_link_unhandled:\ ([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -gt "${OLD[rx_drop_link_unhandled]}" ]
}

ktap_begin
prepare
unbound
bound
PEER_DROPPED=$(peer_dropped)
overflow
released
killed
sending
refusals
remember
moved
ktap_end
