# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after lib.sh: the frames that pass the router, kept in a file by "attack record".

# begin_recording FILE
begin_recording() {
	rm -f "$1"
	run_in_router attack record "$1" r1 r2 >"$1.log" 2>&1 &
	RECORDER=$!
	disown
	must await 20 grep -q ready "$1.log"
}

run_in_router() { exec ip netns exec router "$@"; }

# end_recording FILE: what passes after it is not kept
end_recording() {
	kill "$RECORDER"
	must await 10 grep -q recorded "$1.log"
}
