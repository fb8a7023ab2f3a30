#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 7.3
# long
# needs: python
# shellcheck disable=SC2317 # functions are called by name
# 10 000 peers from the JSON form of a configuration, on standard input: what is told to the
# kernel is what differs and nothing else, by what syncconf says and by what the kernel tells.
# Times are printed, for twice as many too, and not judged.

. "$(dirname "$0")/lib.sh"

PEERS=10000
CHANGED=300

# Writes N.json, and changed.json, in which there are a third of CHANGED of each: other
# heartbeats, new peers in the place of old ones, and addresses that moved to a neighbour.
make_files() {
	cat >"$TMP/make.py" <<-'END'
		import json, sys
		P = 2**256 - 2**32 - 977
		G = (0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798,
		     0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8)

		def keys():
		    x, y = G
		    slope = 3 * x * x * pow(2 * y, -1, P)
		    while True:
		        yield f"{x:064x}"
		        x3 = (slope * slope - x - G[0]) % P
		        x, y = x3, (slope * (x - x3) - y) % P
		        slope = (y - G[1]) * pow(x - G[0], -1, P)

		def peer(i, key):
		    return {"public_key": key, "endpoint": f"192.0.2.{1 + i % 250}:{2121 + i // 250}",
		            "allowed_ips": [f"10.{64 + (i >> 16)}.{i >> 8 & 255}.{i & 255}"], "heartbeat": 0}

		def write(name, peers):
		    with open(f"{sys.argv[1]}/{name}.json", "w") as file:
		        json.dump({"interface": {"multicast": False}, "peers": peers}, file)

		count, part = int(sys.argv[2]), int(sys.argv[3]) // 3
		key = keys()
		peers = [peer(i, next(key)) for i in range(2 * count)]
		write(count, peers[:count])
		write(2 * count, peers)
		some = [dict(p) for p in peers[:count]]
		for i in range(part):
		    some[i]["heartbeat"] = 7
		    some[part + i] = peers[count + i]
		for i in range(2 * part, 3 * part, 2):
		    a, b = some[i], some[i + 1]
		    a["allowed_ips"], b["allowed_ips"] = b["allowed_ips"], a["allowed_ips"]
		write("changed", some)
		bad = [dict(p) for p in peers[:count]]
		bad[count - 1]["endpoint"] = "192.0.2.1"
		write("bad", bad)
	END
	must python3 "$TMP/make.py" "$TMP" "$PEERS" "$CHANGED"
}

fmp_here() { in_host 1 fmp "$@"; }

# sync FILE [WHAT]: what syncconf says it did, in one line; how long it took is printed
sync() {
	local start=${EPOCHREALTIME/./} out
	out=$(fmp_here --json syncconf fmp0 - <"$1" 2>&1)
	echo "# ${2:-$(basename "$1")}: $(((${EPOCHREALTIME/./} - start) / 1000)) ms" >&3
	echo "$out"
}

did() {
	printf '{"device_changed":%s,"peers_added":%s,"peers_changed":%s,"peers_removed":%s}' "$@"
}

count() { fmp_here --json show fmp0 | flat '[0].peer_count'; }

# watch, and told: the events in between, by kind; those of the device are the marks
watch() {
	(run_in 1 fmp --json monitor) >"$TMP/monitor" 2>&1 &
	MONITOR=$!
	must await 10 listened
}

listened() {
	fmp_here set fmp0 fwmark 0
	[ -s "$TMP/monitor" ]
}

told() {
	must fmp_here set fmp0 fwmark 99
	must await 60 marked
	kill "$MONITOR"
	wait "$MONITOR" 2>/dev/null
	must fmp_here set fmp0 fwmark 0
	flat <"$TMP/monitor" | awk '$1 == "event" && $2 != "dev-set" { print $2 }' | sort | uniq -c | xargs
}

marked() { tail -n 1 "$TMP/monitor" | flat config.fwmark | grep -qx 99; }

apply() {
	must ip -n h1 link add fmp0 type fmp
	check_equal "$PEERS peers are applied from standard input" "$(did true $PEERS 0 0)" "$(sync "$TMP/$PEERS.json")"
	check_equal "and are there" "$PEERS" "$(count)"
	watch
	check_equal "applied again, they change nothing" "$(did false 0 0 0)" "$(sync "$TMP/$PEERS.json" "again")"
	check_equal "of which the kernel tells nothing" "" "$(told)"
	must fmp_here --json showconf fmp0 >"$TMP/shown.json"
	check_equal "what showconf prints changes nothing either" "$(did false 0 0 0)" \
		"$(sync "$TMP/shown.json")"
	check_equal "in the other form as well" "$(did false 0 0 0)" \
		"$(sync <(fmp_here showconf fmp0) "of showconf, as lines")"
}

change() {
	local third=$((CHANGED / 3))
	check "one error, and it is named" refused_by_name
	check "and nothing is changed" same_as_shown
	watch
	check_equal "of $CHANGED changes each is made" "$(did false $third $((2 * third)) $third)" \
		"$(sync "$TMP/changed.json")"
	# An address that moves is taken from one peer before the other is given it.
	check_equal "and the kernel tells of them, and of no others" \
		"$third peer-del $third peer-new $((3 * third)) peer-set" "$(told)"
	check_equal "which is all" "$(did false 0 0 0)" "$(sync "$TMP/changed.json" "changed again")"
}

same_as_shown() { fmp_here --json showconf fmp0 | cmp - "$TMP/shown.json"; }

refused_by_name() {
	local out
	out=$(fmp_here syncconf fmp0 - <"$TMP/bad.json" 2>&1) && return 1
	echo "$out"
	[[ $out == "fmp: <stdin>:1: peers[$((PEERS - 1))].endpoint: '192.0.2.1': "* ]]
}

twice_as_many() {
	must ip -n h1 link del fmp0
	must ip -n h1 link add fmp0 type fmp
	check_equal "$((2 * PEERS)) peers" "$(did true $((2 * PEERS)) 0 0)" "$(sync "$TMP/$((2 * PEERS)).json")"
	check_equal "applied again" "$(did false 0 0 0)" "$(sync "$TMP/$((2 * PEERS)).json" "$((2 * PEERS)) again")"
	check_equal "no peers" "$(did false 0 0 $((2 * PEERS)))" \
		"$(sync <(echo '{"interface": {"multicast": false}, "peers": []}') "none")"
	check_equal "are left" 0 "$(count)"
}

exec 3>&1
ktap_begin
must ip netns add h1
make_files
apply
change
twice_as_many
ktap_end
