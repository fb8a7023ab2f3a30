# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # used where this is sourced
# Sourced: QEMU and what the guest runs, as cache entries.

QEMU_RELEASE=bookworm-backports

# The emulator of Debian 12 itself, 7.2, corrupts flags after cmpxchg16b.
qemu_packages() {
	local version p
	version=$(package_version qemu-system-x86 "^$QEMU_RELEASE")
	[ -n "$version" ] || return 1
	for p in qemu-system-x86 qemu-system-common qemu-system-data; do
		printf '%s=%s ' "$p" "$version"
	done
}

qemu_fill() {
	say "unpacking QEMU"
	# shellcheck disable=SC2086 # a list
	unpack_closure "$QEMU_RELEASE" $1 "$2" || return 1
	rm -rf "$2"/usr/share/{doc,man,locale,icons,perl} "$2"/usr/lib/x86_64-linux-gnu/{perl*,dri}
}

qemu_dir() {
	local packages
	packages=$(pinned qemu qemu_packages) || die "no QEMU in $QEMU_RELEASE"
	cache_entry "qemu-$(printf %s "$packages" | sha256sum | cut -c1-16)" qemu_fill "$packages"
}

# With its own loader and libraries, for the host may have others.
set_qemu() {
	local dir
	dir=$(qemu_dir)
	QEMU=("$dir/lib64/ld-linux-x86-64.so.2" --inhibit-cache
		--library-path "$dir/lib/x86_64-linux-gnu:$dir/usr/lib/x86_64-linux-gnu"
		"$dir/usr/bin/qemu-system-x86_64" -L "$dir/usr/share/qemu" -L "$dir/usr/share/seabios")
}

# --- the guest's programs

GUEST_PACKAGES=(bash busybox coreutils diffutils findutils grep sed gawk util-linux mount bsdutils bsdextrautils procps
	iproute2 iputils-ping iperf3 ethtool tcpdump kmod nftables conntrack netcat-openbsd
	socat wireguard-tools libc-bin netbase)
# The host's release, for what is built on the host runs in the guest.
guest_release() {
	local release
	release=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
	case $release in
	bookworm | trixie) printf '%s\n' "$release" ;;
	*) echo bookworm ;;
	esac
}

guest_tree_fill() {
	say "unpacking the guest's programs"
	unpack_closure "$(guest_release)" "${GUEST_PACKAGES[@]}" "$1"
}

guest_tree() {
	local key
	key=$(printf '%s ' "$(guest_release)" "${GUEST_PACKAGES[@]}" | sha256sum | cut -c1-16)
	cache_entry "guest-tree-$key" guest_tree_fill
}

# All else of these packages stays out: the initramfs is copied at every boot.
GUEST_PROGRAMS=(bash ip tc ss bridge nstat rtmon ping iperf3 ethtool tcpdump kmod nft
	conntrack socat nc.openbsd wg sysctl ps pgrep pkill top free timeout
	sleep date stat sort head tail cut tr seq od dd mktemp cp mv rm ls cat wc tee nproc
	truncate printf env uniq comm paste sha256sum md5sum base64 basename dirname touch
	mkdir rmdir ln chmod chown id stdbuf readlink realpath true false test expr tac
	fold shuf split cmp diff find xargs grep egrep sed gawk
	dmesg unshare nsenter mount umount flock taskset chrt setsid prlimit getopt
	hexdump setpriv script)
GUEST_DATA=(etc/iproute2 usr/lib/iproute2 usr/share/iproute2 usr/lib/tc
	etc/protocols etc/services usr/lib/x86_64-linux-gnu/coreutils)

guest_find() {
	local d
	for d in usr/bin usr/sbin bin sbin; do
		[ -x "$1/$d/$2" ] && { readlink -f "$1/$d/$2"; return 0; }
	done
	return 1
}

# libraries_of ROOT FILE: the shared libraries a program of a tree loads
libraries_of() {
	"$1/lib64/ld-linux-x86-64.so.2" --inhibit-cache --library-path \
		"$1/lib/x86_64-linux-gnu:$1/usr/lib/x86_64-linux-gnu" --list "$2" 2>/dev/null |
		grep -o '/[^ ]*' || true
}

# put_program TREE FILE ROOT NAME: into the root, with its libraries
put_program() {
	install -D -m 755 "$2" "$3/usr/bin/$4"
	put_libraries "$@"
}

# put_libraries TREE FILE ROOT: those that the file needs
put_libraries() {
	local lib
	libraries_of "$1" "$2" | while read -r lib; do
		[ -e "$3/usr/lib/x86_64-linux-gnu/${lib##*/}" ] ||
			install -D -m 755 "$(readlink -f "$lib")" "$3/usr/lib/x86_64-linux-gnu/${lib##*/}"
	done
}

guest_skeleton() {
	local root=$1 d
	mkdir -p "$root"/usr/{bin,lib/x86_64-linux-gnu} "$root"/{proc,sys,dev,tmp,run,root,etc,var,mnt}
	ln -s bin "$root/usr/sbin"
	ln -s lib "$root/usr/lib64"
	for d in bin sbin lib lib64; do ln -s "usr/$d" "$root/$d"; done
	ln -s x86_64-linux-gnu/ld-linux-x86-64.so.2 "$root/usr/lib/ld-linux-x86-64.so.2"
	ln -s ../run "$root/var/run"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >>"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
	echo 'passwd: files' >"$root/etc/nsswitch.conf"
	echo 'hosts: files' >>"$root/etc/nsswitch.conf"
}

pack() { (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0); }

guest_base_fill() {
	local tree=$1 out=$2 root p f
	root=$out/root
	guest_skeleton "$root" || return 1
	for p in "${GUEST_PROGRAMS[@]}"; do
		f=$(guest_find "$tree" "$p") || { say "the guest's packages have no $p"; return 1; }
		put_program "$tree" "$f" "$root" "$p" || return 1
	done
	install -m 755 "$(guest_find "$tree" busybox)" "$root/usr/bin/busybox"
	for p in $("$root/usr/bin/busybox" --list); do
		[ -e "$root/usr/bin/$p" ] || ln -s busybox "$root/usr/bin/$p"
	done
	ln -sf bash "$root/usr/bin/sh"
	ln -sf gawk "$root/usr/bin/awk"
	ln -sf nc.openbsd "$root/usr/bin/nc"
	for p in modprobe insmod rmmod lsmod modinfo depmod; do ln -sf kmod "$root/usr/bin/$p"; done
	for f in "${GUEST_DATA[@]}"; do
		[ ! -e "$tree/$f" ] || { mkdir -p "$root/${f%/*}"; cp -rL "$tree/$f" "$root/${f%/*}/"; }
	done
	install -m 755 "$FMP_TOP/selftests/vm/init" "$root/init"
	install -m 755 "$FMP_TOP/selftests/vm/kmemleak-check" "$root/usr/bin/kmemleak-check"
	pack "$root" >"$out/base.cpio" && rm -rf "$root"
}

guest_base() {
	local tree key
	tree=$(guest_tree) || return 1
	key=$({ echo "$tree"; cat "$FMP_TOP"/selftests/vm/{init,kmemleak-check}
		declare -p GUEST_PROGRAMS GUEST_DATA
		declare -f guest_base_fill guest_skeleton put_program put_libraries; } | sha256sum | cut -c1-16)
	cache_entry "guest-base-$key" guest_base_fill "$tree"
}

# --- Python, for the guests that want it

PYTHON_PACKAGES=(python3-minimal libpython3-stdlib)

guest_python_tree_fill() {
	say "unpacking the guest's Python"
	unpack_closure "$(guest_release)" "${PYTHON_PACKAGES[@]}" "$1"
}

guest_python_tree() {
	local key
	key=$(printf '%s ' "$(guest_release)" "${PYTHON_PACKAGES[@]}" | sha256sum | cut -c1-16)
	cache_entry "guest-python-tree-$key" guest_python_tree_fill
}

# Modules that suites import: these, and what they import in turn, is the library.
PYTHON_MODULES=(ctypes encodings.ascii encodings.latin_1 encodings.utf_8 functools hashlib heapq hmac
	importlib.util ipaddress itertools json os random runpy select signal socket struct sys time traceback)

# tree_python TREE ARGUMENT...: nothing of the host's
tree_python() {
	local tree=$1
	shift
	env -i PYTHONHOME="$tree/usr" "$tree/lib64/ld-linux-x86-64.so.2" --inhibit-cache --library-path \
		"$tree/lib/x86_64-linux-gnu:$tree/usr/lib/x86_64-linux-gnu" \
		"$(readlink -f "$tree/usr/bin/python3")" -s -B "$@"
}

# Absolute paths, of the source files and of extensions.
python_files() {
	tree_python "$1" - "${PYTHON_MODULES[@]}" <<-'END'
		import importlib, sys
		sys.modules["_hashlib"] = None  # would want OpenSSL
		for name in sys.argv[1:]:
		    importlib.import_module(name)
		for module in list(sys.modules.values()):
		    if (getattr(module, "__file__", None) or "").startswith(sys.prefix):
		        print(module.__file__)
	END
}

guest_python_fill() {
	local tree=$1 out=$2 root program lib files f
	root=$out/root
	program=$(readlink -f "$tree/usr/bin/python3")
	lib=usr/lib/${program##*/}
	mkdir -p "$root/usr/bin" "$root/usr/lib/x86_64-linux-gnu"
	put_program "$tree" "$program" "$root" python3 || return 1
	files=$(python_files "$tree") || return 1
	for f in $files; do
		install -D -m 644 "$f" "$root/$lib/${f#"$tree/$lib/"}" || return 1
		[[ $f != *.so ]] || put_libraries "$tree" "$f" "$root"
	done
	mkdir -p "$root/$lib/lib-dynload"
	# Emulated, compiling them would take seconds in each guest.
	tree_python "$tree" -m compileall -q -s "$root" --invalidation-mode unchecked-hash \
		"$root/$lib" >/dev/null || return 1
	pack "$root" >"$out/python.cpio" && rm -rf "$root"
}

guest_python() {
	local tree key
	tree=$(guest_python_tree) || return 1
	key=$({ echo "$tree"; declare -p PYTHON_MODULES
		declare -f guest_python_fill python_files tree_python put_program put_libraries; } | sha256sum | cut -c1-16)
	cache_entry "guest-python-$key" guest_python_fill "$tree"
}

# --- routing daemons, for the guests that want them

ROUTER_PACKAGES=(babeld bird2)
ROUTER_PROGRAMS=(babeld bird birdcl)

guest_routers_fill() {
	local out=$1 tree=$1/tree root=$1/root p f
	say "unpacking the guest's routing daemons"
	mkdir -p "$tree" "$root/usr/bin" "$root/usr/lib/x86_64-linux-gnu"
	unpack_closure "$(guest_release)" "${ROUTER_PACKAGES[@]}" "$tree" || return 1
	for p in "${ROUTER_PROGRAMS[@]}"; do
		f=$(guest_find "$tree" "$p") || { say "the guest's packages have no $p"; return 1; }
		put_program "$tree" "$f" "$root" "$p" || return 1
	done
	pack "$root" >"$out/routers.cpio" && rm -rf "$root" "$tree"
}

guest_routers() {
	local key
	key=$({ guest_release; declare -p ROUTER_PACKAGES ROUTER_PROGRAMS
		declare -f guest_routers_fill guest_find put_program put_libraries; } | sha256sum | cut -c1-16)
	cache_entry "guest-routers-$key" guest_routers_fill
}

# --- the kernel's modules

GUEST_MODULES=(veth dummy ifb bridge br_netfilter 8021q macvlan macvtap ipvlan vrf tun nlmon
	vxlan geneve fou fou6 ip_gre ip6_gre ipip sit wireguard ovpn udp_tunnel ip6_udp_tunnel
	libchacha20poly1305 chacha20poly1305 chacha chacha_x86_64 poly1305_x86_64 libsha256
	sch_netem sch_tbf sch_prio sch_fq sch_fq_codel sch_ingress
	cls_u32 cls_basic cls_flower cls_matchall cls_bpf
	act_gact act_mirred act_pedit act_skbedit act_csum act_bpf act_police
	nf_tables nft_ct nft_nat nft_masq nft_redir nft_reject nft_reject_inet nft_limit nft_log
	nft_quota nft_hash nft_numgen nft_chain_nat nft_counter nft_fib_inet nft_dup_netdev
	nft_fwd_netdev nft_compat nf_conntrack nf_conntrack_netlink nf_nat nf_log_syslog
	inet_diag udp_diag tcp_diag raw_diag unix_diag af_packet_diag netlink_diag
	pktgen netconsole virtio_pci virtio_net vmxnet3 virtio_rng net_failover failover msr)

# Only what a kernel has of them, and what that depends on.
guest_modules_fill() {
	local kernel=$1 out=$2 release root m
	release=$(cat "$kernel/release") || return 1
	root=$out/root
	mkdir -p "$root/usr/lib/modules/$release"
	ln -s usr/lib "$root/lib"
	cp "$kernel/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} \
		"$root/usr/lib/modules/$release/" || return 1
	for m in "${GUEST_MODULES[@]}"; do
		/sbin/modprobe -d "$kernel" -S "$release" --show-depends "$m" 2>/dev/null |
			sed -n 's/^insmod \([^ ]*\).*/\1/p'
	done | sort -u | while read -r m; do
		install -D -m 644 "$m" "$root/usr/lib${m##"$kernel/lib"}" || return 1
	done
	rm "$root/lib"
	(cd "$root" && tar -cf "$out/modules.tar" usr) && rm -rf "$root"
	printf '%s\n' "$release" >"$out/release"
}

guest_modules() {
	local key
	key=$({ echo "$1"; declare -p GUEST_MODULES; declare -f guest_modules_fill; } | sha256sum | cut -c1-16)
	cache_entry "guest-modules-$key" guest_modules_fill "$1"
}
