#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 7.3
# shellcheck disable=SC2317 # functions are called by name
# Frames that a recipe makes, under keys that the device knows and others, over an underlay that
# has them received on the spot. The kernel must not complain, and a peer in whose name all
# is forged must not notice.
#
# FUZZ_SECONDS and FUZZ_SEED, in the environment or on the kernel's command line, are for
# longer runs and for one that went wrong.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/play.sh"

LENGTH=20 SEED=$RANDOM$RANDOM
set_from LENGTH FUZZ_SECONDS
set_from SEED FUZZ_SEED

# make_device NUMBER: fmpN above uN
make_device() {
	local n=$1
	must ip -n h1 tuntap add dev "u$n" mode tun vnet_hdr
	must ip -n h1 link add "fmp$n" type fmp
	must in_host 1 fmp set "fmp$n" port $((2121 + n))
	must ip -n h1 -batch - <<-END
		addr add 10.1.$n.1/24 dev u$n
		addr add fd01:$n::1/64 dev u$n nodad
		link set u$n up
		addr add 10.9.$n.254/24 dev fmp$n
		addr add fd09::10.9.$n.254/128 dev fmp$n nodad
		link set fmp$n up
	END
}

prepare() {
	local n
	must modprobe tun
	must ip netns add h1
	# Where the fuzzer starts from.
	must ip netns add h2
	must ip -n h1 link set lo up
	quiet_host 1
	for ((n = 0; n < $(nproc); n++)); do make_device "$n"; done
}

gone() { await 30 unused && rmmod fmp; }

ktap_begin
prepare
echo "# FUZZ_SEED=$SEED, $LENGTH s"
relay framefuzz -s "$LENGTH" -S "$SEED" -t "$(nproc)" h1
for ((n = 0; n < $(nproc); n++)); do
	check "device $n goes, with all that is left" ip -n h1 link del "fmp$n"
done
check "nothing holds the module" gone
must modprobe fmp
check_leaks
ktap_end
