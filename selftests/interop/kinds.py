# SPDX-License-Identifier: GPL-2.0
"""How a peer behaves where implementations differ (spec 7, 8, 13).

fmp  our own rules: what the RULE paragraphs ask for
U    the upstream daemon
S    the fork at its seed commit
"""

# What selects the session of a frame (5.2, 5.3, 5.4).
INDEX, TRIAL, K_BIT = "index", "trial", "k-bit"


class Kind:
    """One behaviour.  Every value may be set by its name, so that a test takes no minutes."""

    name = "fmp"
    select = INDEX
    # A msg1 that was answered gets the same msg2 again (7.5 RULE 1, 8.9 RULE 1).
    # Others have kept that of the first handshake only (7.2).
    remember_answers = True
    # Another epoch only makes a candidate (7.5 RULE 2); others remove the peer (7.2).
    candidates = True
    # A pending session that nobody has confirmed gives way to a newer one (13 #6).
    replace_pending = True
    # Who takes a pending session into use by time (8.5), and when it is looked at.
    responder_cuts_over = False
    cutover_ms = 250
    cutover_on_tick = False
    # One bad msg2 ends the handshake (3.5).
    msg2_consumes = False
    # K is the complement of what was heard last (8.9 RULE 5); others toggle.
    k_follows = True
    # The session that lost a cross-connection may still receive (7.4 RULE).
    drain_loser = True
    # Also old frames move the peer (5.5).
    roam_always = False
    # Frames in a row that do not decrypt, and whether the peer goes then (5.7).
    failures = 4
    remove_on_failures = False
    # Not before the first frame that did, in a session so young; and how often.
    grace_s = 30.0
    recovery_s = 30.0
    # The msg1 of a rekey is sent again each second for ever (8.2).
    resend_each_second = False
    # A peer that was not heard for dead_s is removed (10); else it is dialled.
    remove_dead = False
    dead_s = 30.0
    # A rekey begins at that age, plus what is drawn from -jitter_low_s to jitter_s (8.1).
    rekey = True
    after_s = 140.0
    jitter_low_s = 0.0
    jitter_s = 15.0
    after_messages = 2**48
    dampening_s = 0.0
    # As old a session has to be for a msg1 of the same epoch to be a rekey (7.2).
    age_gate_s = 30.0
    heartbeat_s = 10.0
    # By the initiator, as soon as its session is in use.
    heartbeat_at_once = True
    # The timer begins anew at a cutover (8.5).
    heartbeat_at_cutover = False
    # SenderReports, 0 for none; a TreeAnnounce under a first session.
    report_s = 0.0
    announce = False
    tick_ms = 1000.0
    resend_ms = 1000.0
    max_resends = 5
    handshake_s = 30.0
    drain_s = 10.0
    pending_s = 60.0
    candidate_s = 30.0
    retry_s = 5.0
    # Whether one that is not configured is answered.
    strangers = True

    def __init__(self, **options):
        for option, value in options.items():
            self.set(option, value)

    def set(self, option, value):
        old = getattr(type(self), option, None)
        if option.startswith("_") or option == "name" or callable(old) or old is None:
            raise ValueError(f"no option {option}")
        if isinstance(old, bool):
            value = str(value).lower() in ("1", "on", "yes", "true")
        setattr(self, option, type(old)(value))


class Daemon(Kind):
    """What both daemons have in common."""

    remember_answers = False
    candidates = False
    replace_pending = False
    cutover_on_tick = True
    msg2_consumes = True
    k_follows = False
    drain_loser = False
    roam_always = True
    recovery_s = 0.0
    remove_dead = True
    after_s = 120.0
    jitter_low_s = 15.0
    dampening_s = 30.0
    heartbeat_at_once = False
    report_s = 1.0
    announce = True


class Upstream(Daemon):
    """Both ends cut over by themselves on the next tick."""

    name = "U"
    select = TRIAL
    responder_cuts_over = True
    cutover_ms = 0
    failures = 20
    remove_on_failures = True
    grace_s = 0.0
    after_messages = 65536


class Seed(Daemon):
    """The initiator alone cuts over; a K bit needs no authentication."""

    name = "S"
    select = K_BIT
    resend_each_second = True
    heartbeat_at_cutover = True


KINDS = {kind.name: kind for kind in (Kind, Upstream, Seed)}


def make(name, **options):
    if name not in KINDS:
        raise ValueError(f"no kind {name}: one of {', '.join(KINDS)}")
    return KINDS[name](**options)
