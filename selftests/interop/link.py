# SPDX-License-Identifier: GPL-2.0
"""What a node knows of one other node: sessions by slot, a dial under way."""
import random

from . import curve, identity

SLOTS = ("current", "pending", "previous")


class Dial:
    """A msg1 that waits for its msg2, fresh (7.1) or for a rekey (8.2)."""

    def __init__(self, link, local, initiator, frame, rekey, now, resend_ms):
        self.link, self.local = link, local
        self.initiator, self.frame = initiator, frame
        self.rekey = rekey
        self.born = now
        self.next_resend = now + resend_ms
        self.resends = 0


class Answers:
    """msg2s that were sent, by X of the ephemeral key of the msg1 (7.5 RULE 1)."""

    KEPT = 8

    def __init__(self):
        self.sent = {}

    def put(self, ephemeral, msg2):
        self.sent[ephemeral] = msg2
        while len(self.sent) > self.KEPT:
            del self.sent[next(iter(self.sent))]

    def get(self, ephemeral):
        return self.sent.get(ephemeral)


class Numbers:
    """Which numbered datagrams came, and how long none did."""

    def __init__(self):
        self.seen = set()
        self.received = self.duplicates = self.reordered = self.highest = 0
        self.last_ms = None
        self.gap_ms = 0

    def take(self, number, now):
        if self.last_ms is not None:
            self.gap_ms = max(self.gap_ms, now - self.last_ms)
        self.last_ms = now
        if number in self.seen:
            self.duplicates += 1
            return
        self.seen.add(number)
        if self.received and number < self.highest:
            self.reordered += 1
        self.received += 1
        self.highest = max(self.highest, number)

    def report(self):
        return {"received": self.received, "duplicates": self.duplicates,
                "reordered": self.reordered, "highest": self.highest,
                "gap_ms": round(self.gap_ms)}


class Link:
    """Another node.  Without a current session it is a name and perhaps an endpoint."""

    def __init__(self, x, endpoint=None, auto=False):
        self.x = x
        self.addr = identity.node_addr(x)
        # Until a handshake tells the parity.
        self.public = curve.even(x)
        self.endpoint = endpoint
        self.auto = auto
        self.counters = {}
        self.numbers = Numbers()
        self.retries = 0
        self.retry_at = None
        self.forget()

    def forget(self):
        """As if nothing had been heard of it yet."""
        self.current = self.pending = self.previous = None
        self.dial = None
        self.epoch = None
        self.answers = Answers()
        # 7.2: the one of the first handshake.
        self.original_msg2 = None
        self.established = self.last_heard = None
        self.last_peer_rekey = None
        self.last_heartbeat = self.last_report = None
        self.last_recovery = None
        self.jitter_s = 0
        self.failures = 0
        self.reported = (0, 0, 0)

    @property
    def name(self):
        return self.x.hex()

    def count(self, what, by=1):
        self.counters[what] = self.counters.get(what, 0) + by

    def sessions(self):
        return [s for s in (self.current, self.pending, self.previous) if s]

    def slot_of(self, session):
        for slot in SLOTS:
            if getattr(self, slot) is session:
                return slot
        return None

    def draw_jitter(self, kind):
        low, high = int(-kind.jitter_low_s), int(kind.jitter_s)
        self.jitter_s = random.randint(low, high)

    def age_s(self, now):
        """In whole seconds, since the first session or the last cutover (8.1)."""
        return int(now - self.established) // 1000
