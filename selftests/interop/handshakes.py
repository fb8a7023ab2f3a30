# SPDX-License-Identifier: GPL-2.0
"""Handshakes of a node, in both roles (spec 7 and 8.2 to 8.4)."""
import os

from . import curve, frames, noise
from .link import Dial

REJECT = "reject"


def _ephemeral():
    while True:
        try:
            return curve.Key(os.urandom(32))
        except curve.PointError:
            pass


# --- initiator

def dial(node, link):
    """Sends a msg1: a rekey's if there is a session (7.1, 8.2).  What is about to be taken
    into use is the answer to who wants one meanwhile."""
    if link.dial or link.pending and link.pending.initiator:
        return
    local = node.new_index()
    initiator = noise.Initiator(node.key, link.x, node.epoch, _ephemeral())
    frame = frames.msg1(local, initiator.message1)
    one = Dial(link, local, initiator, frame, link.current is not None, node.now,
               node.kind.resend_ms)
    link.dial = node.dials[local] = one
    link.retry_at = None
    node.event("dial", link, rekey=one.rekey, local=local)
    node.send(frame, link.endpoint)


def complete(node, frame, source):
    """A msg2 (7.3, 8.4)."""
    sender, receiver, message = frames.read_msg2(frame)
    one = node.dials.get(receiver)
    if one is None:
        raise frames.Dropped("msg2_unknown")
    link = one.link
    try:
        epoch, send, receive = one.initiator.read(message)
    except noise.HandshakeError as error:
        node.event("msg2-bad", link, cause=error.reason)
        if node.kind.msg2_consumes:
            _give_up(node, link, "crypto")
        return
    node.drop_dial(link)
    new = node.new_session(link, one.local, sender, send, receive, True)
    if link.current is None:
        node.promote(link, new, epoch, source)
    elif one.rekey:
        _rekeyed(node, link, new, epoch)
    else:
        _crossed(node, link, new, epoch)


def _rekeyed(node, link, new, epoch):
    if link.epoch != epoch:
        node.event("epoch", link, epoch=epoch.hex())
        link.epoch = epoch
    node.drop_session(link, "pending")
    link.pending = new
    new.ends = node.now + 1000 * node.kind.pending_s
    node.event("pending", link, initiator=True, local=new.local, remote=new.remote)


def _crossed(node, link, new, epoch):
    """Both had dialled: that of the smaller one survives, and the other end goes on with
    the session that it has (7.4)."""
    if link.epoch != epoch or node.addr < link.addr:
        node.swap(link, new, epoch)
        return
    if node.kind.drain_loser:
        node.drain(link, new)
    else:
        node.indices.pop(new.local)
    node.event("keep", link, local=link.current.local, remote=link.current.remote)


def _give_up(node, link, cause):
    """An own handshake that came to nothing."""
    rekey = link.dial.rekey
    node.drop_dial(link)
    node.event("failed", link, cause=cause, rekey=rekey)
    if not rekey and link.auto and not link.current:
        link.retries += 1
        backoff = min(node.kind.retry_s * 2**link.retries, 300)
        link.retry_at = node.now + 1000 * backoff


def look_after(node, link):
    """Timeouts and resends, once a tick (7.1, 8.2)."""
    one, kind = link.dial, node.kind
    if one.rekey:
        if not kind.resend_each_second and one.resends >= kind.max_resends:
            _give_up(node, link, "timeout")
            return
    elif node.now - one.born > 1000 * kind.handshake_s:
        _give_up(node, link, "timeout")
        return
    if node.now < one.next_resend or not one.rekey and one.resends >= kind.max_resends:
        return
    if node.send(one.frame, link.endpoint):
        one.resends += 1
        each_second = one.rekey and kind.resend_each_second
        one.next_resend = node.now + kind.resend_ms * (1 if each_second else 2**one.resends)
        node.event("resend", link, local=one.local, resends=one.resends)


# --- responder

def answer(node, frame, source):
    """A msg1 (7.2)."""
    sender, message = frames.read_msg1(frame)
    # Of either parity: the keys are the same (3.4).
    if _answered_before(node, message[1:noise.POINT], source):
        return
    try:
        responder = noise.Responder(node.key, message)
    except noise.HandshakeError as error:
        raise frames.Dropped(f"msg1_{error.reason}") from None
    x = responder.initiator_x
    link = node.links.get(x)
    if x == node.key.x or link is None and not node.kind.strangers:
        raise frames.Dropped("msg1_refused")
    link = link or node.link_of(x)
    decision, detail = classify(node, link, responder.epoch)
    node.event("msg1", link, decision=detail or decision, sender=sender,
               epoch=responder.epoch.hex())
    if decision == REJECT:
        raise frames.Dropped(f"msg1_{detail}")
    link.public = responder.initiator
    DECISIONS[decision](node, link, responder, sender, source)


def _answered_before(node, ephemeral, source):
    if not node.kind.remember_answers:
        return False
    for link in node.links.values():
        frame = link.answers.get(ephemeral)
        if frame:
            node.event("answer-again", link)
            node.send(frame, source)
            return True
    return False


def classify(node, link, epoch):
    """What to do with an authentic msg1, and a word for why not."""
    if link.current is None:
        return "promote", None
    kind = node.kind
    if kind.candidates:
        return _classify_by_rules(node, link, epoch)
    if link.epoch != epoch:
        return "restart", None
    if not kind.rekey or link.age_s(node.now) < kind.age_gate_s:
        return "resend", None
    if link.pending:
        return REJECT, "pending"
    if link.dial and link.dial.rekey:
        if node.addr < link.addr:
            return REJECT, "dual"
        _abandon(node, link)
    return "rekey", None


def _classify_by_rules(node, link, epoch):
    """Nothing that works is given up for a msg1 (7.5 RULE, 13 #19)."""
    same = link.epoch == epoch
    if same and link.dial and link.dial.rekey:
        if node.addr < link.addr:
            return REJECT, "dual"
        _abandon(node, link)
    if link.pending and link.pending.initiator and link.pending.ends is not None:
        return REJECT, "pending"
    if same and link.age_s(node.now) >= node.kind.age_gate_s:
        return "rekey", None
    return "candidate", None


def _abandon(node, link):
    node.event("abandon", link, local=link.dial.local)
    node.drop_dial(link)


def _write(node, link, responder, sender):
    """A session of the responder, and the msg2 for it."""
    local = node.new_index()
    message, send, receive = responder.write(_ephemeral(), node.epoch)
    frame = frames.msg2(local, sender, message)
    link.answers.put(responder.ephemeral[1:], frame)
    return node.new_session(link, local, sender, send, receive, False), frame


def _send_msg2(node, frame, source):
    while node.forge_msg2 > 0:
        # The right index, and nothing else that is right.
        node.forge_msg2 -= 1
        forged = frame[:12] + _ephemeral().public + os.urandom(noise.MESSAGE2 - noise.POINT)
        node.event("forged", frame="msg2")
        node.send(forged, source)
    node.send(frame, source)


def _promote(node, link, responder, sender, source):
    one, frame = _write(node, link, responder, sender)
    link.original_msg2 = frame
    _send_msg2(node, frame, source)
    node.promote(link, one, responder.epoch, source)


def _restart(node, link, responder, sender, source):
    auto, link.auto = link.auto, False
    node.take_down(link, "restart")
    link.auto = auto
    _promote(node, link, responder, sender, source)


def _resend(node, link, _responder, _sender, source):
    if link.original_msg2:
        node.send(link.original_msg2, source)
    else:
        raise frames.Dropped("msg1_nothing_stored")


def _pend(node, link, responder, sender, source, life_s):
    # In place before the msg2 is out, for the other end may be fast (12 #40).
    one, frame = _write(node, link, responder, sender)
    node.drop_session(link, "pending")
    link.pending = one
    one.ends = node.now + 1000 * life_s
    link.last_peer_rekey = node.now
    one.epoch = responder.epoch
    node.event("pending", link, initiator=False, local=one.local, remote=one.remote)
    _send_msg2(node, frame, source)


def _rekey(node, link, responder, sender, source):
    _pend(node, link, responder, sender, source, node.kind.pending_s)


def _candidate(node, link, responder, sender, source):
    _pend(node, link, responder, sender, source, node.kind.candidate_s)


DECISIONS = {"promote": _promote, "restart": _restart, "resend": _resend, "rekey": _rekey,
             "candidate": _candidate}
