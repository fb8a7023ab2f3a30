#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 6.12
# shellcheck disable=SC2034,SC2317 # functions are called by name, as sizes are
# Large packets over interfaces that can do less, or put packets together.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/batch-lib.sh"

# without NAME FEATURE...: interfaces that can do less
without() {
	local name=$1 n f
	shift
	for n in 1 2; do
		for f; do must feature "$n" eth0 "$f" off; done
	done
	core "interface without $name" any any
	for n in 1 2; do
		for f; do must feature "$n" eth0 "$f" on; done
	done
}

interfaces() {
	local n
	join_hosts veth_pair
	join_tunnels 4
	SIZES=MANY
	without "segmentation of UDP" tx-udp-segmentation
	SIZES=FEW
	without "segmentation of TCP" tso
	without "checksums" tx
	without "scattered packets" sg
	without "any large packets" gso tso tx-udp-segmentation
	# Which makes it poll, as hardware is.
	for n in 1 2; do must feature "$n" eth0 gro on; done
	core "interface that gathers" on on
	without "segmentation of UDP, that gathers" tx-udp-segmentation
	for n in 1 2; do must feature "$n" eth0 rx-udp-gro-forwarding on; done
	without "segmentation of UDP, that gathers all UDP" tx-udp-segmentation
	for n in 1 2; do must feature "$n" fmp0 gso off tso off tx-udp-segmentation off; done
	core "tunnel without large packets" off any
	for n in 1 2; do must feature "$n" fmp0 gso on tso on tx-udp-segmentation on gro off; done
	core "tunnel that does not gather" on any
}

ktap_begin
interfaces
ktap_end
