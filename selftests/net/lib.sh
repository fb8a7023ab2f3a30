# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by the guest suites: KTAP, hosts on an underlay, tunnels between them.
#
#   a ---\            underlay of host N:  10.0.N.2/24 fd00:N::2/64, router .1
#   b ----[ router ]  overlay of host N:   10.9.0.N/24 fd09::N/64 on fmp0
#   c ---/

set -u
# Of the keys.
umask 077

# The receive backlog of veth holds 1000 packets by default, which TCP fills on a
# slow machine: what is lost there says nothing about the tunnel.
[ ! -w /proc/sys/net/core/netdev_max_backlog ] || echo 10000 >/proc/sys/net/core/netdev_max_backlog

# Where a process takes ten times as long to start, and a frame to open.
SLOW=0
[[ $(</proc/sys/kernel/osrelease) != *-@(debug|kcsan) ]] || SLOW=1

# For the shell's process substitution.
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd

KTAP_N=0
KTAP_FAILED=0
TMP=$(mktemp -d)

# X-only public keys of the hosts 1 to 4.
KEYS=(
	none
	84bf7562262bbd6940085748f3be6afa52ae317155181ece31b66351ccffa4b0
	5b5ddab24397e310e24d0a54ba85eaf4fe7d1866555156c7ac4558e674838a0e
	1b84c5567b126440995d3ed5aaba0565d71e1834604819ff9c17f5e9d5dd078f
	462779ad4aad39514614751a71085f2f10e1c7a593e4e030efb5b8721ce55b0b
)

ktap_begin() { echo "KTAP version 1"; }

ktap_pass() {
	KTAP_N=$((KTAP_N + 1))
	echo "ok $KTAP_N $*"
}

ktap_fail() {
	KTAP_N=$((KTAP_N + 1))
	KTAP_FAILED=$((KTAP_FAILED + 1))
	echo "not ok $KTAP_N $*"
}

ktap_skip() {
	KTAP_N=$((KTAP_N + 1))
	echo "ok $KTAP_N $1 # SKIP $2"
}

ktap_end() {
	cleanup
	echo "1..$KTAP_N"
	[ "$KTAP_FAILED" = 0 ]
	exit
}

# check NAME COMMAND...: the command succeeds
check() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		ktap_pass "$name"
	else
		printf '# %s\n' "failed: $*" "${out:-no output}" | sed 's/^\([^#]\)/# \1/'
		ktap_fail "$name"
	fi
}

# check_fail NAME COMMAND...: the command fails
check_fail() {
	local name=$1
	shift
	check "$name" refused "$@"
}

refused() { ! "$@"; }

# check_equal NAME WANTED GOT
check_equal() {
	if [ "$2" = "$3" ]; then
		ktap_pass "$1"
	else
		printf '# %s\n' "wanted: $2" "got:    $3"
		ktap_fail "$1"
	fi
}

# Nobody writes there: waiting for it sleeps without a process.
exec {NEVER}<> <(:)

nap() { ! read -rt "$1" -u "$NEVER"; }

# await SECONDS COMMAND...: the command succeeds before the time is up, which is
# three times as long on a slow kernel
await() {
	local end=$((SECONDS + $1 * (1 + 2 * SLOW))) pause=0.05
	shift
	[ "$SLOW" = 0 ] || pause=0.2
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		nap "$pause"
	done
}

die() {
	echo "Bail out! $*"
	exit 1
}

must() { "$@" || die "failed: $*"; }

# in_host NUMBER COMMAND...: unlike "ip netns exec" it leaves /sys as it is, and takes
# two thirds of the time
in_host() {
	local n=$1
	shift
	nsenter "--net=/run/netns/h$n" "$@"
}

# run_in NUMBER COMMAND...: in_host, in place of the shell: "$!" is the command then
run_in() {
	local n=$1
	shift
	exec nsenter "--net=/run/netns/h$n" "$@"
}

# del_session HOST PEER GENERATION
del_session() { in_host "$1" fmp session del fmp0 local-index "$(index_of "$1" "$2" "$3")"; }

# without_session HOST
without_session() { [ -z "$(in_host "$1" fmp session show fmp0)" ]; }

make_router() {
	must ip netns add router
	must ip -n router link set lo up
	ip netns exec router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# make_underlay NUMBER: the link between a host and the router
make_underlay() {
	local n=$1
	must ip -n "h$n" -batch - <<-END
		link add eth0 type veth peer name r$n netns router
		addr add 10.0.$n.2/24 dev eth0
		addr add fd00:$n::2/64 dev eth0 nodad
		link set eth0 up
	END
	must ip -n router -batch - <<-END
		addr add 10.0.$n.1/24 dev r$n
		addr add fd00:$n::1/64 dev r$n nodad
		link set r$n up
	END
	must ip -n "h$n" -batch - <<-END
		route add default via 10.0.$n.1
		route add default via fd00:$n::1
	END
}

# make_host NUMBER: a host with an underlay address
make_host() {
	must ip netns add "h$1"
	must ip -n "h$1" link set lo up
	make_underlay "$1"
}

# make_tunnel NUMBER: the device fmp0 of a host, with overlay addresses
make_tunnel() {
	local n=$1
	must ip -n "h$n" -batch - <<-END
		link add fmp0 type fmp
		addr add 10.9.0.$n/24 dev fmp0
		addr add fd09::$n/64 dev fmp0 nodad
		link set fmp0 up
	END
	# What hosts send of their own accord is no part of what suites count.
	must in_host "$n" fmp set fmp0 multicast off mmp minimal
}

# endpoint_of NUMBER [4|6]
endpoint_of() {
	case ${2:-4} in
	4) echo "10.0.$1.2:2121" ;;
	6) echo "[fd00:$1::2]:2121" ;;
	esac
}

# set_key NAME FROM TO [GENERATION]: sets NAME to the key file of one direction of a
# session. Like set_index it needs no process.
set_key() {
	local file=$TMP/key.$2.$3.${4:-1} part
	if [ ! -e "$file" ]; then
		printf -v part 'c0de%02x%02x%08x' "$2" "$3" "${4:-1}"
		echo "$part$part$part$part" >"$file"
	fi
	printf -v "$1" %s "$file"
}

key_file() {
	local key
	set_key key "$@"
	echo "$key"
}

# set_index NAME LOCAL REMOTE [GENERATION]: sets NAME to the receiver index that
# LOCAL chose
set_index() { printf -v "$1" '0x%x' $((0x01000000 * $2 + 0x10000 * $3 + ${4:-1})); }

index_of() {
	local index
	set_index index "$@"
	echo "$index"
}

# add_peer LOCAL REMOTE [4|6 [HEARTBEAT]]: without heartbeats, if none are asked for:
# what the kernel sends of its own accord is no part of what suites count
add_peer() {
	must in_host "$1" fmp peer add fmp0 "${KEYS[$2]}" endpoint "$(endpoint_of "$2" "${3:-4}")" \
		heartbeat "${4:-off}" address "10.9.0.$2" address "fd09::$2"
}

# set_session LOCAL REMOTE [GENERATION [initiator]]: SESSION becomes the words after
# "fmp session add"
set_session() {
	local local_index remote_index send_key receive_key
	set_index local_index "$1" "$2" "${3:-1}"
	set_index remote_index "$2" "$1" "${3:-1}"
	set_key send_key "$1" "$2" "${3:-1}"
	set_key receive_key "$2" "$1" "${3:-1}"
	SESSION=(fmp0 peer "${KEYS[$2]}" local-index "$local_index" remote-index "$remote_index"
		send-key "$send_key" receive-key "$receive_key" ${4:+"$4"})
}

# add_session LOCAL REMOTE [GENERATION [initiator]]
add_session() {
	local SESSION
	set_session "$@"
	in_host "$1" fmp session add "${SESSION[@]}" >/dev/null
}

# connect A B [4|6]: peers and a session on both sides
connect() {
	add_peer "$1" "$2" "${3:-4}"
	add_peer "$2" "$1" "${3:-4}"
	must add_session "$1" "$2" 1 initiator
	must add_session "$2" "$1" 1
}

# counter NUMBER NAME: a statistic of the host's device
counter() {
	local all
	all=$(in_host "$1" ethtool -S fmp0)
	[[ $all =~ [[:space:]]"$2: "([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

# Every drop counter that is not zero, in one line.
drops() {
	in_host "$1" ethtool -S fmp0 | awk '/_drop_/ && $2 && $1 != "tx_drop_multicast:" { printf "%s%s", s, $1 $2; s = " " }'
}

# Packets of the host's own making are no part of what a suite counts.
quiet_host() {
	in_host "$1" sysctl -qw net.ipv6.conf.default.router_solicitations=0 net.ipv6.conf.default.accept_ra=0
}

# make_network NUMBER...: a router, and quiet hosts around it
make_network() {
	local n
	make_router
	for n; do
		make_host "$n"
		quiet_host "$n"
	done
}

# make_tunnels NUMBER...: the same, each host with its end of a tunnel
make_tunnels() {
	local n
	make_network "$@"
	for n; do make_tunnel "$n"; done
}

# listening HOST PORT: somebody is, for TCP
listening() { in_host "$1" ss -Htln "sport = :$2" | grep -q .; }

# What devices and all that hangs on them are made of, in KiB. A sanitizer keeps what
# was freed, until the caches shrink.
memory() {
	local cache
	echo 3 >/proc/sys/vm/drop_caches
	for cache in /sys/kernel/slab/*/shrink; do echo 1 >"$cache"; done
	awk '/^(Slab|Percpu):/ { sum += $2 } END { print sum }' /proc/meminfo
}

# Nobody holds the module.
unused() { [ "$(cat /sys/module/fmp/refcnt)" = 0 ]; }

# check_leaks: of all that was allocated since kmemleak was last asked
check_leaks() {
	if [ -w /sys/kernel/debug/kmemleak ]; then
		check "kmemleak finds nothing" kmemleak-check
	else
		ktap_skip "kmemleak finds nothing" "this kernel has no kmemleak"
	fi
}

cleanup() {
	local ns
	for ns in $(ip netns list | awk '{ print $1 }'); do
		ip netns pids "$ns" | xargs -r kill 2>/dev/null
		ip netns del "$ns"
	done
	rm -rf "$TMP"
}
trap cleanup EXIT
