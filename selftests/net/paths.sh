#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 6.1
# shellcheck disable=SC2034,SC2317 # functions are called by name, as sizes are
# Large packets over other paths: through routers, translators of addresses and filters,
# forwarded into the tunnel, and within a host.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/batch-lib.sh"

# routed: frames of both families
routed() {
	local f
	for f in 4 6; do
		routed_hosts "$f"
		core "router, IPv$f" on on
		begin_anew
	done
}

# Single frames come to the router, which may put them together, or not.
router_gathers() {
	local n way
	routed_hosts 4
	for way in on off; do
		for n in 1 2; do
			must feature "$n" eth0 tx-udp-segmentation off
			must feature router "r$n" gro "$way" rx-udp-gro-forwarding "$way"
		done
		core "router that gathers frames, $way" on any
	done
	begin_anew
}

# The first host has an address of its own, which nobody sees.
translated() {
	routed_hosts 4
	ip netns exec router nft -f - <<-END || die "nft"
		table ip translate {
			chain postrouting {
				type nat hook postrouting priority srcnat
				oifname r2 masquerade
			}
		}
	END
	must in_host 1 ping -q -c 1 -W 10 10.9.0.2 >/dev/null
	core "translated addresses" on on
	check "translated addresses: by the router" grep -q "^10\.0\.2\.1:" \
		<(in_host 2 fmp --json peer show fmp0 "${KEYS[1]}" | flat '[0].endpoint')
	begin_anew
}

# checked: a router that follows connections, and drops what has none or is wrong
checked() {
	routed_hosts 6
	ip netns exec router nft -f - <<-END || die "nft"
		table inet check {
			chain forward {
				type filter hook forward priority filter; policy drop
				ct state invalid counter drop
				ct state established,related accept
				meta l4proto ipv6-icmp accept
				udp dport 2121 ct state new accept
			}
		}
	END
	ip netns exec router sysctl -qw net.netfilter.nf_conntrack_checksum=1
	core "router with a state" on on
	check_equal "router with a state: none was invalid" 0 \
		"$(ip netns exec router nft list table inet check | sed -n 's/.* invalid counter packets \([0-9]*\) .*/\1/p')"
	begin_anew
}

# A third host behind the first.
forwarded() {
	join_hosts veth_pair
	join_tunnels 4
	in_host 1 sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	must ip netns add h3
	quiet_host 3
	must ip -n h3 -batch - <<-END
		link set lo up
		link add eth0 mtu 1412 type veth peer name lan mtu 1412 netns h1
		addr add 10.8.0.3/24 dev eth0
		addr add fd08::3/64 dev eth0 nodad
		link set eth0 up
	END
	must ip -n h1 -batch - <<-END
		addr add 10.8.0.1/24 dev lan
		addr add fd08::1/64 dev lan nodad
		link set lan up
	END
	must ip -n h3 route add default via 10.8.0.1
	must ip -n h3 -6 route add default via fd08::1
	must ip -n h2 route add 10.8.0.0/24 via 10.9.0.1
	must ip -n h2 -6 route add fd08::/64 via fd09::1
	core "forwarded into the tunnel" on any 3
	must feature 3 eth0 gso off tso off tx-udp-segmentation off
	must feature 1 lan gro on rx-udp-gro-forwarding on
	core "gathered on the way into the tunnel" any any 3
	begin_anew
}

# Both devices have their sockets in one namespace.
same_host() {
	must ip netns add h1
	must ip netns add h2
	must ip -n h1 link set lo up
	must ip -n h1 addr add 10.0.1.2/24 dev lo
	make_tunnel 1
	# Older kernels look for the name in the namespace that it is made from.
	must ip -n h1 link add fmp7 netns h2 type fmp
	must ip -n h2 link set fmp7 name fmp0
	must in_host 2 fmp set fmp0 port 2122 multicast off mmp minimal
	must ip -n h2 -batch - <<-END
		addr add 10.9.0.2/24 dev fmp0
		addr add fd09::2/64 dev fmp0 nodad
		link set fmp0 up
	END
	add_peer 1 2
	add_peer 2 1
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint 10.0.1.2:2122
	must in_host 2 fmp peer set fmp0 "${KEYS[1]}" endpoint 10.0.1.2:2121
	must add_session 1 2 1 initiator
	must add_session 2 1
	core "within a host" on on
	begin_anew
}

ktap_begin
routed
router_gathers
translated
checked
forwarded
same_host
ktap_end
