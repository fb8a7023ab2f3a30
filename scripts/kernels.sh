# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # used where this is sourced
# Sourced: the kernels the module is built for and tested on, unpacked from their
# packages.  A kernel's entry has vmlinux (an ELF file QEMU can start), release,
# lib/modules and build (for M=).

# What a name stands for: the package that holds the image, as a pattern.
kernel_pattern() {
	case $1 in
	6.1) echo 'linux-image-6\.1\.0-[0-9]+-cloud-amd64' ;;
	6.12) echo 'linux-image-6\.12\.[0-9]+\+deb12-cloud-amd64' ;;
	*) echo "linux-binary-${1//./\\.}\\.[0-9]+\\+deb13-cloud-amd64" ;;
	esac
}

# The release of the newest kernel, and the version of its packages.
kernel_newest() {
	local image
	image=$(newest_package "$(kernel_pattern "$1")")
	[ -n "$image" ] || { say "no package of a $1 kernel in the index"; return 1; }
	printf '%s %s\n' "${image#linux-*-}" "$(package_version "$image" .)"
}

# kernel_packages NAME RELEASE VERSION: what to unpack.  The build tools of 6.1 have no
# release in their name: the archive keeps the newest only, which may be ahead of a signed
# image.
kernel_packages() {
	local base=${2%-cloud-amd64}
	printf '%s\n' "linux-headers-$2=$3" "linux-headers-$base-common=$3"
	case $1 in
	6.1) printf '%s\n' "linux-image-$2=$3" linux-kbuild-6.1 ;;
	6.12) printf '%s\n' "linux-image-$2=$3" "linux-kbuild-$base=$3" ;;
	*) printf "%s-$2=$3\n" linux-binary linux-modules linux-base && echo "linux-kbuild-$base=$3" ;;
	esac
}

# The packages point at /usr/src; without BTF of the kernel none is made for the
# module, which would take the kernel's own version of pahole.
relocate_headers() {
	local dir=$1 final=$2 release=$3 headers
	headers=$dir/usr/src/linux-headers-$release
	sed -i "s#/usr/src/#$final/usr/src/#g" "$headers/Makefile"
	rm -f "$headers/vmlinux"
	ln -s "usr/src/linux-headers-$release" "$dir/build"
}

kernel_fill() {
	local name=$1 release=$2 version=$3 final=$4 dir=$5 image packages
	say "unpacking the $name kernel $release"
	packages=$(kernel_packages "$name" "$release" "$version") || return 1
	# shellcheck disable=SC2086 # a list
	unpack_debs "$dir" $packages || return 1
	[ -d "$dir/lib/modules" ] || { mkdir -p "$dir/lib"; mv "$dir/usr/lib/modules" "$dir/lib/modules"; }
	image=$(find "$dir/boot" "$dir/lib/modules" -name 'vmlinuz*' -type f 2>/dev/null | head -n 1)
	[ -n "$image" ] || { say "no image in the packages of $release"; return 1; }
	python3 "$FMP_TOP/scripts/extract-vmlinux" "$image" "$dir/vmlinux" || return 1
	rm -rf "${dir:?}/boot" "${dir:?}/lib/modules/$release"/{build,source,vmlinuz}
	find "$dir/lib/modules" -name '*.ko.xz' -print0 | xargs -0r -P "$FMP_JOBS" -n 64 xz -dq || return 1
	# Makes the dependencies known; the indices in the package name the
	# compressed files.
	/sbin/depmod -b "$dir" "$release" || return 1
	relocate_headers "$dir" "$final" "$release" || return 1
	printf '%s\n' "$release" >"$dir/release"
}

stock_kernel() {
	local pin release version entry
	pin=$(pinned "kernel-$1" kernel_newest "$1") || die "no $1 kernel"
	release=${pin% *} version=${pin#* }
	entry=kernel-$release-${version//[:~]/_}
	cache_entry "$entry" kernel_fill "$1" "$release" "$version" "$FMP_CACHE/$entry"
}

# kernel NAME: where it is
kernel() {
	case $1 in
	debug) debug_kernel ;;
	kcsan) kcsan_kernel ;;
	*) stock_kernel "$1" ;;
	esac
}

# The compiler and the C library that the kernel's build tools need; gcc-12 of
# Debian 12 does for the older ones.
toolchain_fill() {
	say "unpacking the tool chain of Debian 13"
	unpack_closure trixie gcc-14 make bc binutils libelf1t64 libdw1t64 zlib1g libc6-dev \
		bash coreutils sed grep gawk findutils diffutils xz-utils perl-base sparse kmod "$1" || return 1
	# No package script has run.
	ln -sf bash "$1/usr/bin/sh" && ln -sf gawk "$1/usr/bin/awk" && ln -sf gcc-14 "$1/usr/bin/gcc" &&
		mkdir -p "$1"/{proc,dev,tmp} && chmod 1777 "$1/tmp"
}

toolchain() {
	local key
	key=$(declare -f toolchain_fill | sha256sum | cut -c1-16)
	cache_entry "toolchain-$key" toolchain_fill
}

in_toolchain() {
	local root
	root=$(toolchain)
	in_root "$root" "$@"
}

# in_root ROOT COMMAND...: runs with the root of a tool chain; the cache and the
# sources are where they always are.  The mounts end with the namespace.
in_root() {
	local root=$1
	shift
	# shellcheck disable=SC2016 # expanded by the inner shell
	as_root unshare -m bash -c '
		set -e
		root=$1 owner=$2 dir=$3
		shift 3
		while [ "$1" != -- ]; do
			mkdir -p "$root$1"
			mount --bind "$1" "$root$1"
			shift
		done
		shift
		mount -t proc proc "$root/proc"
		mkdir -p "$root/dev"
		mount --bind /dev "$root/dev"
		exec chroot --userspec="$owner" "$root" /usr/bin/env -i PATH=/usr/bin:/usr/sbin:/bin LC_ALL=C \
			/bin/bash -c "cd \"\$1\" && shift && exec \"\$@\"" bash "$dir" "$@"
	' bash "$root" "$(id -u):$(id -g)" "$PWD" "$FMP_CACHE" "$FMP_TOP" -- "$@"
}
