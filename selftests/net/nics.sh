#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 7.3
# shellcheck disable=SC2034,SC2317 # functions are called by name, as sizes are
# needs: nics virtio-net-pci
# needs: nics vmxnet3
# Large packets over network cards: two of each model are in the guest, joined by a wire.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/batch-lib.sh"

# cards DRIVER: the interfaces of those cards, which are in pairs
cards() {
	local d
	for d in /sys/class/net/*; do
		[[ $(readlink "$d/device/driver") != */"$1" ]] || echo "${d##*/}"
	done
}

# wire CARD CARD
wire() {
	ip link set "$1" netns h1 name eth0 && ip link set "$2" netns h2 name eth0
}

# can_do FEATURE: whether the card does it
can_do() { in_host 1 ethtool -k eth0 | grep -q "^$1: on"; }

# unwire NAME: back to where they came from, which a namespace that goes sees to later
unwire() {
	local n
	for n in 1 2; do
		must ip -n "h$n" link del fmp0
		must ip -n "h$n" link set eth0 down
		must ip -n "h$n" link set eth0 netns "$ROOT_PID" name "$1$n"
	done
	begin_anew
}

# over DRIVER NAME [FEATURE...]: the card does these and no other of those that matter
over() {
	local driver=$1 name=$2 found feature does n
	shift 2
	modprobe -qa virtio_pci "$driver"
	mapfile -t found < <(cards "$driver")
	if [ "${#found[@]}" -lt 2 ]; then
		ktap_skip "$name" "the kernel has no driver for it"
		return
	fi
	join_hosts wire "${found[@]:0:2}"
	must await 10 carrier
	does=$(for feature in tx-checksumming tcp-segmentation-offload tx-udp-segmentation; do
		! can_do "$feature" || echo "$feature"
	done | xargs)
	check_equal "$name: what the card does" "$*" "$does"
	join_tunnels 4
	SIZES=MANY
	core "$name" on any
	SIZES=FEW
	set_batches off off
	core "$name, without batches" off off
	set_batches on on
	in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint "$(endpoint_of 2 6)"
	in_host 2 fmp peer set fmp0 "${KEYS[1]}" endpoint "$(endpoint_of 1 6)"
	# A card that puts TCP together by itself leaves the kernel nothing to do.
	for n in 1 2; do must feature "$n" eth0 lro off rx-udp-gro-forwarding on; done
	core "$name, all UDP gathered, IPv6 outside" on on
	unwire "$driver"
}

carrier() { [ "$(in_host 1 ethtool eth0 | grep -c 'Link detected: yes')" = 1 ]; }

ROOT_PID=$$
ktap_begin
over virtio_net "a card without checksums"
over vmxnet3 "a card with checksums and TCP" tx-checksumming tcp-segmentation-offload
modprobe -qr vmxnet3
modprobe -qr virtio_net
ktap_end
