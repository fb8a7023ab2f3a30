#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Generic netlink: bad requests and what is told of them, privileges, dumps,
# notifications. Nothing is sent; the requests are those of nlraw.
# shellcheck disable=SC2317 # functions are called by name

. "$(dirname "$0")/lib.sh"

SEND=$(printf 'a5%.0s' {1..32})
RECEIVE=$(printf '5a%.0s' {1..32})
LONG=$(printf '11%.0s' {1..33})

# link_index HOST DEVICE
link_index() { ip -n "h$1" -o link show dev "$2" | cut -d : -f 1; }

# relay NAME COMMAND...: the results that a program prints are ours
relay() {
	local name=$1 line
	shift
	"$@" >"$TMP/results" || ktap_fail "$name: the program failed"
	[ -s "$TMP/results" ] || ktap_fail "$name: no results"
	while read -r line; do
		case $line in
		"ok "*) ktap_pass "$name: ${line#ok }" ;;
		"not ok "*) ktap_fail "$name: ${line#not ok }" ;;
		*) echo "# ${line#\# }" ;;
		esac
	done <"$TMP/results"
}

# bad NAME: the table of requests that is the input; each leaves all as it was
bad() { relay "$1" in_host 1 nlraw requests "$IF"; }

prepare() {
	must ip netns add h1
	must ip netns add h2
	# A device of which nothing counts by itself.
	must in_host 1 sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	must ip -n h1 link add dummy0 type dummy
	must ip -n h1 link add fmp0 type fmp
	must ip -n h1 link set fmp0 up
	IF=$(link_index 1 fmp0)
	LO=$(link_index 1 lo)
	DUMMY=$(link_index 1 dummy0)
	must in_host 1 fmp peer add fmp0 "${KEYS[2]}" endpoint 192.0.2.2:2121 heartbeat off address 10.9.0.2 address fd09::2
	must in_host 1 fmp peer add fmp0 "${KEYS[3]}" heartbeat off address 10.9.0.3
	must add_session 1 2
	must add_session 1 3
	must in_host 1 fmp session del fmp0 local-index "$(index_of 1 3)"
	USED=$(index_of 1 2)
	QUARANTINED=$(index_of 1 3)

	I="ifindex=u32:$IF"
	P="public-key=hex:${KEYS[2]}"
	P4="public-key=hex:${KEYS[4]}"
	SENDS="send-key=hex:$SEND"
	RECEIVES="receive-key=hex:$RECEIVE"
	R="remote-index=u32:7"
	S="$I $P $R $SENDS $RECEIVES"
	PORT="endpoint-port=be16:2121"
	# What is wrong with a dump is told without the attribute by old kernels.
	DUMPED=" attr=ifindex"
	[[ $(uname -r) != 6.1.* ]] || DUMPED=
}

# What every command does with the attribute that names the device.
bad_devices() {
	local command
	for command in dev-get dev-set peer-get peer-new peer-set peer-del rekey session-get session-new session-del \
		index-reserve index-release handshake-send handshake-report; do
		bad "$command" <<-END
			no ifindex | $command | EINVAL miss=ifindex text=ifindex is missing
			ifindex 0 | $command ifindex=u32:0 | ERANGE attr=ifindex
			ifindex 2^32-1 | $command ifindex=u32:0xffffffff | ENODEV attr=ifindex text=No such device
			ifindex of nothing | $command ifindex=u32:4242 | ENODEV attr=ifindex text=No such device
			ifindex of lo | $command ifindex=u32:$LO | EOPNOTSUPP attr=ifindex text=Not an fmp device
			ifindex of a dummy | $command ifindex=u32:$DUMMY | EOPNOTSUPP attr=ifindex text=Not an fmp device
			ifindex of 0 bytes | $command ifindex | EINVAL attr=ifindex
			ifindex of 2 bytes | $command ifindex=u16:$IF | EINVAL attr=ifindex
			ifindex of 8 bytes | $command ifindex=zero:8 | EINVAL attr=ifindex
			an attribute of number 0 | $command $I 0=u32:1 | EINVAL attr=?
			an attribute beyond all | $command $I 99=u32:1 | EINVAL attr=?
			half an attribute after it | $command $I @tail=0800 | EINVAL
			an attribute that ends beyond the message | $command $I @tail=14000100 | EINVAL
		END
	done
	for command in peer-get peer-set peer-new peer-del index-reserve handshake-report; do
		bad "$command" <<-END
			no public-key | $command $I | EINVAL miss=public-key text=public-key is missing
			public-key of 0 bytes | $command $I public-key | ERANGE attr=public-key
			public-key of 31 bytes | $command $I public-key=zero:31 | ERANGE attr=public-key
			public-key of 33 bytes | $command $I public-key=zero:33 | ERANGE attr=public-key
		END
	done
	for command in peer-get peer-set peer-del index-reserve handshake-report; do
		bad "$command" <<<"unknown public-key | $command $I $P4 | ENOENT attr=public-key text=No such peer"
	done
	for command in session-get session-del; do
		bad "$command" <<-END
			no local-index | $command $I | EINVAL miss=local-index text=local-index is missing
			unknown local-index | $command $I local-index=u32:12345 | ENOENT attr=local-index text=No such session
			local-index in quarantine | $command $I local-index=u32:$QUARANTINED | ENOENT attr=local-index text=No such session
			local-index of 2 bytes | $command $I local-index=u16:1 | EINVAL attr=local-index
			a key with it | $command $I local-index=u32:$USED $SENDS | EINVAL attr=send-key
			the peer instead of it | $command $I $P | EINVAL attr=public-key
		END
	done
}

bad_headers() {
	bad "command" <<-END
		0 | 0 1=u32:$IF | EOPNOTSUPP
		beyond all | 60 1=u32:$IF | EOPNOTSUPP
		255 | 255 1=u32:$IF | EOPNOTSUPP
		that is a notification | dev-set-ntf $I | EOPNOTSUPP
		that is an event | peer-endpoint-ntf $I $P | EOPNOTSUPP
		that tells of a handshake | handshake-ntf $I | EOPNOTSUPP
		that hands up a frame | handshake-frame-ntf $I | EOPNOTSUPP
		dump of dev-set | dev-set $I @dump | EOPNOTSUPP
		dump of peer-new | peer-new $I $P4 @dump | EOPNOTSUPP
		dump of session-new | session-new $S @dump | EOPNOTSUPP
		dump of session-del | session-del $I local-index=u32:$USED @dump | EOPNOTSUPP
		dump of peers without ifindex | peer-get @dump | EINVAL text=ifindex is missing
		dump of sessions without ifindex | session-get @dump | EINVAL text=ifindex is missing
		dump of peers of lo | peer-get ifindex=u32:$LO @dump | EOPNOTSUPP$DUMPED text=Not an fmp device
		dump of sessions of nothing | session-get ifindex=u32:4242 @dump | ENODEV$DUMPED text=No such device
		dump of peers of ifindex 0 | peer-get ifindex=u32:0 @dump | ERANGE attr=ifindex
		dump of sessions with a peer | session-get $I $P @dump | EINVAL attr=public-key
		no header of the family | peer-new @cut=0 | EINVAL
		half a header of the family | peer-new @cut=2 | EINVAL
		reserved bits of the header | peer-del $I $P @reserved=1 | EINVAL
		unknown flags of the message | peer-del $I $P @flags=0x400 | EINVAL
		replace and create, which are not ours | peer-new $I $P4 @flags=0x500 | EINVAL
	END
	# Versions are told apart by attributes.
	bad "header" <<-END
		another version | dev-get $I @version=2 | OK
		version 0 | dev-get $I @version=0 | OK
		version 255 | peer-get $I $P @version=255 | OK
	END
	# Where a command has one policy, that of "do" allows the key.
	case $(uname -r) in
	6.1.*) ktap_skip "dump of peers with a key" "this kernel has one policy for do and dump" ;;
	*) bad "command" <<<"dump of peers with a key | peer-get $I $P @dump | EINVAL attr=public-key" ;;
	esac
}

bad_settings() {
	bad "dev-set" <<-END
		port of 1 byte | dev-set $I port=u8:1 | EINVAL attr=port
		port of 4 bytes | dev-set $I port=u32:2000 | EINVAL attr=port
		fwmark of 2 bytes | dev-set $I fwmark=u16:1 | EINVAL attr=fwmark
		source-check 2 | dev-set $I source-check=u8:2 | ERANGE attr=source-check
		source-check 255 | dev-set $I source-check=u8:255 | ERANGE attr=source-check
		source-check of 4 bytes | dev-set $I source-check=u32:0 | EINVAL attr=source-check
		tx-batch 2 | dev-set $I tx-batch=u8:2 | ERANGE attr=tx-batch
		tx-batch of 0 bytes | dev-set $I tx-batch | EINVAL attr=tx-batch
		rx-batch 255 | dev-set $I rx-batch=u8:255 | ERANGE attr=rx-batch
		rx-batch of 4 bytes | dev-set $I rx-batch=u32:0 | EINVAL attr=rx-batch
		suspend-wipe 2 | dev-set $I suspend-wipe=u8:2 | ERANGE attr=suspend-wipe
		one good, one bad | dev-set $I port=u16:3000 fwmark=u32:3 source-check=u8:2 | ERANGE attr=source-check
		ifname, which is read-only | dev-set $I ifname=hex:6600 | EINVAL attr=ifname
		peers, which is read-only | dev-set $I peers=u32:5 | EINVAL attr=peers
		counter, which is read-only | dev-set $I counter=nest:value=u32:1 | EINVAL attr=counter
		a port in use | dev-set $I fwmark=u32:9 port=u16:$BUSY | EADDRINUSE text=Port cannot be opened
	END
}

# endpoints COMMAND KEY
endpoints() {
	local c="$1 $I public-key=hex:$2"
	bad "$1" <<-END
		endpoint-ipv4 without a port | $c endpoint-ipv4=ip:192.0.2.1 | EINVAL miss=endpoint-port text=endpoint-port is missing
		endpoint-ipv6 without a port | $c endpoint-ipv6=ip:2001:db8::1 | EINVAL miss=endpoint-port text=endpoint-port is missing
		endpoint-port alone | $c $PORT | EINVAL text=endpoint-ipv4 or endpoint-ipv6 is missing
		endpoint-scope-id alone | $c endpoint-scope-id=u32:1 | EINVAL text=endpoint-ipv4 or endpoint-ipv6 is missing
		endpoints of both families | $c endpoint-ipv4=ip:192.0.2.1 endpoint-ipv6=ip:2001:db8::1 $PORT | EINVAL text=exclude each other
		endpoint-port 0 | $c endpoint-ipv4=ip:192.0.2.1 endpoint-port=be16:0 | ERANGE attr=endpoint-port
		endpoint-port of 4 bytes | $c endpoint-ipv4=ip:192.0.2.1 endpoint-port=u32:1 | EINVAL attr=endpoint-port
		endpoint-ipv4 of 2 bytes | $c endpoint-ipv4=zero:2 $PORT | EINVAL attr=endpoint-ipv4
		endpoint-ipv4 of 16 bytes | $c endpoint-ipv4=zero:16 $PORT | EINVAL attr=endpoint-ipv4
		endpoint-ipv6 of 15 bytes | $c endpoint-ipv6=zero:15 $PORT | ERANGE attr=endpoint-ipv6
		endpoint-ipv6 of 17 bytes | $c endpoint-ipv6=zero:17 $PORT | ERANGE attr=endpoint-ipv6
		endpoint-ipv4 0.0.0.0 | $c endpoint-ipv4=ip:0.0.0.0 $PORT | EINVAL text=endpoint-ipv4 is not a unicast address
		endpoint-ipv4 multicast | $c endpoint-ipv4=ip:224.0.0.1 $PORT | EINVAL text=endpoint-ipv4 is not a unicast address
		endpoint-ipv4 broadcast | $c endpoint-ipv4=ip:255.255.255.255 $PORT | EINVAL text=endpoint-ipv4 is not a unicast address
		endpoint-ipv6 any | $c endpoint-ipv6=ip::: $PORT | EINVAL text=endpoint-ipv6 is not a unicast address
		endpoint-ipv6 multicast | $c endpoint-ipv6=ip:ff02::1 $PORT | EINVAL text=endpoint-ipv6 is not a unicast address
		endpoint-ipv6 mapped | $c endpoint-ipv6=ip:::ffff:192.0.2.1 $PORT | EINVAL text=endpoint-ipv6 is not a unicast address
		endpoint-ipv6 link-local without a scope | $c endpoint-ipv6=ip:fe80::1 $PORT | EINVAL text=needs an endpoint-scope-id
		endpoint-ipv6 link-local with scope 0 | $c endpoint-ipv6=ip:fe80::1 endpoint-scope-id=u32:0 $PORT | EINVAL text=needs an endpoint-scope-id
		a scope for a global endpoint-ipv6 | $c endpoint-ipv6=ip:2001:db8::1 endpoint-scope-id=u32:$DUMMY $PORT | EINVAL text=endpoint-scope-id is for
		a scope for an endpoint-ipv4 | $c endpoint-ipv4=ip:192.0.2.1 endpoint-scope-id=u32:$DUMMY $PORT | EINVAL text=endpoint-scope-id is for
		a good address, a bad endpoint | $c address=nest:ipv4=ip:10.9.0.9 $PORT | EINVAL text=endpoint-ipv4 or endpoint-ipv6 is missing
	END
}

# addresses COMMAND KEY
addresses() {
	local c="$1 $I public-key=hex:$2" many i
	many=$(for ((i = 1; i <= 65; i++)); do printf ' address=nest:ipv4=ip:10.8.0.%d' "$i"; done)
	bad "$1" <<-END
		address that is not nested | $c address=flat:ipv4=ip:10.9.0.9 | EINVAL attr=address
		address of nothing | $c address=nest: | EINVAL attr=address text=either ipv4 or ipv6
		address without a family | $c address=nest:remove | EINVAL attr=address text=either ipv4 or ipv6
		address of both families | $c address=nest:ipv4=ip:10.9.0.9,ipv6=ip:fd09::9 | EINVAL attr=address text=either ipv4 or ipv6
		address.ipv4 of 3 bytes | $c address=nest:ipv4=zero:3 | EINVAL attr=address.ipv4
		address.ipv6 of 15 bytes | $c address=nest:ipv6=zero:15 | ERANGE attr=address.ipv6
		address.ipv6 of 17 bytes | $c address=nest:ipv6=zero:17 | ERANGE attr=address.ipv6
		address.remove that is no flag | $c address=nest:ipv4=ip:10.9.0.2,remove=u8:1 | ERANGE attr=address.remove
		address with an unknown attribute | $c address=nest:ipv4=ip:10.9.0.9,77=u8:1 | EINVAL attr=address.?
		address cut short | $c address=rawnest:08000100 | EINVAL text=leftover
		address of 2 bytes | $c address=rawnest:0800 | ERANGE attr=address
		address 0.0.0.0 | $c address=nest:ipv4=ip:0.0.0.0 | EINVAL attr=address text=Not a unicast address
		address of IPv4 multicast | $c address=nest:ipv4=ip:239.1.2.3 | EINVAL attr=address text=Not a unicast address
		address of IPv4 broadcast | $c address=nest:ipv4=ip:255.255.255.255 | EINVAL attr=address text=Not a unicast address
		address of IPv6 any | $c address=nest:ipv6=ip::: | EINVAL attr=address text=Not a unicast address
		address of IPv6 multicast | $c address=nest:ipv6=ip:ff05::2 | EINVAL attr=address text=Not a unicast address
		address mapped | $c address=nest:ipv6=ip:::ffff:10.9.0.9 | EINVAL attr=address text=mapped
		address of another peer, IPv4 | $c address=nest:ipv4=ip:10.9.0.3 | EADDRINUSE attr=address text=Another peer
		address of another peer, derived | $c address=nest:ipv6=ip:$DERIVED3 | EADDRINUSE attr=address text=Another peer
		a good address, then another peer's | $c address=nest:ipv4=ip:10.9.0.9 address=nest:ipv4=ip:10.9.0.3 | EADDRINUSE attr=address text=Another peer
		removing an address that nobody has | $c address=nest:ipv4=ip:10.9.0.9,remove | ENOENT attr=address text=does not have
		removing an address of another peer | $c address=nest:ipv4=ip:10.9.0.3,remove | ENOENT attr=address text=does not have
		65 addresses | $c$many | ENOSPC attr=address text=Too many addresses
	END
}

bad_peers() {
	endpoints peer-new "${KEYS[4]}"
	endpoints peer-set "${KEYS[2]}"
	addresses peer-new "${KEYS[4]}"
	addresses peer-set "${KEYS[2]}"
	bad "peer" <<-END
		new that exists | peer-new $I $P | EEXIST attr=public-key text=There is such a peer
		new that exists, with an endpoint | peer-new $I $P endpoint-ipv4=ip:192.0.2.9 $PORT | EEXIST attr=public-key text=There is such a peer
		new with replace-addresses | peer-new $I $P4 replace-addresses | EINVAL attr=replace-addresses
		new with a node-addr | peer-new $I $P4 node-addr=zero:16 | EINVAL attr=node-addr
		set of a node-addr | peer-set $I $P node-addr=zero:16 | EINVAL attr=node-addr
		set of rx-packets | peer-set $I $P rx-packets=u32:0 | EINVAL attr=rx-packets
		set of a counter | peer-set $I $P counter=nest:value=u32:1 | EINVAL attr=counter
		set of last-rx-ms | peer-set $I $P last-rx-ms=u32:1 | EINVAL attr=last-rx-ms
		replace-addresses that is no flag | peer-set $I $P replace-addresses=u8:1 | ERANGE attr=replace-addresses
		set that removes the derived address | peer-set $I $P address=nest:ipv6=ip:$DERIVED2,remove | EINVAL attr=address text=stays
		set that replaces by another peer's | peer-set $I $P replace-addresses address=nest:ipv4=ip:10.9.0.3 | EADDRINUSE attr=address text=Another peer
		set that removes one and takes another peer's | peer-set $I $P address=nest:ipv4=ip:10.9.0.2,remove address=nest:ipv4=ip:10.9.0.3 | EADDRINUSE attr=address text=Another peer
		get with an endpoint | peer-get $I $P endpoint-ipv4=ip:192.0.2.1 | EINVAL attr=endpoint-ipv4
		del with an address | peer-del $I $P address=nest:ipv4=ip:10.9.0.2 | EINVAL attr=address
	END
}

bad_sessions() {
	local keys="$SENDS $RECEIVES" used_send used_receive
	used_send=send-key=hex:$(cat "$(key_file 1 2)")
	used_receive=receive-key=hex:$(cat "$(key_file 2 1)")
	bad "session-new" <<-END
		no public-key | session-new $I $R $keys | EINVAL miss=public-key text=public-key is missing
		public-key of 31 bytes | session-new $I public-key=zero:31 $R $keys | ERANGE attr=public-key
		public-key of 33 bytes | session-new $I public-key=zero:33 $R $keys | ERANGE attr=public-key
		unknown peer | session-new $I $P4 $R $keys | ENOENT attr=public-key text=No such peer
		no remote-index | session-new $I $P $keys | EINVAL miss=remote-index text=remote-index is missing
		remote-index of 8 bytes | session-new $I $P $keys remote-index=zero:8 | EINVAL attr=remote-index
		no send-key | session-new $I $P $R $RECEIVES | EINVAL miss=send-key text=send-key is missing
		no receive-key | session-new $I $P $R $SENDS | EINVAL miss=receive-key text=receive-key is missing
		send-key of 0 bytes | session-new $I $P $R send-key $RECEIVES | ERANGE attr=send-key
		send-key of 31 bytes | session-new $I $P $R send-key=hex:${LONG:0:62} $RECEIVES | ERANGE attr=send-key
		send-key of 33 bytes | session-new $I $P $R send-key=hex:$LONG $RECEIVES | ERANGE attr=send-key
		receive-key of 0 bytes | session-new $I $P $R $SENDS receive-key | ERANGE attr=receive-key
		receive-key of 31 bytes | session-new $I $P $R $SENDS receive-key=hex:${LONG:0:62} | ERANGE attr=receive-key
		receive-key of 33 bytes | session-new $I $P $R $SENDS receive-key=hex:$LONG | ERANGE attr=receive-key
		one key for both | session-new $I $P $R $SENDS receive-key=hex:$SEND | EINVAL text=send-key and receive-key are the same
		local-index in use | session-new $S local-index=u32:$USED | EEXIST attr=local-index text=in use
		local-index of 2 bytes | session-new $S local-index=u16:5 | EINVAL attr=local-index
		a send-key in use | session-new $I $P $R $used_send $RECEIVES | EEXIST text=one of these keys
		a receive-key in use | session-new $I $P $R $SENDS $used_receive | EEXIST text=one of these keys
		both keys in use | session-new $I $P $R $used_send $used_receive | EEXIST text=one of these keys
		both keys in use, swapped | session-new $I $P $R send-key=${used_receive#*=} receive-key=${used_send#*=} | EEXIST text=one of these keys
		initiator that is no flag | session-new $S initiator=u8:1 | ERANGE attr=initiator
		slot, which is read-only | session-new $S slot=u8:0 | EINVAL attr=slot
		k-bit, which is read-only | session-new $S k-bit=u8:1 | EINVAL attr=k-bit
		send-counter, which is read-only | session-new $S send-counter=u32:5 | EINVAL attr=send-counter
		receive-highest, which is read-only | session-new $S receive-highest=u32:5 | EINVAL attr=receive-highest
	END
	# An index stays there for 30 s only.
	must add_session 1 3 7
	must in_host 1 fmp session del fmp0 local-index "$(index_of 1 3 7)"
	bad "session-new" <<<"local-index in quarantine | session-new $S local-index=u32:$(index_of 1 3 7) | EEXIST attr=local-index text=in use"
}

# The device cannot be found from elsewhere, whoever asks.
other_namespace() {
	local before
	before=$(in_host 1 nlraw state "$IF")
	relay "another namespace" in_host 2 nlraw requests <<-END
		dev-get | dev-get $I | ENODEV attr=ifindex text=No such device
		dev-set | dev-set $I fwmark=u32:1 | ENODEV attr=ifindex text=No such device
		peer-get | peer-get $I $P | ENODEV attr=ifindex text=No such device
		dump of peers | peer-get $I @dump | ENODEV$DUMPED text=No such device
		dump of sessions | session-get $I @dump | ENODEV$DUMPED text=No such device
		peer-new | peer-new $I $P4 | ENODEV attr=ifindex text=No such device
		peer-del | peer-del $I $P | ENODEV attr=ifindex text=No such device
		session-del | session-del $I local-index=u32:$USED | ENODEV attr=ifindex text=No such device
		index-reserve | index-reserve $I $P | ENODEV attr=ifindex text=No such device
		handshake-send | handshake-send $I | ENODEV attr=ifindex text=No such device
	END
	check_equal "another namespace: nothing has changed" "$before" "$(in_host 1 nlraw state "$IF")"
	check_equal "another namespace: a dump of devices is empty" "[]" "$(in_host 2 fmp --json show interfaces | tr -d ' \n')"
}

privileged_requests() {
	cat <<-END
		dev-set | dev-set $I fwmark=u32:1 | EPERM
		peer-get | peer-get $I $P | EPERM
		dump of peers | peer-get $I @dump | EPERM
		peer-new | peer-new $I $P4 | EPERM
		peer-set | peer-set $I $P replace-addresses | EPERM
		peer-del | peer-del $I $P | EPERM
		rekey | rekey $I $P | EPERM
		rekey of all | rekey $I | EPERM
		session-get | session-get $I local-index=u32:$USED | EPERM
		dump of sessions | session-get $I @dump | EPERM
		session-new | session-new $S | EPERM
		session-del | session-del $I local-index=u32:$USED | EPERM
		index-reserve | index-reserve $I $P | EPERM
		index-release | index-release $I local-index=u32:$USED | EPERM
		handshake-send | handshake-send $I | EPERM
		handshake-report | handshake-report $I $P event=u8:0 | EPERM
		a bad request | peer-new ifindex=u32:0 | EPERM
		dev-get, which all may | dev-get $I | OK
		dump of devices, which all may | dev-get @dump | OK
	END
}

# unprivileged NAME COMMAND...: what runs its arguments without privileges
unprivileged() {
	local name=$1 before group
	shift
	before=$(in_host 1 nlraw state "$IF")
	relay "$name" in_host 1 "$@" nlraw requests < <(privileged_requests)
	check_equal "$name: nothing has changed" "$before" "$(in_host 1 nlraw state "$IF")"
	for group in config events; do
		check_equal "$name: may not join the group $group" EPERM "$(in_host 1 "$@" nlraw join "$group")"
	done
}

privileges() {
	unprivileged "as nobody" setpriv --reuid 65534 --regid 65534 --clear-groups
	unprivileged "as root without CAP_NET_ADMIN" setpriv --bounding-set -net_admin --inh-caps -net_admin
	unprivileged "as root of another user namespace" unshare --user --map-root-user
	check "who may joins the group config" in_host 1 nlraw join config
	check "who may joins the group events" in_host 1 nlraw join events
}

# --- what good requests do

granted() {
	relay "granted" in_host 1 nlraw requests <<-END
		peer-new | peer-new $I $P4 endpoint-ipv6=ip:fe80::1 endpoint-scope-id=u32:$DUMMY $PORT address=nest:ipv4=ip:10.9.0.9 | OK text=
		peer-set of nothing | peer-set $I $P4 | OK
		peer-set of the addresses that are there | peer-set $I $P4 address=nest:ipv4=ip:10.9.0.9 address=nest:ipv4=ip:10.9.0.9 | OK
		peer-set that replaces | peer-set $I $P4 replace-addresses address=nest:ipv6=ip:fd09::9 | OK
		session-new with the index 0 | session-new $I $P4 $R $SENDS $RECEIVES local-index=u32:0 | OK
		session-get of it | session-get $I local-index=u32:0 | OK
		session-del of it | session-del $I local-index=u32:0 | OK
		session-del again | session-del $I local-index=u32:0 | ENOENT attr=local-index
		peer-del | peer-del $I $P4 | OK
		peer-del again | peer-del $I $P4 | ENOENT attr=public-key
		dev-set of nothing | dev-set $I | OK
		port 0 | dev-set $I port=u16:0 | OK
		port 2121 | dev-set $I port=u16:2121 | OK
	END
}

# Indices that the kernel chose, a line each.
random_indices() {
	local i
	for i in {1..16}; do
		in_host 1 fmp session add fmp0 peer "${KEYS[3]}" remote-index "$i" \
			send-key "$(key_file 1 3 "9$i")" receive-key "$(key_file 3 1 "9$i")"
	done
}

chosen_indices() {
	random_indices >"$TMP/indices"
	check_equal "the kernel chooses another index each time" 16 "$(sort -u "$TMP/indices" | wc -l)"
	check_equal "whatever their upper half" 16 "$(cut -c1-6 "$TMP/indices" | sort -u | wc -l | sed 's/^1[4-6]$/16/')"
	check_equal "and the latest is there" "${KEYS[3]} pending" \
		"$(at="[local_index=$(($(tail -n 1 "$TMP/indices")))]"
		in_host 1 fmp --json session show fmp0 | flat "$at.public_key_hex" "$at.slot" | xargs)"
}

keys_stay_inside() {
	in_host 1 nlraw state "$IF" >"$TMP/dump"
	{
		in_host 1 fmp --json show
		in_host 1 ip -d link show fmp0
		in_host 1 ethtool -S fmp0
	} >>"$TMP/dump"
	check "a dump has the public key" grep -q "${KEYS[3]}" "$TMP/dump"
	# Not even parts of them.
	cat "$TMP"/key.* | fold -w 16 >"$TMP/parts"
	check_equal "a dump has no session key" "" "$(grep -oiFf "$TMP/parts" "$TMP/dump")"
}

# Many more than fit into a message.
large_dump() {
	local n=3000 wanted
	must ip -n h2 link add fmp0 type fmp
	must in_host 2 nlraw fill "$(link_index 2 fmp0)" $n
	wanted=$(printf 'peer-get %064x\n' $(seq $n) && printf 'session-get %064x\n' $(seq $n))
	check_equal "a dump of $n peers is complete and in order" "$(sha256sum <<<"$wanted")" \
		"$(in_host 2 nlraw list "$(link_index 2 fmp0)" | sha256sum)"
	check_equal "the device counts them" "$n" "$(in_host 2 fmp --json show fmp0 | flat '[0].peer_count')"
	must ip -n h2 link del fmp0
}

# --- notifications

# listen HOST FILE COMMAND...
listen() {
	local host=$1 file=$2
	shift 2
	in_host "$host" "$@" >"$file" 2>&1 &
}

# The events of one monitor, with some of what they tell.
events() {
	flat <"$TMP/monitor" | awk '
		$1 == "event" { if (line) print line; line = $2 }
		$1 ~ /^(peer|session)\.public_key_hex$/ { line = line " " substr($2, 1, 4) }
		$1 ~ /^config\.(port|fwmark|source_check)$/ ||
		$1 ~ /^session\.(local_index|remote_index|slot)$/ ||
		$1 == "peer.endpoint" || ($1 ~ /^peer\.addresses/ && $2 ~ /^10\./) { line = line " " $2 }
		END { print line }' | tail -n 11
}

wanted_events() {
	cat <<-END
		dev-set 2121 7 true
		dev-set 2200 7 true
		dev-set 2200 0 false
		peer-new 4627 192.0.2.4:1 10.9.0.4
		peer-set 4627 192.0.2.4:2 10.9.0.4
		peer-set 4627 192.0.2.4:2 10.9.0.44
		session-new 4627 $(($(index_of 1 4))) $(($(index_of 4 1))) current
		session-new 4627 $(($(index_of 1 4 2))) $(($(index_of 4 1 2))) pending
		session-del 4627 $(($(index_of 1 4))) $(($(index_of 4 1))) current
		peer-del 4627 192.0.2.4:2 10.9.0.44
		session-del 4627 $(($(index_of 1 4 2))) $(($(index_of 4 1 2))) pending
	END
}

change_everything() {
	in_host 1 fmp set fmp0 fwmark 7
	in_host 1 fmp set fmp0 port 2200
	in_host 1 fmp set fmp0 fwmark off source-check off
	in_host 1 fmp peer add fmp0 "${KEYS[4]}" endpoint 192.0.2.4:1 address 10.9.0.4
	in_host 1 fmp peer set fmp0 "${KEYS[4]}" endpoint 192.0.2.4:2
	in_host 1 fmp peer set fmp0 "${KEYS[4]}" replace-addresses address 10.9.0.44
	add_session 1 4
	add_session 1 4 2
	in_host 1 fmp session del fmp0 local-index "$(index_of 1 4)"
	in_host 1 fmp peer del fmp0 "${KEYS[4]}"
}

notifications() {
	local wanted f
	wanted=$(wanted_events)
	# Its pending session would expire meanwhile.
	must in_host 1 fmp peer del fmp0 "${KEYS[3]}"
	listen 1 "$TMP/monitor" fmp --json monitor
	listen 1 "$TMP/config" nlraw listen config
	listen 1 "$TMP/events" nlraw listen events
	listen 2 "$TMP/elsewhere" nlraw listen config
	for f in config events elsewhere; do
		must await 10 test -s "$TMP/$f"
	done
	must await 10 monitoring
	must change_everything
	# What brought the monitor to speak comes before these.
	must await 10 removed_twice "$TMP/monitor"
	must await 10 removed_twice "$TMP/config"
	check_equal "each change is told, with its contents" "$wanted" "$(events)"
	check_equal "changes are told to the group config" \
		"$(cut -d ' ' -f 1 <<<"$wanted" | sed 's/$/-ntf/')" "$(tail -n 11 "$TMP/config")"
	check_equal "and to no other group" listening "$(cat "$TMP/events")"
	check_equal "and in no other namespace" listening "$(cat "$TMP/elsewhere")"
	in_host 1 nlraw requests "$IF" >/dev/null <<<"refused | peer-del $I $P4 | ENOENT"
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" endpoint 192.0.2.2:1
	must await 10 grep -q 192.0.2.2:1 "$TMP/monitor"
	check_equal "what is refused is not told" "session-del peer-set" \
		"$(tail -n 2 "$TMP/monitor" | flat event | xargs)"
}

# The monitor says nothing before it has something to say.
monitoring() {
	in_host 1 fmp set fmp0 fwmark 0
	[ -s "$TMP/monitor" ]
}

removed_twice() { [ "$(grep -c session-del "$1")" = 2 ]; }

ktap_begin
prepare
DERIVED2=$(in_host 1 fmp --json peer show fmp0 "${KEYS[2]}" | flat '[0].addresses[0]')
DERIVED3=$(in_host 1 fmp --json peer show fmp0 "${KEYS[3]}" | flat '[0].addresses[0]')
BUSY=2345
in_host 1 socat -u UDP4-RECV:$BUSY - >/dev/null &
must await 10 in_host 1 sh -c "ss -Huln | grep -q :$BUSY"
bad_devices
bad_headers
bad_settings
bad_peers
bad_sessions
other_namespace
privileges
granted
chosen_indices
keys_stay_inside
large_dump
notifications
ktap_end
