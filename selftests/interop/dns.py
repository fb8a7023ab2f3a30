# SPDX-License-Identifier: GPL-2.0
"""A name server that knows a few names: what an endpoint's name leads to may change."""
import socket
import struct

from . import loop

A, AAAA = 1, 28
NO_SUCH_NAME, AUTHORITATIVE = 3, 0x8580


def _question(data):
    """Name, type and the bytes of the first question."""
    labels, at = [], 12
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode())
        at += 1 + data[at]
    kind, = struct.unpack_from(">H", data, at + 1)
    return ".".join(labels).lower(), kind, data[12:at + 5]


class Names:
    """Answers on a socket of its own."""

    def __init__(self, owner, endpoint):
        self.owner = owner
        self.records = {}
        self.socket = loop.open_socket(*endpoint)
        owner.watch(self.socket, self._readable)

    def set(self, name, addresses, ttl):
        self.records[name.lower()] = ([socket.inet_pton(loop.family_of(a), a)
                                       for a in addresses], ttl)

    def _readable(self):
        try:
            data, source = self.socket.recvfrom(4096)
            name, kind, question = _question(data)
        except (OSError, IndexError, struct.error, UnicodeDecodeError):
            return
        known = name in self.records
        addresses, ttl = self.records.get(name, ((), 0))
        size = {A: 4, AAAA: 16}.get(kind)
        found = [a for a in addresses if len(a) == size]
        answer = data[:2] + struct.pack(">HHHHH", AUTHORITATIVE | (0 if known else NO_SUCH_NAME),
                                        1, len(found), 0, 0) + question
        for address in found:
            # The name is the question's.
            answer += struct.pack(">HHHIH", 0xC00C, kind, 1, ttl, size) + address
        self.socket.sendto(answer, source)
        self.owner.tell(None, "asked", {"name": name, "type": kind, "answers": len(found)})
