#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# Each allocation of the module fails once, in each operation that makes it. What fails is
# refused, or counted; it changes nothing, and leaves nothing behind.
#
# on: debug
# long
#
# With FAILNTH_SITES, in the environment or on the kernel's command line, it lists the
# functions whose allocations failed.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/play.sh"

TRACING=/sys/kernel/tracing
LEAKS=/sys/kernel/debug/kmemleak

skip_all() {
	ktap_skip "the module's allocations fail" "$1"
	ktap_end
}

prepare() {
	must ip netns add h1
	must ip -n h1 link set lo up
	quiet_host 1
	in_host 1 sysctl -qw net.ipv6.conf.default.addr_gen_mode=1
	must ip -n h1 tuntap add tun0 mode tun vnet_hdr
	must ip -n h1 -batch - <<-END
		addr add 10.0.1.2/24 dev tun0
		addr add fd00:1::2/64 dev tun0 nodad
		link set tun0 up
	END
	make_tunnel 1
}

module_file() { find "/lib/modules/$(uname -r)" -name fmp.ko; }

trace_sites() {
	local event
	echo 20000 >$TRACING/buffer_size_kb
	for event in kmalloc kmem_cache_alloc; do
		echo "stacktrace if ptr==0" >"$TRACING/events/kmem/$event/trigger"
	done
}

# The functions of ours that were the last to be asked for memory, by operation.
sites() {
	awk '/tracing_mark_write: / { sub(/.*tracing_mark_write: /, ""); operation = $0; next }
		/<stack trace>/ { open = 1; next }
		open && /=> fmp_/ { print operation ": " $2; open = 0 }' "$TRACING/trace" | sort | uniq -c
}

# What the kernel said since it was last quiet.
complaints() {
	dmesg | awk '/failnth: quiet/ { text = "" }
		/BUG: |WARNING: |KASAN|UBSAN|ODEBUG|Oops|refcount_t: |Objects remaining/ ||
		/suspicious RCU|deadlock|inconsistent lock state|lock.* held|list_(add|del) corruption/ ||
		/rcu.*(stall|self-detected)|blocked for more than|ref_tracker|kmemleak: .*disabled/ ||
		/unregister_netdevice: waiting|general protection|leaked/ {
			text = text $0 "\n"
		}
		END { printf "%s", text }'
}

# quietly COMMAND...: where the kernel's own code tells of a lack of memory with a trace,
# the console is spared it, and the log is read here
quietly() {
	local level
	read -r level _ </proc/sys/kernel/printk
	echo "failnth: quiet" >/dev/kmsg
	echo 1 >/proc/sys/kernel/printk
	"$@"
	echo "$level" >/proc/sys/kernel/printk
	check_equal "the kernel complains of nothing else" "" "$(complaints)"
}

# A cache that is not made leaks the name that it would have had in sysfs, which is not
# ours to mend. Others shall not find it.
leaks_of_loading() {
	local level
	read -r level _ </proc/sys/kernel/printk
	echo 1 >/proc/sys/kernel/printk
	echo scan >"$LEAKS"
	sleep 6
	echo scan >"$LEAKS"
	awk -v RS="unreferenced object " 'NF && !/sysfs_slab_add/' "$LEAKS"
	echo clear >"$LEAKS"
	echo "$level" >/proc/sys/kernel/printk
}

# Also where the program has not come to its end.
nothing_fails() {
	local knob
	for knob in failslab fail_page_alloc; do
		echo 0 >/sys/kernel/debug/$knob/probability
	done
}

# One of the devices goes with its namespace.
gone() { ip -n h1 link del fmp0 && ip netns del h1 && await 10 unused && rmmod fmp; }

ktap_begin
[ -w /proc/self/fail-nth ] || skip_all "this kernel injects no faults"
SITES=
set_from SITES FAILNTH_SITES
export FAILNTH_SITES=$SITES
[ -z "$SITES" ] || trace_sites
must modprobe fmp
prepare
relay_from 1 failnth all
quietly relay_from 1 failnth percpu
nothing_fails
[ -z "$SITES" ] || sites | sed 's/^/# /'
check "the device goes, its namespace, and the module" gone
must modprobe fmp
check_leaks
must ip netns add h1
quietly relay_from 1 failnth load "$(module_file)"
nothing_fails
must modprobe fmp
[ ! -w "$LEAKS" ] || check_equal "loading leaks nothing of ours" "" "$(leaks_of_loading)"
ktap_end
