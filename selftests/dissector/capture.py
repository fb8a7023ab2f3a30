# SPDX-License-Identifier: GPL-2.0
"""Captures of UDP datagrams, and what tshark sees in them."""
import os
import struct
import subprocess
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = os.path.join(TOP, "tools", "wireshark", "fmp.lua")
ALWAYS = ("frame.protocols", "_ws.expert.message")
PORT = 2121


def ipv4(payload, protocol=17, source=b"\xc0\0\2\1", destination=b"\xc0\0\2\2"):
    header = struct.pack("!BBHIBBH4s4s", 0x45, 0, 20 + len(payload), 0, 64, protocol, 0,
                         source, destination)
    return header + payload


def ipv6(payload, protocol=17, source=1, destination=2):
    address = bytes.fromhex("20010db8") + bytes(11)
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + \
        address + bytes([source]) + address + bytes([destination]) + payload


def udp(payload, source=PORT, destination=PORT):
    return struct.pack("!HHHH", source, destination, 8 + len(payload), 0) + payload


def pcap(packets, whole=65535):
    """Raw IP packets, a second after each other, of which so much is kept."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    for i, packet in enumerate(packets):
        kept = packet[:whole]
        parts += [struct.pack("<IIII", 1700000000 + i, 0, len(kept), len(packet)), kept]
    return b"".join(parts)


def tshark(data, fields, log=None, options=()):
    """A dictionary of lists of values for each packet."""
    with tempfile.TemporaryDirectory(prefix="fmp-dissector-") as home:
        path = os.path.join(home, "capture")
        with open(path, "wb") as file:
            file.write(data)
        words = ["tshark", "-r", path, "-X", f"lua_script:{SCRIPT}", "-n", "-T", "fields",
                 "-E", "occurrence=a", "-E", "aggregator=|", *options]
        if log is not None:
            name = os.path.join(home, "keys")
            with open(name, "w", encoding="ascii") as file:
                file.write(log)
            words += ["-o", f"fmplink.key_log:{name}"]
        fields = ALWAYS + tuple(fields)
        for field in fields:
            words += ["-e", field]
        done = subprocess.run(words, env={"PATH": os.environ["PATH"], "HOME": home, "LC_ALL": "C.UTF-8"},
                              capture_output=True, encoding="utf-8", timeout=300, check=False)
    said = [line for line in done.stderr.splitlines() if line and "Running as user" not in line]
    assert done.returncode == 0 and not said, f"status {done.returncode}: {done.stderr}"
    packets = []
    for line in done.stdout.splitlines():
        values = [value.split("|") if value else [] for value in line.split("\t")]
        packets.append(dict(zip(fields, values)))
    return packets


def dissect(frames, fields, log=None, options=(), ports=(PORT, PORT), whole=65535):
    packets = [ipv4(udp(frame, *ports)) for frame in frames]
    got = tshark(pcap(packets, whole), fields, log, options)
    assert len(got) == len(frames), f"{len(got)} packets of {len(frames)}"
    return got
