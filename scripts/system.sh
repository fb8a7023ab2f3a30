# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced: a whole Debian with systemd as a disk, a newer kernel to give it, and UEFI.

# What a server has, and all that the packages under test, DKMS and the newer kernel depend
# on: a guest without a network can fetch nothing.
SYSTEM_PACKAGES=(linux-image-cloud-amd64 linux-headers-cloud-amd64
	systemd systemd-sysv udev dbus kmod procps initramfs-tools linux-base
	iproute2 iputils-ping ethtool netbase
	dkms gcc make patch dpkg-dev pahole openssl mokutil
	cloud-init ansible-core)

# system_select 12|13: which Debian it is, and the newer kernel that it is given
system_select() {
	case $1 in
	12)
		SYSTEM_DEBIAN=bookworm SYSTEM_NEXT_KERNEL=6.12
		SYSTEM_PACKAGES+=(gcc-12 libmnl0 libjson-c5 libsodium23 libsecp256k1-1 libinih1 libc-ares2
			libncurses6 libncursesw6 libcap-ng0 libsystemd0)
		;;
	13)
		# The packages under test are built there.
		SYSTEM_DEBIAN=trixie SYSTEM_NEXT_KERNEL=7.3
		SYSTEM_PACKAGES+=(gcc-14-for-host)
		mapfile -t -O "${#SYSTEM_PACKAGES[@]}" SYSTEM_PACKAGES < <("$FMP_TOP/scripts/deps" --list deb)
		;;
	*) die "no Debian $1" ;;
	esac
}

# What is on the disk, where packages may put something.
system_files() {
	(cd "$1" && find boot etc opt usr var/lib var/cache lib/modules/ -xdev) | sed 's#^#/#' | LC_ALL=C sort -u
}

# What an installer would have done, and what starts the tests. The initramfs has what the
# disk needs: there is no machine to ask when it is made.
system_configure() {
	local root=$1
	echo fmp-system >"$root/etc/hostname"
	printf '127.0.0.1 localhost fmp-system\n::1 localhost\n' >"$root/etc/hosts"
	echo '/dev/vda / ext4 defaults,noatime 0 0' >"$root/etc/fstab"
	# Without one the first boot would ask for a password, and enable all units.
	echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
	rm -f "$root/etc/apt/sources.list" "$root"/etc/apt/sources.list.d/*
	mkdir -p "$root/var/log/journal" "$root/var/lib/cloud/seed/nocloud"
	# There is no metadata server to wait for, nor a network. Modules of cloud-init that the
	# example does not use would want more packages.
	printf '%s\n' 'datasource_list: [NoCloud]' 'network: {config: disabled}' \
		'cloud_init_modules: [write-files]' 'cloud_config_modules: [runcmd]' \
		'cloud_final_modules: [package-update-upgrade-install, scripts-user]' \
		>"$root/etc/cloud/cloud.cfg.d/99-fmp-test.cfg"
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/fmp-test"
	install -m 644 "$FMP_TOP/selftests/system/fmp-test.service" "$root/etc/systemd/system/"
	systemctl --root="$root" -q enable systemd-networkd fmp-test.service
	systemctl --root="$root" -q mask getty@tty1.service serial-getty@ttyS0.service \
		systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer \
		dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
	mkdir -p "$root/var/local/fmp-test"
	system_files "$root" >"$root/var/local/fmp-test/files"
}

# mmdebstrap's hooks are run with the root's path as their argument.
system_initramfs_hook() {
	cat <<-'END'
		mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
		printf 'MODULES=list\nBUSYBOX=n\nCOMPRESS=gzip\nRESUME=none\n' >"$1/etc/initramfs-tools/conf.d/fmp-test"
		printf '%s\n' virtio_pci virtio_blk ext4 crc32c_generic >"$1/usr/share/initramfs-tools/modules.d/fmp-test"
		printf 'do_symlinks = yes\n' >"$1/etc/kernel-img.conf"
		printf 'path-exclude=/usr/share/%s/*\n' doc locale >"$1/etc/dpkg/dpkg.cfg.d/fmp-test"
	END
}

# system_root_make DIR DEBIAN PACKAGES: as root, in a namespace with which mounts end
system_root_make() {
	local out=$1 root=$1/root debian=$2 merge=()
	# shellcheck disable=SC2064 # as it is now
	trap "rm -rf --one-file-system '$root'" EXIT
	# Later ones are merged by their own packages.
	[ "$debian" != bookworm ] || merge=(--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr)
	mmdebstrap --mode=root --variant=apt --skip=check/empty --include="$3" \
		--dpkgopt=force-unsafe-io ${merge[@]+"${merge[@]}"} \
		--essential-hook="$(system_initramfs_hook)" "$debian" "$root" "$out/sources.list"
	system_configure "$root"
	mkfs.ext4 -q -d "$root" -O ^has_journal -m 0 "$out/disk" 5G
	chown --reference="$out" "$out/disk"
}

system_root_fill() {
	local out=$1 packages
	command -v mmdebstrap >/dev/null || die "there is no mmdebstrap: install it (apt install mmdebstrap)"
	say "installing $SYSTEM_DEBIAN for the system tests"
	packages=$(printf '%s,' "${SYSTEM_PACKAGES[@]}")
	grep " $SYSTEM_DEBIAN\\(-updates\\|-security\\)\\? " "$FMP_CACHE/apt/sources.list" >"$out/sources.list"
	run_quiet "$out/log" as_root unshare -m env FMP_TOP="$FMP_TOP" PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		bash -euo pipefail -c "$(declare -f system_files system_configure system_initramfs_hook system_root_make)
		system_root_make \"\$@\"" bash "$out" "$SYSTEM_DEBIAN" "${packages%,}" || return 1
	rm -f "$out/sources.list" "$out/log"
}

# A directory with a file "disk", of a file system with the root
system_root() {
	local kernel key
	kernel=$(package_version linux-image-cloud-amd64 "^$SYSTEM_DEBIAN(-updates|-security)?\$")
	[ -n "$kernel" ] || die "no kernel of $SYSTEM_DEBIAN"
	key=$({ echo "$kernel"; declare -p SYSTEM_PACKAGES; cat "$FMP_TOP/selftests/system/fmp-test.service"
		declare -f system_files system_configure system_initramfs_hook system_root_make system_root_fill; } | sha256sum | cut -c1-16)
	cache_entry "system-root-$SYSTEM_DEBIAN-$key" system_root_fill
}

# system_debs DISK DIR: the packages into DIR/debs, built in a Debian with that root, which
# stays as it is
system_debs() {
	mkdir -p "$2"/{debs,sources,root}
	"$FMP_TOP/scripts/deb" --sources "$2/sources" || return 1
	# shellcheck disable=SC2016 # expanded by the inner shell
	as_root unshare -m bash -euc '
		work=$2/root root=$2/root/root
		mount -t tmpfs none "$work"
		mkdir "$work"/{disk,upper,work,root}
		mount -o loop,ro "$1" "$work/disk"
		mount -t overlay -o "lowerdir=$work/disk,upperdir=$work/upper,workdir=$work/work" none "$root"
		mkdir -p "$root/fmp" "$root/debs"
		mount --bind "$2/sources" "$root/fmp"
		mount --bind "$2/debs" "$root/debs"
		mount -t proc proc "$root/proc"
		mount --bind /dev "$root/dev"
		exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
			/fmp/scripts/deb /debs' bash "$1" "$2"
}

# A directory with the .deb files of the newer kernel, and of what it needs that is newer
system_next_kernel() {
	local pin release version packages key
	pin=$(pinned "kernel-$SYSTEM_NEXT_KERNEL" kernel_newest "$SYSTEM_NEXT_KERNEL") || return 1
	release=${pin% *} version=${pin#* }
	packages=$(kernel_packages "$SYSTEM_NEXT_KERNEL" "$release" "$version" &&
		printf '%s\n' "linux-image-$release=$version") || return 1
	if [ "$SYSTEM_NEXT_KERNEL" = 7.3 ]; then
		packages+=" linux-base=$(package_version linux-base "^$SYSTEM_DEBIAN-backports\$")"
	fi
	# shellcheck disable=SC2086 # a list
	packages=$(printf '%s\n' $packages | sort -u)
	key=$(printf %s "$packages" | sha256sum | cut -c1-16)
	# shellcheck disable=SC2086 # a list
	cache_entry "system-kernel-$key" system_next_kernel_fill $packages
}

system_next_kernel_fill() {
	say "fetching the newer kernel for the system tests"
	fetch_debs "${*: -1}" "${@:1:$#-1}"
}

# --- UEFI with Secure Boot, as Debian's boot loaders find it on servers

SYSTEM_FIRMWARE=(ovmf shim-signed shim-helpers-amd64-signed grub-efi-amd64-signed)

system_firmware_packages() {
	local p version
	for p in "${SYSTEM_FIRMWARE[@]}"; do
		version=$(package_version "$p" '^bookworm(-updates|-security)?$')
		[ -n "$version" ] || return 1
		printf '%s=%s ' "$p" "$version"
	done
}

system_firmware_fill() {
	say "unpacking UEFI and its boot loaders"
	# shellcheck disable=SC2086 # a list
	unpack_debs "$2" $1 || return 1
	rm -rf "$2"/usr/share/{doc,man,qemu,ovmf}
}

# A directory with what the packages install
system_firmware() {
	local packages
	packages=$(pinned system-firmware system_firmware_packages) || die "no UEFI in Debian 12"
	cache_entry "system-firmware-$(printf %s "$packages" | sha256sum | cut -c1-16)" system_firmware_fill "$packages"
}

# system_esp FILE ARGUMENTS: an EFI system partition whose GRUB boots what / has, with them
# as the kernel's command line
system_esp() {
	local firmware
	firmware=$(system_firmware) || return 1
	truncate -s 64M "$1"
	/sbin/mkfs.vfat -F 32 "$1" >/dev/null &&
		mmd -i "$1" ::/EFI ::/EFI/BOOT ::/EFI/debian &&
		mcopy -i "$1" "$firmware/usr/lib/shim/shimx64.efi.signed" ::/EFI/BOOT/BOOTX64.EFI &&
		mcopy -i "$1" "$firmware/usr/lib/shim/mmx64.efi.signed" ::/EFI/BOOT/mmx64.efi &&
		mcopy -i "$1" "$firmware/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" ::/EFI/BOOT/grubx64.efi &&
		printf '%s\n' 'search --no-floppy --file --set=root /vmlinuz' "linux /vmlinuz $2" 'initrd /initrd.img' boot |
		mcopy -i "$1" - ::/EFI/debian/grub.cfg
}
