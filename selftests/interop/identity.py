# SPDX-License-Identifier: GPL-2.0
"""Names of a node: npub and nsec, NodeAddr, address in the overlay (spec 1)."""
import hashlib

from . import curve

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
# Of bech32 and, as upstream's decoder takes it too, of bech32m.
CONSTANTS = (1, 0x2BC830A3)
GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
CHECKSUM = 6


class KeyTextError(ValueError):
    """Text that names no key."""


def _checksum(prefix, values):
    total = 1
    spread = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    for value in spread + values:
        top = total >> 25
        total = (total & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(GENERATORS):
            if top >> bit & 1:
                total ^= generator
    return total


def encode(prefix, data):
    """bech32, with the constant 1 of its first version."""
    bits = int.from_bytes(data, "big")
    count = (8 * len(data) + 4) // 5
    bits <<= 5 * count - 8 * len(data)
    values = [bits >> 5 * i & 31 for i in reversed(range(count))]
    check = _checksum(prefix, values + [0] * CHECKSUM) ^ 1
    values += [check >> 5 * i & 31 for i in reversed(range(CHECKSUM))]
    return prefix + "1" + "".join(ALPHABET[v] for v in values)


def decode(prefix, text):
    """The 32 bytes of an npub or nsec."""
    if text.lower() != text and text.upper() != text:
        raise KeyTextError("mixed case")
    text = text.lower()
    if not text.startswith(prefix + "1"):
        raise KeyTextError(f"no {prefix}")
    digits = text[len(prefix) + 1:]
    if len(digits) < CHECKSUM or any(c not in ALPHABET for c in digits):
        raise KeyTextError("not bech32")
    values = [ALPHABET.index(c) for c in digits]
    if _checksum(prefix, values) not in CONSTANTS:
        raise KeyTextError("wrong checksum")
    values = values[:-CHECKSUM]
    bits = 0
    for value in values:
        bits = bits << 5 | value
    spare = 5 * len(values) - 256
    if not 0 <= spare < 5:
        raise KeyTextError("not 32 bytes")
    if bits & (1 << spare) - 1:
        raise KeyTextError("padding is not zero")
    return (bits >> spare).to_bytes(32, "big")


def _hexadecimal(text):
    if len(text) != 64 or any(c not in "0123456789abcdefABCDEF" for c in text):
        raise KeyTextError("not 64 hexadecimal digits")
    return bytes.fromhex(text)


def npub(x):
    return encode("npub", x)


def nsec(secret):
    return encode("nsec", secret)


def read_npub(text):
    """X of an npub; it has to be that of a point."""
    x = decode("npub", text)
    curve.lift(int.from_bytes(x, "big"))
    return x


def read_public(text):
    """X, from an npub or its digits."""
    if text.lower().startswith("npub"):
        return read_npub(text)
    x = _hexadecimal(text)
    curve.lift(int.from_bytes(x, "big"))
    return x


def read_secret(text):
    """A secret key, from an nsec or its digits."""
    secret = decode("nsec", text) if text.startswith("nsec1") else _hexadecimal(text)
    if not 0 < int.from_bytes(secret, "big") < curve.ORDER:
        raise KeyTextError("not a secret key")
    return secret


def node_addr(x):
    return hashlib.sha256(x).digest()[:16]


def address(addr):
    """The fd00::/8 address of a NodeAddr, which loses its last byte."""
    return b"\xfd" + addr[:15]
