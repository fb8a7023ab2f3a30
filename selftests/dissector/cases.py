# SPDX-License-Identifier: GPL-2.0
"""What the dissector must say of frames."""
import json
import os
import struct

from interop import aead

from .capture import dissect, ipv4, ipv6, udp

DATAGRAM_MAX = 65507
PEER = "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
KEY = bytes(range(32))
INDEX = 0x11223344
TYPES = {0x00, 0x01, 0x02, 0x10, 0x20, 0x30, 0x31, 0x40, 0x50, 0x51}


def vectors(name):
    with open(os.path.join(os.environ["FMP_VECTORS"], name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def line(index, key, direction="receive", peer=PEER, time="1700000000.123"):
    return f"FMP1 {time} {direction} {index:08x} {peer} {key}\n"


LOG = line(INDEX, KEY.hex())


def seal(message, counter=7, index=INDEX, flags=0, key=KEY, timestamp=1000):
    plain = struct.pack("<I", timestamp) + message
    header = struct.pack("<BBHIQ", 0, flags, len(plain), index, counter)
    return header + aead.seal(key, aead.counter_nonce(counter), plain, header)


def one(frame, fields, log=LOG, **options):
    return dissect([frame], fields, log, **options)[0]


def equal(got, wanted, what=""):
    assert got == wanted, f"{what}: {got!r}, not {wanted!r}"


def handshake():
    fields = ["fmplink.version", "fmplink.phase", "fmplink.flags", "fmplink.payload_len",
              "fmplink.sender_idx", "fmplink.receiver_idx",
              "fmplink.ephemeral", "fmplink.static", "fmplink.epoch", "fmplink.answer_to", "_ws.col.Info"]
    cases = vectors("handshake")["cases"]
    frames = [bytes.fromhex(case[name]) for case in cases for name in ("wire_msg1", "wire_msg2")]
    got = dissect(frames, fields)
    for i, case in enumerate(cases):
        first, second = got[2 * i], got[2 * i + 1]
        ours, theirs = (f"0x{case[who]['index']:08x}" for who in ("initiator", "responder"))
        one_, two = case["noise_msg1"], case["noise_msg2"]
        for packet in (first, second):
            equal(packet["_ws.expert.message"], [], case["name"])
            equal((packet["fmplink.version"], packet["fmplink.flags"]), (["0"], ["0x00"]))
        equal((first["fmplink.phase"], first["fmplink.payload_len"]), (["1"], ["110"]))
        equal((first["fmplink.sender_idx"], first["fmplink.receiver_idx"]), ([ours], []))
        equal((first["fmplink.ephemeral"], first["fmplink.static"], first["fmplink.epoch"]),
              ([one_[:66]], [one_[66:164]], [one_[164:]]))
        equal((second["fmplink.phase"], second["fmplink.payload_len"]), (["2"], ["65"]))
        equal((second["fmplink.sender_idx"], second["fmplink.receiver_idx"]), ([theirs], [ours]))
        equal((second["fmplink.ephemeral"], second["fmplink.epoch"]), ([two[:66]], [two[66:]]))
        equal(second["fmplink.answer_to"], [str(2 * i + 1)])
        assert ours in first["_ws.col.Info"][0] and theirs in second["_ws.col.Info"][0]


def frames_that_fit():
    return [v for v in vectors("frames")["frames"] if len(v["wire"]) <= 2 * DATAGRAM_MAX]


def frames():
    """Every frame of the vectors, of all lengths of a block and of a few."""
    fields = ["fmplink.receiver_idx", "fmplink.counter", "fmplink.flags", "fmplink.flags.k",
              "fmplink.flags.ce", "fmplink.flags.sp",
              "fmplink.payload_len", "fmplink.decryption", "fmplink.timestamp", "fmplink.type",
              "fmplink.body", "fmplink.datagram.payload",
              "fmplink.disconnect.reason"]
    all_ = frames_that_fit()
    log = "".join(line(v["receiver_idx"], v["key"]) for v in all_)
    got = dissect([bytes.fromhex(v["wire"]) for v in all_], fields, log)
    bodies = 0
    for packet, vector in zip(got, all_):
        name, message = vector["name"], bytes.fromhex(vector["inner"])[4:]
        said = packet["_ws.expert.message"]
        equal(packet["fmplink.decryption"], ["decrypted"], name)
        equal(packet["fmplink.receiver_idx"], [f"0x{vector['receiver_idx']:08x}"], name)
        equal(packet["fmplink.counter"], [vector["counter"]], name)
        equal(packet["fmplink.flags"], [f"0x{vector['flags']:02x}"], name)
        equal("Flags that have no meaning" in said, vector["flags"] > 7, name)
        equal("A counter that is never accepted" in said, int(vector["counter"]) == 2**64 - 1, name)
        for flag, value in vector["flag_bits"].items():
            equal(packet["fmplink.flags." + flag], [str(int(value))], name)
        equal(packet["fmplink.payload_len"], [str(len(vector["inner"]) // 2)], name)
        if not message:
            equal(packet["fmplink.type"], [], name)
            assert "Plaintext without timestamp and type" in said, (name, said)
            continue
        equal(packet["fmplink.timestamp"], [str(vector["timestamp_ms"])], name)
        equal(packet["fmplink.type"], [f"0x{message[0]:02x}"], name)
        if message[0] not in TYPES and len(message) > 1:
            equal(packet["fmplink.body"], [message[1:].hex()], name)
            bodies += 1
        if message[0] == 0 and len(message) > 36:
            equal(packet["fmplink.datagram.payload"], [message[36:].hex()], name)
            bodies += 1
        if message[0] == 0x50:
            equal(packet["fmplink.disconnect.reason"], [str(message[1])], name)
    assert bodies > 10, bodies


SENDER = "<qqIIIqq", ("start_counter", "end_counter", "start_timestamp", "end_timestamp", "interval_bytes",
                      "packets", "bytes")
RECEIVER = "<qqqIHHH2xIIiIIII", ("highest_counter", "packets", "bytes", "timestamp_echo", "dwell", "max_burst",
                                 "mean_burst", "jitter", "ce", "owd_trend", "bursts", "reordered",
                                 "interval_packets", "interval_bytes")


def reports():
    messages = {m["name"]: bytes.fromhex(m["wire"]) for m in vectors("link_messages")["messages"]}
    for name, prefix, (form, names) in (("sender_report", "sr", SENDER), ("receiver_report", "rr", RECEIVER)):
        packet = one(seal(messages[name]), [f"fmplink.{prefix}.{n}" for n in names])
        for field, value in zip(names, struct.unpack(form.replace("q", "Q"), messages[name][4:])):
            equal(packet[f"fmplink.{prefix}.{field}"], [str(value)], field)
        equal(packet["_ws.expert.message"], [], name)


def routing():
    messages = {m["name"]: bytes.fromhex(m["wire"]) for m in vectors("link_messages")["messages"]}
    tree, announce = messages["tree_announce"], messages["filter_announce"]
    request, response = messages["lookup_request"], messages["lookup_response"]
    datagram = messages["session_datagram"]
    got = dissect([seal(m, counter=i) for i, m in enumerate((tree, announce, request, response, datagram))],
                  ["fmplink.tree.count", "fmplink.tree.entry", "fmplink.tree.parent",
                   "fmplink.signature", "fmplink.filter.bits",
                   "fmplink.filter.hashes", "fmplink.lookup.count", "fmplink.lookup.coordinate",
                   "fmplink.lookup.min_mtu",
                   "fmplink.lookup.target", "fmplink.datagram.ttl", "fmplink.datagram.destination"], LOG)
    for packet in got:
        equal(packet["_ws.expert.message"], [])
    count = struct.unpack_from("<H", tree, 34)[0]
    equal(got[0]["fmplink.tree.count"], [str(count)])
    equal(got[0]["fmplink.tree.entry"], [tree[36 + 32 * i:68 + 32 * i].hex() for i in range(count)])
    equal(got[0]["fmplink.tree.parent"], [tree[18:34].hex()])
    equal(got[0]["fmplink.signature"], [tree[-64:].hex()])
    equal(got[1]["fmplink.filter.bits"], [announce[11:].hex()])
    count = struct.unpack_from("<H", request, 44)[0]
    equal(got[2]["fmplink.lookup.coordinate"], [request[46 + 16 * i:62 + 16 * i].hex() for i in range(count)])
    equal(got[2]["fmplink.lookup.min_mtu"], [str(struct.unpack_from("<H", request, 42)[0])])
    equal(got[3]["fmplink.lookup.target"], [response[9:25].hex()])
    equal(got[3]["fmplink.signature"], [response[-64:].hex()])
    equal(got[4]["fmplink.datagram.ttl"], [str(datagram[1])])
    equal(got[4]["fmplink.datagram.destination"], [datagram[20:36].hex()])


def packets():
    """What is inside is dissected as it would be outside."""
    four = ipv4(udp(b"hello", 5000, 7), source=b"\x0a\x09\0\1", destination=b"\x0a\x09\0\2")
    six = ipv6(struct.pack("!BBHHH", 128, 0, 0, 1, 2) + b"ping", protocol=58)
    fields = ["ip.src", "ip.dst", "udp.dstport", "ipv6.src", "icmpv6.echo.identifier",
              "fmplink.padding", "fmplink.reserved"]
    got = dissect([seal(b"\x40\0\0\0" + four), seal(b"\x40\0\0\0" + six + b"\0\0", counter=8)], fields, LOG)
    equal(got[0]["ip.src"], ["192.0.2.1", "10.9.0.1"])
    equal(got[0]["udp.dstport"], ["2121", "7"])
    assert got[0]["frame.protocols"][0].startswith("raw:ip:udp:fmplink:ip:udp"), got[0]
    equal(got[1]["ipv6.src"], ["2001:db8::1"])
    equal(got[1]["icmpv6.echo.identifier"], ["0x0001"])
    equal(got[1]["fmplink.padding"], ["0000"])
    for packet in got:
        assert not [m for m in packet["_ws.expert.message"] if "IP packet" in m], packet
    equal(one(seal(b"\x40\0\0\0" + b"\x10" * 40), [])["_ws.expert.message"], ["Neither an IPv4 nor an IPv6 packet"])
    equal(one(seal(b"\x40\0\0"), [])["_ws.expert.message"], ["Link message is too short: 3 of 4 bytes"])
    assert "IP packet is longer than its frame" in one(seal(b"\x40\0\0\0" + four[:-1]), [])["_ws.expert.message"]


def short_messages():
    """Each type, a byte shorter than it may be."""
    messages = {m["name"]: bytes.fromhex(m["wire"]) for m in vectors("link_messages")["messages"]}
    names = ("sender_report", "receiver_report", "tree_announce", "lookup_request", "lookup_response",
             "session_datagram_empty_default", "disconnect_0")
    cut = [seal(messages[name][:-1], counter=i) for i, name in enumerate(names)]
    for packet, name in zip(dissect(cut, [], LOG), names):
        assert packet["_ws.expert.message"] and \
            packet["_ws.expert.message"][0].startswith("Link message is too short"), (name, packet)
    got = dissect([seal(messages["filter_announce"][:-1]), seal(messages["filter_announce"] + b"\0", counter=8)], [],
                  LOG)
    for packet in got:
        equal(packet["_ws.expert.message"], ["Filter is not of its exact size"])


COMPLAINTS = {
    "drop:version": "Not version 0",
    "drop:payload_len_mismatch": "Payload length is not that of the datagram",
    "drop:unknown_phase": "Undefined phase",
    "drop:decrypt_fail": "No key of its index opens the frame",
    "drop:short_prefix": "Too short to be a frame",
    "drop:bad_established_header": "Too short to be an established frame",
    "drop:short_inner": "Plaintext without timestamp and type",
}


def negative():
    suite = vectors("frames_negative")
    session = suite["session"]
    log = line(session["our_index"], session["recv_key"])
    # Without a payload there is nothing that a dissector is called for.
    some = [v for v in suite["vectors"] if v["wire"]]
    seen = set()
    got = dissect([bytes.fromhex(v["wire"]) for v in some], ["fmplink.decryption"], log)
    for packet, vector in zip(got, some):
        said, verdict = packet["_ws.expert.message"], vector["verdict"]
        # What came before it in the vectors has not been recorded.
        said = [m for m in said if "counter was used before" not in m]
        if verdict in COMPLAINTS:
            assert COMPLAINTS[verdict] in said, (vector["name"], verdict, said)
            seen.add(verdict)
        elif verdict == "drop:unknown_index":
            equal(packet["fmplink.decryption"], ["the key log has no key for the index"], vector["name"])
        else:
            equal(packet["fmplink.decryption"], ["decrypted"], vector["name"])
    equal(seen, set(COMPLAINTS))


def bad_handshakes():
    first = bytes.fromhex(vectors("handshake")["cases"][0]["wire_msg1"])
    got = dissect([first[:-1], first + b"\0", b"\1\1" + first[2:], first[:2] + b"\x6f" + first[3:],
                   first[:8] + b"\4" + first[9:]], ["fmplink.ephemeral"])
    wanted = ["Handshake message of the wrong size: 113, not 114", "Handshake message of the wrong size: 115, not 114",
              "Handshake messages have no flags", "Payload length is not that of the datagram",
              "Not the form of a compressed key"]
    for packet, message in zip(got, wanted):
        equal(packet["_ws.expert.message"], [message])


def keys():
    """What the log says of both ends, and that it is looked at with care."""
    fields = ["fmplink.decryption", "fmplink.session.peer", "fmplink.session.direction", "fmplink.type"]
    frame = seal(b"\x51")
    packet = one(frame, fields, None)
    equal(packet["fmplink.decryption"], ["no key log is named"])
    packet = one(frame, fields, line(INDEX, "00" * 32))
    equal(packet["_ws.expert.message"], ["No key of its index opens the frame"])
    equal(packet["fmplink.type"], [])
    junk = "# a comment\n\nFMP1 17000\n" + LOG[:-5] + "\nFMP2 " + LOG[5:]
    equal(one(frame, fields, junk)["fmplink.decryption"], ["the key log has no key for the index"])
    # An index that several sessions had, and the way that the frame goes.
    log = line(INDEX, "11" * 32) + line(INDEX, KEY.hex(), "send") + line(INDEX, "22" * 32)
    packet = one(frame, fields, junk + log)
    equal((packet["fmplink.session.peer"], packet["fmplink.session.direction"]), ([PEER], ["send"]))
    equal(packet["fmplink.type"], ["0x51"])
    missing = ["-o", "fmplink.key_log:/nonexistent"]
    equal(one(frame, fields, None, options=missing)["fmplink.decryption"], ["the key log cannot be read"])


def copies():
    """Also on the second pass, in which nothing is a copy of itself."""
    frames_ = [seal(b"\x51"), seal(b"\x51", counter=8), seal(b"\x51")]
    for options in ((), ("-2",)):
        got = dissect(frames_, ["fmplink.duplicate_of"], LOG, options)
        equal([p["fmplink.duplicate_of"] for p in got], [[], [], ["1"]])


def ports():
    """Port 2121, those that are named, and what follows a handshake elsewhere."""
    case = vectors("handshake")["cases"][0]
    both = [bytes.fromhex(case["wire_msg1"]), bytes.fromhex(case["wire_msg2"])]
    frame = seal(b"\x51")
    elsewhere = {"ports": (40000, 40001)}
    equal(one(frame, ["fmplink.type"], **elsewhere)["fmplink.type"], [])
    equal(one(frame, ["fmplink.type"], options=("-o", "fmplink.ports:7,40001"), **elsewhere)["fmplink.type"], ["0x51"])
    equal(one(frame, ["fmplink.type"], options=("-o", "fmplink.ports:7"))["fmplink.type"], [])
    equal(one(frame, ["fmplink.type"], options=("-d", "udp.port==40001,fmplink"),
              **elsewhere)["fmplink.type"], ["0x51"])
    got = dissect([*both, frame], ["fmplink.phase"], LOG, **elsewhere)
    equal([p["fmplink.phase"] for p in got], [["1"], ["2"], ["0"]])


def cut():
    """Of a recording that kept only the beginning of packets."""
    packet = one(seal(b"\x51" + bytes(100)), ["fmplink.decryption", "fmplink.counter"], whole=60)
    equal(packet["fmplink.decryption"], ["the frame was not recorded whole"])
    equal(packet["fmplink.counter"], ["7"])
    assert "Payload length is not that of the datagram" not in packet["_ws.expert.message"]


def all_cases():
    for case in (handshake, frames, reports, routing, packets, short_messages, negative, bad_handshakes, keys, copies,
                 ports, cut):
        yield "dissector." + case.__name__, case
