#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: gen-vectors.py OUT [DIR]

Write C tables to OUT from the test vectors in DIR. Without it they are those
of ../shared/vectors beside the repository, or else of selftests/vectors.

A vector that is read in part proves less than it seems to. So a field that
nobody asked for, a verdict that nobody knows, a value out of range, a file
without entries: all end the run. Only a file that is missing is allowed, and
its suite is then reported as skipped.
"""
import json
import pathlib
import struct
import sys

from vector_mmp import (mmp_estimators, mmp_metrics, mmp_receiver, mmp_sender, mmp_wire,
                        spin_bit)
from vector_table import Fields, Header, Malformed, c_string, c_struct, c_value

VERDICTS = {
    'accept': 'FMP_RX_ACCEPT',
    'drop:short_prefix': 'FMP_RX_SHORT_PREFIX',
    'drop:version': 'FMP_RX_VERSION',
    'drop:payload_len_mismatch': 'FMP_RX_PAYLOAD_LEN',
    'drop:unknown_phase': 'FMP_RX_UNKNOWN_PHASE',
    'drop:bad_established_header': 'FMP_RX_BAD_ESTABLISHED',
    'drop:bad_msg1_header': 'FMP_RX_BAD_MSG1',
    'drop:bad_msg2_header': 'FMP_RX_BAD_MSG2',
    'drop:unknown_index': 'FMP_RX_UNKNOWN_INDEX',
    'drop:replay': 'FMP_RX_REPLAY',
    'drop:decrypt_fail': 'FMP_RX_DECRYPT_FAIL',
    'drop:short_inner': 'FMP_RX_SHORT_INNER',
    'phase:msg1': 'FMP_RX_MSG1',
    'phase:msg2': 'FMP_RX_MSG2',
}

LINK_TYPES = {
    'SessionDatagram': 'FMP_LINK_DATAGRAM',
    'SenderReport': 'FMP_LINK_SENDER_REPORT',
    'ReceiverReport': 'FMP_LINK_RECEIVER_REPORT',
    'TreeAnnounce': 'FMP_LINK_TREE_ANNOUNCE',
    'FilterAnnounce': 'FMP_LINK_FILTER_ANNOUNCE',
    'LookupRequest': 'FMP_LINK_LOOKUP_REQUEST',
    'LookupResponse': 'FMP_LINK_LOOKUP_RESPONSE',
    'Disconnect': 'FMP_LINK_DISCONNECT',
    'Heartbeat': 'FMP_LINK_HEARTBEAT',
}

REASONS = {
    'Shutdown': 'FMP_DISCONNECT_SHUTDOWN',
    'Restart': 'FMP_DISCONNECT_RESTART',
    'ProtocolError': 'FMP_DISCONNECT_PROTOCOL_ERROR',
    'TransportFailure': 'FMP_DISCONNECT_TRANSPORT_FAILURE',
    'ResourceExhaustion': 'FMP_DISCONNECT_RESOURCE_EXHAUSTION',
    'SecurityViolation': 'FMP_DISCONNECT_SECURITY_VIOLATION',
    'ConfigurationChange': 'FMP_DISCONNECT_CONFIGURATION_CHANGE',
    'Timeout': 'FMP_DISCONNECT_TIMEOUT',
    'Other': 'FMP_DISCONNECT_OTHER',
}

DIRECTIONS = ('initiator_to_responder', 'responder_to_initiator')


def frame(entry):
    with entry as e:
        counter = e.number('counter', 64)
        timestamp = e.number('timestamp_ms', 32)
        link, inner, wire = e.octets('link_message'), e.octets('inner'), e.octets('wire')
        parts = e.octets('header', 16) + e.octets('ciphertext') + e.octets('tag', 16)
        e.require(parts == wire, 'header, ciphertext and tag are not the wire')
        if link:
            e.require(struct.pack('<I', timestamp) + link == inner,
                      'timestamp and link message are not the inner')
        else:
            e.require(len(inner) < 5, 'an inner without a link message')
        e.choice('direction', dict.fromkeys(DIRECTIONS))
        e.ignore('handshake_case')
        with e.object('flag_bits') as bits:
            flags = {b: bits.take(b, bool) for b in ('k', 'ce', 'sp')}
        return {'name': c_string(e.take('name', str)), 'key': e.octets('key', 32),
                'counter': counter, 'receiver_idx': e.number('receiver_idx', 32),
                'flags': e.number('flags', 8), **flags, 'inner': inner, 'wire': wire,
                'verdict': e.choice('verdict', VERDICTS)}


def frames(top, out):
    vectors = top.left.get('frames')
    out.table('frames', 'fmp_frame_vector', len(vectors or ()),
              map(frame, top.objects('frames')))


def fed_frame(entry):
    with entry as e:
        return {'wire': e.octets('wire'), 'verdict': e.choice('verdict', VERDICTS)}


def negative(entry):
    with entry as e:
        before = [c_struct(fed_frame(b)) for b in e.objects('before')]
        return {'name': c_string(e.take('name', str)), 'before_entries': len(before),
                'before': '(const struct fmp_fed_frame[]){' + ', '.join(before) + '}',
                'fed': {'wire': e.octets('wire'), 'verdict': e.choice('verdict', VERDICTS)},
                'then_base': e.choice('then_base_frame_verdict', VERDICTS)}


def frames_negative(top, out):
    with top.object('session') as s, top.object('base') as b:
        s.ignore('handshake_case')
        base = {'recv_key': s.octets('recv_key', 32), 'send_key': s.octets('send_key', 32),
                'our_index': s.number('our_index', 32), 'counter': b.number('counter', 64),
                'timestamp': b.number('timestamp_ms', 32),
                'link_message': b.octets('link_message'), 'wire': b.octets('wire')}
    out.text.append(f'static const struct fmp_base_vector fmp_base = {c_struct(base)};')
    vectors = top.left.get('vectors')
    out.table('negative', 'fmp_negative_vector', len(vectors or ()),
              map(negative, top.objects('vectors')))


def sequence(entry):
    with entry as e:
        ops = []
        for number, op in enumerate(e.take('ops', list)):
            e.require(type(op) is list and len(op) == 2, f'ops[{number}] is not a pair')
            with Fields(dict(zip(('counter', 'accepted'), op)), f'{e.where}[{number}]') as f:
                ops.append(f"{{ {f.number('counter', 64)}ULL, "
                           f"{c_value(f.take('accepted', bool))} }}")
        e.require(ops, 'no ops')
        return {'name': c_string(e.take('name', str)),
                'highest': e.number('final_highest', 64), 'ops_entries': len(ops),
                'ops': '(const struct fmp_replay_op[]){\n\t' + ',\n\t'.join(ops) + ' }'}


def replay_window(top, out):
    vectors = top.left.get('sequences')
    ops = sum(len(s.get('ops', ())) for s in vectors or () if isinstance(s, dict))
    out.define('FMP_REPLAY_OPS', ops)
    out.define('FMP_REPLAY_BITS', top.number('window_bits', 16))
    out.table('replay', 'fmp_replay_sequence', len(vectors or ()),
              map(sequence, top.objects('sequences')))


def link_type(entry):
    with entry as e:
        name = e.left.get('name', '')
        return {'assigned': e.choice('name', LINK_TYPES), 'name': c_string(name),
                'type': e.number('type', 8)}


def datagram(entry):
    with entry as e:
        return {'ttl': e.number('ttl', 8), 'path_mtu': e.number('path_mtu', 16),
                'src': e.octets('src', 16), 'dst': e.octets('dest', 16),
                'payload': e.octets('payload'), 'wire': e.octets('wire')}


def datagram_decode(entry):
    with entry as e:
        return {'after_type': e.octets('after_type'), 'ok': e.take('ok', bool)}


def disconnect(entry):
    with entry as e:
        return {'reason': e.choice('name', REASONS), 'byte': e.number('reason_byte', 8),
                'decoded': e.number('decoded', 8)}


def message(entry):
    with entry as e:
        wire = e.octets('wire')
        e.require(wire, 'no type byte')
        return {'name': c_string(e.take('name', str)), 'wire': wire}


def link_messages(top, out):
    for flag in ('disconnect_empty_payload_is_error', 'disconnect_trailing_bytes_ok'):
        out.define('FMP_' + flag.upper(), c_value(top.take(flag, bool)))
    for name, field, struct_name, row in (
            ('link_types', 'known_types', 'fmp_link_type_vector', link_type),
            ('datagram', 'session_datagram', 'fmp_datagram_vector', datagram),
            ('datagram_decode', 'session_datagram_decode',
             'fmp_datagram_decode_vector', datagram_decode),
            ('disconnect', 'disconnect_decode', 'fmp_disconnect_vector', disconnect),
            ('message', 'messages', 'fmp_message_vector', message)):
        vectors = top.left.get(field)
        out.table(name, struct_name, len(vectors or ()), map(row, top.objects(field)))


# The readers of the files, and a document for each that has no entries: what a
# suite is built from when the set lacks the file.
FILES = (
    (frames, {'frames': []}),
    (frames_negative, {
        'session': {'recv_key': '00' * 32, 'send_key': '00' * 32, 'our_index': 0},
        'base': {'counter': '0', 'timestamp_ms': 0, 'link_message': '', 'wire': ''},
        'vectors': []}),
    (replay_window, {'window_bits': 0, 'sequences': []}),
    (link_messages, {
        'disconnect_empty_payload_is_error': True, 'disconnect_trailing_bytes_ok': True,
        'known_types': [], 'session_datagram': [], 'session_datagram_decode': [],
        'disconnect_decode': [], 'messages': []}),
    (mmp_wire, {'sender_report': [], 'receiver_report': [], 'decode': []}),
    (mmp_estimators, {'jitter': [], 'srtt': [], 'owd': [], 'etx': [], 'dual_ewma': []}),
    (mmp_receiver, {'sequences': []}),
    (mmp_sender, {'sequences': []}),
    (mmp_metrics, {'sequences': []}),
    (spin_bit, {'sequences': []}),
)


def unique(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Malformed(f'a field twice: {sorted(k for k, _ in pairs)}')
    return result


def convert(source, out, reader, empty):
    name = reader.__name__
    path, header = source / f'{name}.json', Header()
    document, missing = empty, not path.exists()
    header.define(f'FMP_{name.upper()}_MISSING',
                  c_string(f'{name}.json is not in the set of vectors') if missing else 'NULL')
    if not missing:
        document = json.loads(path.read_text(), object_pairs_hook=unique)
    with Fields(document, path.name) as top:
        top.ignore('generator', 'note', 'set')
        reader(top, header)
    if not missing and not header.entries:
        raise Malformed('no entries')
    text = '/* Generated by gen-vectors.py */\n' + '\n'.join(header.text) + '\n'
    (out / f'{name.replace("_", "-")}.h').write_text(text)
    return 'missing' if missing else f'{header.entries} entries'


def default_source():
    top = pathlib.Path(__file__).resolve().parents[2]
    shared = top.parent / 'shared' / 'vectors'
    return shared if shared.is_dir() else top / 'selftests' / 'vectors'


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.split('\n', maxsplit=1)[0])
    out = pathlib.Path(sys.argv[1])
    source = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else default_source()
    if not source.is_dir():
        sys.exit(f'gen-vectors: {source} is not a directory')
    out.mkdir(parents=True, exist_ok=True)
    for reader, empty in FILES:
        name = f'{reader.__name__}.json'
        try:
            print(f'# {name}: {convert(source, out, reader, empty)}')
        except (Malformed, ValueError, OSError) as error:
            sys.exit(f'gen-vectors: {name} in {source}: {error}')


if __name__ == '__main__':
    main()
