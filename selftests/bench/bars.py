# SPDX-License-Identifier: GPL-2.0
"""What fmp is meant to reach, and whether it does."""

import functions


class Figures:
    """Medians of all groups, by measure and driver, and a profile"""

    def __init__(self, groups, profile):
        self.profile = profile
        self.of = {measure: {driver: of["median"] for driver, of in drivers.items()}
                   for group in groups.values()
                   for measure, drivers in group["measures"].items()}

    def get(self, measure, driver="fmp"):
        return self.of[measure][driver]

    def over(self, measure, driver="wireguard"):
        return self.get(measure) / self.get(measure, driver)

    def rest(self, measure, driver):
        """All but the cipher"""
        return functions.all_but_cipher(self.profile[measure][driver])

    def rest_over(self, measure):
        return self.rest(measure, "fmp") / self.rest(measure, "wireguard")


def least(value, bar):
    return value >= bar


def most(value, bar):
    return value <= bar


# What it is, how it is found, how it is judged, the bar, how it is written.
BARS = [
    ("TCP, one flow, over WireGuard's", lambda f: f.over("tcp-1"), least, 1.40, "{:.2f}"),
    ("TCP, one flow, over ovpn's", lambda f: f.over("tcp-1", "ovpn"), least, 1.40, "{:.2f}"),
    ("TCP, one flow, Mbit for 10^9 instructions", lambda f: f.get("tcp-1"), least, 405, "{:.0f}"),
    ("TCP, eight flows, over WireGuard's eight", lambda f: f.over("tcp-8"), least, 1.40, "{:.2f}"),
    ("UDP GSO, all but the cipher, over WireGuard's", lambda f: f.rest_over("gso-1420"),
     most, 0.35, "{:.2f}"),
    ("UDP GSO to a socket with UDP GRO, all but the cipher, over WireGuard's", lambda f: f.rest_over("gro-1420"),
     most, 0.35, "{:.2f}"),
    ("TCP, one flow, all but the cipher, over WireGuard's", lambda f: f.rest_over("tcp-1"),
     most, 0.35, "{:.2f}"),
    ("1420 bytes in bursts, all but the cipher, over WireGuard's", lambda f: f.rest_over("burst-1420"),
     most, 0.70, "{:.2f}"),
    ("1420 bytes in bursts, all but the cipher", lambda f: f.rest("burst-1420", "fmp"),
     most, 9900, "{:.0f}"),
    ("1420 bytes one by one, all but the cipher, over WireGuard's", lambda f: f.rest_over("through-1420"),
     most, 0.70, "{:.2f}"),
    ("1420 bytes one by one, all but the cipher", lambda f: f.rest("through-1420", "fmp"),
     most, 9900, "{:.0f}"),
    ("64 bytes, over WireGuard's", lambda f: f.over("through-64"), most, 0.70, "{:.2f}"),
    ("64 bytes", lambda f: f.get("through-64"), most, 14600, "{:.0f}"),
    ("one packet under way, over WireGuard's", lambda f: f.over("single-1420"), most, 0.60, "{:.2f}"),
    ("there and back, over WireGuard's", lambda f: f.over("echo-1420"), most, 1.0, "{:.2f}"),
    ("receiving with 100 000 peers, over one",
     lambda f: f.get("receive-one-100000") / f.get("receive-one-1"), most, 1.10, "{:.2f}"),
    ("bytes a peer with a session, of 10 000", lambda f: f.get("memory-10000"), most, 2048, "{:.0f}"),
    ("adding 10 000 peers, ms", lambda f: f.get("add-10000"), most, 1000, "{:.0f}"),
    ("removing 10 000 of 100 000 peers, one by one, ms", lambda f: f.get("del-10000"), most, 500, "{:.0f}"),
    ("removing a device with 10 000 peers, ms", lambda f: f.get("del-device-10000"), most, 500, "{:.0f}"),
]


def judge(groups, profile):
    """Rows of a table, of what was measured"""
    figures = Figures(groups, profile)
    rows = []
    for what, find, holds, bar, form in BARS:
        try:
            value = find(figures)
        except KeyError:
            continue
        sign = ">=" if holds is least else "<="
        rows.append([what, f"{sign} {form.format(bar)}", form.format(value),
                     "met" if holds(value, bar) else "missed"])
    return rows
