# SPDX-License-Identifier: GPL-2.0
"""python3 -m interop.recording KEY-LOG RECORDING PATTERN: what the keys of an agent's log open.

Prints, of the frames that "attack record" kept: how many were opened and how many were not,
under how many indices, and how many of the packets in them have the pattern, which is
hexadecimal digits.
"""
import json
import struct
import sys

from . import frames

# Two addresses of 28 bytes, and the length.
SEEN = struct.Struct("<28s28sI")


def read_keys(lines):
    """The keys of each receiver index (docs/dissector.md)."""
    keys = {}
    for line in filter(str.strip, lines):
        form, _, direction, index, _, key = line.split()
        if form != "FMP1" or direction not in ("send", "receive"):
            raise ValueError(f"no line of a key log: {form} {direction}")
        keys.setdefault(int(index, 16), []).append(bytes.fromhex(key))
    return keys


def read_frames(data):
    """What was recorded, frame by frame."""
    at = 0
    while at + SEEN.size <= len(data):
        length = SEEN.unpack_from(data, at)[2]
        at += SEEN.size
        yield data[at:at + length]
        at += length


def opened(frame, keys):
    """The plaintext, or nothing. Where no key has the frame's index, all are tried."""
    for key in keys.get(frames.read_header(frame)[0], sum(keys.values(), [])):
        try:
            return frames.unseal(key, frame)
        except frames.Dropped:
            pass
    return None


def survey(keys, recorded, pattern):
    """Counts, by name."""
    counts = {"handshake": 0, "opened": 0, "sealed": 0, "matching": 0}
    indices = set()
    for frame in recorded:
        if frames.phase_of(frame) != frames.ESTABLISHED:
            counts["handshake"] += 1
            continue
        plaintext = opened(frame, keys)
        if plaintext is None:
            counts["sealed"] += 1
            continue
        counts["opened"] += 1
        counts["matching"] += pattern in plaintext
        indices.add(frames.read_header(frame)[0])
    return {**counts, "indices": len(indices)}


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        keys = read_keys(file)
    with open(sys.argv[2], "rb") as file:
        recorded = read_frames(file.read())
    print(json.dumps(survey(keys, recorded, bytes.fromhex(sys.argv[3]))))


if __name__ == "__main__":
    main()
