# SPDX-License-Identifier: GPL-2.0
"""Packets inside of the tunnel: echoes and numbered datagrams.

As little of IP as it takes to answer a ping and to see whether every datagram of
a series came: no options, no extension headers, no fragments.
"""
import socket
import struct

ICMP, UDP, ICMP6 = 1, 17, 58
ECHO = {ICMP: (8, 0), ICMP6: (128, 129)}
HOP_LIMIT = 64


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Packet:
    """What a packet says: who to whom, and which protocol carries what."""

    def __init__(self, source, destination, protocol, payload):
        self.source, self.destination = source, destination
        self.protocol, self.payload = protocol, payload

    @classmethod
    def parse(cls, data):
        """None for what is of no interest, or no packet."""
        if len(data) >= 20 and data[0] == 0x45:
            length, = struct.unpack_from(">H", data, 2)
            if length < 20 or length > len(data) or struct.unpack_from(">H", data, 6)[0] & 0x3FFF:
                return None
            return cls(data[12:16], data[16:20], data[9], data[20:length])
        if len(data) >= 40 and data[0] >> 4 == 6:
            length, = struct.unpack_from(">H", data, 4)
            if 40 + length > len(data):
                return None
            return cls(data[8:24], data[24:40], data[6], data[40:40 + length])
        return None

    def build(self):
        length = len(self.payload)
        if len(self.source) == 4:
            header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + length, 0, 0x4000, HOP_LIMIT,
                                 self.protocol, 0, self.source, self.destination)
            header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
        else:
            header = struct.pack(">IHBB16s16s", 6 << 28, length, self.protocol, HOP_LIMIT,
                                 self.source, self.destination)
        return header + self.payload

    def pseudo(self):
        if len(self.source) == 4:
            return self.source + self.destination + struct.pack(">HH", self.protocol,
                                                                len(self.payload))
        return self.source + self.destination + struct.pack(">IHH", len(self.payload), 0,
                                                            self.protocol)


def _with_checksum(packet, offset, pseudo=True):
    """Fills in the checksum of the payload, which is zero there."""
    total = checksum((packet.pseudo() if pseudo else b"") + packet.payload)
    payload = packet.payload
    packet.payload = (payload[:offset] + struct.pack(">H", total or 0xFFFF)
                      + payload[offset + 2:])
    return packet


def echo_reply(packet):
    """The answer to an echo request, else None."""
    kinds = ECHO.get(packet.protocol)
    if not kinds or len(packet.payload) < 8 or packet.payload[0] != kinds[0]:
        return None
    payload = bytes((kinds[1], 0, 0, 0)) + packet.payload[4:]
    reply = Packet(packet.destination, packet.source, packet.protocol, payload)
    return _with_checksum(reply, 2, packet.protocol == ICMP6).build()


def echo_request(source, destination, identifier, sequence, size=56):
    protocol = ICMP if len(source) == 4 else ICMP6
    payload = struct.pack(">BBHHH", ECHO[protocol][0], 0, 0, identifier, sequence) + bytes(size)
    return _with_checksum(Packet(source, destination, protocol, payload), 2,
                          protocol == ICMP6).build()


def is_echo_reply(packet):
    kinds = ECHO.get(packet.protocol)
    return bool(kinds) and len(packet.payload) >= 8 and packet.payload[0] == kinds[1]


def datagram(source, destination, port, data):
    payload = struct.pack(">HHHH", port, port, 8 + len(data), 0) + data
    return _with_checksum(Packet(source, destination, UDP, payload), 6).build()


def number_of(packet):
    """Port and number of a numbered datagram, as the program "numbers" sends them."""
    if packet.protocol != UDP or len(packet.payload) < 16:
        return None
    port, = struct.unpack_from(">H", packet.payload, 2)
    return port, struct.unpack_from(NUMBER, packet.payload, 8)[0]


NUMBER = ">Q"


def number(value, size):
    return struct.pack(NUMBER, value) + bytes(max(0, size - 8))


def address(text):
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return socket.inet_pton(family, text)
