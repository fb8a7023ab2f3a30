# SPDX-License-Identifier: GPL-2.0
#
# Reads two of "fmp --json show", as "flat" has them, and prints a line each: by how much
# the counters are wanted to have changed, and by how much they have; the state before,
# and after; and the endpoint and the slots of the peer that is not "two".
#
# Variables: two, a public key; wants and device, NAME+N...; ignored, a name; authentic,
# whether traffic may change the state.

$1 == "[0].name" { texts++; next }

{ path = $1 }

# What follows from failures depends on when they come; the suite "recovery" has it.
$1 == "[0].counters.rx_recovery_rekey" { next }

# Which lane opened a frame depends on the CPU it came in on.
sub(/^\[0\]\.counters\./, "", path) {
	count(path ~ /^rx_(inline|handoff)$/ ? "lane" : path, $2)
	next
}

match(path, /^\[0\]\.peers\[[0-9]+\]\./) {
	peer(substr(path, 11, RLENGTH - 12), substr(path, RLENGTH + 1), $2)
}

function count(key, value) {
	keys[key]
	sum[texts, key] += value
}

function peer(i, field, value) {
	if (field == "public_key_hex") {
		who[i] = value == two ? "peer2." : "peer3."
		state[texts, i] = substr(value, 1, 4)
		peers[i]
	} else if (sub(/^counters\./, "", field) || field ~ /^([rt]x_packets|rx_bytes)$/) {
		count(who[i] field, value)
	} else if (field ~ /^sessions/) {
		session(i, field, value)
	} else if (field == "endpoint" || field ~ /^addresses/) {
		add_state(i, field, value)
		if (field == "endpoint" && who[i] == "peer3.")
			endpoint = value
	} else if (field == "last_rx_ms" && !authentic) {
		add_state(i, "heard", "yes")
	}
}

function session(i, field, value,	name) {
	name = field
	sub(/.*\./, "", name)
	if (name !~ /^(age_ms|rekey_ms|public_key|public_key_hex)$/ && !(authentic && name == "receive_highest"))
		add_state(i, field, value)
	if (texts != 2 || who[i] != "peer3.")
		return
	if (name == "local_index")
		generation = value % 65536
	else if (name == "slot")
		slot = value
	else if (name == "k_bit")
		slots = slots (slots ? ", " : "") slot " " generation " " value
}

function add_state(i, name, value) { state[texts, i] = state[texts, i] " " name "=" value }

function state_of(text,	i, list) {
	for (i in peers)
		list[i] = state[text, i]
	return joined(list)
}

function joined(list,	i, n, text) {
	n = asort(list)
	for (i = 1; i <= n; i++)
		text = text (i > 1 ? " " : "") list[i]
	return text
}

# Of words NAME+N those that are to be looked at.
function pick(words, list,	i, n, word) {
	n = split(words, word, " ")
	for (i = 1; i <= n; i++)
		if (index(word[i], ignored "+") != 1)
			list[length(list) + 1] = word[i]
}

END {
	split("", wanted)
	split("", got)
	pick(wants, wanted)
	changed = device
	for (key in keys)
		changed = changed " " key "+" sum[2, key] - sum[1, key]
	gsub(/[^ ]*\+0( |$)/, "", changed)
	pick(changed, got)
	print joined(wanted)
	print joined(got)
	print state_of(1)
	print state_of(2)
	print endpoint
	print slots
}
