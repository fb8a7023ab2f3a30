#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# The rekeys of the test vectors, played with the module as one party and testpeer as the
# other, and of a rekey's life what the kernel decides. gen-plays.py makes the scripts.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/play.sh"

PLAYS=$(dirname "$(type -p testpeer)")

# vectors NAME: plays them, and says which are somebody else's
vectors() {
	local file=$PLAYS/$1.play line
	if [ "$(head -n 1 "$file")" = "# missing" ]; then
		ktap_skip "$1" "no such vectors"
		return
	fi
	play <"$file"
	while read -r line; do
		[[ $line != "# skip "* ]] || ktap_skip "${line#\# skip }" "not the kernel's"
	done <"$file"
}

ktap_begin
make_stage
vectors rekey_transcript
make_peers_anew() { must ip -n h1 link del fmp0 && make_tunnel 1; }
make_peers_anew
vectors lifecycle
ktap_end
