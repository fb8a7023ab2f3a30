# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # FROM and TO are those of drivers.sh
# Sourced after drivers.sh: many peers, which have a session each.

# --- fmp: a device at each end

start_fmp() {
	describe fmp fmp0 - 2121
	FROM[fmp]=10.32.0.0 TO[fmp]=10.64.0.0
	local host
	for host in a b; do
		must ip -n "$host" link add fmp0 type fmp
		must in_host "$host" fmp set fmp0 multicast off
		must ip -n "$host" link set fmp0 mtu "$MTU" up
		must ip -n "$host" route add 10.32.0.0/11 dev fmp0
	done
	must ip -n a route add 10.64.0.0/11 dev fmp0
	must ip -n b route add 10.64.0.0/11 dev fmp0
}

# add_fmp HOST FIRST COUNT [HEARTBEAT]: prints how long it took
add_fmp() {
	case $1 in
	a) a bench-peers new fmp0 "$2" "$3" 0 10.0.0.2 2121 "${4:-0}" ;;
	b) b bench-peers new fmp0 "$2" "$3" 1 10.0.0.1 2121 "${4:-0}" ;;
	esac
}

del_fmp() { b bench-peers del fmp0 "$1" "$2"; }

# address FIRST N: the Nth after it, of less than 256
address() { echo "${1%.*}.$((${1##*.} + $2))"; }

# --- WireGuard: a has one device, b one for each peer, for a device is who its key says

start_wireguard_live() {
	describe wireguard wg0 - 5000
	FROM[wireguard]=10.96.0.0 TO[wireguard]=10.128.0.0
	wg genkey >/tmp/wg.a
	must ip -n a link add wg0 type wireguard
	must a wg set wg0 listen-port 5000 private-key /tmp/wg.a
	must ip -n a link set wg0 mtu "$MTU" up
	must ip -n a route add 10.128.0.0/11 dev wg0
}

# add_wireguard_peer NUMBER
add_wireguard_peer() {
	local from to key_a
	from=$(address "${FROM[wireguard]}" "$1") to=$(address "${TO[wireguard]}" "$1")
	key_a=$(wg pubkey </tmp/wg.a)
	wg genkey >/tmp/wg.b
	must ip -n b link add "wg$1" type wireguard
	must b wg set "wg$1" listen-port $((5000 + $1)) private-key /tmp/wg.b \
		peer "$key_a" allowed-ips 10.96.0.0/11 endpoint 10.0.0.1:5000
	must ip -n b addr add "$to/32" dev "wg$1"
	must ip -n b link set "wg$1" mtu "$MTU" up
	must ip -n b route add "$from/32" dev "wg$1"
	must a wg set wg0 peer "$(wg pubkey </tmp/wg.b)" allowed-ips "$to/32" endpoint "10.0.0.2:$((5000 + $1))"
	must ip -n a addr add "$from/32" dev wg0
	# They have a session from then on.
	await a ping -q -c 1 -W 1 -I "$from" "$to"
}

# add_wireguard_live FIRST COUNT
add_wireguard_live() {
	local i
	for ((i = $1; i < $1 + $2; i++)); do add_wireguard_peer "$i"; done
}
