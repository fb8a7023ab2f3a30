#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# The agent as a service: what it tells its manager, what it may do, who may serve a device,
# and what it does when events were lost. Hosts 1 and 2 have an agent each, with the
# identities of KEYS.

. "$(dirname "$0")/lib.sh"

SECRETS=(
	none
	0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20
	b102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fb0
)
CAP_NET_ADMIN=0000000000001000 NO_CAPS=0000000000000000

# Of peers with a session on another device: two events each are more than a socket holds.
FILL=8000

declare -A AGENTS

# spawn HOST [VARIABLE=VALUE]...: an agent, with these in its environment
spawn() {
	local n=$1
	shift
	(run_in "$n" env "$@" fmp agent fmp0 private-key "$TMP/identity.$n" allow "$TMP/none" \
		deny "$TMP/none" >>"$TMP/log.$n" 2>&1) &
	AGENTS[$n]=$!
	disown
}

bound() { [ "$(in_host "$1" fmp --json show fmp0 | flat '[0].agent')" = true ]; }

agent_on() {
	spawn "$@"
	await 30 bound "$1"
}

ended() { [ ! -e "/proc/${AGENTS[$1]}" ]; }

logged() { grep -q "$2" "$TMP/log.$1"; }

pinged() { in_host 1 ping -q -c 2 -i 0.2 -W 5 10.9.0.2; }

know() {
	must in_host "$1" fmp peer add fmp0 "${KEYS[$2]}" endpoint "$(endpoint_of "$2")" \
		address "10.9.0.$2" address "fd09::$2" "${@:3}"
}

prepare() {
	local n
	make_router
	for n in 1 2; do
		make_host "$n"
		quiet_host "$n"
		make_tunnel "$n"
		echo "${SECRETS[$n]}" >"$TMP/identity.$n"
	done
	know 1 2
	know 2 1
	must agent_on 2
}

# --- the manager

# A datagram each, written one after the other.
manager_on() {
	rm -f "$TMP/notify"
	: >"$TMP/notified"
	socat -u "UNIX-RECV:$TMP/notify" - >"$TMP/notified" 2>&1 &
	MANAGER=$!
	disown
	await 10 test -S "$TMP/notify"
}

notified() { grep -qF "$1" "$TMP/notified"; }

# times_notified N WHAT
times_notified() { [ "$(grep -oF "$2" "$TMP/notified" | wc -l)" -ge "$1" ]; }

notifies() {
	must manager_on
	spawn 1 "NOTIFY_SOCKET=$TMP/notify" WATCHDOG_USEC=1000000
	check "the manager is told when it is ready" await 30 notified READY=1
	check "which it is" bound 1
	check "it gives signs of life" await 20 times_notified 3 WATCHDOG=1
	check_fail "nothing else was said" notified RELOADING=1
	kill -HUP "${AGENTS[1]}"
	check "it reloads" await 20 notified RELOADING=1
	check "since when, is told with it" notified MONOTONIC_USEC=
	check "and is ready again" await 20 times_notified 2 READY=1
	check_fail "it goes on" notified STOPPING=1
	kill -TERM "${AGENTS[1]}"
	check "it stops" await 20 notified STOPPING=1
	check "and ends" await 20 ended 1
	kill "$MANAGER"
}

# --- privileges

status_of() { sed -n "s/^$2:\t *//p" "/proc/$1/status"; }

capabilities() {
	local kind
	for kind in Inh Prm Eff Bnd Amb; do printf '%s ' "$(status_of "$1" "Cap$kind")"; done
}

# With all that the agent has, and no right to look at others.
AS_EQUAL=(setpriv --inh-caps=-all "--bounding-set=-all,+net_admin")

gives_up() {
	local pid ordinary
	must agent_on 1
	pid=${AGENTS[1]}
	check "it serves" await 20 logged 1 serves
	check_equal "it may administer networks, and nothing else" \
		"$NO_CAPS $CAP_NET_ADMIN $CAP_NET_ADMIN $NO_CAPS $NO_CAPS " "$(capabilities "$pid")"
	check_equal "it leaves no core" "0 0" \
		"$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$pid/limits")"
	check "its secrets are in locked memory" test "$(status_of "$pid" VmLck | tr -dc 0-9)" -gt 0
	"${AS_EQUAL[@]}" sleep 1000 &
	ordinary=$!
	disown
	check "who has the same rights looks into a process that is dumpable" \
		await 10 "${AS_EQUAL[@]}" head -c 1 "/proc/$ordinary/environ"
	check_fail "but not into the agent" "${AS_EQUAL[@]}" head -c 1 "/proc/$pid/environ"
	kill "$ordinary"
	check "it makes sessions" await 20 pinged
	echo "${SECRETS[1]}" >"$TMP/identity.1"
	kill -HUP "$pid"
	must in_host 1 fmp rekey fmp0
	check "it reads its files again, and goes on" await 20 pinged
	check_equal "with the rights that are left" "$CAP_NET_ADMIN" "$(status_of "$pid" CapEff)"
}

# --- one agent for a device

refuses() {
	local out
	out=$(in_host 1 fmp agent fmp0 private-key "$TMP/identity.1" 2>&1)
	check_equal "a second agent gives up" 2 $?
	check_equal "and says why" "fmp: 'fmp0': another agent serves the device" "$out"
	check_fail "the first one goes on" ended 1
	check "and serves" bound 1
	check "sessions are as they were" pinged
}

# --- lost events

loses() {
	local i
	must in_host 1 fmp peer del fmp0 "${KEYS[2]}"
	must ip -n h1 link add fmp1 type fmp
	must in_host 1 fmp set fmp1 port 2222
	i=$(ip -n h1 -o link show fmp1)
	: >"$TMP/log.1"
	kill -STOP "${AGENTS[1]}"
	must in_host 1 nlraw fill "${i%%:*}" "$FILL"
	know 1 2 auto-connect on
	kill -CONT "${AGENTS[1]}"
	check "the agent notices that events were lost" await 60 logged 1 "events were lost"
	check "what it was not told of it finds" await 60 logged 1 "handshake completed"
	check "and serves" await 20 pinged
	must ip -n h1 link del fmp1
}

# --- the end

# A root shell that is not in a container has them all.
downs() {
	local pid
	kill -TERM "${AGENTS[1]}"
	must await 20 ended 1
	must ip -n h1 link del fmp0
	export FMP_RUN_DIR=$TMP/run
	cat >"$TMP/fmp0.conf" <<-END
		[Interface]
		PrivateKeyFile = $TMP/identity.1
		Address = 10.9.0.1/24

		[Peer]
		PublicKey = ${KEYS[2]}
		Endpoint = $(endpoint_of 2)
		AllowedIPs = 10.9.0.2
	END
	check "up starts an agent" in_host 1 fmp up "$TMP/fmp0.conf"
	pid=$(<"$TMP/run/fmp0.pid")
	check "that has given up its rights" await 20 test "$(status_of "$pid" CapEff)" = "$CAP_NET_ADMIN"
	check "and makes a session" await 20 pinged
	: >"$TMP/log.2"
	check "down ends it, though it cannot be looked into" in_host 1 fmp down "$TMP/fmp0.conf"
	check "it is gone" test ! -e "/proc/$pid"
	check "having said goodbye" await 10 logged 2 "is down"
}

ktap_begin
prepare
notifies
gives_up
refuses
loses
downs
ktap_end
