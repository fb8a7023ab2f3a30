#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# A hundred peers with three sessions each, all of it changed at random while traffic and
# garbage go on, and an agent is there. The kernel must not complain, and nothing may be left.
#
# STORM_SECONDS and STORM_SEED, in the environment or on the kernel's command line, are for
# longer runs and for one that went wrong.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/play.sh"

LENGTH=10 SEED=$RANDOM$RANDOM
[ "$SLOW" = 0 ] || LENGTH=30
set_from LENGTH STORM_SECONDS
set_from SEED STORM_SEED

prepare() {
	local n
	make_router
	for n in 1 2; do
		make_host "$n"
		quiet_host "$n"
		make_tunnel "$n"
		# A network for each end of the links, all of whose addresses are its own.
		must ip -n "h$n" route add local "10.2$n.0.0/16" dev lo
		must in_host "$n" fmp set fmp0 multicast on
		# With an agent packets wait for a session.
		run_in "$n" agent fmp0 <&"$NEVER" >"$TMP/agent.$n" &
		disown
		must await 10 grep -q bound "$TMP/agent.$n"
	done
}

gone() { unused && rmmod fmp; }

ktap_begin
prepare
echo "# STORM_SEED=$SEED, $LENGTH s"
relay storm -s "$LENGTH" -S "$SEED" -t "$(nproc)" h1 h2 fmp0
for n in 1 2; do
	check "device $n goes, with all that is left" ip -n "h$n" link del fmp0
done
check "nothing holds the module" gone
must modprobe fmp
check_leaks
ktap_end
