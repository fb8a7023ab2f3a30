# SPDX-License-Identifier: GPL-2.0
"""Frames and link messages, byte by byte (spec 2)."""
import struct

from . import aead, noise

ESTABLISHED, MSG1, MSG2 = 0, 1, 2

K, CE, SP = 1, 2, 4

PREFIX = 4
HEADER = 16
SHORTEST = HEADER + aead.TAG_SIZE
MSG1_SIZE = PREFIX + 4 + noise.MESSAGE1
MSG2_SIZE = PREFIX + 8 + noise.MESSAGE2

# Link messages.
SESSION_DATAGRAM = 0x00
SENDER_REPORT = 0x01
RECEIVER_REPORT = 0x02
TREE_ANNOUNCE = 0x10
FILTER_ANNOUNCE = 0x20
LOOKUP_REQUEST = 0x30
LOOKUP_RESPONSE = 0x31
IP_PACKET = 0x40
DISCONNECT = 0x50
HEARTBEAT = 0x51

INNER_SHORTEST = 5
INNER_LONGEST = 65519


class Dropped(ValueError):
    """A frame that is dropped, with the reason in the words of the vectors."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def _wanted(phase, length):
    """What payload_len has to be, or nothing where the header check decides."""
    if phase == ESTABLISHED:
        return length - SHORTEST if SHORTEST <= length <= SHORTEST + 65535 else None
    return {MSG1: MSG1_SIZE - PREFIX, MSG2: MSG2_SIZE - PREFIX}.get(phase)


def phase_of(frame):
    """Judges prefix, length and flags; returns the phase."""
    if len(frame) < PREFIX:
        raise Dropped("short_prefix")
    version_phase, flags, payload = struct.unpack_from("<BBH", frame)
    if version_phase >> 4:
        raise Dropped("version")
    phase = version_phase & 15
    wanted = _wanted(phase, len(frame))
    if wanted is not None and payload != wanted:
        raise Dropped("payload_len_mismatch")
    if phase == ESTABLISHED:
        if len(frame) < SHORTEST:
            raise Dropped("bad_established_header")
    elif phase == MSG1:
        if len(frame) != MSG1_SIZE or flags:
            raise Dropped("bad_msg1_header")
    elif phase == MSG2:
        if len(frame) != MSG2_SIZE or flags:
            raise Dropped("bad_msg2_header")
    else:
        raise Dropped("unknown_phase")
    return phase


def _prefix(phase, flags, payload):
    return struct.pack("<BBH", phase, flags, payload)


def msg1(sender, message):
    return _prefix(MSG1, 0, 4 + len(message)) + struct.pack("<I", sender) + message


def read_msg1(frame):
    """Sender's index and message."""
    return struct.unpack_from("<I", frame, 4)[0], frame[8:]


def msg2(sender, receiver, message):
    return _prefix(MSG2, 0, 8 + len(message)) + struct.pack("<II", sender, receiver) + message


def read_msg2(frame):
    """Sender's index, receiver's index and message."""
    return (*struct.unpack_from("<II", frame, 4), frame[12:])


def seal(key, receiver, counter, timestamp, message, flags=0):
    """The frame of a link message."""
    inner = struct.pack("<I", int(timestamp) & 0xFFFFFFFF) + message
    return seal_inner(key, receiver, counter, inner, flags)


def seal_inner(key, receiver, counter, inner, flags=0):
    """The frame of any plaintext, also of one that is too short."""
    if len(inner) > INNER_LONGEST:
        raise ValueError("too long for a frame")
    header = _prefix(ESTABLISHED, flags, len(inner)) + struct.pack("<IQ", receiver, counter)
    return header + aead.seal(key, aead.counter_nonce(counter), inner, header)


def read_header(frame):
    """Receiver's index, counter and flags."""
    return (*struct.unpack_from("<IQ", frame, 4), frame[1])


def unseal(key, frame):
    """The plaintext: timestamp and link message."""
    counter = struct.unpack_from("<Q", frame, 8)[0]
    try:
        return aead.unseal(key, aead.counter_nonce(counter), frame[HEADER:], frame[:HEADER])
    except aead.TagError:
        raise Dropped("decrypt_fail") from None


def ip_message(packet):
    return bytes((IP_PACKET, 0, 0, 0)) + packet


def disconnect(reason):
    return bytes((DISCONNECT, reason))


def tree_announce(addr, sequence):
    """A root's, without a signature: at the link layer it only is a frame."""
    entry = addr + struct.pack("<QQ", sequence, 0)
    return (struct.pack("<BBQQ", TREE_ANNOUNCE, 1, sequence, 0) + addr
            + struct.pack("<H", 1) + entry + bytes(64))


def sender_report(first, last, first_ms, last_ms, size, packets, total):
    return struct.pack("<B3xQQIIIQQ", SENDER_REPORT, first, last, first_ms, last_ms,
                       size & 0xFFFFFFFF, packets, total)
