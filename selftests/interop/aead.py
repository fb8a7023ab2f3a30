# SPDX-License-Identifier: GPL-2.0
"""ChaCha20-Poly1305 (RFC 8439), in integers as long as the message.

The sixteen words of all blocks are kept in four integers, a row of the state in
each: first the words of column 0 of every block, then those of column 1, and so on.
A word has a lane of 64 bits, of which the upper half takes carries and what
rotations push out.  One operation of Python so works on all blocks at a time, and
turning a row by a column is a shift by a quarter of the integer.
"""
import hmac
import struct

LANE = 64
WORD = 0xFFFFFFFF
ROW0 = (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574)
PRIME = 2**130 - 5
CLAMP = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF

TAG_SIZE = 16


class TagError(ValueError):
    """The message does not authenticate."""


_lanes = {}


class _Lanes:
    """Constants for a number of blocks."""

    def __init__(self, blocks):
        self.size = LANE * blocks
        self.ones = sum(1 << LANE * i for i in range(blocks))
        self.all = self.columns(1, 1, 1, 1)
        self.mask = self.all * WORD
        self.counters = sum(i << LANE * i for i in range(blocks))
        self.quarter = (1 << self.size) - 1

    def columns(self, *words):
        """A row that is the same in each block."""
        return sum((word * self.ones) << self.size * i for i, word in enumerate(words))

    def turn(self, row, columns):
        low = self.size * columns
        return row >> low | (row & ((1 << low) - 1)) << self.size * (4 - columns)


def _lanes_of(blocks):
    if blocks not in _lanes:
        _lanes[blocks] = _Lanes(blocks)
    return _lanes[blocks]


def _quarters(a, b, c, d, mask):
    """A quarter round of each column of each block."""
    a = a + b & mask
    d ^= a
    d = d << 16 & mask | d >> 16 & mask
    c = c + d & mask
    b ^= c
    b = b << 12 & mask | b >> 20 & mask
    a = a + b & mask
    d ^= a
    d = d << 8 & mask | d >> 24 & mask
    c = c + d & mask
    b ^= c
    b = b << 7 & mask | b >> 25 & mask
    return a, b, c, d


def keystream(key, nonce, counter, blocks):
    """So many blocks of it, from that counter on."""
    lanes = _lanes_of(blocks)
    words = struct.unpack("<8I", key)
    a0 = lanes.columns(*ROW0)
    b0 = lanes.columns(*words[:4])
    c0 = lanes.columns(*words[4:])
    d0 = lanes.columns(counter, *struct.unpack("<3I", nonce)) + lanes.counters
    a, b, c, d = a0, b0, c0, d0
    mask, turn = lanes.mask, lanes.turn
    for _ in range(10):
        a, b, c, d = _quarters(a, b, c, d, mask)
        b, c, d = turn(b, 1), turn(c, 2), turn(d, 3)
        a, b, c, d = _quarters(a, b, c, d, mask)
        b, c, d = turn(b, 3), turn(c, 2), turn(d, 1)
    stream = [None] * 16 * blocks
    for i, row in enumerate((a + a0, b + b0, c + c0, d + d0)):
        row = (row & mask).to_bytes(32 * blocks, "little")
        values = struct.unpack(f"<{8 * blocks}I", row)[::2]
        for column in range(4):
            stream[4 * i + column::16] = values[blocks * column:blocks * (column + 1)]
    return struct.pack(f"<{16 * blocks}I", *stream)


def poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & CLAMP
    total = 0
    for i in range(0, len(message), 16):
        block = message[i:i + 16]
        total = (total + int.from_bytes(block + b"\1", "little")) * r % PRIME
    total += int.from_bytes(key[16:], "little")
    return (total & (1 << 128) - 1).to_bytes(16, "little")


def _padded(data):
    return data + bytes(-len(data) % 16)


def _tag(one_time_key, ciphertext, associated):
    return poly1305(one_time_key, _padded(associated) + _padded(ciphertext)
                    + struct.pack("<QQ", len(associated), len(ciphertext)))


def _stream(key, nonce, length):
    """The key of the tag and the stream for the text."""
    stream = keystream(key, nonce, 0, 1 + (length + 63) // 64)
    return stream[:32], stream[64:64 + length]


def _xor(data, stream):
    value = int.from_bytes(data, "little") ^ int.from_bytes(stream, "little")
    return value.to_bytes(len(data), "little")


def seal(key, nonce, plaintext, associated=b""):
    one_time_key, stream = _stream(key, nonce, len(plaintext))
    ciphertext = _xor(plaintext, stream)
    return ciphertext + _tag(one_time_key, ciphertext, associated)


def unseal(key, nonce, sealed, associated=b""):
    if len(sealed) < TAG_SIZE:
        raise TagError("shorter than a tag")
    ciphertext, tag = sealed[:-TAG_SIZE], sealed[-TAG_SIZE:]
    one_time_key, stream = _stream(key, nonce, len(ciphertext))
    if not hmac.compare_digest(tag, _tag(one_time_key, ciphertext, associated)):
        raise TagError("wrong tag")
    return _xor(ciphertext, stream)


def counter_nonce(counter):
    """The nonce of a frame or of a handshake field (spec 2.2, 3.2)."""
    return bytes(4) + struct.pack("<Q", counter)
