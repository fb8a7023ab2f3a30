#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 7.3
# long
# shellcheck disable=SC2317 # functions are called by name
# Hours of churn. Host 1 has the peers 2, 3 and 4. To 3 and 4, and to host 1's agent, happens
# whatever happens to machines and networks, one thing after the other at random, and each
# time traffic has to go on. Nothing happens to host 2 but rekeys: of its numbered datagrams
# and those towards it none may be lost in all that time. In the end memory, references and
# what agents hold are as they were after a first part.
#
# SOAK_SECONDS and SOAK_SEED, in the environment or on the kernel's command line: how long,
# and what to repeat.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pair.sh"
. "$(dirname "$0")/play.sh"

LENGTH=120 SEED=$RANDOM COUNT=0
set_from LENGTH SOAK_SECONDS
set_from SEED SOAK_SEED
# Beside what is done, both flows are to be noise.
EVERY_US=20000
[ "$SLOW" = 0 ] || EVERY_US=200000
# KiB that the noise of caches and of what waits to be freed may take in the end. A session
# takes one KiB, and thousands come and go in an hour.
ROOM=2048
SAMPLES=20

printf -v 'SECRETS[3]' '01%.0s' {1..32}
printf -v 'SECRETS[4]' '04%.0s' {1..32}

declare -A AT=([3]=2 [4]=2) TIMES=() FAILS=() TROUBLE=()

# --- hosts

address_of() { echo "10.0.$1.${AT[$1]:-2}:2121"; }

# add_peer_of LOCAL REMOTE
add_peer_of() {
	in_host "$1" fmp peer add fmp0 "${KEYS[$2]}" endpoint "$(address_of "$2")" heartbeat 5 \
		address "10.9.0.$2" address "fd09::$2"
}

prepare() {
	local n
	make_network 1 2 3 4
	for n in 1 2 3 4; do
		make_tunnel "$n"
		echo "${SECRETS[$n]}" >"$TMP/identity.$n"
		must agent_on "$n"
		# Else the second address goes with the first.
		must in_host "$n" sysctl -qw net.ipv4.conf.all.promote_secondaries=1
	done
	for n in 2 3 4; do
		must add_peer_of 1 "$n"
		must add_peer_of "$n" 1
		must await 40 pinged 1 "$n"
	done
	for n in 1 2; do must watch_events "$n"; done
}

# --- what happens, to host $1 where it is to one

rekey_steady() { in_host $((1 + RANDOM % 2)) fmp rekey fmp0; }

rekey_there() { in_host "$1" fmp rekey fmp0; }

agent_killed() {
	kill -9 "${AGENT[$1]}"
	# One that comes at once finds the device bound.
	await 10 agent_gone "$1" && agent_on "$1"
}

agent_of_1_killed() { agent_killed 1; }

agent_restarted() {
	kill "${AGENT[$1]}"
	await 20 agent_gone "$1" && agent_on "$1"
}

agent_gone() { ! agent_bound "$1"; }

address_changes() {
	local n=$1 old=${AT[$1]} new
	new=$((5 - old))
	AT[$n]=$new
	ip -n "h$n" -batch - <<-END
		addr add 10.0.$n.$new/24 dev eth0
		route replace default via 10.0.$n.1 src 10.0.$n.$new
		addr del 10.0.$n.$old/24 dev eth0
		route replace default via 10.0.$n.1
	END
}

TROUBLES=("loss 10%" "delay 20ms reorder 50%" "duplicate 10%" "corrupt 1%" "delay 5ms 3ms" "")

# Until it is another's turn.
network_changes() {
	local trouble=${TROUBLES[RANDOM % ${#TROUBLES[@]}]}
	TROUBLE[$1]=$trouble
	if [ -z "$trouble" ]; then
		tc -n router qdisc replace dev "r$1" root pfifo
		return
	fi
	# shellcheck disable=SC2086 # words
	tc -n router qdisc replace dev "r$1" root netem limit 10000 $trouble
}

device_down_and_up() { ip -n "h$1" link set fmp0 down && ip -n "h$1" link set fmp0 up; }

underlay_down_and_up() {
	ip -n "h$1" link set eth0 down && ip -n "h$1" link set eth0 up &&
		ip -n "h$1" route replace default via "10.0.$1.1"
}

# With all it has, under the agent.
device_made_anew() {
	kill "${AGENT[$1]}"
	ip -n "h$1" link del fmp0 || return
	make_tunnel "$1"
	agent_on "$1" && add_peer_of "$1" 1
}

peer_made_anew() { in_host 1 fmp peer del fmp0 "${KEYS[$1]}" && add_peer_of 1 "$1"; }

host_made_anew() {
	ip netns pids "h$1" | xargs -r kill -9
	ip netns del "h$1" || return
	await 10 no_link "r$1" || return
	AT[$1]=2 TROUBLE[$1]=
	make_host "$1"
	quiet_host "$1"
	in_host "$1" sysctl -qw net.ipv4.conf.all.promote_secondaries=1
	make_tunnel "$1"
	agent_on "$1" && add_peer_of "$1" 1
}

no_link() { [ -z "$(ip -n router -o link show "$1" 2>/dev/null)" ]; }

# Somewhere else, with a session of the one and a device of the other that is up.
many_peers() {
	local SESSION
	ip netns add aside && ip -n aside link add fmp0 type fmp && ip -n aside link set lo up &&
		ip -n aside link set fmp0 up || return
	ip netns exec aside fmp syncconf fmp0 "$TMP/many" || return
	set_session 1 2
	ip netns exec aside fmp peer add fmp0 "${KEYS[2]}" endpoint 127.0.0.1:9 address 10.9.0.2 &&
		ip netns exec aside fmp session add "${SESSION[@]}" initiator >/dev/null || return
	ip netns exec aside ping -n -q -c 3 -i 0.002 -W 0.1 -I fmp0 10.9.0.2 >/dev/null 2>&1
	[ $((RANDOM % 2)) = 0 ] || ip -n aside link del fmp0 || return
	ip netns del aside
}

make_many() {
	local i
	echo "[Interface]"
	for ((i = 0; i < 50; i++)); do
		printf '\n[Peer]\nPublicKey = %s\nAllowedIPs = 10.77.0.%d/32\n' "$(fmp genkey | fmp pubkey)" "$i"
	done
}

load_for_a_while() {
	timeout 30 nsenter "--net=/run/netns/h$1" iperf3 -s -1 >/dev/null 2>&1 &
	disown
	await 10 listening "$1" 5201 || return
	timeout 25 nsenter --net=/run/netns/h1 iperf3 -c "10.9.0.$1" -b 20M -t 2 -P 2 --bidir >/dev/null 2>&1
	# Whatever became of it: there may be a network that loses.
	return 0
}

flood() { timeout 20 nsenter "--net=/run/netns/h$1" ping -q -f -c 500 -s 1200 "10.9.0.1" >/dev/null 2>&1; return 0; }

# Those that happen to a host are given it.
HAPPENINGS=(rekey_steady rekey_there agent_killed agent_of_1_killed agent_restarted address_changes
	network_changes network_changes device_down_and_up underlay_down_and_up device_made_anew
	peer_made_anew host_made_anew many_peers load_for_a_while flood)

# --- what is left

# sample: of memory in KiB, and what agents that live on hold
sample() {
	local all
	all=$(memory)
	printf '%s %s %s %s %s %s\n' "$SECONDS" "$COUNT" "$all" "$(resident 2)" "$(files_of 2)" \
		"$(awk '/^fmp_(session|peer|msg|rx)[a-z_]* / { printf "%s%s=%s", s, $1, $2; s = "," }' /proc/slabinfo)"
}

resident() { awk '$1 == "VmRSS:" { print $2 }' "/proc/${AGENT[$1]}/status"; }

files_of() {
	local files=("/proc/${AGENT[$1]}/fd"/*)
	echo "${#files[@]}"
}

# One after the other, and after each both ways again. A handshake may have to wait for its
# turn, and be lost.
churn() {
	local what h next=0
	while [ "$SECONDS" -lt "$END" ]; do
		if [ "$SECONDS" -ge "$next" ]; then
			sample >>"$TMP/samples"
			next=$((SECONDS + LENGTH / SAMPLES))
		fi
		what=${HAPPENINGS[RANDOM % ${#HAPPENINGS[@]}]}
		h=$((3 + RANDOM % 2))
		COUNT=$((COUNT + 1))
		TIMES[$what]=$((${TIMES[$what]:-0} + 1))
		if ! "$what" "$h" >"$TMP/happened" 2>&1 || ! await 120 pinged "$h" 1 || ! await 120 pinged 1 "$h"; then
			FAILS[$what]=$((${FAILS[$what]:-0} + 1))
			echo "# $COUNT, after $SECONDS s: $what, host $h (${TROUBLE[$h]:-}): $(tail -n 3 "$TMP/happened" | xargs -0)"
			in_host 1 fmp show fmp0 | sed 's/^/# 1: /'
			in_host "$h" fmp show fmp0 | sed "s/^/# $h: /"
		fi
	done
	sample >>"$TMP/samples"
}

# flat COLUMN ROOM: the least of the second quarter is what the least of the last is, but for
# that
flat_within() {
	awk -v "c=$1" -v "room=$2" '
		{ v[NR] = $c }
		function least(from, to,  i, m) { m = v[from]; for (i = from; i <= to; i++) if (v[i] < m) m = v[i]; return m }
		END {
			was = least(int(NR / 4) + 1, int(NR / 2)); is = least(int(NR * 3 / 4) + 1, NR)
			print was, "then", is
			exit is > was + room
		}' "$TMP/samples"
}

report() {
	local what
	echo "# SOAK_SEED=$SEED: $COUNT happenings in $LENGTH s"
	for what in "${!TIMES[@]}"; do echo "# ${TIMES[$what]} $what"; done | sort
	echo "# seconds, happenings, KiB of the kernel, KiB and files of agent 2, objects:"
	sed 's/^/# /' "$TMP/samples"
	echo "# sessions taken into use in host 1: $(count_events 1 session-cutover), in host 2: $(count_events 2 session-cutover)"
}

ktap_begin
# What ends it early says so in what it did last.
trap 'report; tail -n 5 "$TMP/happened" | sed "s/^/# /"; cleanup' EXIT
prepare
make_many >"$TMP/many"
RANDOM=$SEED
END=$((SECONDS + LENGTH))
streams
churn
trap cleanup EXIT
all_came "host 2, to which nothing happens"
report
check_equal "traffic goes on after each" "" "${!FAILS[*]}"
check_equal "host 2 never lost its session" 0 "$(count_events 2 peer-down)"
check "and had others" test "$(count_events 2 session-cutover)" -gt 0
check "the kernel holds no more than before" flat_within 3 "$ROOM"
check "nor does an agent that lives on, in KiB" flat_within 4 1024
check "nor in files" flat_within 5 2
for n in 1 2 3 4; do check "device $n goes" ip -n "h$n" link del fmp0; done
check "nothing holds the module" await 30 unused
check "which can be removed" rmmod fmp
must modprobe fmp
check_leaks
ktap_end
