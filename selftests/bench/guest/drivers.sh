# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # used where this is sourced
# Sourced: a tunnel of each driver between the hosts a and b.  up_NAME makes it and sets
# device, addresses and UDP port; down_NAME takes it away.

declare -A DEV FROM TO PORT

# As long as every tunnel can carry over 1500 bytes of IPv4.
MTU=1420

# describe DRIVER DEVICE NETWORK PORT
describe() {
	DEV[$1]=$2 FROM[$1]=$3.1 TO[$1]=$3.2 PORT[$1]=$4
}

# set_up DRIVER: addresses, MTU, and a packet to see that it works
set_up() {
	local dev=${DEV[$1]}
	must ip -n a addr add "${FROM[$1]}/24" dev "$dev"
	must ip -n b addr add "${TO[$1]}/24" dev "$dev"
	must ip -n a link set "$dev" mtu "$MTU" up
	must ip -n b link set "$dev" mtu "$MTU" up
	"finish_$1" "$1"
	await a ping -q -c 1 -W 1 "${TO[$1]}"
}

tear_down() {
	must ip -n a link del "${DEV[$1]}"
	must ip -n b link del "${DEV[$1]}"
}

# --- bare veth

up_veth() { describe veth eth0 10.0.0 0; }
down_veth() { :; }

# --- WireGuard

wireguard_host() {
	local host=$1 dev=$2 port=$3 far_key=$4 far=$5 far_inner=$6
	must in_host "$host" wg set "$dev" listen-port "$port" private-key "/tmp/$dev.$host" \
		peer "$far_key" allowed-ips "$far_inner/32" endpoint "$far:$port"
}

up_wireguard() {
	local key_a key_b
	describe wireguard wg0 10.1.0 5000
	wg genkey >/tmp/wg0.a
	wg genkey >/tmp/wg0.b
	key_a=$(wg pubkey </tmp/wg0.a)
	key_b=$(wg pubkey </tmp/wg0.b)
	must ip -n a link add wg0 type wireguard
	must ip -n b link add wg0 type wireguard
	wireguard_host a wg0 5000 "$key_b" 10.0.0.2 10.1.0.2
	wireguard_host b wg0 5000 "$key_a" 10.0.0.1 10.1.0.1
	set_up wireguard
}

finish_wireguard() { :; }
down_wireguard() { tear_down wireguard; }

# --- ovpn

up_ovpn() {
	describe ovpn ovpn0 10.2.0 6000
	# Nothing loads it by the name of the type.
	must modprobe ovpn
	must ip -n a link add ovpn0 type ovpn
	must ip -n b link add ovpn0 type ovpn
	set_up ovpn
}

finish_ovpn() {
	local key_ab key_ba
	key_ab=$(random_key)
	key_ba=$(random_key)
	must a bench-ovpn ovpn0 10.0.0.2 6000 1 2 "$key_ab" "$key_ba"
	must b bench-ovpn ovpn0 10.0.0.1 6000 2 1 "$key_ba" "$key_ab"
}

down_ovpn() { tear_down ovpn; }

# --- fmp, and the same once more, to see by how much two of the same differ

FMP_KEY_A=84bf7562262bbd6940085748f3be6afa52ae317155181ece31b66351ccffa4b0
FMP_KEY_B=5b5ddab24397e310e24d0a54ba85eaf4fe7d1866555156c7ac4558e674838a0e

random_key() { od -An -v -tx1 -N 32 /dev/urandom | tr -d ' \n'; }

# fmp_tunnel DRIVER DEVICE NETWORK PORT
fmp_tunnel() {
	local host
	describe "$@"
	for host in a b; do
		must ip -n "$host" link add "$2" type fmp
		must in_host "$host" fmp set "$2" port "$4" multicast off
	done
	set_up "$1"
}

# fmp_host HOST DEVICE KEY ENDPOINT ADDRESS INDEX REMOTE-INDEX SEND-KEY RECEIVE-KEY [initiator]
fmp_host() {
	local host=$1 dev=$2 key=$3
	must in_host "$host" fmp peer add "$dev" "$key" endpoint "$4" heartbeat off address "$5"
	must in_host "$host" fmp session add "$dev" peer "$key" local-index "$6" remote-index "$7" \
		send-key "$8" receive-key "$9" "${@:10}" >/dev/null
}

finish_fmp() {
	local dev=${DEV[$1]} from=${FROM[$1]} to=${TO[$1]} port=${PORT[$1]}
	random_key >"/tmp/$dev.ab"
	random_key >"/tmp/$dev.ba"
	fmp_host a "$dev" "$FMP_KEY_B" "10.0.0.2:$port" "$to" 1 2 "/tmp/$dev.ab" "/tmp/$dev.ba" initiator
	fmp_host b "$dev" "$FMP_KEY_A" "10.0.0.1:$port" "$from" 2 1 "/tmp/$dev.ba" "/tmp/$dev.ab"
}

up_fmp() { fmp_tunnel fmp fmp0 10.9.0 2121; }
down_fmp() { tear_down fmp; }

up_fmp-again() { fmp_tunnel fmp-again fmp1 10.10.0 2122; }
finish_fmp-again() { finish_fmp "$@"; }
down_fmp-again() { tear_down fmp-again; }
