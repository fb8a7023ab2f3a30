# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after lib.sh: host 1 has the device, host 2 is where programs play its peers.

# make_stage: what they find
make_stage() {
	make_router
	make_host 1
	make_host 2
	quiet_host 1
	make_tunnel 1
}

# relay COMMAND...: in host 2; each of its lines "ok" or "not ok" is a result
relay() { relay_from 2 "$@"; }

# relay_from NUMBER COMMAND...: likewise, in that host
relay_from() {
	local n=$1 line ended=
	shift
	while read -r line; do
		case $line in
		"ok "*) ktap_pass "${line#ok }" ;;
		"not ok "*) ktap_fail "${line#not ok }" ;;
		"status "*) ended=${line#status } ;;
		*) echo "$line" ;;
		esac
	done < <(in_host "$n" "$@" 2>&1; echo "status $?")
	check_equal "$1 came to its end" 0 "$ended"
}

# play: the script that is the input
play() { relay testpeer -p $((5 + 25 * SLOW)) h1 fmp0 10.0.1.2 2121; }

# Of the kernel's words those that it does not know are the first program's environment.
from_command_line() {
	local w words
	read -ra words </proc/cmdline
	for w in "${words[@]}"; do
		[[ $w != "$1="* ]] || echo "${w#*=}"
	done
}

# set_from VARIABLE NAME
set_from() {
	local value=${!2:-$(from_command_line "$2")}
	[ -z "$value" ] || printf -v "$1" %s "$value"
}
