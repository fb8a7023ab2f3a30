#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# Configuration files: setconf, addconf, syncconf and showconf, up, down and reload,
# what is taken back when a step fails, and changes under traffic.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

export FMP_RUN_DIR=$TMP/run
CONF=$TMP/fmp0.conf
NPUBS=(none)

# says TEXT COMMAND...: it fails, and says so
says() {
	local wanted=$1 out
	shift
	out=$("$@" 2>&1) && return 1
	[[ $out == *"$wanted"* ]] || { echo "$out"; return 1; }
}

write_conf() { cat >"$CONF"; }

fmp_in() { in_host "$1" fmp "${@:2}"; }

# snapshot HOST: all that a device could leave behind
snapshot() {
	local n=$1
	ip -n "h$n" -o link show | sed 's/^[0-9]*: //' | sort
	ip -n "h$n" -o addr show | sed 's/^[0-9]*: //' | sort
	for f in -4 -6; do
		ip -n "h$n" "$f" route show table all | grep -v multicast | sort
		ip -n "h$n" "$f" rule show
	done
	find "$FMP_RUN_DIR" -type f ! -name '*.lock' 2>/dev/null
}

routes() { ip -n h1 "$1" route show proto 121 table "${2:-main}" | sed 's/ *$//' | sort | paste -sd ,; }
rules() { ip -n h1 "$1" rule show | grep -c 'proto 121\|protocol 121'; }
addresses() { ip -n h1 -o addr show dev fmp0 | awk '$4 !~ /^fe80/ { print $4 }' | sort | paste -sd ' '; }
mtu() { ip -n h1 -json link show fmp0 | flat '[0].mtu'; }

prepare() {
	local n
	make_network 1 2
	must ip -n h1 link add fmp0 type fmp
	for n in 1 2 3 4; do
		must fmp_in 1 peer add fmp0 "${KEYS[n]}"
		NPUBS[n]=$(fmp_in 1 peer show fmp0 "${KEYS[n]}" | sed -n 's/^peer: //p')
	done
	must ip -n h1 link del fmp0
}

# --- files and the kernel

whole_conf() {
	cat <<-END
		[Interface]
		ListenPort = 2200
		FwMark = 0x10
		SourceCheck = off
		Local = 10.0.1.2
		Underlay = eth0
		Tos = inherit
		Ttl = 7
		Multicast = off
		HandshakeBurst = 50
		HandshakeRate = 5
		TxBatch = off
		RxBatch = off
		SuspendWipe = off

		[Peer]
		PublicKey = ${NPUBS[3]}
		Endpoint = [fd00:3::2]:2121
		AllowedIPs = 10.9.0.3/32
		AllowedIPs = fd09::3/128
		AutoConnect = off
		Heartbeat = off

		[Peer]
		PublicKey = ${NPUBS[4]}
		Heartbeat = 25

		[Peer]
		PublicKey = ${NPUBS[2]}
		Endpoint = peer.example.org:2121
		AllowedIPs = 10.9.0.2/32
	END
}

sorted() { sort <<<"$1"; }

round_trip() {
	local first second
	must ip -n h1 link add fmp0 type fmp
	must ip -n h1 link add fmp1 type fmp
	whole_conf | write_conf
	check "setconf" fmp_in 1 setconf fmp0 "$CONF"
	first=$(fmp_in 1 showconf fmp0)
	check_equal "showconf shows what setconf was told" "$(sorted "$(whole_conf)")" "$(sorted "$first")"
	check "setconf takes what showconf shows, from standard input" \
		fmp_in 1 setconf fmp1 - <<<"$first"
	second=$(fmp_in 1 showconf fmp1)
	check_equal "and the other device is the same then" "$first" "$second"
	check "setconf of nothing" fmp_in 1 setconf fmp1 /dev/null
	check_equal "makes a device as new" "[Interface] ListenPort = 2121" "$(fmp_in 1 showconf fmp1 | xargs)"
	must ip -n h1 link del fmp1
}

nothing_is_applied() {
	local before
	before=$(fmp_in 1 showconf fmp0)
	{ whole_conf; printf '\nHartbeat = 3\n'; } | sed 's/2200/9/' | write_conf
	check "a wrong word is found, with its line and what could be meant" \
		says "$CONF:33: 'Hartbeat': unknown key in [Peer], is Heartbeat meant?" fmp_in 1 setconf fmp0 "$CONF"
	check "so it is by syncconf" says "$CONF:33: " fmp_in 1 syncconf fmp0 "$CONF"
	check "and by addconf" says "$CONF:33: " fmp_in 1 addconf fmp0 "$CONF"
	check "a key that is given twice" says "<stdin>:4: 'ListenPort': given before, in line 2" \
		fmp_in 1 setconf fmp0 - < <(printf '[Interface]\nListenPort = 1\n\nListenPort = 2\n')
	check_equal "none of which changed anything" "$before" "$(fmp_in 1 showconf fmp0)"
}

adding() {
	printf '[Interface]\nTtl = 9\n[Peer]\nPublicKey = %s\nAllowedIPs = 10.9.1.3\n[Peer]\nPublicKey = %s\n' \
		"${KEYS[3]}" "${KEYS[1]}" | write_conf
	check "addconf" fmp_in 1 addconf fmp0 "$CONF"
	check_equal "changes what it names, adds, and leaves the rest" \
		"$(sorted "$({ whole_conf | sed 's/^Ttl = 7/Ttl = 9/'; printf 'AllowedIPs = 10.9.1.3/32\n\n[Peer]\nPublicKey = %s\n' "${NPUBS[1]}"; })")" \
		"$(sorted "$(fmp_in 1 showconf fmp0)")"
	must ip -n h1 link del fmp0
}

# --- syncconf under traffic

# tunnel_conf LOCAL REMOTE
tunnel_conf() {
	cat <<-END
		[Interface]
		Multicast = off
		[Peer]
		PublicKey = ${NPUBS[$2]}
		Endpoint = 10.0.$2.2:2121
		AllowedIPs = 10.9.0.$2, fd09::$2
		AutoConnect = off
		Heartbeat = off
	END
}

another_peer() {
	printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.9.0.%s\nEndpoint = 192.0.2.%s:2121\nAutoConnect = off\n' \
		"${KEYS[$1]}" "$2" "$1"
}

connect_hosts() {
	local n
	for n in 1 2; do
		make_tunnel "$n"
		tunnel_conf "$n" $((3 - n)) >"$TMP/$n.conf"
		must fmp_in "$n" setconf fmp0 "$TMP/$n.conf"
	done
	must add_session 1 2 1 initiator
	must add_session 2 1 1
}

# churn: the other peers come, change and go, while the first is in the file unchanged
churn() {
	local i
	for ((i = 0; i < 20; i++)); do
		{ tunnel_conf 1 2; another_peer 3 3; another_peer 4 4; } | fmp_in 1 syncconf fmp0 - || return
		{ tunnel_conf 1 2; another_peer 3 4; another_peer 4 3; } | fmp_in 1 syncconf fmp0 - || return
		fmp_in 1 syncconf fmp0 "$TMP/1.conf" || return
	done
}

seen_twice() { [ "$(count_events "$@")" -ge 2 ]; }

lost() { awk '/packets transmitted/ { print $1 - $4 }' "$TMP/ping.out"; }

under_traffic() {
	local index
	connect_hosts
	index=$(session 1 current local_index)
	must watch_events 1
	check "syncconf of the same" fmp_in 1 syncconf fmp0 "$TMP/1.conf"
	must fmp_in 1 set fmp0 fwmark off
	must await 10 seen_twice 1 dev-set
	check_equal "changes no peer" "0 0" "$(count_events 1 peer-set) $(count_events 1 peer-del)"

	in_host 1 ping -q -i 0.005 -c 1000 -W 5 10.9.0.2 >"$TMP/ping.out" &
	check "others change 60 times under traffic" churn
	wait $!
	check_equal "no datagram is lost" 0 "$(lost)"
	check_equal "the session stays" "$index" "$(session 1 current local_index)"
	check_equal "with its counters" 1 "$(($(session 1 current send_counter) >= 1000))"
	check "setconf makes the peer anew" fmp_in 1 setconf fmp0 "$TMP/1.conf"
	check_equal "without the session" "" "$(session 1 current local_index)"
	for n in 1 2; do must ip -n "h$n" link del fmp0; done
	end_processes 1
}

# --- up and down

hooks() { paste -sd ' ' "$TMP/hooks" 2>/dev/null; }

# up_conf [LINE...]: for h1, the lines within [Interface]
up_conf() {
	rm -f "$TMP/hooks"
	{
		cat <<-END
			[Interface]
			Address = 10.9.0.1/24, fd09::1/64
			MTU = 1300
			Multicast = off
			PreUp = echo pre-up %i >>$TMP/hooks
			PostUp = echo post-up %i >>$TMP/hooks; ip link show %i >/dev/null
			PreDown = echo pre-down %i >>$TMP/hooks; ip link show %i >/dev/null
			PostDown = echo post-down %i >>$TMP/hooks
		END
		for line; do echo "$line"; done
		cat <<-END
			[Peer]
			PublicKey = ${NPUBS[2]}
			Endpoint = 10.0.2.2:2121
			AllowedIPs = 10.9.0.2, fd09::2, 10.50.2.0/24, fd50:2::/64, 10.8.0.2
			AutoConnect = off
			Heartbeat = off
		END
	} | write_conf
}

remote_end() {
	make_tunnel 2
	must ip -n h2 -batch - <<-END
		addr add 10.50.2.1/32 dev lo
		addr add fd50:2::1/128 dev lo
		addr add 10.60.2.1/32 dev lo
		addr add fd60:2::1/128 dev lo
	END
	add_peer 2 1
}

sessions() {
	add_session 2 1 "$1" && add_session 1 2 "$1" initiator
}

ping_once() { in_host 1 ping -q -c 2 -i 0.1 -W 5 "$@"; }

up_down() {
	local before
	remote_end
	up_conf
	before=$(snapshot 1)
	check "up" fmp_in 1 up "$CONF" --no-agent
	check_equal "hooks" "pre-up fmp0 post-up fmp0" "$(hooks)"
	check_equal "addresses" "10.9.0.1/24 fd09::1/64" "$(addresses)"
	check_equal "MTU" 1300 "$(mtu)"
	check_equal "routes of IPv4" "10.50.2.0/24 via 10.9.0.2 dev fmp0 onlink,10.8.0.2 dev fmp0 scope link" "$(routes -4)"
	check_equal "routes of IPv6, that of the peer's key included" \
		"1 fd50:2::/64 via fd09::2 dev fmp0 metric 1024 onlink pref medium" \
		"$(routes -6 | tr , '\n' | grep -c '^fd.* dev fmp0 metric 1024 pref medium') $(routes -6 | tr , '\n' | grep via)"
	check_equal "no rules" "0 0" "$(rules -4) $(rules -6)"
	check "sessions" sessions 1
	check "traffic to the peer" ping_once 10.9.0.2
	check "to the network behind it" ping_once -I 10.9.0.1 10.50.2.1
	check "of IPv6 too" ping_once -I fd09::1 fd50:2::1
	check "up once more is refused" says "is there already" fmp_in 1 up "$CONF" --no-agent
	check "down" fmp_in 1 down "$CONF"
	check_equal "hooks of down" "pre-up fmp0 post-up fmp0 pre-down fmp0 post-down fmp0" "$(hooks)"
	check_equal "nothing is left" "$before" "$(snapshot 1)"
	check "down once more is refused" says "no such network device" fmp_in 1 down "$CONF"
	must ip -n h1 link add fmp0 type dummy
	check "what is no device of ours is left alone" says "not an fmp device" fmp_in 1 down "$CONF"
	must ip -n h1 link del fmp0
}

own_address() {
	local own
	(umask 077 && fmp genkey >"$TMP/h1.key") || die "no key"
	own=$(fmp pubkey --address <"$TMP/h1.key")
	printf '[Interface]\nPrivateKeyFile = h1.key\n' | write_conf
	check "up without an Address" fmp_in 1 up "$CONF" --no-agent
	check_equal "takes that of the key" "$own/128" "$(addresses)"
	check "down again" fmp_in 1 down "$CONF"
	printf '[Interface]\nPrivateKeyFile = h1.key\n[Peer]\nPublicKey = %s\n' "$(fmp pubkey <"$TMP/h1.key")" | write_conf
	check "a peer that is ourselves" says "$CONF:3: this peer is ourselves" fmp_in 1 up "$CONF" --no-agent
}

default_route() {
	local before
	up_conf
	sed -i 's/^AllowedIPs.*/AllowedIPs = 10.9.0.2, fd09::2, 0.0.0.0\/0, ::\/0/' "$CONF"
	before=$(snapshot 1)
	check "up with default routes" fmp_in 1 up "$CONF" --no-agent
	check_equal "in a table of their own" "default via 10.9.0.2 dev fmp0 onlink" "$(routes -4 2121)"
	check_equal "two rules for each family" "2 2" "$(rules -4) $(rules -6)"
	check "sessions" sessions 2
	check "what has no other route goes to the peer" ping_once -I 10.9.0.1 10.60.2.1
	check "IPv6 too" ping_once -I fd09::1 fd60:2::1
	check_equal "encrypted packets do not" "10.0.2.2 via 10.0.1.1" \
		"$(ip -n h1 route get 10.0.2.2 mark 2121 | grep -o '^10.0.2.2 via 10.0.1.1')"
	check_equal "others do" "10.0.2.2 via 10.9.0.2" \
		"$(ip -n h1 route get 10.0.2.2 | grep -o '^10.0.2.2 via 10.9.0.2')"
	check "syncconf leaves the mark" fmp_in 1 syncconf fmp0 "$CONF"
	check "traffic goes on" ping_once -I 10.9.0.1 10.60.2.1
	check "down" fmp_in 1 down "$CONF"
	check_equal "nothing is left" "$before" "$(snapshot 1)"
}

# --- what is taken back

# undone NAME TEXT HOOKS COMMAND...: up fails with the text, after which all is as before
undone() {
	local name=$1 text=$2 wanted=$3 before
	shift 3
	rm -f "$TMP/hooks"
	before=$(snapshot 1)
	check "$name: up fails" says "$text" "$@"
	check_equal "$name: hooks" "$wanted" "$(hooks)"
	check_equal "$name: nothing is left" "$before" "$(snapshot 1)"
}

undo() {
	local up=(fmp_in 1 up "$CONF" --no-agent)
	up_conf "PreUp = exit 3"
	undone "PreUp" "PreUp, command 2: failed with status 3" "pre-up fmp0 post-down fmp0" "${up[@]}"
	up_conf
	sed -i 's/^MTU.*/MTU = 10/' "$CONF"
	undone "the device" "cannot make the device" "pre-up fmp0 post-down fmp0" "${up[@]}"
	up_conf "Underlay = nothing0"
	undone "its settings" "cannot change the configuration of 'fmp0'" "pre-up fmp0 post-down fmp0" "${up[@]}"

	up_conf
	must in_host 1 sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	undone "addresses" "cannot add the address fd09::1/64" "pre-up fmp0 post-down fmp0" "${up[@]}"
	must in_host 1 sysctl -qw net.ipv6.conf.default.disable_ipv6=0

	must ip -n h1 link add fmp9 type fmp
	must ip -n h1 link set fmp9 up
	undone "going up" "the device does not go up: Address already in use" "pre-up fmp0 post-down fmp0" "${up[@]}"
	must ip -n h1 link del fmp9

	must ip -n h1 route add 10.50.2.0/24 dev lo
	undone "routes" "cannot add the route to 10.50.2.0/24 via 10.9.0.2: File exists" \
		"pre-up fmp0 post-down fmp0" "${up[@]}"
	must ip -n h1 route del 10.50.2.0/24 dev lo

	up_conf "PrivateKeyFile = h1.key"
	sed -i 's/^AllowedIPs.*/AllowedIPs = 10.9.0.2, 0.0.0.0\/0, ::\/0/' "$CONF"
	mkdir "$FMP_RUN_DIR/fmp0.log"
	undone "the agent" "fmp0.log': cannot open: Is a directory" "pre-up fmp0 post-down fmp0" fmp_in 1 up "$CONF"
	rmdir "$FMP_RUN_DIR/fmp0.log"

	up_conf "PostUp = kill \$\$"
	undone "PostUp" "PostUp, command 2: was ended by signal 15" \
		"pre-up fmp0 post-up fmp0 pre-down fmp0 post-down fmp0" "${up[@]}"
}

# --- reload

reload_under_traffic() {
	up_conf
	must fmp_in 1 up "$CONF" --no-agent
	must sessions 3
	check "reload of the same" fmp_in 1 reload "$CONF"
	in_host 1 ping -q -i 0.005 -c 600 -W 5 10.9.0.2 >"$TMP/ping.out" &
	up_conf
	sed -i 's/^MTU.*//; s/^Address.*/Address = 10.9.0.9\/24, 10.9.0.1\/24, fd09::1\/64, fd19::1\/64/
		s/^AllowedIPs.*/AllowedIPs = 10.9.0.2, fd09::2, 10.50.0.0\/16, 10.50.2.0\/25/' "$CONF"
	check "reload with other addresses, routes and MTU" fmp_in 1 reload "$CONF"
	check_equal "addresses" "10.9.0.1/24 10.9.0.9/24 fd09::1/64 fd19::1/64" "$(addresses)"
	check_equal "MTU, which the file has no more" 1412 "$(mtu)"
	check_equal "routes" "10.50.0.0/16 via 10.9.0.2 dev fmp0 onlink,10.50.2.0/25 via 10.9.0.2 dev fmp0 onlink" "$(routes -4)"
	sed -i 's/^AllowedIPs.*/AllowedIPs = 10.9.0.2, 10.9.0.5, 0.0.0.0\/0/; s/^Address.*/Address = 10.9.0.1\/24/' "$CONF"
	check "reload that makes a default route" fmp_in 1 reload "$CONF"
	check_equal "addresses" 10.9.0.1/24 "$(addresses)"
	check_equal "rules and routes" "2 0 default via 10.9.0.2 dev fmp0 onlink" "$(rules -4) $(rules -6) $(routes -4 2121)"
	up_conf
	check "reload of the first file" fmp_in 1 reload "$CONF"
	wait $!
	check_equal "rules are gone" "0 0" "$(rules -4) $(rules -6)"
	check_equal "routes are back" "10.50.2.0/24 via 10.9.0.2 dev fmp0 onlink,10.8.0.2 dev fmp0 scope link" "$(routes -4)"
	check_equal "no datagram was lost" 0 "$(lost)"
	check_equal "hooks were not run" "" "$(hooks)"

	sed -i 's/^Address.*/Address = 10.9.0.9\/24, 10.9.0.1\/24/' "$CONF"
	must fmp_in 1 reload "$CONF"
	sed -i 's/^Address.*/Address = 10.9.0.9\/24, 10.9.0.8\/24/' "$CONF"
	check "reload that removes the first address of its network" fmp_in 1 reload "$CONF"
	check_equal "which takes no other along" "10.9.0.8/24 10.9.0.9/24" "$(addresses)"

	echo 'MUT = 3' >>"$CONF"
	check "reload of a wrong file is refused" says "unknown key" fmp_in 1 reload "$CONF"
	check "down with a wrong file says so" says "unknown key" fmp_in 1 down "$CONF"
	check_fail "and takes the device down" ip -n h1 link show fmp0
	check "reload without the device is refused" says "see 'fmp up'" fmp_in 1 reload <(up_conf; cat "$CONF")
}

# --- the agent

# agent_conf LOCAL REMOTE
agent_conf() {
	cat <<-END
		[Interface]
		PrivateKeyFile = $1.key
		Address = 10.9.0.$1/24
		[Peer]
		PublicKey = $(fmp pubkey <"$TMP/$2.key")
		Endpoint = 10.0.$2.2:2121
		AllowedIPs = 10.9.0.$2
	END
}

# run_up HOST COMMAND [OPTION...]: files of both hosts have the same name
run_up() { FMP_RUN_DIR=$TMP/run$1 fmp_in "$1" "$2" "$TMP/host$1/fmp0.conf" "${@:3}"; }

agent_pid() { cat "$TMP/run$1/fmp0.pid"; }

are_running() { kill -0 "$(agent_pid 1)" "$(agent_pid 2)"; }

agents() {
	local n before
	if ! fmp agent --help >/dev/null 2>&1; then
		ktap_skip "the agent" "there is none"
		return
	fi
	ip -n h2 link del fmp0
	for n in 1 2; do
		mkdir "$TMP/host$n"
		fmp genkey >"$TMP/$n.key"
	done
	for n in 1 2; do
		cp "$TMP/$n.key" "$TMP/host$n/"
		agent_conf "$n" $((3 - n)) >"$TMP/host$n/fmp0.conf"
	done
	before=$(snapshot 1)
	check "up with an agent" run_up 1 up
	check "on the other host too" run_up 2 up
	check "the agents are running" are_running
	check "they make a session" await 20 ping_once 10.9.0.2
	in_host 1 ping -q -i 0.005 -c 400 -W 5 10.9.0.2 >"$TMP/ping.out" &
	for n in 1 2 3 4 5; do
		printf 'AllowedIPs = 10.9.%s.2\n' "$n" >>"$TMP/host1/fmp0.conf"
		check "reload $n under traffic" run_up 1 reload
	done
	wait $!
	check_equal "no datagram is lost" 0 "$(lost)"
	check "down" run_up 1 down
	check_equal "nothing is left" "$before" "$(snapshot 1)"
	check_fail "no process either" pgrep -f 'agent fmp0 private-key .*/host1/'
	check "down on the other host" run_up 2 down
}

ktap_begin
prepare
round_trip
nothing_is_applied
adding
under_traffic
up_down
own_address
default_route
undo
reload_under_traffic
agents
ktap_end
