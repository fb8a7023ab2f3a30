-- SPDX-License-Identifier: GPL-2.0
--
-- Wireshark's dissector of FMP over UDP. With the key log of an agent it opens established
-- frames and hands inner IP packets on. docs/dissector.md says how to use it.

-- "fmp" is the File Mapping Protocol there.
local fmp = Proto("fmplink", "FMP Link Protocol")

local PHASE_MSG1, PHASE_MSG2 = 1, 2
local HEADER, TAG, MSG1, MSG2, INNER = 16, 16, 114, 69, 5
local TIMESTAMP = 4

---------------------------------------------------------------------------------------------
-- ChaCha20-Poly1305 (RFC 8439). Wireshark 4.0 hands no cipher to Lua.

local bxor, rotate
if bit32 then
	bxor, rotate = bit32.bxor, bit32.lrotate
else
	-- Lua 5.3 and later: operators that 5.2 cannot read.
	bxor = load("local a, b = ... return (a ~ b) & 0xffffffff")
	rotate = load("local a, n = ... return (a << n | a >> (32 - n)) & 0xffffffff")
end

local WORD = 2 ^ 32
local floor, byte, char, spread = math.floor, string.byte, string.char, unpack or table.unpack

local function words_of(text)
	local words = {}
	for i = 1, #text, 4 do
		local a, b, c, d = byte(text, i, i + 3)
		words[#words + 1] = a + b * 256 + c * 65536 + d * 16777216
	end
	return words
end

local function bytes_of(word)
	return word % 256, floor(word / 256) % 256, floor(word / 65536) % 256, floor(word / 16777216)
end

local function quarter(s, i, j, k, l)
	local a, b, c, d = s[i], s[j], s[k], s[l]
	a = (a + b) % WORD
	d = rotate(bxor(d, a), 16)
	c = (c + d) % WORD
	b = rotate(bxor(b, c), 12)
	a = (a + b) % WORD
	d = rotate(bxor(d, a), 8)
	c = (c + d) % WORD
	b = rotate(bxor(b, c), 7)
	s[i], s[j], s[k], s[l] = a, b, c, d
end

-- Columns and diagonals of a square of sixteen words.
local QUARTERS = {}
for column = 0, 3 do
	QUARTERS[#QUARTERS + 1] = { 1 + column, 5 + column, 9 + column, 13 + column }
end
for column = 0, 3 do
	QUARTERS[#QUARTERS + 1] = { 1 + column, 5 + (column + 1) % 4, 9 + (column + 2) % 4, 13 + (column + 3) % 4 }
end

local CONSTANTS = words_of("expand 32-byte k")

local function chacha_block(key, number, nonce)
	local start, s = {}, {}
	for i = 1, 4 do start[i] = CONSTANTS[i] end
	for i = 1, 8 do start[4 + i] = key[i] end
	start[13] = number
	for i = 1, 3 do start[13 + i] = nonce[i] end
	for i = 1, 16 do s[i] = start[i] end
	for _ = 1, 10 do
		for q = 1, 8 do
			local w = QUARTERS[q]
			quarter(s, w[1], w[2], w[3], w[4])
		end
	end
	for i = 1, 16 do s[i] = (s[i] + start[i]) % WORD end
	return s
end

local function chacha_text(words)
	local out = {}
	for i = 1, #words do out[i] = char(bytes_of(words[i])) end
	return table.concat(out)
end

local function chacha_xor(key, nonce, text)
	local out = {}
	for at = 1, #text, 64 do
		local stream = chacha_text(chacha_block(key, 1 + (at - 1) / 64, nonce))
		for i = at, math.min(at + 63, #text) do
			out[i] = char(bxor(byte(text, i), byte(stream, i - at + 1)))
		end
	end
	return table.concat(out)
end

-- Numbers of 130 bits are ten limbs of 13: products of those stay exact in a double.
local LIMBS, LIMB = 10, 8192

local function limbs_of(text, high)
	local limbs, value, bits = {}, 0, 0
	for i = 1, 17 do
		value = value + (i <= 16 and byte(text, i) or high) * 2 ^ bits
		bits = bits + 8
		while bits >= 13 and #limbs < LIMBS do
			limbs[#limbs + 1] = value % LIMB
			value = floor(value / LIMB)
			bits = bits - 13
		end
	end
	return limbs
end

-- 2^130 is 5.
local function carry(h)
	local over = 0
	for i = 1, LIMBS do
		local value = h[i] + over
		h[i] = value % LIMB
		over = floor(value / LIMB)
	end
	return over
end

local function multiply(h, r)
	local d = {}
	for k = 1, LIMBS do
		local sum = 0
		for i = 1, LIMBS do
			local j = k - i + 1
			if j >= 1 then
				sum = sum + h[i] * r[j]
			else
				sum = sum + 5 * h[i] * r[j + LIMBS]
			end
		end
		d[k] = sum
	end
	for _ = 1, 2 do
		local over = carry(d)
		d[1] = d[1] + 5 * over
	end
	return d
end

local function reduce(h)
	local over = carry(h)
	h[1] = h[1] + 5 * over
	carry(h)
	local less = {}
	for i = 1, LIMBS do less[i] = h[i] end
	less[1] = less[1] + 5
	return carry(less) > 0 and less or h
end

local function clamp(text)
	local out = { byte(text, 1, 16) }
	for _, i in ipairs({ 4, 8, 12, 16 }) do out[i] = out[i] % 16 end
	for _, i in ipairs({ 5, 9, 13 }) do out[i] = out[i] - out[i] % 4 end
	return char(spread(out))
end

local function poly1305(key, text)
	local r, h = limbs_of(clamp(key), 0), {}
	for i = 1, LIMBS do h[i] = 0 end
	for at = 1, #text, 16 do
		local block = limbs_of(text:sub(at, at + 15), 1)
		for i = 1, LIMBS do h[i] = h[i] + block[i] end
		h = multiply(h, r)
	end
	h = reduce(h)

	local out, value, bits, limb, over = {}, 0, 0, 1, 0
	for i = 1, 16 do
		while bits < 8 do
			value = value + (h[limb] or 0) * 2 ^ bits
			limb, bits = limb + 1, bits + 13
		end
		local sum = value % 256 + byte(key, 16 + i) + over
		value, bits = floor(value / 256), bits - 8
		out[i], over = char(floor(sum % 256)), floor(sum / 256)
	end
	return table.concat(out)
end

local function padded(text)
	return text .. string.rep("\0", -#text % 16)
end

local function length_text(len)
	return char(bytes_of(len)) .. "\0\0\0\0"
end

-- The plaintext, or nil when the tag is not that of the key. Secrets are the user's: how
-- long a comparison takes tells nobody anything.
local function unseal(key, nonce, header, sealed)
	local cipher, tag = sealed:sub(1, -TAG - 1), sealed:sub(-TAG)
	local once = chacha_text(chacha_block(key, 0, nonce)):sub(1, 32)
	local signed = padded(header) .. padded(cipher) .. length_text(#header) .. length_text(#cipher)
	if poly1305(once, signed) ~= tag then
		return nil
	end
	return chacha_xor(key, nonce, cipher)
end

---------------------------------------------------------------------------------------------
-- The key log

fmp.prefs.ports = Pref.range("UDP ports", "2121", "Ports that are FMP's whatever comes there", 65535)
fmp.prefs.key_log = Pref.string("Key log file", "", "What 'fmp agent DEV ... key-log FILE' writes")

local log = { path = "", size = -1, sessions = {} }

local function take_line(line)
	local direction, index, peer, key = line:match("^FMP1 [%d.]+ (%l+) (%x+) (%x+) (%x+)$")
	if not key or #index ~= 8 or #peer ~= 64 or #key ~= 64 then
		return
	end
	index = tonumber(index, 16)
	local raw = key:gsub("%x%x", function(digits) return char(tonumber(digits, 16)) end)
	local of_index = log.sessions[index] or {}
	log.sessions[index] = of_index
	-- An index is used again in time; the newest is looked at first.
	table.insert(of_index, 1, { key = words_of(raw), direction = direction, peer = peer })
end

-- True when there is something new.
local function read_log()
	local path = fmp.prefs.key_log
	if path == "" then
		log = { path = "", size = -1, sessions = {} }
		return false
	end
	local file = io.open(path, "r")
	if not file then
		return false
	end
	local size = file:seek("end")
	if path == log.path and size == log.size then
		file:close()
		return false
	end
	log = { path = path, size = size, sessions = {} }
	file:seek("set", 0)
	for line in file:lines() do
		take_line(line)
	end
	file:close()
	return true
end

---------------------------------------------------------------------------------------------
-- Fields

local f = {}

local function field(name, make, title, ...)
	f[name] = make("fmplink." .. name, title, ...)
end

local PHASES = { [0] = "Established", "First handshake message", "Second handshake message" }
local TYPES = {
	[0x00] = "SessionDatagram", [0x01] = "SenderReport", [0x02] = "ReceiverReport",
	[0x10] = "TreeAnnounce", [0x20] = "FilterAnnounce", [0x30] = "LookupRequest",
	[0x31] = "LookupResponse", [0x40] = "IP packet", [0x50] = "Disconnect", [0x51] = "Heartbeat",
}
local REASONS = {
	[0] = "Shutdown", "Restart", "ProtocolError", "TransportFailure", "ResourceExhaustion",
	"SecurityViolation", "ConfigurationChange", "Timeout", [255] = "Other",
}

field("version", ProtoField.uint8, "Version", base.DEC, nil, 0xf0)
field("phase", ProtoField.uint8, "Phase", base.DEC, PHASES, 0x0f)
field("flags", ProtoField.uint8, "Flags", base.HEX)
field("flags.k", ProtoField.bool, "Key epoch (K)", 8, nil, 0x01)
field("flags.ce", ProtoField.bool, "Congestion experienced (CE)", 8, nil, 0x02)
field("flags.sp", ProtoField.bool, "Spin bit (SP)", 8, nil, 0x04)
field("flags.unknown", ProtoField.uint8, "Unknown", base.HEX, nil, 0xf8)
field("payload_len", ProtoField.uint16, "Payload length", base.DEC)
field("receiver_idx", ProtoField.uint32, "Receiver index", base.HEX)
field("sender_idx", ProtoField.uint32, "Sender index", base.HEX)
field("counter", ProtoField.uint64, "Counter", base.DEC)
field("ciphertext", ProtoField.bytes, "Ciphertext")
field("tag", ProtoField.bytes, "Tag")
field("duplicate_of", ProtoField.framenum, "Same counter as in", base.NONE)
field("ephemeral", ProtoField.bytes, "Ephemeral key")
field("static", ProtoField.bytes, "Static key, sealed")
field("epoch", ProtoField.bytes, "Startup epoch, sealed")
field("answer_to", ProtoField.framenum, "Answer to", base.NONE, frametype.REQUEST)
field("decryption", ProtoField.string, "Decryption")
field("session.peer", ProtoField.string, "Peer of the key log's writer")
field("session.direction", ProtoField.string, "Direction, as the writer has it")
field("timestamp", ProtoField.uint32, "Timestamp (ms)", base.DEC)
field("type", ProtoField.uint8, "Link message", base.HEX, TYPES)
field("reserved", ProtoField.bytes, "Reserved")
field("padding", ProtoField.bytes, "Padding")
field("body", ProtoField.bytes, "Body")
field("trailing", ProtoField.bytes, "More than the message has")
field("disconnect.reason", ProtoField.uint8, "Reason", base.DEC, REASONS)
field("datagram.ttl", ProtoField.uint8, "Hops left", base.DEC)
field("datagram.path_mtu", ProtoField.uint16, "Path MTU", base.DEC)
field("datagram.source", ProtoField.bytes, "Source NodeAddr")
field("datagram.destination", ProtoField.bytes, "Destination NodeAddr")
field("datagram.payload", ProtoField.bytes, "Session payload")
field("sr.start_counter", ProtoField.uint64, "First counter", base.DEC)
field("sr.end_counter", ProtoField.uint64, "Last counter", base.DEC)
field("sr.start_timestamp", ProtoField.uint32, "First timestamp (ms)", base.DEC)
field("sr.end_timestamp", ProtoField.uint32, "Last timestamp (ms)", base.DEC)
field("sr.interval_bytes", ProtoField.uint32, "Bytes in the interval", base.DEC)
field("sr.packets", ProtoField.uint64, "Packets in all", base.DEC)
field("sr.bytes", ProtoField.uint64, "Bytes in all", base.DEC)
field("rr.highest_counter", ProtoField.uint64, "Highest counter", base.DEC)
field("rr.packets", ProtoField.uint64, "Packets in all", base.DEC)
field("rr.bytes", ProtoField.uint64, "Bytes in all", base.DEC)
field("rr.timestamp_echo", ProtoField.uint32, "Timestamp echo (ms)", base.DEC)
field("rr.dwell", ProtoField.uint16, "Dwell time (ms)", base.DEC)
field("rr.max_burst", ProtoField.uint16, "Longest burst of losses", base.DEC)
field("rr.mean_burst", ProtoField.uint16, "Mean burst of losses (in 256ths)", base.DEC)
field("rr.jitter", ProtoField.uint32, "Jitter (us)", base.DEC)
field("rr.ce", ProtoField.uint32, "Congestion marks", base.DEC)
field("rr.owd_trend", ProtoField.int32, "Trend of the one-way delay", base.DEC)
field("rr.bursts", ProtoField.uint32, "Bursts of losses", base.DEC)
field("rr.reordered", ProtoField.uint32, "Reordered", base.DEC)
field("rr.interval_packets", ProtoField.uint32, "Packets in the interval", base.DEC)
field("rr.interval_bytes", ProtoField.uint32, "Bytes in the interval", base.DEC)
field("tree.version", ProtoField.uint8, "Version", base.DEC)
field("tree.sequence", ProtoField.uint64, "Sequence", base.DEC)
field("tree.timestamp", ProtoField.uint64, "Timestamp (Unix seconds)", base.DEC)
field("tree.parent", ProtoField.bytes, "Parent NodeAddr")
field("tree.count", ProtoField.uint16, "Entries", base.DEC)
field("tree.entry", ProtoField.bytes, "Entry: NodeAddr, sequence, timestamp")
field("signature", ProtoField.bytes, "Signature")
field("filter.sequence", ProtoField.uint64, "Sequence", base.DEC)
field("filter.hashes", ProtoField.uint8, "Hash functions", base.DEC)
field("filter.size_class", ProtoField.uint8, "Size class", base.DEC)
field("filter.bits", ProtoField.bytes, "Bits")
field("lookup.request_id", ProtoField.uint64, "Request", base.HEX)
field("lookup.target", ProtoField.bytes, "Target NodeAddr")
field("lookup.origin", ProtoField.bytes, "Origin NodeAddr")
field("lookup.ttl", ProtoField.uint8, "Hops left", base.DEC)
field("lookup.min_mtu", ProtoField.uint16, "Least MTU", base.DEC)
field("lookup.path_mtu", ProtoField.uint16, "Path MTU", base.DEC)
field("lookup.count", ProtoField.uint16, "Coordinates", base.DEC)
field("lookup.coordinate", ProtoField.bytes, "NodeAddr")

-- A table with names as keys is no list of fields.
local fields = {}
for _, one in pairs(f) do fields[#fields + 1] = one end
fmp.fields = fields

local e, experts = {}, {}

local MALFORMED, PROTOCOL = expert.group.MALFORMED, expert.group.PROTOCOL

local function complaint(name, text, group, severity)
	e[name] = ProtoExpert.new("fmplink." .. name, text, group, severity)
	experts[#experts + 1] = e[name]
end

complaint("bad_short", "Too short to be a frame", MALFORMED, expert.severity.ERROR)
complaint("bad_version", "Not version 0", MALFORMED, expert.severity.ERROR)
complaint("bad_phase", "Undefined phase", MALFORMED, expert.severity.ERROR)
complaint("bad_length", "Payload length is not that of the datagram", MALFORMED, expert.severity.ERROR)
complaint("bad_flags", "Handshake messages have no flags", MALFORMED, expert.severity.ERROR)
complaint("bad_size", "Handshake message of the wrong size", MALFORMED, expert.severity.ERROR)
complaint("bad_key", "Not the form of a compressed key", MALFORMED, expert.severity.ERROR)
complaint("bad_counter", "A counter that is never accepted", PROTOCOL, expert.severity.WARN)
complaint("unknown_flags", "Flags that have no meaning", PROTOCOL, expert.severity.NOTE)
complaint("duplicate", "The counter was used before: a replay, or a copy", expert.group.SEQUENCE, expert.severity.NOTE)
complaint("not_authentic", "No key of its index opens the frame", expert.group.DECRYPTION, expert.severity.WARN)
complaint("bad_inner", "Plaintext without timestamp and type", MALFORMED, expert.severity.ERROR)
complaint("bad_message", "Link message is too short", MALFORMED, expert.severity.ERROR)
complaint("bad_filter", "Filter is not of its exact size", MALFORMED, expert.severity.ERROR)
complaint("bad_packet", "Neither an IPv4 nor an IPv6 packet", MALFORMED, expert.severity.ERROR)
complaint("cut_packet", "IP packet is longer than its frame", MALFORMED, expert.severity.ERROR)
complaint("unknown_type", "Link message of unknown type", expert.group.UNDECODED, expert.severity.NOTE)
complaint("disconnect", "The peer leaves", expert.group.SEQUENCE, expert.severity.CHAT)
fmp.experts = experts

---------------------------------------------------------------------------------------------
-- Link messages. Each has the message from its type on, and returns how much of that it has
-- shown; nil when it has seen to the rest.

local function list(tree, message, at, names)
	for _, one in ipairs(names) do
		tree:add_le(f[one[1]], message(at, one[2]))
		at = at + one[2]
	end
	return at
end

local SENDER_REPORT = {
	{ "reserved", 3 }, { "sr.start_counter", 8 }, { "sr.end_counter", 8 },
	{ "sr.start_timestamp", 4 }, { "sr.end_timestamp", 4 }, { "sr.interval_bytes", 4 },
	{ "sr.packets", 8 }, { "sr.bytes", 8 },
}

local RECEIVER_REPORT = {
	{ "reserved", 3 }, { "rr.highest_counter", 8 }, { "rr.packets", 8 }, { "rr.bytes", 8 },
	{ "rr.timestamp_echo", 4 }, { "rr.dwell", 2 }, { "rr.max_burst", 2 }, { "rr.mean_burst", 2 },
	{ "reserved", 2 }, { "rr.jitter", 4 }, { "rr.ce", 4 }, { "rr.owd_trend", 4 },
	{ "rr.bursts", 4 }, { "rr.reordered", 4 }, { "rr.interval_packets", 4 },
	{ "rr.interval_bytes", 4 },
}

local DATAGRAM = {
	{ "datagram.ttl", 1 }, { "datagram.path_mtu", 2 }, { "datagram.source", 16 },
	{ "datagram.destination", 16 },
}

local TREE = {
	{ "tree.version", 1 }, { "tree.sequence", 8 }, { "tree.timestamp", 8 }, { "tree.parent", 16 },
	{ "tree.count", 2 },
}

local FILTER = { { "filter.sequence", 8 }, { "filter.hashes", 1 }, { "filter.size_class", 1 } }

local REQUEST = {
	{ "lookup.request_id", 8 }, { "lookup.target", 16 }, { "lookup.origin", 16 },
	{ "lookup.ttl", 1 }, { "lookup.min_mtu", 2 }, { "lookup.count", 2 },
}

local RESPONSE = {
	{ "lookup.request_id", 8 }, { "lookup.target", 16 }, { "lookup.path_mtu", 2 },
	{ "lookup.count", 2 },
}

local function is_short(tree, message, size)
	if message:len() >= size then
		return false
	end
	tree:add_proto_expert_info(e.bad_message, string.format("Link message is too short: %d of %d bytes",
		message:len(), size))
	return true
end

-- A count of 16 bits ends what there is of a fixed size, items and a tail follow.
local function with_items(tree, message, names, fixed, item, size, tail)
	if is_short(tree, message, fixed) then
		return
	end
	local at = list(tree, message, 1, names)
	local count = message(fixed - 2, 2):le_uint()
	if is_short(tree, message, fixed + size * count + tail) then
		return
	end
	for _ = 1, count do
		tree:add(f[item], message(at, size))
		at = at + size
	end
	if tail > 0 then
		tree:add(f.signature, message(at, tail))
	end
	return at + tail
end

local function fixed(names, size)
	return function(tree, message)
		return not is_short(tree, message, size) and list(tree, message, 1, names) or nil
	end
end

local function packet(tree, message, pinfo, root)
	if is_short(tree, message, 4) then
		return
	end
	tree:add(f.reserved, message(1, 3))
	local inner = message:len() - 4
	local version = inner > 0 and message(4, 1):bitfield(0, 4) or 0
	local len
	if version == 4 and inner >= 20 then
		len = message(6, 2):uint()
	elseif version == 6 and inner >= 40 then
		len = 40 + message(8, 2):uint()
	else
		tree:add_proto_expert_info(e.bad_packet)
		return 4
	end
	if len > inner then
		tree:add_proto_expert_info(e.cut_packet)
		len = inner
	end
	if len < inner then
		tree:add(f.padding, message(4 + len))
	end
	Dissector.get(version == 4 and "ip" or "ipv6"):call(message(4, len):tvb(), pinfo, root)
end

local MESSAGES = {
	[0x00] = function(tree, message)
		if is_short(tree, message, 36) then
			return
		end
		local at = list(tree, message, 1, DATAGRAM)
		if message:len() > at then
			tree:add(f["datagram.payload"], message(at))
		end
	end,
	[0x01] = fixed(SENDER_REPORT, 48),
	[0x02] = fixed(RECEIVER_REPORT, 68),
	[0x10] = function(tree, message)
		return with_items(tree, message, TREE, 36, "tree.entry", 32, 64)
	end,
	[0x20] = function(tree, message)
		if is_short(tree, message, 11) then
			return
		end
		list(tree, message, 1, FILTER)
		if message:len() > 11 then
			tree:add(f["filter.bits"], message(11))
		end
		if message:len() ~= 11 + 1024 then
			tree:add_proto_expert_info(e.bad_filter)
		end
	end,
	[0x30] = function(tree, message)
		return with_items(tree, message, REQUEST, 46, "lookup.coordinate", 16, 0)
	end,
	[0x31] = function(tree, message)
		return with_items(tree, message, RESPONSE, 29, "lookup.coordinate", 16, 64)
	end,
	[0x40] = packet,
	[0x50] = function(tree, message)
		if is_short(tree, message, 2) then
			return
		end
		local reason = message(1, 1):uint()
		tree:add(f["disconnect.reason"], message(1, 1))
		tree:add_proto_expert_info(e.disconnect, "The peer leaves: " .. (REASONS[reason] or REASONS[255]))
		return 2
	end,
	[0x51] = function() return 1 end,
}

local function show_plaintext(tvb, pinfo, tree, root)
	if tvb:len() < INNER then
		tree:add_proto_expert_info(e.bad_inner)
		return
	end
	tree:add_le(f.timestamp, tvb(0, TIMESTAMP))
	local kind = tvb(TIMESTAMP, 1):uint()
	local title = TYPES[kind] or string.format("Unknown type 0x%02x", kind)
	local message = tvb(TIMESTAMP)
	local branch = tree:add(fmp, message, "Link message: " .. title)
	branch:add(f.type, message(0, 1))
	pinfo.cols.info:append(" " .. title)
	if not MESSAGES[kind] then
		branch:add_proto_expert_info(e.unknown_type)
		if message:len() > 1 then
			branch:add(f.body, message(1))
		end
		return
	end
	local shown = MESSAGES[kind](branch, message, pinfo, root)
	if shown and shown < message:len() then
		branch:add(f.trailing, message(shown))
	end
end

---------------------------------------------------------------------------------------------
-- Frames

-- What earlier frames were, and what came of opening them; by capture.
local seen

function fmp.init()
	seen = { counters = {}, messages = {}, opened = {} }
	read_log()
end

local udp_ports, listened = DissectorTable.get("udp.port"), fmp.prefs.ports

function fmp.prefs_changed()
	if fmp.prefs.ports ~= listened then
		udp_ports:remove(listened, fmp)
		listened = fmp.prefs.ports
		udp_ports:add(listened, fmp)
	end
	log.size = -1
	if seen then
		seen.opened = {}
	end
	read_log()
end

local function try_keys(index, nonce, header, sealed)
	for _, session in ipairs(log.sessions[index] or {}) do
		local plain = unseal(session.key, nonce, header, sealed)
		if plain then
			return { plain = plain, session = session, said = "decrypted" }
		end
	end
	if fmp.prefs.key_log == "" then
		return { said = "no key log is named" }
	end
	if log.size < 0 then
		return { said = "the key log cannot be read" }
	end
	if not log.sessions[index] then
		return { said = "the key log has no key for the index" }
	end
	return { said = "not authentic", forged = true }
end

local function open_frame(tvb, index, pinfo)
	local header, sealed = tvb:raw(0, HEADER), tvb:raw(HEADER)
	local name = pinfo.number .. "/" .. header .. sealed:sub(-TAG)
	local result = seen.opened[name]
	if result and (result.plain or pinfo.visited) then
		return result
	end
	local nonce = words_of("\0\0\0\0" .. header:sub(9))
	result = try_keys(index, nonce, header, sealed)
	-- In a live capture the log grows.
	if not result.plain and read_log() then
		result = try_keys(index, nonce, header, sealed)
	end
	seen.opened[name] = result
	return result
end

local function show_decrypted(tvb, index, pinfo, tree, root)
	local result = open_frame(tvb, index, pinfo)
	tree:add(f.decryption, result.said):set_generated()
	if result.forged then
		tree:add_proto_expert_info(e.not_authentic)
	end
	if not result.plain then
		return
	end
	tree:add(f["session.peer"], result.session.peer):set_generated()
	tree:add(f["session.direction"], result.session.direction):set_generated()
	if #result.plain == 0 then
		tree:add_proto_expert_info(e.bad_inner)
		return
	end
	local digits = result.plain:gsub(".", function(c) return string.format("%02x", byte(c)) end)
	show_plaintext(ByteArray.new(digits):tvb("Decrypted FMP"), pinfo, tree, root)
end

-- The first pass sees frames in turn; later ones must not take themselves for copies.
local function note_counter(tvb, pinfo, tree)
	local name = tvb:raw(4, 12)
	local first = seen.counters[name]
	if not first then
		seen.counters[name] = pinfo.number
	elseif first < pinfo.number then
		tree:add(f.duplicate_of, first):set_generated()
		tree:add_proto_expert_info(e.duplicate)
	end
end

local function show_flags(tvb, tree)
	local value = tvb(1, 1):uint()
	local item = tree:add(f.flags, tvb(1, 1))
	for _, name in ipairs({ "k", "ce", "sp", "unknown" }) do
		item:add(f["flags." .. name], tvb(1, 1))
	end
	if value > 7 then
		item:add_proto_expert_info(e.unknown_flags)
	end
end

local function established(tvb, len, pinfo, tree, root)
	local caught = tvb:len()
	show_flags(tvb, tree)
	local item = tree:add_le(f.payload_len, tvb(2, 2))
	if len < HEADER + TAG or caught < HEADER then
		tree:add_proto_expert_info(e.bad_short, "Too short to be an established frame")
		return
	end
	local fits = tvb(2, 2):le_uint() == len - HEADER - TAG
	if not fits then
		item:add_proto_expert_info(e.bad_length)
	end
	local index = tvb(4, 4):le_uint()
	tree:add_le(f.receiver_idx, tvb(4, 4))
	item = tree:add_le(f.counter, tvb(8, 8))
	if tvb:raw(8, 8) == string.rep("\255", 8) then
		item:add_proto_expert_info(e.bad_counter)
	end
	pinfo.cols.info = string.format("Established, to 0x%08x, counter %s", index, tostring(tvb(8, 8):le_uint64()))
	note_counter(tvb, pinfo, tree)
	if caught < len then
		tree:add(f.decryption, "the frame was not recorded whole"):set_generated()
		return
	end
	if len > HEADER + TAG then
		tree:add(f.ciphertext, tvb(HEADER, len - HEADER - TAG))
	end
	tree:add(f.tag, tvb(len - TAG, TAG))
	if fits then
		show_decrypted(tvb, index, pinfo, tree, root)
	end
end

-- Whether a handshake message is one as far as can be seen.
local function check_message(tvb, len, size, tree)
	local item = tree:add(f.flags, tvb(1, 1))
	if tvb(1, 1):uint() ~= 0 then
		item:add_proto_expert_info(e.bad_flags)
	end
	item = tree:add_le(f.payload_len, tvb(2, 2))
	if tvb(2, 2):le_uint() ~= size - 4 then
		item:add_proto_expert_info(e.bad_length)
	end
	if len ~= size then
		tree:add_proto_expert_info(e.bad_size, string.format("Handshake message of the wrong size: %d, not %d",
			len, size))
	end
	return len == size and tvb:len() == size
end

local function show_ephemeral(tvb, at, tree)
	local item = tree:add(f.ephemeral, tvb(at, 33))
	local form = tvb(at, 1):uint()
	if form ~= 2 and form ~= 3 then
		item:add_proto_expert_info(e.bad_key)
	end
end

local function first_message(tvb, len, pinfo, tree)
	if not check_message(tvb, len, MSG1, tree) then
		return
	end
	local index = tvb(4, 4):le_uint()
	tree:add_le(f.sender_idx, tvb(4, 4))
	show_ephemeral(tvb, 8, tree)
	tree:add(f.static, tvb(41, 49))
	tree:add(f.epoch, tvb(90, 24))
	pinfo.cols.info = string.format("First handshake message, from 0x%08x", index)
	if not pinfo.visited then
		seen.messages[index] = pinfo.number
	end
end

local function second_message(tvb, len, pinfo, tree)
	if not check_message(tvb, len, MSG2, tree) then
		return
	end
	tree:add_le(f.sender_idx, tvb(4, 4))
	tree:add_le(f.receiver_idx, tvb(8, 4))
	show_ephemeral(tvb, 12, tree)
	tree:add(f.epoch, tvb(45, 24))
	local index = tvb(8, 4):le_uint()
	pinfo.cols.info = string.format("Second handshake message, from 0x%08x, to 0x%08x", tvb(4, 4):le_uint(), index)
	if not pinfo.visited then
		seen.messages[pinfo.number .. "/answer"] = seen.messages[index]
	end
	local first = seen.messages[pinfo.number .. "/answer"]
	if first then
		tree:add(f.answer_to, first):set_generated()
	end
end

function fmp.dissector(tvb, pinfo, root)
	local len = tvb:reported_len()
	pinfo.cols.protocol = "FMP"
	pinfo.cols.info = "Not a frame"
	local tree = root:add(fmp, tvb())
	if len < 4 or tvb:len() < 4 then
		tree:add_proto_expert_info(e.bad_short)
		return tvb:len()
	end
	tree:add(f.version, tvb(0, 1))
	tree:add(f.phase, tvb(0, 1))
	local first = tvb(0, 1):uint()
	if first >= 16 then
		tree:add_proto_expert_info(e.bad_version)
	elseif first == 0 then
		established(tvb, len, pinfo, tree, root)
	elseif first == PHASE_MSG1 then
		first_message(tvb, len, pinfo, tree)
	elseif first == PHASE_MSG2 then
		second_message(tvb, len, pinfo, tree)
	else
		tree:add_proto_expert_info(e.bad_phase)
	end
	return tvb:len()
end

---------------------------------------------------------------------------------------------
-- Where frames are looked for

-- Handshake messages are hard to mistake, and tell where established frames go.
local function looks_like_handshake(tvb, pinfo, root)
	local len = tvb:reported_len()
	if tvb:len() < 4 or not (len == MSG1 and tvb(0, 4):uint() == 0x01006e00 or
				 len == MSG2 and tvb(0, 4):uint() == 0x02004100) then
		return false
	end
	local form = tvb:len() == len and tvb(len == MSG1 and 8 or 12, 1):uint() or 0
	if form ~= 2 and form ~= 3 then
		return false
	end
	fmp.dissector(tvb, pinfo, root)
	pinfo.conversation = fmp
	return true
end

udp_ports:add(listened, fmp)
udp_ports:add_for_decode_as(fmp)
fmp:register_heuristic("udp", looks_like_handshake)
