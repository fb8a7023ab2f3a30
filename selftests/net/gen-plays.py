#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: gen-plays.py OUT [DIR]

Write scripts for testpeer to OUT from rekey_transcript.json and lifecycle.json in
DIR. Without it they are those of ../shared/vectors beside the repository, or else of
selftests/vectors. A file that is missing is allowed, a field that nobody knows is not.

The module plays either party of a transcript, and of a rekey's life the part that is
the kernel's: cutover and drain. What a handshake message means is the agent's.

Where the specification asks for more than the vectors show, it wins:

* A responder waits for proof, whatever the tick says (8.5, 8.9 RULE 1).

What else is not taken as it is:

* What the device sends is judged by session, counter and K bit, not by its bytes: time
  and payload are its own.
* Frames of a session that the device sends after its own cutover were still under way
  there. Here they leave before it.
"""
import json
import pathlib
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
NAMES = ('old', 'new', 'new2')
HANDSHAKES = ('msg1', 'msg2', 'rekey_msg1', 'rekey_msg2')
FRAME = {'counter', 'from', 'k', 'kind', 'link_message', 'note', 'receiver_idx', 'session',
         'timestamp_ms', 'verdict', 'wire'}
TICK = {'actions', 'dampened', 'drain_expired', 'draining', 'elapsed_s', 'has_pending',
        'jitter_s', 'rekey_in_progress', 'send_counter'}
OTHERS = ('inbound_msg1', 'outbound_msg2', 'rekey_msg1_resend')


class Malformed(Exception):
    pass


def require(condition, what):
    if not condition:
        raise Malformed(what)


def fields(value, names, what):
    require(set(value) == set(names), f'{what}: fields {sorted(set(value) ^ set(names))}')


class Stage:
    """Peers are told apart by what their number makes of their names."""

    def __init__(self):
        self.lines, self.peers = [], 0

    def add(self, *lines):
        self.lines.extend(lines)

    def peer(self):
        self.peers += 1
        require(self.peers <= 16, 'more peers than testpeer plays')
        name = f'p{self.peers}'
        self.add(f'peer {name} 10.9.0.{10 + self.peers} 10.0.2.2')
        return name


# --- transcripts

class Play:
    """One transcript, of which the module is one party."""

    def __init__(self, stage, transcript, party):
        self.stage, self.party, self.name = stage, party, transcript['name']
        self.peer = stage.peer()
        first = transcript['handshakes'][0]
        self.ours = []
        for handshake in transcript['handshakes']:
            a_began = handshake['initiator']['node_addr'] == first['initiator']['node_addr']
            self.ours.append((a_began == (party == 'A'), handshake))
        self.events, self.begun = [], 0

    def session(self, name):
        return f'{self.peer}.{name}'

    def define(self):
        for i, (began, handshake) in enumerate(self.ours):
            device = handshake['initiator' if began else 'responder']
            other = handshake['responder' if began else 'initiator']
            self.stage.add(f'session {self.session(NAMES[i])} {self.peer} k={i % 2}'
                           f' device-index={device["index"]} own-index={other["index"]}'
                           f' to-device={device["recv_key"]} from-device={device["send_key"]}')

    def slots(self, current, pending=None):
        words = f'slots {self.peer} current={self.session(NAMES[current])}'
        if pending is not None:
            words += f' pending={self.session(NAMES[pending])}'
        if current:
            words += f' previous={self.session(NAMES[current - 1])}'
        return words

    def handshake(self, event, index):
        fields(event, ('from', 'kind', 'wire'), event['kind'])
        if event['from'] != self.party:
            self.events.append(('raw', None, [f'raw {event["wire"]}']))
        if event['kind'] not in ('msg2', 'rekey_msg2'):
            return index
        require(index < len(self.ours), 'more msg2 than handshakes')
        began = self.ours[index][0]
        lines = [f'install {self.session(NAMES[index])}{" initiator" if began else ""}']
        self.events.append(('install', index, lines))
        return index + 1

    def frame(self, event):
        fields(event, FRAME, 'frame')
        require(event['session'] in NAMES, f'session {event["session"]}')
        i = NAMES.index(event['session'])
        require(event['k'] == bool(i % 2), 'K does not toggle')
        if event['from'] == self.party:
            self.send(event, i)
        else:
            self.receive(event, i)

    def receive(self, event, i):
        good = event['verdict'] == 'accept'
        require(good or event['verdict'].startswith('drop:'), f'verdict {event["verdict"]}')
        session = self.session(NAMES[i])
        lines = ['look', f'wire {session} {event["wire"]}{"" if good else " bad"}',
                 f'heard {self.peer} {int(good)}']
        self.events.append(('proof' if good else 'bad', i, lines))

    # Where the device cuts over to the next session, it has sent the last of this one.
    def send(self, event, i):
        lines = ['tx 1 under=' + self.session(NAMES[i]),
                 f'state {self.session(NAMES[i])} counter={int(event["counter"]) + 1}']
        at = len(self.events)
        if i + 1 < len(self.ours):
            last = 'install' if self.ours[i + 1][0] else 'proof'
            for j, (kind, session, _) in enumerate(self.events):
                if (kind, session) == (last, i + 1):
                    at = j
                    break
        self.events.insert(at, ('send', i, lines))

    def write(self, transcript):
        index = 0
        for event in transcript['transcript']:
            require(event['from'] in ('A', 'B'), f'from {event["from"]}')
            if event['kind'] in HANDSHAKES:
                index = self.handshake(event, index)
            else:
                require(event['kind'] == 'frame', f'kind {event["kind"]}')
                self.frame(event)
        require(index == len(self.ours), 'handshakes without msg2')
        self.define()
        current, heard = 0, dict.fromkeys(range(len(self.ours)), 0)
        installed = None
        for kind, i, lines in self.events:
            if kind == 'install':
                installed = i
            elif kind in ('proof', 'send') and i == current + 1:
                if kind == 'send':
                    require(self.ours[i][0], 'a responder sends first under a new session')
                    self.stage.add(self.slots(i))
                current = i
            self.stage.add(*lines)
            if kind == 'proof':
                heard[i] += 1
            if installed is not None:
                self.check_slots(current, installed)
        require(current == len(self.ours) - 1, 'a session that is never used')
        self.stage.add('look')
        self.stage.add(*(f'replay {self.session(NAMES[i])}' for i in heard))
        live = sum(n for i, n in heard.items() if i >= current - 1)
        gone = sum(n for i, n in heard.items() if i < current - 1)
        self.stage.add(f'counted replays={live} rx_drop_unknown_index={gone}',
                       f'heard {self.peer} 0', self.slots(current))
        self.stage.add(f'ok {self.name}: the module is {self.party}, '
                       f'{len(transcript["transcript"])} events, and no frame twice')

    # An initiator's pending session may cut over at any moment.
    def check_slots(self, current, installed):
        if installed == current:
            self.stage.add(self.slots(current))
        elif not self.ours[installed][0]:
            self.stage.add(self.slots(current, installed))


def rekey_transcript(data):
    stage = Stage()
    fields(data, ('generator', 'note', 'set', 'transcripts'), 'file')
    require(data['transcripts'], 'no transcripts')
    for transcript in data['transcripts']:
        fields(transcript, ('handshakes', 'name', 'parties', 'transcript'), 'transcript')
        require(len(transcript['handshakes']) <= len(NAMES), 'too many handshakes')
        for party in 'AB':
            Play(stage, transcript, party).write(transcript)
    return stage.lines


# --- decisions

def describe(entry):
    return ', '.join(name for name in ('has_pending', 'draining', 'drain_expired')
                     if entry[name]).replace('_', ' ')


class Life:
    """One entry of the tick, of which the module is the one role or the other."""

    def __init__(self, stage, entry, initiator):
        self.stage, self.entry = stage, entry
        self.initiator = initiator
        self.peer = stage.peer()
        self.current = 'a'

    def session(self, name):
        return f'{self.peer}.{name}'

    def slots(self, **slots):
        return f'slots {self.peer} ' + ' '.join(f'{slot}={self.session(name)}'
                                                for slot, name in slots.items() if name)

    def install(self, name, k, initiator=False):
        self.stage.add(f'session {self.session(name)} {self.peer} k={k}',
                       f'install {self.session(name)}{" initiator" if initiator else ""}')

    def begin(self):
        self.install('a', 0)
        if self.entry['draining']:
            self.install('b', 1)
            self.stage.add(f'frame {self.session("b")}')
            self.current = 'b'
        if self.entry['has_pending']:
            self.install('c', int(self.current == 'a'), self.initiator)

    # After what an initiator waits for, and before any drain is over.
    def middle(self):
        pending = 'c' if self.entry['has_pending'] else None
        previous = 'a' if self.entry['draining'] else None
        if pending and self.initiator:
            self.current, pending, previous = 'c', None, self.current
        self.stage.add(self.slots(current=self.current, pending=pending, previous=previous))
        cuts_over = 'cutover' in self.entry['actions']
        require(cuts_over == self.entry['has_pending'], 'cutover without a pending session')
        if pending:
            self.stage.add(f'ok {describe(self.entry)}: a responder waits for proof all the same')
        elif self.entry['has_pending']:
            self.stage.add(f'ok {describe(self.entry)}: an initiator cuts over')
        else:
            self.stage.add(f'ok {describe(dict(self.entry, drain_expired=False))}: both receive')

    def end(self):
        expired = self.entry['drain_expired'] and self.entry['draining']
        require(('drain' in self.entry['actions']) == expired, 'drain')
        if expired:
            self.stage.add(self.slots(current=self.current),
                           f'ok {describe(self.entry)}: the old session is gone')


def is_ours(entry):
    return not entry['rekey_in_progress'] and (entry['has_pending'] or entry['draining'])


def lifecycle(data):
    stage = Stage()
    fields(data, ('generator', 'note', 'set', 'rekey_tick', *OTHERS), 'file')
    require(data['rekey_tick'], 'no rekey_tick')
    for entry in data['rekey_tick']:
        fields(entry, TICK, 'rekey_tick')
    ours, seen = [], set()
    for entry in data['rekey_tick']:
        key = describe(entry)
        if is_ours(entry) and key not in seen:
            seen.add(key)
            ours.append(entry)
    lives = [Life(stage, entry, initiator) for entry in ours
             for initiator in ((False, True) if entry['has_pending'] else (False,))]
    stage.add('mark begin')
    for life in lives:
        life.begin()
    stage.add('until begin 1500')
    for life in lives:
        life.middle()
    stage.add('mark end', 'until end 10100')
    for life in lives:
        life.end()
    for name in OTHERS:
        stage.add(f'# skip {name}, {len(data[name])} entries: the agent decides')
    others = [e for e in data['rekey_tick'] if not is_ours(e)]
    stage.add(f'# skip rekey_tick, {len(others)} entries that begin a rekey or have one begun: '
              'the agent decides')
    return stage.lines


def default_source():
    shared = TOP.parent / 'shared' / 'vectors'
    return shared if shared.is_dir() else TOP / 'selftests' / 'vectors'


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.split('\n', maxsplit=1)[0])
    out = pathlib.Path(sys.argv[1])
    source = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else default_source()
    if not source.is_dir():
        sys.exit(f'gen-plays: {source} is not a directory')
    for convert in (rekey_transcript, lifecycle):
        path = source / f'{convert.__name__}.json'
        try:
            lines = convert(json.loads(path.read_text())) if path.exists() else ['# missing']
        except (Malformed, KeyError, TypeError, ValueError, OSError) as error:
            sys.exit(f'gen-plays: {path}: {error!r}')
        text = '\n'.join(lines) + '\n'
        target = out / f'{convert.__name__}.play'
        if not target.exists() or target.read_text() != text:
            target.write_text(text)


if __name__ == '__main__':
    main()
