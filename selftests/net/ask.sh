# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # SERVER is for who kills it
# Sourced after lib.sh: netlink sockets that stay open between requests, one process
# for all of a host.

declare -A ASK ANSWER SERVER

# serve NAME HOST [PROGRAM]: netlink sockets of a host, for "ask"
serve() {
	local pipe=$TMP/serve.$1 fd
	rm -f "$pipe".in "$pipe".out
	mkfifo "$pipe".in "$pipe".out
	(run_in "$2" "${3:-linkmsg}" <"$pipe".in >"$pipe".out) &
	SERVER[$1]=$!
	disown
	exec {fd}>"$pipe".in
	ASK[$1]=$fd
	exec {fd}<"$pipe".out
	ANSWER[$1]=$fd
}

# ask NAME WORD...: SAID becomes the answer, its lines joined by ", "
ask() {
	local name=$1 line
	shift
	SAID=''
	echo "$*" >&"${ASK[$name]}"
	while read -rt 60 line <&"${ANSWER[$name]}"; do
		[ "$line" != . ] || return 0
		SAID+=${SAID:+, }$line
	done
	die "no answer to $*"
}

# answers NAME WANTED SERVER WORD...
answers() {
	local name=$1 wanted=$2 SAID
	shift 2
	ask "$@"
	check_equal "$name" "$wanted" "$SAID"
}
