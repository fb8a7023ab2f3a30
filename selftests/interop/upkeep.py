# SPDX-License-Identifier: GPL-2.0
"""What a node does as time goes by (spec 7.8, 8.1, 8.5, 8.6, 10)."""
from . import frames, handshakes

RETRY_LONGEST_S = 300


def retry_ms(kind, retries):
    return 1000 * min(kind.retry_s * 2**retries, RETRY_LONGEST_S)


def cutover_due(node, link):
    """When the pending session is taken into use by time; None if it is not, as things are."""
    one = link.pending
    if not one or not link.current or link.dial and link.dial.rekey:
        return None
    if not one.initiator and not node.kind.responder_cuts_over:
        return None
    return one.born + node.kind.cutover_ms


def _cuts_over(node, link):
    due = cutover_due(node, link)
    return due is not None and due <= node.now


def cut_over_in_time(node, link):
    if not node.kind.cutover_on_tick and _cuts_over(node, link):
        node.cut_over(link, "time")


def tick(node):
    links = list(node.links.values())
    for link in links:
        if link.dial:
            handshakes.look_after(node, link)
    for link in links:
        _rekey(node, link)
    for link in links:
        _liveness(node, link)
    for link in links:
        _redial(node, link)


def _rekey(node, link):
    """8.1: cutover before drain before initiation."""
    if _cuts_over(node, link):
        node.cut_over(link, "time")
        return
    if link.previous and link.previous.ends <= node.now:
        node.drop_session(link, "previous")
        node.event("drained", link)
    pending = link.pending
    if pending and node.kind.candidates and pending.ends <= node.now:
        node.drop_session(link, "pending")
        node.event("pending-gone", link, initiator=pending.initiator)
    if _needs_rekey(node, link):
        handshakes.dial(node, link)


def _needs_rekey(node, link):
    kind = node.kind
    if not kind.rekey or not link.current or link.dial:
        return False
    # To a daemon what it answered is no reason to wait (8.1): so S heals (8.9).
    if link.pending and (kind.candidates or link.pending.initiator):
        return False
    if link.last_peer_rekey is not None and _seconds(node, link.last_peer_rekey) < kind.dampening_s:
        return False
    return (link.age_s(node.now) >= max(0, kind.after_s + link.jitter_s)
            or link.current.next >= kind.after_messages)


def _seconds(node, since):
    return int(node.now - since) // 1000


def _liveness(node, link):
    """Section 10: all removals, then heartbeats."""
    if not link.current:
        return
    kind = node.kind
    heard = link.last_heard if link.last_heard is not None else link.established
    if node.now - heard >= 1000 * kind.dead_s:
        if kind.remove_dead:
            dial = link.dial
            if not (dial and dial.rekey and dial.resends < kind.max_resends):
                node.take_down(link, "dead")
                return
        elif not link.dial and not link.pending and _recovers(node, link):
            link.last_recovery = node.now
            node.event("silent", link)
            handshakes.dial(node, link)
    if _due(node, link.last_heartbeat, kind.heartbeat_s):
        node.heartbeat(link)
    if kind.report_s and _due(node, link.last_report, kind.report_s):
        _report(node, link)


def _recovers(node, link):
    return (link.last_recovery is None
            or node.now - link.last_recovery >= 1000 * node.kind.recovery_s)


def _due(node, last, period_s):
    return last is None or node.now - last >= 1000 * period_s


def _report(node, link):
    """A SenderReport about what was sent since the last one (2.5)."""
    one = link.current
    link.last_report = node.now
    first, first_ms, size = link.reported
    last_ms = int(node.now - one.start)
    last = one.next - 1
    if last < first:
        return
    node.send_message(link, frames.sender_report(first, last, first_ms, last_ms,
                                                 one.sent_bytes - size, one.next,
                                                 one.sent_bytes))
    link.reported = (one.next, last_ms, one.sent_bytes)


def _redial(node, link):
    if not link.auto or link.current or link.dial or link.endpoint is None:
        return
    if link.retry_at is None or link.retry_at <= node.now:
        handshakes.dial(node, link)
