# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced: what is measured of a driver by packets that the module makes.

# As many as it takes for a sample to repeat within some thousandths.
COUNT=1000
WARM=256

# many DRIVER NAME WORD...: bursts, with up to 64 packets under way
many() { measure "$1" "$2" window=64 warm="$WARM" count="$COUNT" "${@:3}"; }

# single DRIVER NAME WORD...: one packet after the other
single() { measure "$1" "$2" window=1 warm=64 count=$((COUNT / 2)) "${@:3}"; }

measure_through() { many "$1" "through-$2" size="$2"; }
measure_single() { single "$1" "single-$2" size="$2"; }
measure_burst() { many "$1" "burst-$2" size="$2" burst=64; }
measure_gso() { many "$1" "gso-$2" size="$2" gso=16; }
measure_gro() { many "$1" "gro-$2" size="$2" gso=16 gro=1; }
measure_echo() { single "$1" "echo-$2" mode=echo size="$2"; }

# What is not sealed has no half that seals.
measure_send() {
	[ "$1" = veth ] || many "$1" "send-$2" mode=send size="$2"
}

measure_receive() {
	[ "$1" = veth ] || many "$1" "receive-$2" mode=receive size="$2"
}
