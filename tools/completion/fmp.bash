# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of fmp for bash.

_fmp_devices() {
	fmp show interfaces 2>/dev/null
}

_fmp_peers() {
	fmp peer show "$1" 2>/dev/null | sed -n 's/^peer: //p'
}

_fmp_indices() {
	fmp session show "$1" 2>/dev/null | sed -n 's/.*local index \(0x[0-9a-f]*\).*/\1/p'
}

_fmp_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_fmp_files() {
	compopt -o filenames
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

# Whether the word before the cursor wants a value, completed where that is possible.
# A mode of reports beyond the usual ones may follow the device.
_fmp_value() {
	local dev=$1 mode=${2-}

	case $prev in
	peer) _fmp_words "$(_fmp_peers "$dev")" ;;
	local-index) _fmp_words "$(_fmp_indices "$dev")" ;;
	send-key | receive-key) _fmp_files ;;
	source-check | multicast | auto-connect | ecn | tx-batch | rx-batch | suspend-wipe) _fmp_words "on off" ;;
	mmp) _fmp_words "full lightweight minimal $mode" ;;
	local | underlay) _fmp_words "any" ;;
	tos) _fmp_words "inherit" ;;
	ttl) _fmp_words "auto" ;;
	fwmark | heartbeat | dead-timeout | congestion-loss | congestion-etx) _fmp_words "off" ;;
	port | endpoint | address | remove-address | remote-index) ;;
	handshake-burst | handshake-rate) ;;
	*) return 1 ;;
	esac
}

_fmp_after_key() {
	_fmp_words "endpoint auto-connect heartbeat dead-timeout mmp address remove-address
		replace-addresses $1"
}

_fmp_show() {
	case ${#words[@]} in
	3) _fmp_words "all interfaces $(_fmp_devices)" ;;
	4) [[ $prev == interfaces ]] || _fmp_words "counters" ;;
	esac
}

_fmp_set() {
	local dev=${words[2]} i mode=''

	if ((${#words[@]} == 3)); then
		_fmp_words "$(_fmp_devices)"
		return
	fi
	for ((i = 3; i < ${#words[@]} - 1; i++)); do
		[[ ${words[i]} != peer ]] || mode=device
	done
	_fmp_value "$dev" "$mode" && return
	if [[ $mode ]]; then
		_fmp_after_key "remove peer"
		return
	fi
	_fmp_words "port fwmark source-check local underlay tos ttl multicast
		handshake-burst handshake-rate mmp ecn congestion-loss congestion-etx
		tx-batch rx-batch suspend-wipe peer"
}

_fmp_peer() {
	case ${#words[@]} in
	3) _fmp_words "add set del show" ;;
	4) _fmp_words "$(_fmp_devices)" ;;
	5) [[ ${words[2]} == add ]] || _fmp_words "$(_fmp_peers "${words[3]}")" ;;
	*)
		[[ ${words[2]} == add || ${words[2]} == set ]] || return
		_fmp_value "${words[3]}" device || _fmp_after_key ""
		;;
	esac
}

_fmp_session() {
	case ${#words[@]} in
	3) _fmp_words "add del show" ;;
	4) _fmp_words "$(_fmp_devices)" ;;
	*)
		_fmp_value "${words[3]}" && return
		if [[ ${words[2]} == add ]]; then
			_fmp_words "peer local-index remote-index send-key receive-key initiator"
		else
			_fmp_words "local-index"
		fi
		;;
	esac
}

_fmp_rekey() {
	case ${#words[@]} in
	3) _fmp_words "$(_fmp_devices)" ;;
	4) _fmp_words "$(_fmp_peers "$prev")" ;;
	esac
}

_fmp_agent() {
	if ((${#words[@]} == 3)); then
		_fmp_words "$(_fmp_devices)"
		return
	fi
	case $prev in
	private-key | allow | deny | config | key-log) _fmp_files ;;
	*) _fmp_words "private-key allow deny config key-log" ;;
	esac
}

# Of DEV FILE; showconf has no file.
_fmp_conf() {
	case ${#words[@]} in
	3) _fmp_words "$(_fmp_devices)" ;;
	4) [[ ${words[1]} == showconf ]] || _fmp_files ;;
	esac
}

_fmp_conf_names() {
	local file
	for file in /etc/fmp/*.conf; do
		[[ ! -e $file ]] || basename "$file" .conf
	done
}

# NAME or FILE, and the option of up
_fmp_up() {
	if ((${#words[@]} > 3)); then
		[[ ${words[1]} != up ]] || _fmp_words "--no-agent"
	elif [[ $cur == */* ]]; then
		_fmp_files
	else
		_fmp_words "$(_fmp_conf_names)"
	fi
}

_fmp_options() {
	local more=''

	((${#words[@]} > 2)) || more=--version
	case ${words[1]} in
	monitor) more=--timestamp ;;
	pubkey) more="--hex --address --node-addr" ;;
	up) more=--no-agent ;;
	metrics) more=--http ;;
	bug-report) more=--mask ;;
	top) more="-d -n -s --history --columns --batch" ;;
	esac
	_fmp_words "--json --color --help $more"
}

# Whether an option before the cursor wants a value.
_fmp_option_value() {
	[[ ${words[1]} == top ]] || return
	case $prev in
	-d | -n) ;;
	-s) _fmp_words "PEER DEVICE ENDPOINT STATE RTT VARIES LOSS RX-LOSS JITTER RX-JITT RX/s TX/s
		GOODPUT RX TX ETX COST SEEN" ;;
	--history) _fmp_words "RTT LOSS JITTER RX/s TX/s GOODPUT ETX" ;;
	--columns) _fmp_words "link quality traffic" ;;
	*) return 1 ;;
	esac
}

_fmp_commands="show set peer session rekey up down reload setconf addconf syncconf showconf checkconf agent monitor top metrics bug-report genkey pubkey"

_fmp() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local words=() word

	COMPREPLY=()
	for word in "${COMP_WORDS[@]:0:COMP_CWORD}"; do
		[[ $word == -* ]] || words+=("$word")
	done
	words+=("$cur")

	_fmp_option_value && return
	if [[ $cur == -* ]]; then
		_fmp_options
		return
	fi
	if ((${#words[@]} == 2)); then
		_fmp_words "$_fmp_commands help"
		return
	fi

	case ${words[1]} in
	show) _fmp_show ;;
	set) _fmp_set ;;
	peer) _fmp_peer ;;
	session) _fmp_session ;;
	rekey) _fmp_rekey ;;
	agent) _fmp_agent ;;
	up | down | reload | checkconf) _fmp_up ;;
	setconf | addconf | syncconf | showconf) _fmp_conf ;;
	monitor | top | metrics) ((${#words[@]} == 3)) && _fmp_words "$(_fmp_devices)" ;;
	help) ((${#words[@]} == 3)) && _fmp_words "$_fmp_commands" ;;
	esac
	return 0
}

complete -F _fmp fmp
