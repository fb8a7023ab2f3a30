# SPDX-License-Identifier: GPL-2.0
"""Sockets, clock, and lines in and out: what nodes themselves know nothing of."""
import functools
import heapq
import itertools
import json
import os
import select
import socket
import sys
import time

from . import node

RECEIVE_BUFFER = 4 << 20
BATCH = 64


def now_ms():
    return time.monotonic() * 1000


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def open_socket(host, port):
    one = socket.socket(family_of(host), socket.SOCK_DGRAM)
    if one.family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    one.setblocking(False)
    one.bind((host, port))
    return one


def read_endpoint(text):
    """HOST:PORT or [HOST]:PORT."""
    host, _, port = text.rpartition(":")
    if not host:
        raise ValueError(f"no endpoint: {text}")
    return host.strip("[]"), int(port)


class Port:
    """The sockets of a node: of each family one, with the same number."""

    def __init__(self, loop, owner, hosts, number):
        self.loop, self.owner, self.hosts = loop, owner, hosts
        self.sockets = {}
        self.open(number)

    def open(self, number):
        self.close()
        for host in self.hosts:
            one = open_socket(host, number)
            self.sockets[one.family] = one
            self.loop.watch(one, functools.partial(self._readable, one))

    def close(self):
        for one in self.sockets.values():
            self.loop.unwatch(one)
            one.close()
        self.sockets = {}

    def send(self, frame, endpoint):
        one = self.sockets.get(family_of(endpoint[0]))
        try:
            one.sendto(frame, endpoint)
        except (OSError, AttributeError):
            self.owner().count("send_error")

    def _readable(self, one):
        owner = self.owner()
        # What is left after that is told again.
        for _ in range(BATCH):
            try:
                frame, source = one.recvfrom(65536)
            except OSError:
                break
            owner.receive(frame, source[:2], now_ms())
        self.loop.touched(owner)


class Loop:
    """Runs nodes until standard input ends or somebody says "quit"."""

    def __init__(self, out=None):
        self.out = out or sys.stdout
        self.poll = select.poll()
        self.calls = {}
        self.nodes = {}
        self.ports = {}
        self.queue = []
        self.order = itertools.count()
        self.start = now_ms()
        self.running = True
        self.timers = []

    # --- nodes

    def add_node(self, name, secret, kind, hosts, number, epoch=None):
        if name in self.nodes:
            raise ValueError(f"there is a node {name}")
        port = Port(self, lambda: self.nodes[name], hosts, number)
        one = node.Node(secret, kind, port.send, functools.partial(self.tell, name),
                        now_ms(), epoch)
        self.nodes[name], self.ports[name] = one, port
        self.touched(one)
        return one

    def touched(self, one):
        """Its next deadline may be another one now."""
        heapq.heappush(self.queue, (one.due(), next(self.order), one))

    def tell(self, name, event, values):
        line = {"ms": round(now_ms() - self.start), "event": event}
        if name:
            line["node"] = name
        line.update(values)
        self.out.write(json.dumps(line, separators=(",", ":")) + "\n")
        self.out.flush()

    # --- what to wait for

    def watch(self, one, call):
        self.calls[one.fileno()] = call
        self.poll.register(one, select.POLLIN)

    def unwatch(self, one):
        self.poll.unregister(one)
        del self.calls[one.fileno()]

    def every(self, timer):
        """timer(now) is called when the time it returned the last time has come, until
        it returns None."""
        heapq.heappush(self.timers, (now_ms(), next(self.order), timer))

    def _run_due(self):
        now = now_ms()
        while self.timers and self.timers[0][0] <= now:
            _, _, timer = heapq.heappop(self.timers)
            again = timer(now)
            if again is not None:
                heapq.heappush(self.timers, (again, next(self.order), timer))
        while self.queue and self.queue[0][0] <= now:
            _, _, one = heapq.heappop(self.queue)
            if one.due() <= now:
                one.run(now)
                self.touched(one)
            now = now_ms()

    def _wait_ms(self):
        times = [entries[0][0] for entries in (self.timers, self.queue) if entries]
        if not times:
            return None
        return max(0, int(min(times) - now_ms()) + 1)

    def run(self, command):
        """command is called with each line of standard input."""
        left = b""
        self.poll.register(0, select.POLLIN)
        while self.running:
            self._run_due()
            for fd, _ in self.poll.poll(self._wait_ms()):
                if fd:
                    # Unless what was done before in this round has closed it.
                    self.calls.get(fd, int)()
                    continue
                data = os.read(0, 65536)
                if not data:
                    self.running = False
                *lines, left = (left + data).split(b"\n")
                for line in lines:
                    command(line.decode(errors="replace"))
