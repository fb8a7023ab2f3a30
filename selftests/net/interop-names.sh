#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# needs: python
# on: 7.3
# shellcheck disable=SC2317 # functions are called by name
# Endpoints that are names: what they lead to changes, has two families, and is asked for
# around the tunnel (spec 7.8). See agent.sh for who is where.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"
. "$(dirname "$0")/pypeer.sh"
. "$(dirname "$0")/agent.sh"

# here_ms: since any time
here_ms() { echo "${EPOCHREALTIME%???}" | tr -d .; }

# within NAME LEAST MOST: seconds since BEGAN, by the clock of this machine
within() {
	local ms=$(($(here_ms) - BEGAN))
	echo "# $1: after $ms ms"
	# A slow machine takes seconds of its own.
	check "$1, after $2 to $3 s" test "$ms" -ge "$2"000 -a "$ms" -le $((($3 + SLOW * 10) * 1000))
}

# names ADDRESS... ttl SECONDS: of peer.test from now on
names() { tell dns record peer.test "$@"; }

serve_names() {
	pypeer dns 2 "node dns port 4000" "dns 10.0.2.2:53"
	echo "nameserver 10.0.2.2" >/etc/resolv.conf
	# That of the guest is "files".
	sed -i.files 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf
	WHO=$SMALLER
}

# peer_in HOST: that waits there
peer_in() {
	pypeer it "$1" "node it secret ${SECRETS[$WHO]}" "link ${KEYS[2]} endpoint 10.0.1.2:2121"
}

# dial_name: begins to
dial_name() {
	mark dns
	BEGAN=$(here_ms)
	must in_host 1 fmp peer add fmp0 "${KEYS[$WHO]}" endpoint peer.test:2121 auto-connect on \
		heartbeat 10 address 10.9.0.2 address fd09::2
	must await 20 said dns asked name=peer.test
}

moves() {
	names 10.0.2.2 ttl 5
	peer_in 2
	dial_name
	check "a peer is dialled by its name" hear it up initiator=false
	within "a session" 0 5
	pings "by name"
	check_equal "both families were asked for, once" "1 1" \
		"$(lines dns asked type=1 | wc -l) $(lines dns asked type=28 | wc -l)"
	end_pypeer it
	BEGAN=$(here_ms)
	mark dns
	names 10.0.3.2 ttl 5
	peer_in 3
	# Until it is silent, it is where it is heard from (spec 10).
	check "it is found where its name leads now" await 60 said it up
	within "a session at another address" 19 38
	check "the name was asked for again" said dns asked name=peer.test
	check "both are on one session" await 10 agrees
	check "and the endpoint is the new one" endpoint_is 10.0.3.2:2121
	end
}

# Of two families one leads nowhere: the next message goes to the other.
families() {
	peer_in 2
	names fd00:99::9 10.0.2.2 ttl 5
	dial_name
	check "IPv6 that leads nowhere: IPv4" hear it up
	within "a session by IPv4" 0 8
	check "is where the session is" await 10 endpoint_is 10.0.2.2:2121
	end
	peer_in 2
	names 10.0.2.99 fd00:2::2 ttl 5
	dial_name
	check "IPv4 that leads nowhere: IPv6" hear it up
	within "a session by IPv6" 0 8
	check "is where the session is" await 10 endpoint_is "[fd00:2::2]:2121"
	end
	peer_in 2
	names fd00:2::2 ttl 5
	dial_name
	check "IPv6 only" hear it up
	end
}

# Copies of a msg1 leave after 1, 3, 7 and 15 s, and a dial ends after 30 s.
ttl() {
	peer_in 2
	names 10.0.2.99 ttl 5
	dial_name
	mark dns
	names 10.0.2.2 ttl 5
	check "what a name led to is over during the dial" hear it up
	within "a copy goes to the new address" 5 20
	check "which was asked for" said dns asked type=1
	end
	peer_in 2
	names 10.0.2.99 ttl 600
	dial_name
	mark dns
	names 10.0.2.2 ttl 600
	check "as long as it is valid, a dial goes there" await 70 said it up
	within "the dial after one that failed asks again" 30 55
	end
}

# route_all: what has no route goes into the tunnel, as "fmp up" makes it for 0.0.0.0/0
route_all() {
	must ip -n h1 route add default via 10.9.0.2 dev fmp0 onlink table 2121
	must ip -n h1 rule add pref 32764 lookup main suppress_prefixlength 0
	must ip -n h1 rule add pref 32765 not fwmark 2121 lookup 2121
}

way_to_server() { ip -n h1 route get 10.0.2.2 "$@" | sed -n 's/.* dev \([^ ]*\).*/\1/p'; }

dials_past() {
	check_equal "what has no mark goes into the tunnel" "fmp0 eth0" \
		"$(way_to_server) $(way_to_server mark 2121)"
	peer_in 2
	dial_name
	check "$1: the name server is reached, and the peer" hear it up
	within "a session" 0 8
	pings "$1"
	end
}

marks() {
	names 10.0.2.2 ttl 5
	route_all
	must in_host 1 fmp set fmp0 fwmark 2121
	dials_past "a mark is given while the agent runs"
	kill -TERM "$AGENT"
	await 10 refused test -e "/proc/$AGENT"
	must agent_on
	dials_past "an agent starts with a mark"
}

ktap_begin
make_stage
must agent_on
serve_names
run_parts moves families ttl marks
end_pypeer dns
rm /etc/resolv.conf
mv /etc/nsswitch.conf.files /etc/nsswitch.conf
ktap_end
