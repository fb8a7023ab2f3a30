#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# Handshake messages on their way to the agent and from it, what limits them, indices
# that are reserved, heartbeats and silence, and what the agent goes by.
#
# Host 1 has the device whose agent hsctl is. Host 2 is a peer of it, and has a device
# that no agent serves. Hosts 3 and 4 send what they like.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/ask.sh"

MSG1_HEAD=01006e00
MSG2_HEAD=02004100

# zeroes BYTES
zeroes() { printf '%0*d' $(($1 * 2)) 0; }

# le32 NUMBER: as it is on the wire
le32() {
	printf '%02x%02x%02x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

MSG1=$MSG1_HEAD$(le32 0x11223344)$(printf 'e1%.0s' {1..106})

# msg2 INDEX: one that answers to the index
msg2() { echo "$MSG2_HEAD$(le32 0x55667788)$(le32 "$1")$(printf 'e2%.0s' {1..57})"; }

# throw HOST WORD...: datagrams to host 1, a line for each word, from port 2121
throw() {
	local host=$1
	shift
	printf '%s\n' "$@" | in_host "$host" frame -C 0 -p 2121 10.0.1.2 2121 >/dev/null ||
		die "cannot send frames"
}

declare -A OLD

remember() {
	local name value
	while read -r name value; do OLD[${name%:}]=$value; done < <(in_host 1 ethtool -S fmp0)
}

# grew: what of the counters of handshakes and of drops has grown, and by how much
grew() {
	local name value all
	all=$(in_host 1 ethtool -S fmp0)
	GREW=''
	while read -r name value; do
		name=${name%:}
		[[ $name == rx_handshake || $name == tx_handshake || $name == rx_drop_* ]] || continue
		[ "$value" = "${OLD[$name]-0}" ] || GREW+="$name=$((value - ${OLD[$name]-0})) "
	done <<<"$all"
}

have_grown() {
	local word
	grew
	for word; do [[ " $GREW" == *" $word "* ]] || return 1; done
	[ "$(wc -w <<<"$GREW")" = $# ]
}

# counted NAME NAME=N...
counted() {
	local name=$1 GREW
	shift
	await 10 have_grown "$@"
	check_equal "$name" "$* " "$GREW"
	remember
}

# shown PATH: a value of host 1's peer 2
shown() { in_host 1 fmp --json show fmp0 | flat "[0].peers[public_key_hex=${KEYS[2]}].$1"; }

# device PATH
device() { in_host 1 fmp --json show fmp0 | flat "[0].$1"; }

prepare() {
	local h
	make_network 1 2 3 4
	for h in 1 2; do
		in_host "$h" sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
		make_tunnel "$h"
	done
	add_peer 1 2
	add_peer 2 1
	I=$(ip -n h1 -o link show fmp0)
	I=${I%%:*}
	for h in 2 3 4; do must await 10 in_host "$h" ping -q -c 1 -W 1 10.0.1.2; done
	serve agent 1 hsctl
	serve other 1 hsctl
	remember
}

without_agent() {
	throw 3 "raw=$MSG1" "raw=$(msg2 7)"
	counted "nobody is bound" rx_drop_msg1_no_agent=1 rx_drop_msg2_no_agent=1
	check_equal "which is shown" false "$(device agent)"
	EPOCH=$(device epoch)
	check "the device has an epoch" test ${#EPOCH} = 16
}

delivery() {
	local from4="10.0.3.2:2121 10.0.1.2" from6="[fd00:3::2]:2121 fd00:1::2"
	answers "an agent binds" OK agent bind "$I"
	check_equal "which is shown" true "$(device agent)"
	answers "another is refused" REFUSED other bind "$I"
	throw 3 "raw=$MSG1"
	answers "a first message, with where it came from and to" "$I $MSG1 $from4" agent take 1
	printf 'raw=%s\n' "$MSG1" | in_host 3 frame -C 0 -p 2121 fd00:1::2 2121 >/dev/null
	answers "over IPv6" "$I $MSG1 $from6" agent take 1
	counted "and no drop" rx_handshake=2
}

# A frame from the endpoint of peer 2: its device sends it, as an agent lets it.
known_source() {
	local J
	J=$(ip -n h2 -o link show fmp0)
	J=${J%%:*}
	serve peer 2 hsctl
	answers "a message is sent from the socket of the device" OK peer send "$J" "$MSG1" 10.0.1.2:2121
	answers "which is the endpoint of a peer" "$I $MSG1 10.0.2.2:2121 10.0.1.2 known" agent take 1
	answers "over IPv6, by an address of ours" OK peer send "$J" "$MSG1" "[fd00:1::2]:2121" fd00:2::2
	answers "which is no endpoint" "$I $MSG1 [fd00:2::2]:2121 fd00:1::2" agent take 1
	counted "each is counted" rx_handshake=2
	check_equal "and where it was sent" 2 "$(counter 2 tx_handshake)"
}

malformed() {
	local long
	long=${MSG1}00
	throw 3 "raw=${MSG1:0:226}" "raw=$long" "raw=01016e00${MSG1:8}" "raw=01006d00${MSG1:8}" \
		"raw=02014100$(zeroes 65)" "raw=02004100$(zeroes 64)"
	counted "malformed ones are dropped as ever" rx_drop_payload_len=1 rx_drop_msg1_malformed=3 \
		rx_drop_msg2_malformed=2
	answers "and the agent is not woken" "0 0" agent count
}

second_messages() {
	local SAID index other
	ask agent reserve "$I" "${KEYS[2]}"
	index=$SAID
	must add_session 1 2
	throw 3 "raw=$(msg2 "$index")"
	answers "a second message to a reserved index" "$I $(msg2 "$index") 10.0.3.2:2121 10.0.1.2" agent take 1
	counted "is passed on" rx_handshake=1
	other=$((index ^ 1))
	throw 3 "raw=$(msg2 "$other")" "raw=$(msg2 "$(index_of 1 2)")"
	counted "to an unknown one, and to that of a session, it is not" rx_drop_msg2_unknown=2
	printf 'plain=0000000051 index=%s\n' "$index" |
		in_host 3 frame -C 0 -p 2121 -k "$(key_file 2 1)" -i "$index" 10.0.1.2 2121 >/dev/null
	counted "an established frame for it" rx_drop_reserved_index=1
	answers "it is given back" OK agent release "$I" "$index"
	answers "once" ENOENT agent release "$I" "$index"
	throw 3 "raw=$(msg2 "$index")"
	counted "then a second message has nobody waiting" rx_drop_msg2_unknown=1
	answers "and its number is in quarantine" EEXIST agent session "$I" "${KEYS[2]}" "$index" 9 \
		"$(printf 'a1%.0s' {1..32})" "$(printf 'a2%.0s' {1..32})"
	must in_host 1 fmp session del fmp0 local-index "$(index_of 1 2)"
	# As many as there may be in a second; the reservation is a fresh one.
	ask agent reserve "$I" "${KEYS[2]}"
	throw 3 "raw=$(msg2 "$SAID") times=3000"
	await 10 all_judged 3000
	if [ "$SLOW" = 0 ]; then
		check "many more than 1000 at once do not get through" test "$PASSED" -le 2500 -a "$LIMITED" -gt 0
	else
		ktap_skip "many more than 1000 at once do not get through" "a slow kernel does not receive as many in a second"
	fi
	answers "given back as well" OK agent release "$I" "$SAID"
	ask agent take 0
	remember
}

# all_judged N: N messages were either passed on, lost on the agent's side, or limited
all_judged() {
	local GREW
	grew
	PASSED=0 LIMITED=0
	[[ " $GREW" =~ \ rx_handshake=([0-9]+) ]] && PASSED=${BASH_REMATCH[1]}
	[[ " $GREW" =~ rx_drop_agent_backlog=([0-9]+) ]] && PASSED=$((PASSED + BASH_REMATCH[1]))
	[[ " $GREW" =~ rx_drop_msg[12]_limit=([0-9]+) ]] && LIMITED=${BASH_REMATCH[1]}
	[ $((PASSED + LIMITED)) = "$1" ]
}

reservations() {
	local SAID i indices=() keys
	keys="$(printf 'b1%.0s' {1..32}) $(printf 'b2%.0s' {1..32})"
	for i in 1 2 3 4; do
		ask agent reserve "$I" "${KEYS[2]}"
		indices+=("$SAID")
	done
	answers "a peer has at most four" ENOSPC agent reserve "$I" "${KEYS[2]}"
	check "each is another" test "$(printf '%s\n' "${indices[@]}" | sort -u | wc -l)" = 4
	answers "for no peer there are none" ENOENT agent reserve "$I" "${KEYS[4]}"
	must in_host 1 fmp peer add fmp0 "${KEYS[3]}" heartbeat off
	# shellcheck disable=SC2086 # two words
	answers "another peer cannot take one over" EEXIST agent session "$I" "${KEYS[3]}" "${indices[0]}" 7 $keys
	# shellcheck disable=SC2086
	answers "a session takes one over" "${indices[0]}" agent session "$I" "${KEYS[2]}" "${indices[0]}" 7 $keys \
		initiator "$(zeroes 7)aa"
	answers "which is reserved no more" ENOENT agent release "$I" "${indices[0]}"
	ask agent reserve "$I" "${KEYS[2]}"
	check "so there is room for another" test "${SAID:0:2}" = 0x
	check_equal "the epoch is the session's" "$(zeroes 7)aa" "$(shown sessions[0].epoch)"
	check_equal "and the peer's" "$(zeroes 7)aa" "$(shown epoch)"
	check "the handshake is young" test "$(shown handshake_ms)" -lt 60000
	must in_host 1 fmp session del fmp0 local-index "${indices[0]}"

	answers "the agent closes its socket" OK agent close
	answers "another can be that now" OK other bind "$I"
	throw 3 "raw=$(msg2 "${indices[1]}")"
	counted "what was reserved has ended" rx_drop_msg2_unknown=1
	answers "and is in quarantine" EEXIST other session "$I" "${KEYS[2]}" "${indices[1]}" 7 \
		"$(printf 'b3%.0s' {1..32})" "$(printf 'b4%.0s' {1..32})"
	ask other reserve "$I" "${KEYS[2]}"
	check "there is room at once" test "${SAID:0:2}" = 0x
	answers "unbinding ends it, too" OK other unbind "$I"
	answers "so that it cannot be given back" ENOENT other release "$I" "$SAID"
	answers "the first agent is back" OK agent bind "$I"
	check_equal "the epoch is what it was" "$EPOCH" "$(device epoch)"

	ask agent reserve "$I" "${KEYS[3]}"
	i=$SAID
	must in_host 1 fmp peer del fmp0 "${KEYS[3]}"
	answers "it ends with its peer" ENOENT agent release "$I" "$i"
	kill -9 "${SERVER[other]}"
	serve other 1 hsctl
	remember
}

limits() {
	local SAID n J
	must in_host 1 fmp set fmp0 handshake-burst 20 handshake-rate 1
	check_equal "the limits are shown" "20 1" "$(device handshake_burst) $(device handshake_rate)"
	# It held more before: empty it.
	throw 3 "raw=$MSG1 times=200"
	await 10 all_judged 200
	remember
	nap 4
	throw 4 "raw=$MSG1 times=100"
	await 10 all_judged 100
	check "what comes back in 4 s is let through, wherever it comes from" test "$PASSED" -ge 4 -a "$PASSED" -le 6
	remember
	nap 22
	throw 3 "raw=$MSG1 times=100"
	await 10 all_judged 100
	check "and no more than the burst, ever" test "$PASSED" -ge 20 -a "$PASSED" -le 21
	remember
	ask agent take 0

	J=$(ip -n h2 -o link show fmp0)
	J=${J%%:*}
	throw 3 "raw=$MSG1 times=1000"
	await 10 all_judged 1000
	remember
	for n in {1..8}; do ask peer send "$J" "$MSG1" 10.0.1.2:2121; done
	await 10 all_judged 8
	check "a flood of strangers takes nothing from a peer, which has six" test "$PASSED" -ge 6 -a "$PASSED" -le 7
	ask agent take 0
	check "and they are the peer's" test "$(tr , '\n' <<<"$SAID" | grep -c known)" = "$PASSED"
	remember
	nap 4
	for n in {1..8}; do ask peer send "$J" "$MSG1" 10.0.1.2:2121; done
	await 10 all_judged 8
	check "one more comes back in two seconds" test "$PASSED" -ge 2 -a "$PASSED" -le 3
	must in_host 1 fmp set fmp0 handshake-burst 10000 handshake-rate 10000
	ask agent take 0
	remember
}

backlog() {
	local SAID
	ask agent rcvbuf 4000
	throw 3 "raw=$MSG1 times=300"
	await 10 all_judged 300
	grew
	check "what the agent is too slow for is dropped and counted" grep -q rx_drop_agent_backlog <<<"$GREW"
	ask agent count
	check_equal "and it is told so" 1 "${SAID#* }"
	ask agent rcvbuf 1000000
	ask agent take 0
	remember
}

sending() {
	local SAID
	answers "too short" EINVAL agent send "$I" "${MSG1:0:226}" 10.0.2.2:2121
	answers "too long" EINVAL agent send "$I" "${MSG1}00" 10.0.2.2:2121
	answers "with flags" EINVAL agent send "$I" "01016e00${MSG1:8}" 10.0.2.2:2121
	answers "an established frame" EINVAL agent send "$I" "00000000$(zeroes 28)" 10.0.2.2:2121
	answers "a second message" OK agent send "$I" "$(msg2 1)" 10.0.2.2:2121
	answers "to a multicast address" EINVAL agent send "$I" "$MSG1" 224.0.0.1:2121
	answers "by an address of the other family" EINVAL agent send "$I" "$MSG1" 10.0.2.2:2121 fd00:1::2
	answers "to the host itself, which may be a peer as well" OK agent send "$I" "$MSG1" 10.0.1.2:2121
	must ip -n h1 route add unreachable 10.0.9.0/24
	answers "where no route leads" EHOSTUNREACH agent send "$I" "$MSG1" 10.0.9.2:2121
	must ip -n h1 route del unreachable 10.0.9.0/24
	answers "into the tunnel itself" ELOOP agent send "$I" "$MSG1" 10.9.0.7:2121
	must ip -n h1 link set fmp0 down
	answers "while the device is down" ENETDOWN agent send "$I" "$MSG1" 10.0.2.2:2121
	must ip -n h1 link set fmp0 up
	must await 10 in_host 1 ping -q -c 1 -W 1 10.0.2.2
	check_equal "what was sent arrived" 1 "$(counter 2 rx_drop_msg2_no_agent)"
	ask agent take 0
	remember
}

reports() {
	local event pid
	(run_in 1 timeout 60 fmp monitor fmp0 >"$TMP/events") &
	pid=$!
	must await 10 monitoring
	for event in 0 1 2 "3 0" "3 1" "3 2" "3 3" "3 4" 2; do
		# shellcheck disable=SC2086 # two words
		ask agent report "$I" "${KEYS[2]}" $event
		[ "$SAID" = OK ] || ktap_fail "report $event: $SAID"
	done
	await 10 grep -q "failed cause kernel" "$TMP/events"
	check_equal "handshakes are counted" "1 1 2 1 1 1 1 1" "$(for event in started answered completed \
		failed_timeout failed_refused failed_crypto failed_identity failed_kernel; do
		shown "counters.handshake_$event"
	done | xargs)"
	check_equal "and told" "started answered completed timeout refused crypto identity kernel completed" \
		"$(sed -n 's/^fmp0 handshake peer npub[^ ]* //p' "$TMP/events" | sed 's/.* //' | xargs)"
	answers "of no peer" ENOENT agent report "$I" "${KEYS[4]}" 0
	answers "an event that there is none of" ERANGE agent report "$I" "${KEYS[2]}" 4
	answers "a cause that there is none of" ERANGE agent report "$I" "${KEYS[2]}" 3 5
	kill "$pid"
}

monitoring() {
	in_host 1 fmp set fmp0 source-check on
	grep -q dev-set "$TMP/events"
}

# What a request must not be.
refusals() {
	local p="public-key=hex:${KEYS[2]}" i="ifindex=u32:$I" frame="frame=hex:$MSG1" line
	local to="endpoint-ipv4=ip:10.0.2.2 endpoint-port=be16:2121"
	in_host 1 nlraw requests >"$TMP/results" <<-END || ktap_fail "requests"
		reserve nothing | index-reserve $i | EINVAL miss=public-key text=public-key is missing
		reserve for half a key | index-reserve $i public-key=zero:31 | ERANGE attr=public-key
		reserve with an index | index-reserve $i $p local-index=u32:1 | EINVAL attr=local-index
		release nothing | index-release $i | EINVAL miss=local-index text=local-index is missing
		release what is free | index-release $i local-index=u32:1 | ENOENT attr=local-index text=not reserved
		send nothing | handshake-send $i $to | EINVAL miss=frame text=frame is missing
		send an empty frame | handshake-send $i $to frame | EINVAL attr=frame text=Not a handshake message
		send nowhere | handshake-send $i $frame | EINVAL text=endpoint-ipv4 or endpoint-ipv6 is missing
		send to no port | handshake-send $i $frame endpoint-ipv4=ip:10.0.2.2 | EINVAL miss=endpoint-port text=endpoint-port is missing
		send to port 0 | handshake-send $i $frame endpoint-ipv4=ip:10.0.2.2 endpoint-port=be16:0 | ERANGE attr=endpoint-port
		send to both | handshake-send $i $frame $to endpoint-ipv6=ip:fd00::1 | EINVAL text=exclude each other
		send to a scope | handshake-send $i $frame $to endpoint-scope-id=u32:1 | EINVAL text=endpoint-scope-id is for
		send as known | handshake-send $i $frame $to known | EINVAL attr=known
		report nothing | handshake-report $i $p | EINVAL miss=event text=event is missing
		report a failure without a cause | handshake-report $i $p event=u8:3 | EINVAL text=A failure has a cause
		report a success with a cause | handshake-report $i $p event=u8:2 cause=u8:0 | EINVAL text=A failure has a cause
		a candidate that is ours | session-new $i $p remote-index=u32:1 send-key=zero:32 receive-key=hex:$(printf 'c1%.0s' {1..32}) initiator candidate | EINVAL text=A candidate
		half an epoch | session-new $i $p remote-index=u32:1 send-key=zero:32 receive-key=hex:$(printf 'c1%.0s' {1..32}) epoch=zero:7 | ERANGE attr=epoch
		burst 0 | dev-set $i handshake-burst=u32:0 | ERANGE attr=handshake-burst
		rate 0 | dev-set $i handshake-rate=u32:0 | ERANGE attr=handshake-rate
		no such mode | dev-set $i mmp-mode=u8:3 | ERANGE attr=mmp-mode
		ecn 2 | dev-set $i ecn=u8:2 | ERANGE attr=ecn
		more than all is lost | dev-set $i congestion-loss=u16:1001 | ERANGE attr=congestion-loss
		more than an ETX can be | dev-set $i congestion-etx=u16:10001 | ERANGE attr=congestion-etx
		no such mode of a peer | peer-set $i $p mmp-mode=u8:4 | ERANGE attr=mmp-mode
		a state | peer-set $i $p state=u8:1 | EINVAL attr=state
		metrics | peer-set $i $p metrics=zero:0 | EINVAL attr=metrics
		an epoch of ours | dev-set $i epoch=zero:8 | EINVAL attr=epoch
		an agent | dev-set $i agent=u8:1 | EINVAL attr=agent
		auto-connect 2 | peer-set $i $p auto-connect=u8:2 | ERANGE attr=auto-connect
		a heartbeat of one byte | peer-set $i $p heartbeat=u8:1 | EINVAL attr=heartbeat
		a name of 262 characters | peer-set $i $p endpoint-name=hex:$(printf '61%.0s' {1..262})00 | EINVAL attr=endpoint-name
		a name of two lines | peer-set $i $p endpoint-name=hex:613a310a6200 | EINVAL attr=endpoint-name text=characters that no name has
		a name that paints | peer-set $i $p endpoint-name=hex:1b5b33316d00 | EINVAL attr=endpoint-name text=characters that no name has
		a name in Latin-1 | peer-set $i $p endpoint-name=hex:e4613a3100 | EINVAL attr=endpoint-name text=characters that no name has
		a name without an end | peer-set $i $p endpoint-name=hex:6162 | EINVAL attr=endpoint-name
		dynamic afterwards | peer-set $i $p dynamic | EINVAL attr=dynamic
		an epoch of the peer's | peer-set $i $p epoch=zero:8 | EINVAL attr=epoch
	END
	while read -r line; do
		case $line in
		"ok "*) ktap_pass "${line#ok }" ;;
		"not ok "*) ktap_fail "${line#not ok }" ;;
		*) echo "# ${line#\# }" ;;
		esac
	done <"$TMP/results"
}

attributes() {
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint b.example:2121 auto-connect on heartbeat 77
	check_equal "a peer's attributes are what they were set to" "b.example:2121 true 77 false 10.0.2.2:2121" \
		"$(shown endpoint_name) $(shown auto_connect) $(shown heartbeat) $(shown dynamic) $(shown endpoint)"
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" address 10.9.0.2
	check_equal "what is left out stays" "b.example:2121 true 77" \
		"$(shown endpoint_name) $(shown auto_connect) $(shown heartbeat)"
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint 10.0.2.2:2121 auto-connect off heartbeat off
	check_equal "an address makes it forget the name" "" "$(shown endpoint_name)"
	check_equal "the others are off" "false 0" "$(shown auto_connect) $(shown heartbeat)"
	in_host 1 nlraw requests <<-END >/dev/null
		made by the agent | peer-new ifindex=u32:$I public-key=hex:${KEYS[4]} dynamic endpoint-name=hex:$(printf '61%.0s' {1..261})00 | OK
	END
	check_equal "a dynamic peer, with the longest name" "true 261 10" "$(in_host 1 fmp --json peer show fmp0 "${KEYS[4]}" |
		flat "[0].dynamic") $(in_host 1 fmp --json peer show fmp0 "${KEYS[4]}" | flat "[0].endpoint_name" | tr -d '\n' |
		wc -c) $(in_host 1 fmp --json peer show fmp0 "${KEYS[4]}" | flat "[0].heartbeat")"
	must in_host 1 fmp peer del fmp0 "${KEYS[4]}"
	in_host 1 nlraw requests <<<"link | link-change $I handshake-burst=u32:33 handshake-rate=u32:44 | OK" >/dev/null
	check_equal "the limits are settings of a link, too" "33 44" "$(device handshake_burst) $(device handshake_rate)"
}

# beats HOST: heartbeats that it has sent
beats() { counter "$1" tx_heartbeat; }

heartbeats() {
	local before
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" heartbeat 1
	must add_session 2 1 11
	before=$(beats 1)
	must add_session 1 2 11 initiator
	check "a session that we initiated is proven at once" await 2 more_beats "$before" 1
	check "and the peer hears it" await 2 heard 2
	before=$(beats 1)
	nap 5
	check_between "then one each interval" 4 6 $(($(beats 1) - before))
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" heartbeat 600
	before=$(beats 1)
	must add_session 2 1 12
	must add_session 1 2 12 initiator
	check "at a cutover by time, at once" await 3 more_beats "$before" 1
	check_equal "which brings the peer over" current "$(await 5 slot_is 2 12 current && echo current)"
	nap 2
	check_equal "and no more of them" 1 $(($(beats 1) - before))
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" heartbeat off
	before=$(beats 1)
	nap 2
	check_equal "none without an interval" 0 $(($(beats 1) - before))
	check_equal "a responder that has none sends none" 0 "$(beats 2)"
	check "the next rekey is known" test "$(shown sessions[0].rekey_ms)" -gt 100000 -a "$(shown sessions[0].rekey_ms)" -le 155000
}

# check_between NAME MIN MAX GOT
check_between() { check "$1: $4" test "$4" -ge "$2" -a "$4" -le "$3"; }

more_beats() { [ $(($(beats 1) - $1)) -ge "$2" ]; }

heard() { [ "$(counter "$1" rx_heartbeat)" -ge 1 ]; }

# slot_is HOST GENERATION SLOT: the session of that generation with the other of 1 and 2
slot_is() {
	in_host "$1" fmp session show fmp0 | grep -q "$3, local index $(printf '0x%08x' "$(index_of "$1" $((3 - $1)) "$2")")"
}

silence() {
	local began pid
	(run_in 1 timeout 120 fmp monitor fmp0 >"$TMP/silence") &
	pid=$!
	nap 1
	began=$SECONDS
	# Host 2 says nothing of its own accord.
	must in_host 1 ping -q -c 1 -W 5 10.9.0.2 >/dev/null
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" heartbeat 2
	nap 25
	check_equal "not before its time" 0 "$(grep -c "reason silence" "$TMP/silence")"
	check "silence is told" await 15 grep -q "reason silence" "$TMP/silence"
	check "after 30 s" test $((SECONDS - began)) -ge 29
	nap 4
	check_between "and again after 1, 2, 4 s" 2 4 "$(grep -c "reason silence" "$TMP/silence")"
	must in_host 1 ping -q -c 1 -W 5 10.9.0.2 >/dev/null
	began=$(grep -c "reason silence" "$TMP/silence")
	nap 5
	check_equal "until something is heard" "$began" "$(grep -c "reason silence" "$TMP/silence")"
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" heartbeat off
	kill "$pid"
}

# A candidate lives 30 s, what else is pending 60 s, and a reservation 90 s: these of
# peer 3 do so while other things are seen to.
live() {
	local SAID index key=("$(printf 'd1%.0s' {1..32})" "$(printf 'd2%.0s' {1..32})")
	must in_host 1 fmp peer add fmp0 "${KEYS[3]}" heartbeat off
	must add_session 1 3
	BORN=$SECONDS
	ask agent reserve "$I" "${KEYS[3]}"
	RESERVED=$SAID
	ask agent session "$I" "${KEYS[3]}" - 77 "${key[@]}" candidate "$(zeroes 7)bb"
	index=$SAID
	check_equal "a candidate is pending" "pending true $(zeroes 7)bb" "$(in_host 1 fmp --json session show fmp0 \
		local-index "$index" | flat "[0].slot" "[0].candidate" "[0].epoch" | xargs)"
	(
		while session_there "$index" >/dev/null 2>&1; do nap 0.5; done
		echo $((SECONDS - BORN)) >"$TMP/candidate"
	) &
}

die_of_age() {
	check "a candidate did not wait for long" test -s "$TMP/candidate"
	check_between "but for 30 s" 29 34 "$(<"$TMP/candidate")"
	nap $((87 - (SECONDS - BORN)))
	throw 3 "raw=$(msg2 "$RESERVED")"
	counted "a reservation lasts" rx_handshake=1
	nap $((92 - (SECONDS - BORN)))
	throw 3 "raw=$(msg2 "$RESERVED")"
	counted "for 90 s" rx_drop_msg2_unknown=1
	answers "and cannot be given back then" ENOENT agent release "$I" "$RESERVED"
}

session_there() { in_host 1 fmp session show fmp0 local-index "$1"; }

removal() {
	local SAID
	ask agent reserve "$I" "${KEYS[2]}"
	must ip -n h1 link del fmp0
	answers "with the device all is gone" ENODEV agent reserve "$I" "${KEYS[2]}"
}

ktap_begin
prepare
without_agent
delivery
known_source
malformed
second_messages
reservations
limits
backlog
sending
reports
refusals
attributes
live
heartbeats
silence
die_of_age
removal
ktap_end
