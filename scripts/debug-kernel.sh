# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # used where this is sourced
# Sourced: builds the sanitizer kernel, and the one that looks for data races, each
# into a cache entry that holds what it takes to boot it and to build modules against
# it: vmlinux, lib/modules, build.

# The fragment of the kernel that is being built.
DEBUG_CONFIG=$FMP_TOP/selftests/vm/debug.config
KCSAN_CONFIG=$FMP_TOP/selftests/vm/kcsan.config

# Print what the fragment asks for and the configuration does not have; "=n" is
# granted by absence, and of two lines about one option the later counts.
not_granted() {
	awk '
		{ i = index($0, "="); k = substr($0, 1, i - 1) }
		!/^CONFIG_/ { next }
		FNR == NR { got[k] = substr($0, i + 1); next }
		{ want[k] = substr($0, i + 1) }
		END {
			for (k in want) {
				have = k in got ? got[k] : "n"
				if (have != want[k]) print k "=" want[k] " is not granted (" have ")"
			}
		}' "$1" "$2"
}

debug_make() { nice make -s -C "$1" O="$2" ARCH=x86_64 LOCALVERSION= "${@:3}"; }

debug_configure() {
	local src=$1 out=$2 missing
	debug_make "$src" "$out" KCONFIG_ALLCONFIG="$DEBUG_CONFIG" allnoconfig || return 1
	missing=$(not_granted "$out/.config" "$DEBUG_CONFIG")
	[ -z "$missing" ] || { printf '%s\n' "$missing" >&2; return 1; }
}

debug_build() {
	local src=$1 out=$2
	debug_configure "$src" "$out" && debug_make "$src" "$out" -j"$FMP_JOBS" vmlinux modules
}

# install-extmod-build copies what kbuild needs for modules; it and the modules
# are all that is kept of a tree of some gigabytes.
debug_keep() {
	local src=$1 out=$2 dest=$3 release
	release=$(cat "$out/include/config/kernel.release") || return 1
	strip -g -o "$dest/vmlinux" "$out/vmlinux" || return 1
	debug_make "$src" "$out" run-command \
		KBUILD_RUN_COMMAND="+\$(srctree)/scripts/package/install-extmod-build $dest/build" || return 1
	cp "$out/.config" "$dest/build/.config"
	debug_make "$src" "$out" INSTALL_MOD_PATH="$dest" INSTALL_MOD_STRIP=--strip-debug \
		DEPMOD=true modules_install || return 1
	rm -f "$dest/lib/modules/$release"/{build,source}
	printf '%s\n' "$release" >"$dest/release"
}

# debug_kernel_fill NAME CONFIG DEST
debug_kernel_fill() {
	local DEBUG_CONFIG=$2 dest=$3 work=$3/.work
	mkdir -p "$work"/{src,out}
	say "building the $1 kernel (6 to 15 minutes on two CPUs)"
	unpack_ksource "$KSOURCE_DEBUG" "$work/src" || return 1
	run_quiet "$dest/build.log" debug_build "$work/src" "$work/out" || return 1
	run_quiet "$dest/keep.log" debug_keep "$work/src" "$work/out" "$dest" || return 1
	/sbin/depmod -b "$dest" "$(cat "$dest/release")" && rm -rf "$work"
}

# debug_entry NAME CONFIG: the key is all that decides what comes out: source,
# configuration, compiler and the recipe.
debug_entry() {
	local version key
	version=$(ksource_version "$KSOURCE_DEBUG")
	key=$({ echo "$version"; gcc -dumpfullversion; cat "$2"; declare -f debug_configure debug_build debug_keep; } |
		sha256sum | cut -c1-16)
	cache_entry "kernel-$1-$key" debug_kernel_fill "$1" "$2"
}

debug_kernel() { debug_entry debug "$DEBUG_CONFIG"; }

# What the sanitizer kernel has, up to its detectors, and others instead of them.
kcsan_kernel() {
	local config rc=0
	config=$(mktemp)
	{ sed '/^# --- the detectors/Q' "$DEBUG_CONFIG"; cat "$KCSAN_CONFIG"; } >"$config"
	debug_entry kcsan "$config" || rc=$?
	rm -f "$config"
	return "$rc"
}
