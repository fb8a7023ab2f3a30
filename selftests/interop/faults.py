# SPDX-License-Identifier: GPL-2.0
"""What a network, or somebody in it, may do to the frames of a node."""
from . import frames

NAMES = {frames.ESTABLISHED: "frame", frames.MSG1: "msg1", frames.MSG2: "msg2"}
ACTIONS = ("drop", "delay", "duplicate")
WAYS = ("in", "out")


def name_of(frame):
    return NAMES.get(frame[0] & 15, "other") if frame else "other"


class Rule:
    """What happens to the next frames of a sort, one way."""

    def __init__(self, action, what, way, count=1, delay_ms=0):
        if action not in ACTIONS or way not in WAYS or what not in (*NAMES.values(), "any"):
            raise ValueError("ACTION msg1|msg2|frame|any in|out [COUNT [MS]]")
        self.action, self.what, self.way = action, what, way
        self.left, self.delay_ms = count, delay_ms

    def matches(self, what, way):
        return self.left > 0 and self.way == way and self.what in (what, "any")


class Faults:
    """The rules of a node."""

    def __init__(self):
        self.rules = []

    def add(self, rule):
        self.rules.append(rule)

    def clear(self):
        self.rules = []

    def apply(self, frame, way):
        """The rule that was applied, and after how many ms the frame goes on: none if it
        is dropped, twice if it is duplicated."""
        what = name_of(frame)
        for rule in self.rules:
            if rule.matches(what, way):
                break
        else:
            return None, (0,)
        rule.left -= 1
        self.rules = [r for r in self.rules if r.left > 0]
        if rule.action == "drop":
            return rule, ()
        if rule.action == "delay":
            return rule, (rule.delay_ms,)
        return rule, (0, rule.delay_ms)
