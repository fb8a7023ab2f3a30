# SPDX-License-Identifier: GPL-2.0
"""Two peers of any kinds against each other, over a network and a clock of their own."""
import functools
import heapq
import itertools
import random

from .. import aead, curve, fast, faults, frames, handshakes, kinds, node, packets

LATENCY_MS = 5
# Old enough for a rekey to be one (7.2), and no minutes.
AFTER_S = 40
TICKS_MS = (370, 810)
SECRETS = [bytes((i,)) * 32 for i in (1, 4)]
ADDRESSES = [bytes((10, 9, 0, i)) for i in (1, 2)]


class Net:
    """Nodes with an endpoint each, and the time."""

    def __init__(self):
        self.now = 0.0
        self.nodes = {}
        self.events = []
        self.wire = []
        self.order = itertools.count()

    def add(self, secret, kind, endpoint):
        one = node.Node(secret, kind, functools.partial(self.carry, endpoint),
                        functools.partial(self.note, endpoint), self.now)
        self.nodes[endpoint] = one
        return one

    def carry(self, source, frame, endpoint):
        heapq.heappush(self.wire, (self.now + LATENCY_MS, next(self.order), frame, source,
                                   endpoint))

    def note(self, endpoint, what, values):
        self.events.append((self.now, endpoint, what, values))

    def run(self, seconds):
        end = self.now + 1000 * seconds
        while True:
            due = min(one.due() for one in self.nodes.values())
            arrives = self.wire[0][0] if self.wire else end + 1
            self.now = max(self.now, min(due, arrives, end))
            if min(due, arrives) > end:
                return
            if arrives <= due:
                _, _, frame, source, endpoint = heapq.heappop(self.wire)
                if endpoint in self.nodes:
                    self.nodes[endpoint].receive(frame, source, self.now)
            else:
                for one in list(self.nodes.values()):
                    if one.due() <= self.now:
                        one.run(self.now)


class Pair:
    """Two nodes that know each other."""

    def __init__(self, first, second, **options):
        self.net = Net()
        self.ends = [("10.0.0.1", 2121), ("10.0.0.2", 2121)]
        options = {"after_s": AFTER_S, "jitter_s": 0, "jitter_low_s": 0, **options}
        self.nodes = [self.net.add(secret, kinds.make(kind, **options), end)
                      for secret, kind, end in zip(SECRETS, (first, second), self.ends)]
        self.links = []
        for i in (0, 1):
            # Chance would make a test that fails sometimes.
            self.nodes[i].next_tick = self.net.now + TICKS_MS[i]
            link = self.nodes[i].link_of(self.nodes[1 - i].key.x)
            link.endpoint = self.ends[1 - i]
            self.links.append(link)
        self.sent = [0, 0]

    def dial(self, i):
        handshakes.dial(self.nodes[i], self.links[i])

    def run(self, seconds):
        self.net.run(seconds)

    def happened(self, i, what):
        return [v for _, end, w, v in self.net.events if end == self.ends[i] and w == what]

    def traffic(self, seconds, period_s=0.05):
        """Numbered datagrams both ways."""
        for _ in range(round(seconds / period_s)):
            for i in (0, 1):
                data = packets.datagram(ADDRESSES[i], ADDRESSES[1 - i], 7,
                                        packets.number(self.sent[i], 8))
                self.nodes[i].now = self.net.now
                self.nodes[i].send_message(self.links[i], frames.ip_message(data))
                self.sent[i] += 1
            self.run(period_s)
        self.run(0.02)

    def lost(self):
        """How many of the datagrams did not come once, either way."""
        for link in self.links:
            assert not link.numbers.duplicates, "delivered twice"
        return [self.sent[i] - self.links[1 - i].numbers.received for i in (0, 1)]

    def agree(self):
        """Both are on the same session, and traffic flows."""
        ours, theirs = (link.current for link in self.links)
        assert ours and theirs, "no session"
        assert (ours.local, ours.remote) == (theirs.remote, theirs.local), "different sessions"
        before = self.lost()
        self.traffic(0.2)
        assert self.lost() == before, "traffic does not flow"


def first_contact(first, second, dialler):
    pair = Pair(first, second)
    pair.dial(dialler)
    pair.run(2)
    pair.agree()
    assert pair.links[dialler].current.initiator
    assert not pair.links[1 - dialler].current.initiator
    pair.run(15)
    assert pair.happened(0, "heartbeat") and pair.happened(1, "heartbeat")
    pair.nodes[0].disconnect(pair.links[0], 1)
    pair.run(1)
    assert pair.links[1].current is None
    assert pair.happened(1, "down")[0]["code"] == 1
    assert not pair.nodes[0].indices and not pair.nodes[1].indices, "indices are left"


def simultaneous(first, second, shift_ms):
    pair = Pair(first, second, after_s=1000)
    pair.dial(0)
    if shift_ms:
        pair.run(shift_ms / 1000)
    pair.dial(1)
    pair.run(1)
    pair.agree()
    pair.run(40)
    pair.agree()
    assert len(pair.nodes[0].indices) == 1, "sessions are left"
    assert not pair.nodes[0].dials and not pair.nodes[1].dials


def rekey(first, second, initiator):
    """By age, several times, under traffic and without loss."""
    pair = Pair(first, second)
    pair.nodes[1 - initiator].kind.set("after_s", 1000)
    pair.dial(initiator)
    pair.run(AFTER_S - 4)
    for turn in range(2):
        pair.traffic(5, 0.1)
        for _ in range(60):
            if len(pair.happened(0, "cutover")) > turn:
                break
            pair.traffic(1, 0.1)
        pair.traffic(1.5)
        pair.agree()
        assert len(pair.happened(0, "cutover")) == turn + 1, "no cutover"
        assert len(pair.happened(1, "cutover")) == turn + 1, "no cutover there"
        assert pair.links[0].current.k == pair.links[1].current.k == (turn + 1) % 2, "K bits"
        assert pair.links[initiator].current.initiator
        pair.run(11)
        assert pair.links[0].previous is None, "does not drain"
        pair.run(AFTER_S - 20)
    assert pair.lost() == [0, 0], f"lost {pair.lost()}"
    assert [len(one.indices) for one in pair.nodes] == [1, 1], "indices are left"


def dual_rekey(first, second):
    """Both at once: the smaller NodeAddr stays initiator (8.7)."""
    pair = Pair(first, second, after_s=1000)
    pair.dial(0)
    pair.run(AFTER_S)
    pair.dial(0)
    pair.dial(1)
    pair.traffic(5)
    pair.agree()
    smaller = 0 if pair.nodes[0].addr < pair.nodes[1].addr else 1
    assert pair.links[smaller].current.initiator
    assert pair.lost() == [0, 0]
    assert len(pair.happened(0, "cutover")) == len(pair.happened(1, "cutover")) == 1


def asked_again(first, second):
    """For a rekey while the session of one waits to be taken into use: that is the answer,
    and nobody is kept busy with a time that has passed."""
    pair = Pair(first, second, after_s=1000)
    pair.dial(0)
    pair.run(AFTER_S)
    pair.dial(0)
    while not pair.links[0].pending:
        pair.run(LATENCY_MS / 1000)
    pair.dial(0)
    pair.nodes[0].run(pair.net.now + 1000)
    assert pair.nodes[0].due() > pair.nodes[0].now, "is due for ever"
    pair.traffic(3)
    pair.agree()
    assert len(pair.happened(0, "dial")) == 2 and pair.lost() == [0, 0]
    assert len(pair.happened(0, "cutover")) == len(pair.happened(1, "cutover")) == 1


def lost_msg1(first, second):
    """The first one, and that of a rekey: sent again after a second."""
    pair = Pair(first, second)
    pair.nodes[1].kind.set("after_s", 1000)
    pair.nodes[0].faults.add(faults.Rule("drop", "msg1", "out"))
    pair.dial(0)
    pair.run(4)
    pair.agree()
    pair.run(AFTER_S - 6)
    pair.nodes[0].faults.add(faults.Rule("drop", "msg1", "out"))
    pair.traffic(8)
    pair.agree()
    assert len(pair.happened(0, "cutover")) == 1 and pair.lost() == [0, 0]


def lost_first_msg2(first, second):
    """U and S answer a msg1 that is sent again with the msg2 that they have stored."""
    pair = Pair(first, second)
    pair.nodes[1].faults.add(faults.Rule("drop", "msg2", "out"))
    pair.dial(0)
    pair.run(4)
    pair.agree()


def lost_rekey_msg2(first, second):
    """8.9: what it costs depends on the responder."""
    pair = Pair(first, second, after_s=1000)
    pair.dial(0)
    pair.run(AFTER_S)
    pair.nodes[1].faults.add(faults.Rule("drop", "msg2", "out"))
    pair.dial(0)
    pair.links[0].auto = pair.links[1].auto = True
    pair.traffic(75, 0.25)
    gaps = [round(link.numbers.gap_ms / 1000) for link in pair.links]
    print(f"# {first} initiates, rekey msg2 of {second} lost: longest silence {gaps} s, "
          f"lost {pair.lost()} of {pair.sent}")
    pair.agree()
    if second == "fmp":
        assert pair.lost() == [0, 0]
        assert len(pair.happened(0, "cutover")) == 1
    elif second == "S":
        assert pair.lost() == [0, 0]
        if first == "fmp":
            heals(pair)
    else:
        assert 15 <= max(gaps) <= 45, "not the outage that 8.9 describes"


def heals(pair):
    """S answers no rekey any more, and makes one when its time has come (8.9)."""
    assert not pair.happened(0, "cutover") and pair.links[1].pending
    pair.nodes[1].kind.set("after_s", pair.links[1].age_s(pair.net.now) + 10)
    pair.traffic(14, 0.25)
    pair.agree()
    assert len(pair.happened(0, "cutover")) == len(pair.happened(1, "cutover")) == 1
    assert pair.lost() == [0, 0]


def duplicates(first, second):
    """Handshake frames twice and late."""
    pair = Pair(first, second, after_s=1000)
    for one in pair.nodes:
        one.faults.add(faults.Rule("duplicate", "msg1", "out", 1, 300))
        one.faults.add(faults.Rule("duplicate", "msg2", "out", 1, 500))
    pair.dial(0)
    pair.run(AFTER_S)
    for one in pair.nodes:
        one.faults.add(faults.Rule("delay", "msg1", "out", 1, 300))
        one.faults.add(faults.Rule("duplicate", "msg2", "out", 1, 400))
    pair.dial(1)
    pair.traffic(4)
    pair.agree()
    assert pair.lost() == [0, 0]


def restart(first, second):
    """With a new epoch: found out at once, whoever it is (7.5)."""
    pair = Pair(first, second, after_s=1000)
    pair.dial(0)
    pair.run(10)
    pair.links[0].auto = True
    pair.nodes[0].now = pair.net.now
    pair.nodes[0].lose_state(b"newepoch")
    pair.run(3)
    pair.agree()
    assert pair.links[1].epoch == b"newepoch"


def lost_state(first, second):
    """Without a new epoch: 13 #19 tells what becomes of it."""
    pair = Pair(first, second, after_s=1000)
    pair.dial(0)
    pair.run(10)
    pair.links[0].auto = True
    pair.nodes[0].now = pair.net.now
    pair.nodes[0].lose_state()
    began = pair.net.now
    while not pair.happened(0, "up")[1:]:
        pair.run(1)
        assert pair.net.now - began < 90000, "does not come back"
    took = (pair.net.now - began) / 1000
    pair.run(3)
    pair.agree()
    if second == "fmp":
        assert took <= 1, f"took {took} s"
    else:
        print(f"# {first} lost its state, same epoch, against {second}: {took:.0f} s")


def replayed(kind):
    """A msg1 that somebody recorded, from a foreign address (7.5)."""
    pair = Pair("fmp", kind, after_s=1000)
    pair.dial(0)
    pair.run(2)
    old = pair.nodes[0].recorded[0][1]
    pair.nodes[0].now = pair.net.now
    pair.links[0].auto = True
    pair.nodes[0].lose_state(b"newepoch")
    pair.run(AFTER_S)
    pair.traffic(1)
    # As they were, and with the other parity of the ephemeral key.
    for _, frame, _ in [r for r in pair.nodes[0].recorded if r[0] == "out"]:
        for copy in (frame, frame[:8] + bytes((frame[8] ^ 1,)) + frame[9:]):
            pair.net.carry(("10.0.0.66", 1), copy, pair.ends[1])
            pair.traffic(2)
    assert old in [r[1] for r in pair.nodes[1].recorded]
    return pair


def replay_against_rules():
    pair = replayed("fmp")
    pair.agree()
    assert pair.lost() == [0, 0]
    assert pair.links[1].endpoint == pair.ends[0]


def replay_against_daemon():
    """What the rules are for: the daemon's link is gone."""
    pair = replayed("U")
    assert pair.lost()[1] > 0


def forged_msg2(kind):
    """The right index and nothing else: ends a daemon's attempt, and not ours (3.5)."""
    pair = Pair(kind, "fmp", after_s=1000)
    pair.nodes[1].forge_msg2 = 3
    pair.dial(0)
    pair.links[0].auto = True
    pair.run(0.5)
    assert pair.happened(0, "msg2-bad")
    assert bool(pair.links[0].current) == (kind == "fmp")
    pair.run(15)
    pair.agree()


def moved():
    """A NAT that gives the dialler another port between msg1 and msg2."""
    pair = Pair("fmp", "fmp")
    pair.nodes[1].faults.add(faults.Rule("delay", "msg2", "out", 1, 2000))
    pair.dial(0)
    pair.run(0.3)
    one = pair.net.nodes.pop(pair.ends[0])
    pair.ends[0] = ("10.0.0.1", 4444)
    pair.net.nodes[pair.ends[0]] = one
    one._send = functools.partial(pair.net.carry, pair.ends[0])
    one._event = functools.partial(pair.net.note, pair.ends[0])
    pair.run(5)
    pair.agree()
    assert pair.links[1].endpoint == pair.ends[0]


def multiplication():
    """Two ways to the same points, and the ends of the range."""
    point = curve.multiply(7, curve.GENERATOR)
    for scalar in (1, 2, 3, 5, 16, 2**128, 2**255, curve.ORDER - 1,
                   *(random.randrange(1, curve.ORDER) for _ in range(40))):
        # Of a point that is used often there is a table after a while.
        wanted = curve.multiply(7 * scalar, curve.GENERATOR)
        assert curve.multiply(scalar, point) == wanted
        assert curve._normalise([curve._multiply_any(scalar, point)])[0] == wanted


def fast_multiplication():
    """What a crowd is given computes what is written here."""
    library = fast.Curve()
    point = curve.multiply(7, curve.GENERATOR)
    for scalar in (1, 2, 3, 5, 16, 2**128, 2**255, curve.ORDER - 1,
                   *(random.randrange(1, curve.ORDER) for _ in range(100))):
        for base in (curve.GENERATOR, point):
            wanted = curve.multiply(scalar, base)
            assert library.multiply(scalar, base) == wanted
        point = wanted
    for scalar in (0, curve.ORDER):
        for base in (curve.GENERATOR, point):
            refused(curve.PointError, library.multiply, scalar, base)
    refused(curve.PointError, library.multiply, 3, (point[0], point[1] ^ 1))


def refused(error, call, *args):
    try:
        call(*args)
    except error:
        return
    raise AssertionError(f"accepted: {args}")


def fast_cipher():
    cipher = fast.Cipher()
    for length in (0, 1, 15, 16, 17, 63, 64, 65, 300, 1400):
        key, text, extra = (random.randbytes(n) for n in (32, length, length // 3))
        nonce = aead.counter_nonce(random.getrandbits(64))
        sealed = aead.seal(key, nonce, text, extra)
        assert cipher.seal(key, nonce, text, extra) == sealed
        assert cipher.unseal(key, nonce, sealed, extra) == text
        for bad in (sealed[:-1], sealed[:-1] + bytes((sealed[-1] ^ 1,)), b""):
            refused(aead.TagError, cipher.unseal, key, nonce, bad, extra)
        refused(aead.TagError, cipher.unseal, key, nonce, sealed, extra + b"x")


def fast_handshake():
    """Against one that computes by itself."""
    plain, library, cipher = curve.multiply, fast.Curve(), fast.Cipher()
    seal, unseal = aead.seal, aead.unseal
    turns = itertools.cycle((True, False))
    curve.multiply = lambda *args: (library.multiply if next(turns) else plain)(*args)
    aead.seal = lambda *args: (cipher.seal if next(turns) else seal)(*args)
    aead.unseal = lambda *args: (cipher.unseal if next(turns) else unseal)(*args)
    try:
        first_contact("fmp", "fmp", 0)
    finally:
        curve.multiply, aead.seal, aead.unseal = plain, seal, unseal


def echoes():
    for source, destination in (ADDRESSES, (bytes(15) + b"\1", bytes(15) + b"\2")):
        request = packets.echo_request(source, destination, 7, 9)
        reply = packets.Packet.parse(packets.echo_reply(packets.Packet.parse(request)))
        assert packets.is_echo_reply(reply)
        assert (reply.source, reply.destination) == (destination, source)
        pseudo = reply.pseudo() if len(source) == 16 else b""
        assert packets.checksum(pseudo + reply.payload) == 0


def cases():
    yield "multiplication", multiplication
    yield "multiplication by the library", fast_multiplication
    yield "a cipher by the library", fast_cipher
    yield "a handshake, half of it by libraries", fast_handshake
    yield "echoes", echoes
    for a, b in itertools.product(kinds.KINDS, repeat=2):
        def case(check, *args, pair=(a, b)):
            return functools.partial(check, *pair, *args)
        yield f"{a} dials {b}", case(first_contact, 0)
        for shift in (0, 3):
            yield f"{a} and {b} dial, {shift} ms apart", case(simultaneous, shift)
        yield f"{a} rekeys with {b}", case(rekey, 0)
        yield f"{a} and {b} rekey at once", case(dual_rekey)
        yield f"{a} is asked twice for a rekey with {b}", case(asked_again)
        yield f"{a} dials {b}, msg1 lost", case(lost_msg1)
        yield f"{a} dials {b}, msg2 lost", case(lost_first_msg2)
        yield f"{a} rekeys with {b}, msg2 lost", case(lost_rekey_msg2)
        yield f"{a} and {b}, doubled and late", case(duplicates)
        yield f"{a} restarts, {b} is told", case(restart)
        yield f"{a} loses its state, {b} is not told", case(lost_state)
    yield "replayed msg1s against the rules", replay_against_rules
    yield "replayed msg1s against a daemon", replay_against_daemon
    for kind in kinds.KINDS:
        yield f"forged msg2s against {kind}", functools.partial(forged_msg2, kind)
    yield "a port changes in mid-handshake", moved
