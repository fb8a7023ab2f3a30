# SPDX-License-Identifier: GPL-2.0
"""What the vectors say, entry by entry.

Where a RULE of the protocol asks for more than the reference does, the deviation is
named here, once and by category.
"""
import functools
import json
import os

from .. import curve, frames, identity, noise, session

# Frames with as much text as this take long, and say nothing new.
LONG = 20000


def equal(wanted, got):
    if wanted != got:
        raise AssertionError(f"wanted {wanted!r}, got {got!r}")


def load(directory, name):
    with open(os.path.join(directory, name), encoding="utf-8") as file:
        return json.load(file)


def key(secret):
    return curve.Key(bytes.fromhex(secret))


def refused(error, call, *args):
    try:
        call(*args)
    except error:
        return
    raise AssertionError(f"{call.__name__}{args} was accepted")


# --- identities

def check_identity(entry):
    own = key(entry["secret"])
    equal(entry["pubkey"], own.public.hex())
    equal(entry["xonly"], own.x.hex())
    equal(entry["odd_y"], own.public[0] == 3)
    equal(entry["npub"], identity.npub(own.x))
    equal(entry["nsec"], identity.nsec(own.secret))
    equal(own.x, identity.read_npub(entry["npub"]))
    equal(own.secret, identity.read_secret(entry["nsec"]))
    addr = identity.node_addr(own.x)
    equal(entry["node_addr"], addr.hex())
    equal(entry["ipv6_bytes"], identity.address(addr).hex())


def check_tie(entry):
    ours, theirs = bytes.fromhex(entry["ours"]), bytes.fromhex(entry["theirs"])
    equal(entry["ours_smaller"], ours < theirs)


def check_decode(entry, what, read, value):
    wanted = entry[what].get(value)
    if wanted is None:
        refused(ValueError, read, entry["input"])
    else:
        equal(wanted, read(entry["input"]).hex())


def identities(data):
    for entry in data["identities"]:
        yield f"identity {entry['name']}", check_identity, entry
    for i, entry in enumerate(data["tie_break"]):
        yield f"order {i}", check_tie, entry
    for entry in data["npub_decode"]:
        yield (f"npub {entry['name']}", check_decode, entry, "decode_npub",
               identity.read_npub, "xonly")
    for entry in data["secret_decode"]:
        yield (f"secret {entry['name']}", check_decode, entry, "decode_secret",
               identity.read_secret, "secret")


# --- handshakes

def initiate(case, trace=None):
    initiator = case["initiator"]
    return noise.Initiator(key(initiator["static_secret"]),
                           bytes.fromhex(case["responder"]["static_pub"])[1:],
                           bytes.fromhex(initiator["epoch"]),
                           key(initiator["ephemeral_secret"]), trace)


def respond(case, wire, trace=None):
    responder = case["responder"]
    _, message1 = frames.read_msg1(wire)
    return noise.Responder(key(responder["static_secret"]), message1, trace)


def check_steps(case, trace):
    """Each step of the transcript has its like in the trace of one side."""
    seen = set()
    for note in trace:
        seen.update(value for value in note.values() if value)
    for step in case["steps"]:
        for name in ("h", "ck", "dh", "ciphertext"):
            if name in step and step["op"] not in ("initialize", "split"):
                assert bytes.fromhex(step[name]) in seen, f"{step['op']}: {name}"


def check_handshake(case):
    trace = []
    ours, theirs = case["initiator"], case["responder"]
    first = initiate(case, trace)
    equal(case["noise_msg1"], first.message1.hex())
    wire1 = frames.msg1(ours["index"], first.message1)
    equal(case["wire_msg1"], wire1.hex())
    equal(frames.MSG1, frames.phase_of(wire1))

    second = respond(case, wire1, trace)
    equal(ours["static_pub"], second.initiator.hex())
    equal(ours["epoch"], second.epoch.hex())
    message2, send, receive = second.write(key(theirs["ephemeral_secret"]),
                                           bytes.fromhex(theirs["epoch"]))
    equal((theirs["send_key"], theirs["recv_key"]), (send.hex(), receive.hex()))
    wire2 = frames.msg2(theirs["index"], ours["index"], message2)
    equal(case["wire_msg2"], wire2.hex())
    equal(frames.MSG2, frames.phase_of(wire2))

    epoch, send, receive = first.read(message2)
    equal(theirs["epoch"], epoch.hex())
    equal((ours["send_key"], ours["recv_key"]), (send.hex(), receive.hex()))
    equal(case["handshake_hash"], first.final.hex())
    equal(case["handshake_hash"], second.final.hex())
    check_steps(case, trace)
    # The state was not used up (3.5 RULE).
    equal(epoch, first.read(message2)[0])


def judge(call):
    try:
        return "accept", call()
    except (frames.Dropped, noise.HandshakeError) as error:
        return f"drop:{error.reason}", None


def of_phase(wire, wanted):
    phase = frames.phase_of(wire)
    if phase != wanted:
        raise frames.Dropped(f"phase:{phase}")


def check_bad_msg1(entry, case):
    wire = bytes.fromhex(entry["wire"])

    def receive():
        of_phase(wire, frames.MSG1)
        return respond(case, wire)

    verdict, learnt = judge(receive)
    equal(entry["verdict"], verdict)
    if learnt:
        detail = entry["detail"]
        equal(detail["initiator_pub"], learnt.initiator.hex())
        equal(detail["initiator_epoch"], learnt.epoch.hex())
        equal(detail["initiator_node_addr"], identity.node_addr(learnt.initiator_x).hex())
        equal(detail["sender_idx"], frames.read_msg1(wire)[0])


def check_bad_msg2(entry, case):
    wire = bytes.fromhex(entry["wire"])
    waiting = initiate(case)

    def receive():
        of_phase(wire, frames.MSG2)
        _, receiver, message = frames.read_msg2(wire)
        if receiver != case["initiator"]["index"]:
            raise frames.Dropped("unknown_index")
        return waiting.read(message)

    verdict, learnt = judge(receive)
    equal(entry["verdict"], verdict)
    if learnt:
        equal(entry["detail"]["responder_epoch"], learnt[0].hex())
        equal(entry["detail"]["sender_idx"], frames.read_msg2(wire)[0])
    # Whatever came, the genuine one still does it.
    waiting.read(bytes.fromhex(case["noise_msg2"]))


def handshakes(data):
    by_name = {case["name"]: case for case in data["cases"]}
    for name, case in by_name.items():
        yield f"handshake {name}", check_handshake, case
    negative = data["negative"]
    case = by_name[negative["case"]]
    for entry in negative["msg1"]:
        yield f"msg1 {entry['name']}", check_bad_msg1, entry, case
    for entry in negative["msg2"]:
        yield f"msg2 {entry['name']}", check_bad_msg2, entry, case


# --- frames

def fresh(receive_key, index):
    return session.Session(index, 0, bytes(32), bytes.fromhex(receive_key), False, 0)


def receive_at(one, wire):
    def receive():
        of_phase(wire, frames.ESTABLISHED)
        if frames.read_header(wire)[0] != one.local:
            raise frames.Dropped("unknown_index")
        return one.open(wire)
    return judge(receive)


def check_frame(entry):
    wire = bytes.fromhex(entry["wire"])
    built = frames.seal_inner(bytes.fromhex(entry["key"]), entry["receiver_idx"],
                              int(entry["counter"]), bytes.fromhex(entry["inner"]), entry["flags"])
    equal(wire, built)
    verdict, plaintext = receive_at(fresh(entry["key"], entry["receiver_idx"]), wire)
    equal(NEVER if never_sent(wire) else entry["verdict"], verdict)
    if plaintext is not None:
        equal(entry["inner"], plaintext.hex())


# The reference takes a counter of 2^64-1, and moves the window; 5.6 says that nobody
# must.  The next frame then is the first.
NEVER = "drop:replay"


def never_sent(wire):
    return len(wire) >= frames.SHORTEST and frames.read_header(wire)[1] == session.LAST_COUNTER


def check_bad_frame(entry, receiver, base):
    one = fresh(receiver["recv_key"], receiver["our_index"])
    wanted, then = entry["verdict"], entry["then_base_frame_verdict"]
    for before in entry["before"]:
        wire = bytes.fromhex(before["wire"])
        deviates = never_sent(wire)
        equal(NEVER if deviates else before["verdict"], receive_at(one, wire)[0])
        if deviates and before["verdict"] == "accept":
            wanted = "accept"
    wire = bytes.fromhex(entry["wire"])
    equal(NEVER if never_sent(wire) else wanted, receive_at(one, wire)[0])
    equal(then, receive_at(one, base)[0])


def established(data):
    for entry in data["frames"]:
        if len(entry["wire"]) <= 2 * LONG:
            yield f"frame {entry['name']}", check_frame, entry


def bad_frames(data):
    base = bytes.fromhex(data["base"]["wire"])
    for entry in data["vectors"]:
        yield f"negative {entry['name']}", check_bad_frame, entry, data["session"], base


# --- a whole rekey

class End:
    """One end of a transcript: sessions by the name that the transcript gives them."""

    def __init__(self):
        self.sessions = {}

    def take(self, name, local, remote, side):
        one = session.Session(local, remote, bytes.fromhex(side["send_key"]),
                              bytes.fromhex(side["recv_key"]), False, 0)
        self.sessions[name] = one


def check_transcript(entry):
    ends = {"A": End(), "B": End()}
    names = iter(("old", "new", "new2"))
    started = iter(entry["handshakes"])
    for event in entry["transcript"]:
        wire = bytes.fromhex(event["wire"])
        if event["kind"].endswith("msg1"):
            case = next(started)
            equal(case["wire_msg1"], event["wire"])
            check_handshake(case)
        elif event["kind"].endswith("msg2"):
            equal(case["wire_msg2"], event["wire"])
            first = "B" if event["from"] == "A" else "A"
            ours, theirs = case["initiator"], case["responder"]
            name = next(names)
            ends[first].take(name, ours["index"], theirs["index"], ours)
            ends[event["from"]].take(name, theirs["index"], ours["index"], theirs)
        else:
            check_transcript_frame(ends, event, wire)


def check_transcript_frame(ends, event, wire):
    sender = ends[event["from"]].sessions[event["session"]]
    receiver = ends["B" if event["from"] == "A" else "A"].sessions[event["session"]]
    built = frames.seal(sender.send_key, sender.remote, int(event["counter"]),
                        event["timestamp_ms"], bytes.fromhex(event["link_message"]),
                        frames.K if event["k"] else 0)
    equal(wire, built)
    verdict, plaintext = receive_at(receiver, wire)
    equal(event["verdict"], verdict)
    if plaintext is not None:
        equal(event["link_message"], plaintext[4:].hex())


def transcripts(data):
    for entry in data["transcripts"]:
        yield f"transcript {entry['name']}", check_transcript, entry


def windows(data):
    for entry in data["sequences"]:
        yield f"window {entry['name']}", check_window, entry


def check_window(entry):
    window = session.Window()
    for counter, accepted in entry["ops"]:
        counter = int(counter)
        if counter == session.LAST_COUNTER:
            assert not window.fresh(counter)
            return
        equal(accepted, window.fresh(counter))
        if accepted:
            window.accept(counter)
    equal(int(entry["final_highest"]), window.highest)


SETS = (("identity.json", identities), ("handshake.json", handshakes), ("frames.json", established),
        ("frames_negative.json", bad_frames), ("rekey_transcript.json", transcripts),
        ("replay_window.json", windows))


def cases(directory):
    for name, make in SETS:
        for title, check, *args in make(load(directory, name)):
            yield title, functools.partial(check, *args)
