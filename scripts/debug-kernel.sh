# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # used where this is sourced
# Sourced: builds the sanitizer kernel into a cache entry that holds what it takes
# to boot it and to build modules against it: vmlinux, lib/modules, build.

DEBUG_CONFIG=$FMP_TOP/selftests/vm/debug.config

# Print what the fragment asks for and the configuration does not have; "=n" is
# granted by absence.
not_granted() {
	awk '
		FNR == NR { if (/^CONFIG_/) { i = index($0, "="); got[substr($0, 1, i - 1)] = substr($0, i + 1) } next }
		/^CONFIG_/ {
			i = index($0, "="); k = substr($0, 1, i - 1); want = substr($0, i + 1)
			have = k in got ? got[k] : "n"
			if (have != want) print k "=" want " is not granted (" have ")"
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

debug_kernel_fill() {
	local dest=$1 work=$1/.work
	mkdir -p "$work"/{src,out}
	say "building the debug kernel (6 to 15 minutes on two CPUs)"
	unpack_ksource "$KSOURCE_DEBUG" "$work/src" || return 1
	run_quiet "$dest/build.log" debug_build "$work/src" "$work/out" || return 1
	run_quiet "$dest/keep.log" debug_keep "$work/src" "$work/out" "$dest" || return 1
	/sbin/depmod -b "$dest" "$(cat "$dest/release")" && rm -rf "$work"
}

# The key is all that decides what comes out: source, configuration, compiler and
# the recipe.
debug_kernel() {
	local version key
	version=$(ksource_version "$KSOURCE_DEBUG")
	key=$({ echo "$version"; gcc -dumpfullversion; cat "$DEBUG_CONFIG"; declare -f debug_configure debug_build debug_keep; } |
		sha256sum | cut -c1-16)
	cache_entry "kernel-debug-$key" debug_kernel_fill
}
