# SPDX-License-Identifier: GPL-2.0
"""A node without sockets and clock: frames and times go in, frames and events come out.

Times are milliseconds.  Whoever owns the node calls receive() with what arrives, and
run() no later than due(); it gets send() and event() called.
"""
import heapq
import os

from . import curve, frames, handshakes, identity, kinds, packets, session, upkeep
from .faults import Faults, name_of
from .link import Link

RECORDED = 256


class Node:
    """An identity, its links, and one kind of behaviour."""

    def __init__(self, secret, kind, send, event, now, epoch=None):
        self.key = curve.Key(secret)
        self.addr = identity.node_addr(self.key.x)
        self.kind = kind
        self.epoch = epoch or os.urandom(8)
        self._send, self._event = send, event
        self.now = now
        self.links = {}
        # Of our receive indices: sessions, and dials whose msg2 is to come.
        self.indices = {}
        self.dials = {}
        self.faults = Faults()
        self.muted = False
        # Handshake frames that wait for others; None while nothing waits.
        self.held = None
        self.counters = {}
        # Every handshake frame that was sent or received: (way, frame, endpoint).
        self.recorded = []
        self.forge_msg2 = 0
        self.next_tick = now + kind.tick_ms * int.from_bytes(os.urandom(2), "big") / 65536
        self._later = []
        self._order = 0
        self.flows = []

    # --- what its owner calls

    def receive(self, frame, source, now):
        self.now = max(self.now, now)
        self._pass(frame, source, "in", self._receive)

    def run(self, now):
        """Does what is due."""
        self.now = max(self.now, now)
        while self._later and self._later[0][0] <= self.now:
            _, _, call, args = heapq.heappop(self._later)
            call(*args)
        for link in list(self.links.values()):
            upkeep.cut_over_in_time(self, link)
        if self.next_tick <= self.now:
            # Ticks that were missed are not made up for.
            periods = (self.now - self.next_tick) // self.kind.tick_ms + 1
            self.next_tick += periods * self.kind.tick_ms
            upkeep.tick(self)

    def due(self):
        """When to call run() next."""
        times = [self.next_tick]
        if self._later:
            times.append(self._later[0][0])
        if not self.kind.cutover_on_tick:
            due = (upkeep.cutover_due(self, link) for link in self.links.values())
            times += (one for one in due if one is not None)
        return min(times)

    def later(self, delay_ms, call, *args):
        self._order += 1
        heapq.heappush(self._later, (self.now + delay_ms, self._order, call, args))

    # --- frames out and in, through what a network does to them

    def _pass(self, frame, endpoint, way, call):
        if self.muted:
            self.count("muted")
            return
        rule, delays = self.faults.apply(frame, way)
        if rule:
            self.event("fault", action=rule.action, frame=name_of(frame), way=way)
        for delay in delays:
            if delay:
                self.later(delay, call, frame, endpoint)
            else:
                call(frame, endpoint)

    def send(self, frame, endpoint):
        """False if there is nowhere to send to."""
        if endpoint is None:
            self.count("no_endpoint")
            return False
        if name_of(frame) != "frame":
            self._record("out", frame, endpoint)
            if self.held is not None:
                self.held[frame] = endpoint
                return True
        self._pass(frame, endpoint, "out", self._send)
        return True

    def hold(self):
        self.held = self.held or {}

    def let_go(self):
        """Each once, however often it would have been sent."""
        held, self.held = self.held or {}, None
        for frame, endpoint in held.items():
            self._pass(frame, endpoint, "out", self._send)

    def _record(self, way, frame, endpoint):
        self.recorded.append((way, frame, endpoint))
        del self.recorded[:-RECORDED]

    def event(self, what, link=None, **values):
        if link is not None:
            values["peer"] = link.name
        self._event(what, values)

    def count(self, what, link=None):
        self.counters[what] = self.counters.get(what, 0) + 1
        if link is not None:
            link.count(what)

    def _receive(self, frame, source):
        try:
            phase = frames.phase_of(frame)
            if phase == frames.ESTABLISHED:
                self._established(frame, source)
                return
            self._record("in", frame, source)
            if phase == frames.MSG1:
                handshakes.answer(self, frame, source)
            else:
                handshakes.complete(self, frame, source)
        except frames.Dropped as drop:
            self.count(f"drop_{drop.reason}")

    # --- links, sessions and their indices

    def link_of(self, x):
        """The link to that node, which is made if there is none."""
        if x not in self.links:
            self.links[x] = Link(x)
        return self.links[x]

    def new_index(self):
        while True:
            index = int.from_bytes(os.urandom(4), "little")
            if index not in self.indices and index not in self.dials:
                return index

    def new_session(self, link, local, remote, send, receive, initiator):
        one = session.Session(local, remote, send, receive, initiator, self.now)
        self.indices[local] = (link, one)
        return one

    def drop_session(self, link, slot):
        one = getattr(link, slot)
        if one:
            self.indices.pop(one.local, None)
            setattr(link, slot, None)
        return one

    def drop_dial(self, link):
        if link.dial:
            self.dials.pop(link.dial.local, None)
            link.dial = None

    def promote(self, link, one, epoch, endpoint):
        """The first session of a link."""
        link.current = one
        link.epoch = epoch
        link.endpoint = endpoint or link.endpoint
        link.established = self.now
        link.last_heard = link.last_heartbeat = link.last_report = None
        link.failures = 0
        link.retries, link.retry_at = 0, None
        link.draw_jitter(self.kind)
        self.event("up", link, initiator=one.initiator, local=one.local, remote=one.remote,
                   epoch=epoch.hex())
        self._greet(link)

    def _greet(self, link):
        if self.kind.announce:
            self.send_message(link, frames.tree_announce(self.addr, 1))
        if self.kind.heartbeat_at_once and link.current.initiator:
            self.heartbeat(link)

    def swap(self, link, one, epoch):
        """Our session wins against the one that the other dialled (7.4)."""
        old = link.current
        if self.kind.drain_loser:
            self.drain(link, old)
        else:
            self.drop_session(link, "current")
        one.k, one.start = old.k, old.start
        one.worker = False
        link.current = one
        link.epoch = epoch
        self.event("swap", link, local=one.local, remote=one.remote)
        self._greet(link)

    def drain(self, link, one):
        """A session that only receives from now on, and not for long (8.6)."""
        self.drop_session(link, "previous")
        link.previous, one.ends = one, self.now + 1000 * self.kind.drain_s

    def cut_over(self, link, cause, frame_k=None):
        """Pending becomes current, current drains (8.5)."""
        old, new = link.current, link.pending
        k = old.k ^ 1
        if self.kind.k_follows and frame_k is not None:
            k = frame_k
        elif self.kind.k_follows and old.heard_k is not None:
            k = old.heard_k ^ 1
        new.k = k
        self.drain(link, old)
        link.current, link.pending = new, None
        link.epoch = new.epoch or link.epoch
        new.start = link.established = self.now
        new.ends = None
        link.failures = 0
        link.draw_jitter(self.kind)
        if self.kind.heartbeat_at_cutover:
            link.last_heartbeat = None
        link.reported = (0, 0, 0)
        link.count("rekeys")
        self.event("cutover", link, cause=cause, initiator=new.initiator, k=k,
                   local=new.local, remote=new.remote)
        if self.kind.heartbeat_at_once and new.initiator:
            self.heartbeat(link)

    def take_down(self, link, reason, **values):
        """The link loses its sessions; one that is configured is dialled again (7.8)."""
        reconnect = link.current is not None or link.dial is not None
        dialling = link.dial
        for slot in ("current", "pending", "previous"):
            self.drop_session(link, slot)
        self.drop_dial(link)
        retries = link.retries
        link.forget()
        self.event("down", link, reason=reason, **values)
        if link.auto and reconnect:
            link.retries = retries + 1 if dialling else retries
            link.retry_at = self.now + upkeep.retry_ms(self.kind, link.retries)
        return link

    # --- established frames

    def _established(self, frame, source):
        index, _, flags = frames.read_header(frame)
        if index in self.dials:
            # The other end has cut over: our msg2 was lost (5.4, 8.9 RULE 4).
            self.count("reserved_index", self.dials[index].link)
            return
        if index not in self.indices:
            raise frames.Dropped("unknown_index")
        link, named = self.indices[index]
        one, plaintext = self._open(link, named, frame, flags & frames.K)
        self._authentic(link, one, plaintext, len(frame), source)

    def _open(self, link, named, frame, k):
        """The session that a frame belongs to, and its plaintext."""
        select = self.kind.select
        if select == kinds.INDEX or not link.current:
            plaintext = self._try(link, named, frame, named is link.current)
            if named is link.pending:
                self._proven(link, k)
            return named, plaintext
        if k != link.current.k and link.pending:
            if select == kinds.K_BIT:
                # Whoever sent it (5.2 step 4).
                self.cut_over(link, "frame", k)
            else:
                plaintext = _quietly(link.pending, frame)
                if plaintext:
                    self.cut_over(link, "frame", k)
                    return link.current, plaintext
        return self._open_by_worker(link, named, frame)

    def _open_by_worker(self, link, named, frame):
        """Workers know sessions by their index, but for those that were not handed to
        them; then the current one is tried, and by U the one before (5.2, 5.3)."""
        if named is not link.pending and named.worker:
            return named, self._try(link, named, frame, named is link.current)
        if self.kind.select == kinds.TRIAL and link.previous:
            plaintext = _quietly(link.previous, frame)
            if plaintext:
                return link.previous, plaintext
        return link.current, self._try(link, link.current, frame, True)

    def _try(self, link, one, frame, counts):
        try:
            return one.open(frame)
        except frames.Dropped as drop:
            if drop.reason == "replay":
                link.count("replays")
                # 5.7: also of a session that no worker has.
                counts = counts and not one.worker
            elif drop.reason != "decrypt_fail":
                counts = False
            if counts:
                self._failed(link, one)
            raise

    def _proven(self, link, k):
        if link.current:
            self.cut_over(link, "frame", k)
        else:
            link.current, link.pending = link.pending, None
            link.established = self.now

    def _failed(self, link, one):
        """The policy of 5.7."""
        kind = self.kind
        if one.received == 0 and self.now - link.established < 1000 * kind.grace_s:
            return
        link.failures += 1
        if link.failures < kind.failures:
            return
        if kind.remove_on_failures:
            self.take_down(link, "failures")
        elif not link.dial and not link.pending and self._may_recover(link):
            link.failures = 0
            link.last_recovery = self.now
            self.event("recover", link)
            handshakes.dial(self, link)

    def _may_recover(self, link):
        return (link.last_recovery is None
                or self.now - link.last_recovery >= 1000 * self.kind.recovery_s)

    def _authentic(self, link, one, plaintext, size, source):
        slot = link.slot_of(one)
        link.failures = 0
        link.last_heard = self.now
        link.count("frames")
        link.count("bytes", size)
        if slot == "previous":
            link.count("drained_frames")
        if source != link.endpoint and (self.kind.roam_always or slot == "current" and one.newest):
            link.endpoint = source
            self.event("endpoint", link, endpoint=_text(source))
        self._message(link, slot, plaintext[4:])

    def _message(self, link, slot, message):
        kind = message[0]
        link.count(f"message_{kind:02x}")
        if kind == frames.IP_PACKET and len(message) > 4:
            self._packet(link, message[4:])
        elif kind == frames.HEARTBEAT:
            self.event("heartbeat", link)
        elif kind == frames.DISCONNECT and len(message) > 1:
            if slot == "current" or self.kind.roam_always:
                self.take_down(link, "disconnect", code=message[1])

    def _packet(self, link, data):
        packet = packets.Packet.parse(data)
        if packet is None:
            return
        reply = packets.echo_reply(packet)
        if reply:
            self.send_message(link, frames.ip_message(reply))
        elif packets.is_echo_reply(packet):
            link.count("echo_replies")
        else:
            number = packets.number_of(packet)
            if number:
                link.numbers.take(number[1], self.now)

    # --- sending

    def send_message(self, link, message, flags=0):
        """Under the current session; False if there is none."""
        if not link.current:
            return False
        return self.send(link.current.seal(message, self.now, flags), link.endpoint)

    def heartbeat(self, link):
        link.last_heartbeat = self.now
        self.send_message(link, bytes((frames.HEARTBEAT,)))

    def disconnect(self, link, code=0):
        """Goodbye.  It is not dialled again."""
        self.send_message(link, frames.disconnect(code))
        link.auto = False
        self.take_down(link, "own")

    # --- what happens to a node

    def lose_state(self, epoch=None):
        """A new start, with a new epoch or with the one it had."""
        for link in self.links.values():
            for slot in ("current", "pending", "previous"):
                self.drop_session(link, slot)
            self.drop_dial(link)
            link.forget()
            link.retries = 0
            link.retry_at = self.now if link.auto else None
        self.indices.clear()
        self.dials.clear()
        if epoch:
            self.epoch = epoch
        self.event("restart", epoch=self.epoch.hex())
        for link in self.links.values():
            if link.auto:
                handshakes.dial(self, link)


def _quietly(one, frame):
    """The plaintext, if the frame is of that session."""
    try:
        return one.open(frame)
    except frames.Dropped:
        return None


def _text(endpoint):
    host, port = endpoint[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
