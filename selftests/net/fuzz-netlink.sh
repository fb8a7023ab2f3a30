#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 7.3
# shellcheck disable=SC2317 # functions are called by name
# Requests over netlink that a recipe makes of include/fmp.yaml, right and wrong ones, by some
# with rights and some without. The kernel must not complain, what is refused must change
# nothing, and nothing may be left.
#
# FUZZ_SECONDS and FUZZ_SEED, in the environment or on the kernel's command line, are for
# longer runs and for one that went wrong.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/play.sh"

LENGTH=20 SEED=$RANDOM$RANDOM
set_from LENGTH FUZZ_SECONDS
set_from SEED FUZZ_SEED

# Two hosts to be changed, and one that nobody may.
prepare() {
	local n
	make_network 1 2 3
	make_tunnel 1
	make_tunnel 3
	for n in 1 2; do
		add_peer 3 "$n"
		must add_session 3 "$n"
	done
}

# What the fuzzer left in namespaces that are gone was theirs.
gone() { await 30 unused && rmmod fmp; }

ktap_begin
prepare
echo "# FUZZ_SEED=$SEED, $LENGTH s"
relay nlfuzz -s "$LENGTH" -S "$SEED" h1 h2 h3
for n in 1 2 3; do
	check "host $n goes, with all that is left" ip netns del "h$n"
done
check "nothing holds the module" gone
must modprobe fmp
check_leaks
ktap_end
