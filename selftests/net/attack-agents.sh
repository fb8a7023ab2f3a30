#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 7.3
# long
# As "attack", with an agent on each side: whoever is on the path has seen their handshakes
# and joins in. What is told of it is told by the agents' own doing.
# shellcheck disable=SC2317,SC2086 # functions are called by name, variables are numbers

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pypeer.sh"
. "$(dirname "$0")/record.sh"
. "$(dirname "$0")/attack-lib.sh"

REKEYS=3 FLOOD_S=3
[ "$SLOW" = 0 ] || FLOOD_S=6

ALL=$TMP/all
ELSEWHERE=10.0.3.2
AGENTS=(0 0 0)

# begin_agent HOST
begin_agent() {
	local h=$1 other=$((3 - $1))
	echo "${SECRETS[h]}" >"$TMP/identity.$h"
	(run_in "$h" fmp agent fmp0 private-key "$TMP/identity.$h" >"$TMP/agent.$h" 2>&1) &
	AGENTS[h]=$!
	disown
	must await 30 serves "$h"
	must in_host "$h" fmp peer add fmp0 "${KEYS[other]}" endpoint "10.0.$other.2:2121" heartbeat off \
		address "10.9.0.$other" address "fd09::$other"
}

serves() { [ "$(in_host "$1" fmp --json show fmp0 | flat '[0].agent')" = true ]; }

# alike: both are on one session, and nothing pends
alike() {
	local one two
	one=$(in_host 1 fmp --json session show fmp0 | flat '[slot=current].local_index' '[slot=current].remote_index' | xargs)
	two=$(in_host 2 fmp --json session show fmp0 | flat '[slot=current].remote_index' '[slot=current].local_index' | xargs)
	[ -n "$one" ] && [ "$one" = "$two" ] &&
		[ "$(in_host 1 fmp --json session show fmp0 | flat '[].slot' | grep -c pending)" = 0 ] &&
		[ "$(in_host 2 fmp --json session show fmp0 | flat '[].slot' | grep -c pending)" = 0 ]
}

current() { session 1 current local_index; }

# is_not INDEX: another session is current by now, on both sides. Who answered sends by the
# new one once a frame of it has come in.
is_not() {
	in_host 1 ping -q -c 1 -W 1 10.9.0.2
	in_host 2 ping -q -c 1 -W 1 10.9.0.1
	[ "$(current)" != "$1" ] && alike
}

# rekey HOST: until it is through
rekey() {
	local before
	before=$(current)
	must in_host "$1" fmp rekey fmp0 "${KEYS[3 - $1]}"
	await 60 is_not "$before"
}

# Where answers go to replays from elsewhere.
make_sink() {
	must ip -n router -batch - <<-END
		link add sink type dummy
		link set sink up
		route add $ELSEWHERE dev sink
		neigh add $ELSEWHERE lladdr 02:00:00:00:00:03 dev sink
	END
}

sunk() { ip netns exec router cat /sys/class/net/sink/statistics/tx_packets; }

prepare() {
	local h n
	make_network 1 2
	make_sink
	for h in 1 2; do
		make_tunnel "$h"
		must watch_events "$h"
	done
	begin_recording "$ALL"
	begin_agent 2
	begin_agent 1
	must await 30 in_host 1 ping -q -c 1 -W 1 10.9.0.2
	must await 30 in_host 2 ping -q -c 1 -W 1 fd09::1
	must await 30 alike
	receivers
	for ((n = 1; n <= REKEYS; n++)); do must rekey $((1 + n % 2)); done
	end_recording "$ALL"
	echo "# $(grep recorded "$ALL.log"), with handshakes"
	at_rest
}

# What drains is gone, and so changes no more.
at_rest() {
	must await 60 settled
	told >/dev/null
}

# On slow kernels the sessions would come of age meanwhile.
fresh() {
	[ "$SLOW" = 0 ] && return
	must rekey 1
	at_rest
}

settled() { alike && drained; }

# memory_of HOST: of the agent, in KiB
memory_of() { awk '$1 == "VmRSS:" { print $2 }' "/proc/${AGENTS[$1]}/status"; }

# files_of HOST: that its agent has open
files_of() {
	local files=("/proc/${AGENTS[$1]}/fd"/*)
	echo "${#files[@]}"
}

# --- attacks

replays() {
	local order
	for order in forward backward shuffled; do
		sends send "$ALL" phase=1 order=$order
		sends send "$ALL" phase=2 order=$order times=3
	done
	sends send "$ALL" phase=1 from=$ELSEWHERE times=3
	sends send "$ALL" phase=2 from=$ELSEWHERE
	sends send "$ALL" phase=1 reflect=1
	sends send "$ALL" phase=2 reflect=1
}

forgeries() {
	sends send "$ALL" phase=1 flip=8.0
	sends send "$ALL" phase=1 noise=41 times=3
	sends send "$ALL" phase=1 noise=73 from=$ELSEWHERE times=5
	sends send "$ALL" phase=1 flip=-1.0 from=$ELSEWHERE
	sends send "$ALL" phase=2 flip=-1.0
	sends send "$ALL" phase=2 noise=12
	sends send "$NEW" make=1 from=$ELSEWHERE last=20
	sends send "$NEW" make=2 to=10.0.1.2 index="$(current)" last=20
}

# calm NAME COMMAND...: handshakes that came to nothing
calm() {
	local name=$1 before sunk
	fresh
	before="$(files_of 1) $(files_of 2)"
	sunk=$(sunk)
	under "$@"
	sunk=$(($(sunk) - sunk))
	echo "# $sunk answers went elsewhere"
	check_equal "$name" "lost 0 twice 0 missed 0 disposed $((SENT - sunk)) $WAITS told 0" "$VERDICT"
	check_equal "$name: the agents hold no more than before" "$before" \
		"$(files_of 1) $(files_of 2)"
}

# Whoever sees a msg1 answers it first, sends one like it, and old ones besides.
join_in() {
	local pids=() n before
	for n in "phase=1 make=2 reflect=1 times=3" "phase=1 noise=41" "phase=2 noise=12 times=2" "phase=2 flip=-1.0"; do
		# shellcheck disable=SC2086 # words
		run_in_router attack live r1,r2 $n seconds=40 >"$TMP/live.${#pids[@]}" 2>&1 &
		pids+=("$!")
		disown
	done
	nap 0.3
	for n in 1 2; do
		before=$(current)
		must in_host "$n" fmp rekey fmp0 "${KEYS[3 - n]}"
		sends send "$ALL" phase=1 last=3
		sends send "$ALL" phase=2 order=backward
		await 60 is_not "$before" && ok=$((ok + 1))
	done
	kill "${pids[@]}"
	for n in "${!pids[@]}"; do must await 10 test -s "$TMP/live.$n"; done
	cat "$TMP"/live.* | sed 's/^/# live: /'
}

rekeys() {
	local ok=0
	under "rekeys that somebody joins in" join_in
	check_equal "both come about" 2 "$ok"
	check_equal "and nothing is lost" "lost 0 twice 0 missed 0" "lost $LOST twice $DOUBLE missed $(missed)"
	check_equal "nobody has moved" "10.0.2.2:2121 10.0.1.2:2121" \
		"$(in_host 1 fmp --json peer show fmp0 | flat '[0].endpoint') $(in_host 2 fmp --json peer show fmp0 | flat '[0].endpoint')"
}

# From where the peer is, whose few handshakes it uses up; and with a rekey that is asked for.
flood_of_first() {
	sends send "$ALL" phase=1 noise=41 seconds=$FLOOD_S
}

# Asks the agents for a new session, which they make, once in 30 s.
flood_of_bad() {
	sends send "$NEW" phase=0 noise=16 ahead=1000000 batch=32 seconds=$FLOOD_S
}

# flood NAME COMMAND...
flood() {
	local name=$1
	under "$@"
	check "$name: the flow goes on" test $((LOST * 2)) -lt "$FLOWED"
	check_equal "$name: nothing came twice" 0 "$DOUBLE"
	check "$name: both are on one session" await 20 alike
	check_equal "$name: nobody has moved" "10.0.2.2:2121 10.0.1.2:2121" \
		"$(in_host 1 fmp --json peer show fmp0 | flat '[0].endpoint') $(in_host 2 fmp --json peer show fmp0 | flat '[0].endpoint')"
	check_equal "$name: no session went" 0 "$(grep -c '"event":"peer-down"' "$TMP/told")"
}

after() {
	local h
	check "a rekey after all that" rekey 1
	for h in 1 2; do
		check "the agent of host $h is there" test -e "/proc/${AGENTS[h]}"
		echo "# agent of host $h: $(memory_of $h) KiB, $(files_of $h) files; its log has $(wc -l <"$TMP/agent.$h") lines"
	done
}

ktap_begin
prepare
calm "handshakes again, in any order, from anywhere" replays
calm "handshakes that nobody made" forgeries
rekeys
flood "a flood of first messages" flood_of_first
flood "a flood to the live session" flood_of_bad
after
ktap_end
