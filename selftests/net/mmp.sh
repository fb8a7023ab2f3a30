#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# on: 7.3
# shellcheck disable=SC2317 # functions are called by check
# Link metrics between two hosts whose path is told to delay, lose, reorder, double and mark
# packets: what is reported is what was told, also after a rekey and a move, and of one
# direction alone (spec 9).
#
# The outer packets of host 1 pass the qdisc of r2 on the router, those of host 2 that of r1.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/flow.sh"

G=1

stage() {
	local n
	make_tunnels 1 2
	for n in 1 2; do
		must in_host "$n" fmp set fmp0 mmp full
	done
	add_peer 1 2 4 1
	add_peer 2 1 4 1
	must add_session 1 2 "$G" initiator
	must add_session 2 1 "$G"
}

# shape FROM OPTION...: of the packets that host sends
shape() {
	local to=$((3 - $1))
	tc -n router qdisc replace dev "r$to" root netem limit 100000 "${@:2}"
}

unshape() {
	tc -n router qdisc del dev r1 root 2>/dev/null
	tc -n router qdisc del dev r2 root 2>/dev/null
	return 0
}

# metric HOST NAME: of the only peer; nothing while it is not known
metric() { in_host "$1" fmp --json show fmp0 | flat "[0].peers[0].metrics.$2"; }

peer_field() { in_host "$1" fmp --json show fmp0 | flat "[0].peers[0].$2"; }

# within VALUE MIN MAX
within() { [ -n "$1" ] && [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }

metric_within() { within "$(metric "$1" "$2")" "$3" "$4"; }

# check_metric NAME HOST METRIC MIN MAX [SECONDS]: it gets there
check_metric() {
	local name=$1
	shift
	if await "${5:-40}" metric_within "$1" "$2" "$3" "$4"; then
		ktap_pass "$name ($(metric "$1" "$2"))"
	else
		echo "# $2 is $(metric "$1" "$2"), wanted $3 to $4"
		ktap_fail "$name"
	fi
}

# reported N: that many more reports of host 2 have come in at host 1
reported() {
	local before
	before=$(metric 1 reports_received)
	await 60 reports_are $((before + $1))
}

reports_are() { [ "$(metric 1 reports_received)" -ge "$1" ]; }

# stream: numbered datagrams from host 1 to host 2, and pings, which come back. By one CPU:
# what overtakes on its way through two is late at the end of an interval, and seems lost.
stream() {
	run_in 2 numbers receive 7000 >"$TMP/receiver" 2>&1 &
	disown
	# A port that is not open yet would be told to the sender, and end it.
	must await 20 test -s "$TMP/receiver"
	run_in 1 taskset -c 0 numbers send 10.9.0.2 7000 "$STREAM_US" >"$TMP/sender" 2>&1 &
	SENDER=$!
	disown
	run_in 1 taskset -c 0 ping -q -i 0.1 10.9.0.2 >/dev/null 2>&1 &
	disown
}

# What ended it is what it said last.
still_sends() { kill -0 "$SENDER" || ! cat "$TMP/sender"; }

# measured NAME METRIC MIN MAX: what is reported after enough reports to forget what was
# before, in one look, or as many as LOOKS
measured() {
	local value look
	for ((look = 1; look <= ${LOOKS:-1}; look++)); do
		if reported "$FORGET" && value=$(metric 1 "$2") && within "$value" "$3" "$4"; then
			ktap_pass "$1 ($value, look $look)"
			return
		fi
		echo "# $2 is $(metric 1 "$2"), wanted $3 to $4"
	done
	ktap_fail "$1"
}

# drawn NAME MIN MAX: a loss by lot. Of the few frames that a busy machine sends in that time
# it may be off by half; where it is reported wrongly it is so each time.
drawn() { LOOKS=3 measured "$1" tx_loss_trend.short "$2" "$3"; }

# Time between datagrams, microseconds; reports after which a short trend has forgotten.
STREAM_US=2000 FORGET=12
[ "$SLOW" = 0 ] || STREAM_US=50000

# --- round trips

# The wire has milliseconds, and an emulated host needs some of its own.
round_trips() {
	local ms rtt
	for ms in 1 20 200; do
		must shape 1 delay "${ms}ms"
		must shape 2 delay "${ms}ms"
		rtt=$((2000 * ms))
		check_metric "$ms ms each way: the round trip takes twice as long" 1 rtt_trend.short \
			"$rtt" $((rtt + rtt / 10 + SLACK_US))
		[ "$ms" = 200 ] || continue
		check_metric "the other end finds the same" 2 rtt_trend.short "$rtt" $((rtt + rtt / 10 + SLACK_US))
		check_metric "nothing is lost" 1 tx_loss 0 0
	done
	unshape
	check_metric "nor is a delay that is gone remembered" 1 rtt_trend.short 0 $((SLACK_US + 2000))
}

SLACK_US=12000
[ "$SLOW" = 0 ] || SLACK_US=200000

# The difference of two delays that are spread evenly over 2 J is 2 J / 3 in the mean.
jitters() {
	must shape 1 delay 40ms 30ms
	check_metric "delays of 40 ms, give or take 30, jitter by about 20 ms" 1 tx_jitter_trend.short 10000 40000
	must shape 1 delay 40ms
	if [ "$SLOW" = 1 ]; then
		ktap_skip "delays of 40 ms do not" "a slow kernel jitters by itself"
	else
		check_metric "delays of 40 ms do not" 1 tx_jitter_trend.short 0 6000
	fi
	unshape
}

# --- loss

# Of the few frames of a slow host in an interval, one that is lost is more than that.
rare_losses() {
	if [ "$SLOW" = 1 ]; then
		ktap_skip "of 1 %" "a slow kernel sends too few frames"
		ktap_skip "of 0.1 %" "a slow kernel sends too few frames"
		return
	fi
	must shape 1 loss 1%
	drawn "of 1 %" 4000 20000
	must shape 1 loss 0.1%
	drawn "of 0.1 %" 50 4000
}

losses() {
	must shape 1 loss 20%
	drawn "of 20 % loss" 150000 250000
	measured "the other end sees the same of what it receives: nothing lost" rx_loss 0 20000
	must shape 1 loss 5%
	drawn "of 5 %" 30000 70000
	rare_losses
	unshape
	measured "of none" tx_loss_trend.short 0 5000
	check "ETX is 1 then" await 20 metric_within 1 etx 1000 1005
}

# Runs of 5 in the mean, which begin with a hundredth of the packets: 4.8 % in all.
bursts() {
	must shape 1 loss gemodel 1% 20%
	drawn "of bursts of 5" 15000 100000
	check_metric "their length, in 256ths" 1 tx_burst_mean 512 4096
	check_metric "the longest" 1 tx_burst_max 4 60
	unshape
}

# --- what is no loss

disorder() {
	local before
	before=$(metric 1 tx_reordered)
	must shape 1 delay 20ms reorder 25%
	check_metric "frames that overtake others are counted" 1 tx_reordered $((before + 50)) 1000000
	check_metric "and not as lost" 1 tx_loss 0 20000
	must shape 1 duplicate 10%
	reported 3
	measured "those that come twice make up for none" tx_loss_trend.short 0 20000
	unshape
}

# A router that marks what can be marked, in place of dropping it.
marks() {
	local before
	reported 2
	before=$(metric 1 tx_ce)
	must shape 1 loss 20% ecn
	run_in 1 ping -q -i 0.02 -Q 2 10.9.0.2 >/dev/null 2>&1 &
	disown
	check_metric "congestion marks of routers are reported" 1 tx_ce $((before + 20)) 1000000
	unshape
}

# --- what goes on

# goes_on NAME: reports come, and say what is known
goes_on() {
	check "$1: reports go on" reported 3
	check_metric "$1: the round trip is what it was" 1 rtt_trend.short 40000 $((44000 + SLACK_US))
	check_metric "$1: nothing is lost" 1 tx_loss 0 0
}

changes() {
	must shape 1 delay 20ms
	must shape 2 delay 20ms
	check_metric "a path of 40 ms" 1 rtt_trend.short 40000 $((44000 + SLACK_US))
	G=2
	must add_session 2 1 "$G"
	must add_session 1 2 "$G" initiator
	must await 10 is_current 1 "$(index_of 1 2 "$G")"
	goes_on "after a rekey"
	must in_host 2 fmp set fmp0 port 4444
	check "the peer moves" await 20 endpoint_is 10.0.2.2:4444
	goes_on "after a move"
	date -s "@$(($(date +%s) + 86400))" >/dev/null
	goes_on "after the clock was set"
	date -s "@$(($(date +%s) - 86400))" >/dev/null
	unshape
}

is_current() { [ "$(session 1 current local_index)" = "$(($2))" ]; }

endpoint_is() { [ "$(peer_field 1 endpoint)" = "$1" ]; }

# --- modes

modes() {
	local sent
	must in_host 1 fmp set fmp0 mmp minimal
	reported 2
	sent=$(metric 1 reports_sent)
	reported 3
	check_equal "a device that is told so sends no reports" "$sent" "$(metric 1 reports_sent)"
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" mmp full
	check "but a peer may be" await 20 sends_reports "$sent"
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" mmp device
	reported 2
	sent=$(metric 1 reports_sent)
	reported 3
	check_equal "or not any more" "$sent" "$(metric 1 reports_sent)"
	# Nothing else brings the timer.
	must in_host 1 fmp peer set fmp0 "${KEYS[2]}" heartbeat off
	must in_host 1 fmp set fmp0 mmp full
	check "until all are, which takes effect at once" await 6 sends_reports "$sent"
}

sends_reports() { [ "$(metric 1 reports_sent)" -gt "$1" ]; }

ktap_begin
stage
# Of reports that come in, those of receivers alone.
must in_host 2 fmp set fmp0 mmp lightweight
if [ "$SLOW" = 1 ]; then
	ktap_skip "what nothing is known of is not told" "a slow kernel looks when there is a report"
else
	check "what nothing is known of is not told" test -z "$(metric 1 rtt_us)"
fi
stream
check "an RTT is known soon" await 20 metric_within 1 rtt_us 1 $((SLACK_US + 2000))
round_trips
jitters
losses
bursts
disorder
marks
changes
modes
check "the datagrams went on all the time" still_sends
check_equal "nothing was dropped that should not be" "" "$(drops 1 | sed 's/rx_drop_replay:[0-9]* *//')"
ktap_end
