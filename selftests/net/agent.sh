# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # variables are for who sources this
# Sourced after lib.sh, flow.sh and pypeer.sh: who is where when there is a real agent.
#
# Host 1 has the device and its agent, with the identity of KEYS[2]. Host 2 has the peer
# "it", with that of KEYS[1], whose NodeAddr is smaller, or KEYS[3], whose is larger. Host
# 3 is where attackers are.

SMALLER=1 LARGER=3

# make_stage: hosts 1 to 3, the device, and the identity of KEYS[2] in a file
make_stage() {
	local h
	make_router
	for h in 1 2 3; do make_host "$h"; done
	quiet_host 1
	make_tunnel 1
	echo "${SECRETS[2]}" >"$TMP/identity"
}

# spawn_agent: in the background; AGENT is its process
spawn_agent() {
	(run_in 1 fmp agent fmp0 private-key "$TMP/identity" allow "$TMP/allow" deny "$TMP/deny" \
		>>"$TMP/agent.log" 2>&1) &
	AGENT=$!
	disown
}

# agent_on: until it serves the device
agent_on() {
	spawn_agent
	await 30 agent_bound && return
	echo "no agent: $(tail -n 3 "$TMP/agent.log")"
	return 1
}

agent_bound() { [ "$(in_host 1 fmp --json show fmp0 | flat '[0].agent')" = true ]; }

# run_parts PART...: those that PARTS names, by default all
run_parts() {
	local part
	for part; do
		[ -z "${PARTS:-}" ] || [[ ",$PARTS," == *",$part,"* ]] || continue
		echo "# $part"
		# shellcheck disable=SC2086 # a function and its words
		$part
	done
}

# begin KIND WHO [OPTION=VALUE]...: a peer that both ends know, not yet dialled, and whose
# curve and cipher are those of a library if FAST is not empty
begin() {
	KIND=$1 WHO=$2
	pypeer it 2 ${FAST:+--fast} "node it secret ${SECRETS[$2]} kind $1 ${*:3}" "link ${KEYS[2]} endpoint 10.0.1.2:2121"
	know "$WHO"
}

# know KEY [WORD]...: the peer is configured here
know() {
	must in_host 1 fmp peer add fmp0 "${KEYS[$1]}" endpoint 10.0.2.2:2121 heartbeat 10 \
		address 10.9.0.2 address fd09::2 "${@:2}"
}

end() {
	end_pypeer it
	in_host 1 fmp peer del fmp0 "${KEYS[$WHO]}"
}

# agrees: both ends are on the same session
agrees() {
	local before ours theirs
	before=$(lines it state | wc -l)
	tell it show
	await 20 times_said $((before + 1)) it state || return 1
	ours="$(session 1 current local_index) $(session 1 current remote_index)"
	theirs="$(field it state .sessions.current.remote) $(field it state .sessions.current.local)"
	echo "here $ours, there $theirs"
	[ "$ours" = "$theirs" ] && [ "$ours" != " " ]
}

# dials we|they: a first contact, by traffic or by hand
dials() {
	case $1 in
	they) tell it dial ;;
	we) (in_host 1 ping -q -c 3 -W 5 10.9.0.2 >/dev/null 2>&1 &) ;;
	esac
}

# connected NAME: within the time that one resent msg1 takes
connected() {
	check "$1" hear it up
	check "$1: both are on one session" await 10 agrees
}

# connect_by we|they
connect_by() {
	mark it
	dials "$1"
	must hear it up
	must await 10 agrees
}

# rekeys_by we|they
rekeys_by() {
	case $1 in
	they) tell it rekey ;;
	we) must in_host 1 fmp rekey fmp0 "${KEYS[$WHO]}" ;;
	esac
}

# rekeyed N: both ends have cut over as often since the mark
rekeyed() { await 60 times_said "$1" it cutover && await 20 agrees; }

endpoint_is() { [ "$(in_host 1 fmp --json peer show fmp0 | flat "[0].endpoint")" = "$1" ]; }
