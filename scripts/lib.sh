# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # used where this is sourced
# Sourced by the build and test scripts: messages and the cache.
#
# A cache entry is a directory that appears by rename when it is complete, so
# whoever sees it may use it without a lock; a lock per entry keeps two builders
# of the same entry apart.

set -euo pipefail
shopt -s inherit_errexit

FMP_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
FMP_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/fmp
FMP_KERNELS=(6.1 6.12 7.3 debug)
# Made and used only when they are named.
FMP_NAMED_KERNELS=(kcsan)
FMP_JOBS=${FMP_JOBS:-$(nproc)}

say() { printf 'fmp: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

check_kernel() {
	local all="${FMP_KERNELS[*]} ${FMP_NAMED_KERNELS[*]}"
	[[ " $all " == *" $1 "* ]] || { say "no kernel $1: one of $all"; return 1; }
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -- "$@"
	fi
}

# run_quiet LOG COMMAND...: the output is only of interest when it fails
run_quiet() {
	local log=$1 rc=0
	shift
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	[ "$rc" = 0 ] || tail -n "${FMP_LOG_LINES:-60}" "$log" >&2
	return "$rc"
}

# with_lock NAME COMMAND...: the subshell gives the lock back however it ends,
# and leaves it in no other hands.
with_lock() {
	mkdir -p "$FMP_CACHE/.lock"
	(
		exec {lock_fd}>"$FMP_CACHE/.lock/$1"
		flock "$lock_fd"
		shift
		"$@" {lock_fd}>&-
	)
}

# with_module_lock DIR COMMAND...: nobody else builds the module there, or takes it from there
with_module_lock() { with_lock "build-$(printf %s "$1" | sha256sum | cut -c1-16)" "${@:2}"; }

# cache_entry NAME COMMAND...: print where the entry is; COMMAND is called with
# an empty directory as its last argument when it is not there yet.
cache_entry() {
	if [ ! -d "$FMP_CACHE/$1" ]; then
		with_lock "$1" cache_fill "$@" >&2 || die "cannot make the cache entry $1"
	fi
	printf '%s\n' "$FMP_CACHE/$1"
}

cache_fill() {
	local name=$1 tmp
	shift
	[ ! -d "$FMP_CACHE/$name" ] || return 0
	# Left by a builder that was killed: the lock says that none is at work.
	rm -rf "$FMP_CACHE/.tmp.$name".*
	tmp=$(mktemp -d "$FMP_CACHE/.tmp.$name.XXXXXX") || return 1
	chmod 755 "$tmp"
	if ! "$@" "$tmp"; then
		rm -rf "$tmp"
		return 1
	fi
	mv -T "$tmp" "$FMP_CACHE/$name"
}

# pinned NAME COMMAND...: what COMMAND printed the first time
pinned() {
	local file=$FMP_CACHE/pin/$1
	shift
	if [ ! -s "$file" ]; then
		mkdir -p "$FMP_CACHE/pin"
		"$@" >"$file.$$" || { rm -f "$file.$$"; return 1; }
		[ -s "$file.$$" ] || { rm -f "$file.$$"; return 1; }
		mv "$file.$$" "$file"
	fi
	cat "$file"
}

hash_of() { cat -- "$@" | sha256sum | cut -c1-16; }
