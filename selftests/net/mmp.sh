#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by check
# Link metrics between two hosts whose path is told to delay, lose, reorder, double and mark
# packets: what is reported is what was told, also after a rekey and a move, and of one
# direction alone (spec 9).
#
# The outer packets of host 1 pass the qdisc of r2 on the router, those of host 2 that of r1.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

G=1

stage() {
	local n
	make_router
	for n in 1 2; do
		make_host "$n"
		quiet_host "$n"
		make_tunnel "$n"
		must in_host "$n" fmp set fmp0 mmp full
	done
	G=1
	add_peer 1 2 4 1
	add_peer 2 1 4 1
	must add_session 1 2 "$G" initiator
	must add_session 2 1 "$G"
}

unstage() {
	cleanup
	TMP=$(mktemp -d)
}

# shape FROM OPTION...: of the packets that host sends
shape() {
	local to=$((3 - $1))
	tc -n router qdisc replace dev "r$to" root netem limit 100000 "${@:2}"
}

unshape() {
	tc -n router qdisc del dev r1 root 2>/dev/null
	tc -n router qdisc del dev r2 root 2>/dev/null
	return 0
}

# metric HOST NAME: of the only peer; nothing while it is not known
metric() { in_host "$1" fmp --json show fmp0 | flat "[0].peers[0].metrics.$2"; }

peer_field() { in_host "$1" fmp --json show fmp0 | flat "[0].peers[0].$2"; }

# within VALUE MIN MAX
within() { [ -n "$1" ] && [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }

metric_within() { within "$(metric "$1" "$2")" "$3" "$4"; }

# check_metric NAME HOST METRIC MIN MAX [SECONDS]: it gets there
check_metric() {
	local name=$1
	shift
	if await "${5:-40}" metric_within "$1" "$2" "$3" "$4"; then
		ktap_pass "$name ($(metric "$1" "$2"))"
	else
		echo "# $2 is $(metric "$1" "$2"), wanted $3 to $4"
		ktap_fail "$name"
	fi
}
