# SPDX-License-Identifier: GPL-2.0
"""Many msg1s from many ports, none of which leads anywhere."""
import os

from . import curve, frames, loop, noise

POOL = 64
STEP_MS = 10


class Flood:
    """Well-formed: whoever looks closer has to do the elliptic part of the work."""

    def __init__(self, owner, endpoint, rate, seconds, ports, host):
        self.owner, self.endpoint = owner, endpoint
        self.rate, self.end = rate, None
        self.seconds = seconds
        self.sockets = [loop.open_socket(host, 0) for _ in range(ports)]
        self.points = [curve.Key(os.urandom(32)).public for _ in range(POOL)]
        self.began = None
        self.sent = self.failed = 0

    def __call__(self, now):
        """A timer of the loop."""
        if self.began is None:
            self.began, self.end = now, now + 1000 * self.seconds
        wanted = int((min(now, self.end) - self.began) * self.rate / 1000)
        while self.sent + self.failed < wanted:
            self._send()
        if now >= self.end:
            self._finish()
            return None
        return now + STEP_MS

    def _send(self):
        noise_part = self.points[self.sent % POOL] + os.urandom(noise.MESSAGE1 - noise.POINT)
        frame = frames.msg1(int.from_bytes(os.urandom(4), "little"), noise_part)
        try:
            self.sockets[self.sent % len(self.sockets)].sendto(frame, self.endpoint)
            self.sent += 1
        except OSError:
            self.failed += 1

    def _finish(self):
        took = loop.now_ms() - self.began
        for one in self.sockets:
            one.close()
        self.owner.tell(None, "flooded", {"sent": self.sent, "failed": self.failed,
                                          "rate": round(1000 * self.sent / max(took, 1))})
