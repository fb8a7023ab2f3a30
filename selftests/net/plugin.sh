#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # functions are called by name
# The plugin for ip: options of "ip link add", and what "ip -d link show" tells.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

HERE=$(cd "$(dirname "$0")" && pwd)
export IP_LIB_DIR=$HERE/../bin

link() { ip -n h1 link "$@"; }

# info [KEY]: of the device's data, as ip has it in JSON
info() { ip -n h1 -d -json link show fmp0 | flat "[0].linkinfo.info_data${1:+.$1}"; }

# told KEY: as fmp has it
told() { in_host 1 fmp --json show fmp0 | flat "[0].$1"; }

# says TEXT COMMAND...
says() {
	local wanted=$1
	shift
	"$@" 2>&1 | grep -F -- "$wanted"
}

# The options as "ip link" shows them
words() { ip -n h1 -d link show fmp0 | sed -n 's/^ *fmp \(port.*\)/\1/p' | sed 's/ addrgenmode.*//; s/ *$//'; }

has_metrics() { [ -n "$(told mmp_mode)" ]; }

defaults() {
	must link add fmp0 type fmp
	check_equal "without options it has the defaults" "2121 true true" \
		"$(info port) $(info source_check) $(info multicast)"
	check "which are shown" says "fmp port 2121 source-check on multicast on" ip -n h1 -d link show fmp0
	check_fail "not without -d" says "port 2121" ip -n h1 link show fmp0
	must link del fmp0
}

options() {
	local key
	must link add fmp0 type fmp port 2122 fwmark 0x7 local 10.0.0.9 local fd00::9 dev eth0 tos inherit ttl 64 \
		source-check off multicast off handshake-burst 7 handshake-rate 3
	check "all options are shown as they were given" says \
		"fmp port 2122 fwmark 0x7 local 10.0.0.9 local fd00::9 dev eth0 tos inherit ttl 64 source-check off multicast off handshake-burst 7 handshake-rate 3" \
		ip -n h1 -d link show fmp0
	for key in port fwmark underlay tos ttl source_check multicast handshake_burst handshake_rate; do
		check_equal "$key is the same to ip and to fmp" "$(told "$key")" "$(info "$key")"
	done
	check_equal "and so are the addresses" "$(told 'local[]' | xargs)" "$(info local) $(info local6)"
	check "options that were shown can be given again" again
	must link del fmp0
}

again() {
	local before words
	before=$(words)
	read -ra words <<<"$before"
	link del fmp0 && link add fmp0 type fmp "${words[@]}" && [ "$(words)" = "$before" ]
}

change() {
	must link add fmp0 type fmp port 2122
	check "options can be changed" link set fmp0 type fmp port 2123 ttl 9
	check_equal "and are then what they were changed to" "2123 9" "$(told port) $(told ttl)"
	must link del fmp0
}

metrics() {
	must link add fmp0 type fmp
	check "settings of the link metrics are shown" has_metrics
	must link del fmp0
	must link add fmp0 type fmp mmp minimal ecn off congestion-loss 2.5 congestion-etx 1.25
	check "options of the link metrics" says "mmp minimal ecn off congestion-loss 2.5 congestion-etx 1.25" \
		ip -n h1 -d link show fmp0
	check_equal "they are the same to fmp" "minimal false 25 125" \
		"$(told mmp_mode) $(told ecn) $(told congestion_loss) $(told congestion_etx)"
	check "options that were shown can be given again" again
	must link del fmp0
}

batches() {
	must link add fmp0 type fmp
	check_equal "batches are on by default" "true true" "$(info tx_batch) $(info rx_batch)"
	must link del fmp0
	must link add fmp0 type fmp tx-batch off rx-batch off
	check "options of the batches" says "tx-batch off rx-batch off" ip -n h1 -d link show fmp0
	must link set fmp0 up
	must link set fmp0 type fmp tx-batch on
	check_equal "each is changed by itself while it is up, and the same to fmp" "true false" \
		"$(told tx_batch) $(told rx_batch)"
	check "options that were shown can be given again" again
	must link del fmp0
}

sleep_without_keys() {
	must link add fmp0 type fmp
	check_equal "sessions do not outlive a suspend by default" true "$(info suspend_wipe)"
	must link del fmp0
	must link add fmp0 type fmp suspend-wipe off
	check "they do where it is said" says "suspend-wipe off" ip -n h1 -d link show fmp0
	check_equal "it is the same to fmp" false "$(told suspend_wipe)"
	check "options that were shown can be given again" again
	must link set fmp0 type fmp suspend-wipe on
	check_equal "and is changed" true "$(told suspend_wipe)"
	must link del fmp0
}

statistics() {
	must link add fmp0 type fmp
	# What the host sends of its own accord would be counted between two looks.
	in_host 1 sysctl -qw net.ipv6.conf.fmp0.disable_ipv6=1
	must link set fmp0 up
	must ip -n h1 addr add 10.9.0.1/24 dev fmp0
	in_host 1 ping -q -c 1 -W 1 10.9.0.2 >/dev/null
	check "what was dropped is counted" at_least 1 tx_drop_no_peer 1
	check_equal "statistics are those of ethtool, but for zeroes" \
		"$(in_host 1 ethtool -S fmp0 | awk '/_/ && $2 { print $1 $2 }' | sort)" \
		"$(ip -n h1 -s -d -json link show fmp0 | flat |
			sed -n 's/^\[0]\.linkinfo\.info_xstats\.\([^ ]*\) /\1:/p' | sort)"
	must link del fmp0
}

refusals() {
	check "an unknown word is named" says "'prot': unknown word" link add fmp0 type fmp prot 1
	check "a bad value is named" says "'70000': not a port" link add fmp0 type fmp port 70000
	check "a missing value is told of" says "'tos': its value is missing" link add fmp0 type fmp tos
	check "what the kernel refuses is its own business" refused link add fmp0 type fmp dev no-such
	check_equal "none of which made a device" "" "$(ip -n h1 -o link show type fmp)"
	check "ip link help fmp" says "Usage: ... fmp [ port PORT ]" ip link help fmp
}

without() {
	must link add fmp0 type fmp port 2122
	check "without the plugin ip shows the device too" env IP_LIB_DIR=/nowhere ip -n h1 -d link show fmp0
	check "and says that it knows no options" says "Garbage" env IP_LIB_DIR=/nowhere ip -n h1 link add fmp1 type fmp port 1
	must link del fmp0
}

ktap_begin
must ip netns add h1
must ip -n h1 link add eth0 type dummy
defaults
options
change
metrics
batches
sleep_without_keys
statistics
refusals
without
ktap_end
