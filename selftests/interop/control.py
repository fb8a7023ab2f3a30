# SPDX-License-Identifier: GPL-2.0
"""Commands, a line each: what suites and people tell the nodes to do.

    [NODE:] COMMAND [WORD]...

NODE may end in "*".  Without it the first node is meant.  docs/interop.md has the list.
"""
import hashlib
import ipaddress
import os

from . import dns, frames, handshakes, identity, kinds, loop, packets
from .faults import Rule, name_of
from .flood import Flood

ANY = ("0.0.0.0", "::")


class Words:
    """The words of a command, those that have names in any order."""

    def __init__(self, words):
        self.words = list(words)

    def __bool__(self):
        return bool(self.words)

    def take(self, default=None):
        if self.words:
            return self.words.pop(0)
        if default is None:
            raise ValueError("a word is missing")
        return default

    def flag(self, name):
        if name in self.words:
            self.words.remove(name)
            return True
        return False

    def value(self, name, default=None):
        """The word after that one."""
        if name not in self.words:
            return default
        at = self.words.index(name)
        if at + 1 == len(self.words):
            raise ValueError(f"nothing after {name}")
        value = self.words[at + 1]
        del self.words[at:at + 2]
        return value

    def options(self):
        """All of NAME=VALUE."""
        found = [word for word in self.words if "=" in word]
        self.words = [word for word in self.words if "=" not in word]
        return dict(word.split("=", 1) for word in found)

    def end(self):
        if self.words:
            raise ValueError(f"what is {self.words[0]}?")


def _number(text):
    return int(text, 0)


def _key_of(text):
    """A session key: its digits, or a file with them."""
    if len(text) == 64:
        return bytes.fromhex(text)
    with open(text, encoding="ascii") as file:
        return bytes.fromhex(file.read().strip())


def _secret(words):
    seed = words.value("seed")
    if seed is not None:
        return hashlib.sha256(seed.encode()).digest()
    text = words.value("secret")
    if text is None:
        return os.urandom(32)
    if os.path.exists(text):
        with open(text, encoding="ascii") as file:
            text = file.read().strip()
    return identity.read_secret(text)


def _flipped(frame):
    """With the ephemeral key's other parity, which changes no key: the agreement is of X
    alone (3.4), and nothing authenticates the transcript (3.1 D4)."""
    at = {"msg1": 8, "msg2": 12}[name_of(frame)]
    return frame[:at] + bytes((frame[at] ^ 1,)) + frame[at + 1:]


class Control:
    """Finds the nodes and the method for a line."""

    def __init__(self, owner):
        self.loop = owner
        self.names = None

    def __call__(self, line):
        words = line.split()
        if not words or words[0].startswith("#"):
            return
        try:
            self._line(words)
        except (ValueError, OSError, KeyError) as error:
            self.loop.tell(None, "error", {"line": line, "message": str(error)})

    def _line(self, words):
        names = None
        if words[0].endswith(":"):
            names = self._names(words.pop(0)[:-1])
        command = words.pop(0).replace("-", "_")
        call = getattr(self, f"global_{command}", None)
        if call:
            rest = Words(words)
            call(rest)
            rest.end()
            return
        call = getattr(self, f"node_{command}", None)
        if not call:
            raise ValueError("no such command")
        for name in names or list(self.loop.nodes)[:1]:
            one = self.loop.nodes[name]
            one.now = max(one.now, loop.now_ms())
            rest = Words(words)
            call(name, one, rest)
            rest.end()
            self.loop.touched(one)

    def _names(self, pattern):
        if pattern.endswith("*"):
            return [n for n in self.loop.nodes if n.startswith(pattern[:-1])]
        if pattern not in self.loop.nodes:
            raise ValueError(f"no node {pattern}")
        return [pattern]

    def _link(self, one, words):
        """The link that the next word names, or the only one."""
        if words and len(words.words[0]) > 32:
            return one.links[identity.read_public(words.take())]
        if len(one.links) != 1:
            raise ValueError("which peer?")
        return next(iter(one.links.values()))

    # --- of no node

    def global_node(self, words):
        name = words.take()
        self._make(name, _secret(words), int(words.value("port", "2121")), words)

    def global_swarm(self, words):
        """COUNT PREFIX [hosts ADDRESS]: nodes PREFIX0 .., on ports one after the other, or
        at addresses one after the other."""
        count, prefix = int(words.take()), words.take()
        seed, port = words.value("seed", prefix), int(words.value("port", "3000"))
        first = words.value("hosts")
        rest = words.words
        for i in range(count):
            secret = hashlib.sha256(f"{seed}{i}".encode()).digest()
            words.words = list(rest)
            if first:
                words.words += ["bind", str(ipaddress.ip_address(first) + i)]
            self._make(f"{prefix}{i}", secret, port if first else port + i, words)

    def _make(self, name, secret, port, words):
        kind = kinds.make(words.value("kind", "fmp"), **words.options())
        epoch = words.value("epoch")
        hosts = [words.value("bind")]
        if hosts == [None]:
            hosts = ANY
        one = self.loop.add_node(name, secret, kind, hosts, port,
                                 bytes.fromhex(epoch) if epoch else None)
        self.loop.tell(name, "node", {"kind": kind.name, "port": port,
                                      "public_key_hex": one.key.x.hex(),
                                      "npub": identity.npub(one.key.x),
                                      "node_addr": one.addr.hex(), "epoch": one.epoch.hex()})

    def global_raw(self, words):
        """HEX to HOST:PORT [from HOST[:PORT]] [times N]: any datagram"""
        self._throw(bytes.fromhex(words.take()), loop.read_endpoint(words.value("to")), words)

    def _throw(self, frame, endpoint, words):
        host = words.value("from", ANY[":" in endpoint[0]])
        port = 0
        if host.count(":") == 1 or "]" in host:
            host, port = loop.read_endpoint(host)
        one = loop.open_socket(host, port)
        for _ in range(int(words.value("times", "1"))):
            one.sendto(frame, endpoint)
        one.close()
        self.loop.tell(None, "thrown", {"frame": name_of(frame)})

    def global_flood(self, words):
        """HOST:PORT [rate N] [seconds N] [ports N] [from HOST]"""
        endpoint = loop.read_endpoint(words.take())
        self.loop.every(Flood(self.loop, endpoint, int(words.value("rate", "10000")),
                              float(words.value("seconds", "1")), int(words.value("ports", "64")),
                              words.value("from", ANY[":" in endpoint[0]])))

    def global_dns(self, words):
        """HOST:PORT: be a name server"""
        self.names = dns.Names(self.loop, loop.read_endpoint(words.take()))

    def global_record(self, words):
        """NAME ADDRESS... [ttl SECONDS]"""
        ttl = int(words.value("ttl", "60"))
        name, addresses = words.take(), list(words.words)
        words.words = []
        self.names.set(name, addresses, ttl)

    def global_each(self, words):
        """NODES MS COMMAND [WORD]...: by one node after the other, with a pause, in which what
        comes is taken"""
        names, pause = iter(self._names(words.take())), float(words.take())
        line, words.words = " ".join(words.words), []

        def timer(_now):
            name = next(names, None)
            if name is None:
                return None
            self(f"{name}: {line}")
            return loop.now_ms() + pause
        self.loop.every(timer)

    def global_quit(self, _words):
        self.loop.running = False

    # --- links and sessions

    def node_link(self, _name, one, words):
        """KEY [endpoint HOST:PORT] [auto]"""
        endpoint, auto = words.value("endpoint"), words.flag("auto")
        link = one.link_of(identity.read_public(words.take()))
        if endpoint:
            link.endpoint = loop.read_endpoint(endpoint)
        link.auto = auto

    def node_dial(self, _name, one, words):
        handshakes.dial(one, self._link(one, words))

    node_rekey = node_dial

    def node_disconnect(self, _name, one, words):
        link = self._link(one, words)
        one.disconnect(link, _number(words.take("0")))

    def node_session(self, _name, one, words):
        """[KEY] local N remote N send KEY receive KEY [initiator]: without a handshake"""
        values = [words.value(name) for name in ("local", "remote", "send", "receive")]
        if None in values:
            raise ValueError("local, remote, send and receive are needed")
        initiator = words.flag("initiator")
        link = self._link(one, words)
        local = _number(values[0])
        if local in one.indices or local in one.dials:
            raise ValueError("the index is in use")
        new = one.new_session(link, local, _number(values[1]), _key_of(values[2]),
                              _key_of(values[3]), initiator)
        if link.current is None:
            one.promote(link, new, link.epoch or bytes(8), link.endpoint)
            return
        one.drop_session(link, "pending")
        link.pending, new.ends = new, one.now + 1000 * one.kind.pending_s
        one.event("pending", link, initiator=initiator, local=new.local, remote=new.remote)

    # --- traffic

    def node_heartbeat(self, _name, one, words):
        one.heartbeat(self._link(one, words))

    def node_message(self, _name, one, words):
        """[KEY] hex DIGITS [flags N]: a link message"""
        data, flags = bytes.fromhex(words.value("hex")), _number(words.value("flags", "0"))
        one.send_message(self._link(one, words), data, flags)

    def node_ping(self, _name, one, words):
        """[KEY] from ADDRESS to ADDRESS [count N] [every MS]"""
        source, destination = (packets.address(words.value(w)) for w in ("from", "to"))

        def make(i):
            return packets.echo_request(source, destination, 1, i)
        self._series(one, words, make)

    def node_numbers(self, _name, one, words):
        """[KEY] from ADDRESS to ADDRESS [port N] [size N] [first N] [count N] [every MS]"""
        source, destination = (packets.address(words.value(w)) for w in ("from", "to"))
        port, size = int(words.value("port", "7000")), int(words.value("size", "64"))
        first = int(words.value("first", "0"))

        def make(i):
            return packets.datagram(source, destination, port, packets.number(first + i, size))
        self._series(one, words, make)

    def _series(self, one, words, make):
        count, every = int(words.value("count", "1")), float(words.value("every", "100"))
        link = self._link(one, words)
        state = {"next": 0, "unsent": 0}

        def timer(now):
            one.now = max(one.now, now)
            if not one.send_message(link, frames.ip_message(make(state["next"]))):
                state["unsent"] += 1
            state["next"] += 1
            if state["next"] < count:
                return now + every
            one.event("sent", link, count=count, unsent=state["unsent"])
            return None
        self.loop.every(timer)

    def node_numbers_reset(self, _name, one, words):
        link = self._link(one, words)
        link.numbers = type(link.numbers)()

    # --- what is known

    def node_stats(self, _name, one, _words):
        for link in one.links.values():
            one.event("stats", link, counters=link.counters, numbers=link.numbers.report(),
                      node_counters=one.counters)

    def node_show(self, _name, one, _words):
        for link in one.links.values():
            sessions = {}
            for slot in ("current", "pending", "previous"):
                session = getattr(link, slot)
                if session:
                    sessions[slot] = {"local": session.local, "remote": session.remote,
                                      "initiator": session.initiator, "k": session.k,
                                      "sent": session.next, "received": session.received,
                                      "highest": session.window.highest}
            one.event("state", link, endpoint=link.endpoint, auto=link.auto,
                      epoch=link.epoch.hex() if link.epoch else None, dialling=bool(link.dial),
                      sessions=sessions)

    def node_set(self, _name, one, words):
        for option, value in words.options().items():
            one.kind.set(option, value)

    # --- what goes wrong

    def node_fault(self, _name, one, words):
        """drop|delay|duplicate msg1|msg2|frame|any in|out [COUNT [MS]], or clear"""
        if words.flag("clear"):
            one.faults.clear()
            return
        action, what, way = words.take(), words.take(), words.take()
        one.faults.add(Rule(action, what, way, int(words.take("1")), float(words.take("0"))))

    def node_mute(self, _name, one, words):
        one.muted = words.take("on") == "on"

    def node_hold(self, _name, one, words):
        """on, off: handshake frames wait, so that many leave at once"""
        if words.take("on") == "on":
            one.hold()
            return
        one.event("go")
        one.let_go()

    def node_restart(self, _name, one, words):
        """[EPOCH]: a new one, and no state"""
        epoch = words.take("")
        one.lose_state(bytes.fromhex(epoch) if epoch else os.urandom(8))

    def node_forget(self, _name, one, _words):
        one.lose_state()

    def node_rebind(self, name, one, words):
        """PORT: as a NAT may do"""
        port = int(words.take())
        self.loop.ports[name].open(port)
        one.event("rebound", port=port)

    def node_forge(self, _name, one, words):
        """[COUNT]: before the next genuine msg2"""
        one.forge_msg2 = int(words.take("1"))

    def node_recorded(self, _name, one, words):
        """[msg1|msg2] [in|out]"""
        what, way = words.take("msg1"), words.take("out")
        for i, (w, frame, _) in enumerate(one.recorded):
            if (name_of(frame), w) == (what, way):
                one.event("record", number=i, way=w, frame=what, hex=frame.hex())

    def node_replay(self, _name, one, words):
        """msg1|msg2 in|out N|last|all to HOST:PORT [flip] [from HOST[:PORT]] [times N]"""
        flip = words.flag("flip")
        what, way, which = words.take(), words.take(), words.take()
        endpoint = loop.read_endpoint(words.value("to"))
        found = [f for w, f, _ in one.recorded if (name_of(f), w) == (what, way)]
        if which != "all":
            found = [found[-1 if which == "last" else int(which)]]
        rest = list(words.words)
        for frame in found:
            words.words = list(rest)
            self._throw(_flipped(frame) if flip else frame, endpoint, words)
