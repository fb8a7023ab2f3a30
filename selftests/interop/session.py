# SPDX-License-Identifier: GPL-2.0
"""One session: two keys, two indices, a counter and a window (spec 5.6, 6)."""
from . import frames

WINDOW = 2048
LAST_COUNTER = 2**64 - 1


class Window:
    """Which of the last counters were seen; 2^64-1 never is (5.6)."""

    def __init__(self):
        self.highest = 0
        self.seen = 0

    def fresh(self, counter):
        if counter == LAST_COUNTER:
            return False
        age = self.highest - counter
        return age < 0 or age < WINDOW and not self.seen >> age & 1

    def accept(self, counter):
        ahead = counter - self.highest
        if ahead > 0:
            self.seen = self.seen << ahead & (1 << WINDOW) - 1 if ahead < WINDOW else 0
            self.highest = counter
        self.seen |= 1 << self.highest - counter


class Session:
    """Keys of both directions, as one handshake gave them or somebody typed them in."""

    def __init__(self, local, remote, send_key, receive_key, initiator, now):
        self.local, self.remote = local, remote
        self.send_key, self.receive_key = send_key, receive_key
        self.initiator = initiator
        self.born = now
        # When it is no longer what it is now: a candidate's life, a drain's end.
        self.ends = None
        # What timestamps count from.
        self.start = now
        self.k = 0
        self.heard_k = None
        self.next = 0
        self.window = Window()
        self.received = 0
        self.sent_bytes = 0
        # U looks a session up by its index only where a worker has it (7.4, 12 #21).
        self.worker = True
        # Of the other end, if it is not yet the one that the link is known by.
        self.epoch = None

    def seal(self, message, now, flags=0):
        counter = self.next
        if counter >= LAST_COUNTER:
            raise ValueError("the counters are used up")
        self.next += 1
        frame = frames.seal(self.send_key, self.remote, counter, now - self.start,
                            message, flags | (frames.K if self.k else 0))
        self.sent_bytes += len(frame)
        return frame

    def open(self, frame):
        """The plaintext of a frame, once."""
        _, counter, flags = frames.read_header(frame)
        if not self.window.fresh(counter):
            raise frames.Dropped("replay")
        plaintext = frames.unseal(self.receive_key, frame)
        self.newest = counter >= self.window.highest
        self.window.accept(counter)
        self.received += 1
        self.heard_k = flags & frames.K
        if len(plaintext) < frames.INNER_SHORTEST:
            raise frames.Dropped("short_inner")
        return plaintext
