# SPDX-License-Identifier: GPL-2.0
"""Readers of the vectors of the link metrics, for gen-vectors.py.

Floating-point numbers become Q16 or Q32, to the nearest.
"""
from vector_table import Fields, Malformed, c_array, c_string

# (field of the vectors, member of the C structure, bits)
SENDER_REPORT = (
    ('interval_start_counter', 'start_counter', 64),
    ('interval_end_counter', 'end_counter', 64),
    ('interval_start_timestamp', 'start_timestamp', 32),
    ('interval_end_timestamp', 'end_timestamp', 32),
    ('interval_bytes_sent', 'interval_bytes', 32),
    ('cumulative_packets_sent', 'cumulative_packets', 64),
    ('cumulative_bytes_sent', 'cumulative_bytes', 64),
)
RECEIVER_REPORT = (
    ('highest_counter', 'highest_counter', 64),
    ('cumulative_packets_recv', 'cumulative_packets', 64),
    ('cumulative_bytes_recv', 'cumulative_bytes', 64),
    ('timestamp_echo', 'timestamp_echo', 32),
    ('dwell_time', 'dwell_time', 16),
    ('max_burst_loss', 'max_burst_loss', 16),
    ('mean_burst_loss', 'mean_burst_loss', 16),
    ('jitter', 'jitter', 32),
    ('ecn_ce_count', 'ecn_ce_count', 32),
    ('owd_trend', 'owd_trend', -32),
    ('burst_loss_count', 'burst_loss_count', 32),
    ('cumulative_reorder_count', 'cumulative_reorder_count', 32),
    ('interval_packets_recv', 'interval_packets', 32),
    ('interval_bytes_recv', 'interval_bytes', 32),
)


def report_fields(fields, names):
    with fields as f:
        return {member: f.number(name, bits) for name, member, bits in names}


def report(names):
    def row(entry):
        with entry as e:
            return {'fields': report_fields(e.object('fields'), names),
                    'wire': e.octets('wire')}
    return row


def report_decode(entry):
    with entry as e:
        wire = e.octets('wire')
        reports = {1: ('sr', SENDER_REPORT), 2: ('rr', RECEIVER_REPORT)}
        e.require(wire and wire[0] in reports, 'not a report')
        member, names = reports[wire[0]]
        row = {'name': c_string(e.take('name', str)), 'wire': wire}
        with e.object('result') as result:
            if result.has('error'):
                result.take('error', str)
                return {**row, 'ok': False}
            return {**row, 'ok': True,
                    member: report_fields(result.object('fields'), names)}


def mmp_wire(top, out):
    for name, field, struct_name, row in (
            ('sender_report', 'sender_report', 'fmp_sender_report_vector',
             report(SENDER_REPORT)),
            ('receiver_report', 'receiver_report', 'fmp_receiver_report_vector',
             report(RECEIVER_REPORT)),
            ('report_decode', 'decode', 'fmp_report_decode_vector', report_decode)):
        vectors = top.left.get(field)
        out.table(name, struct_name, len(vectors or ()), map(row, top.objects(field)))


def q(value, bits):
    return round(value * (1 << bits))


def tuples(entry, where, kinds):
    """An inner list of tuples: one Fields for each."""
    if type(entry) is not list:
        raise Malformed(f'{where}: not a list')
    for number, step in enumerate(entry):
        if type(step) is not list or len(step) != len(kinds):
            raise Malformed(f'{where}[{number}]: not {len(kinds)} numbers')
        yield Fields(dict(zip(kinds, step)), f'{where}[{number}]')


def jitter_step(step):
    with step as f:
        return {'delta': f.number('delta', -32), 'jitter': f.number('jitter', 32)}


def srtt_step(step):
    with step as f:
        return {name: f.integer(name) for name in ('sample', 'srtt', 'rttvar', 'rto')}


def owd_step(step):
    with step as f:
        return {'seq': f.number('seq', 32), 'owd': f.integer('owd'),
                'trend': f.number('trend', -32)}


def ewma_step(step):
    with step as f:
        sample, fast, slow = (f.fraction(n) for n in ('sample', 'fast', 'slow'))
        f.require(0 <= min(sample, fast, slow) and max(sample, fast, slow) < 1 << 30,
                  'out of range')
        return {'sample': q(sample, 16), 'rounded': q(sample, 16) != sample * 65536,
                'fast': q(fast, 32), 'slow': q(slow, 32)}


def ratio(value):
    """Two numbers below 2^24; a ratio below 0 is 0, as no link has one."""
    value = max(value, value * 0).limit_denominator((1 << 24) - 1)
    return {'part': min(value.numerator, (1 << 32) - 1), 'whole': value.denominator}


def etx_step(step):
    with step as f:
        forward, reverse, etx = (f.fraction(n) for n in ('forward', 'reverse', 'etx'))
        f.require(1 <= etx <= 100, 'etx is out of range')
        return {'forward': ratio(forward), 'reverse': ratio(reverse), 'etx': q(etx, 32)}


ESTIMATORS = (
    ('jitter', jitter_step, ('delta', 'jitter')),
    ('srtt', srtt_step, ('sample', 'srtt', 'rttvar', 'rto')),
    ('dual_ewma', ewma_step, ('sample', 'fast', 'slow')),
)


def mmp_estimators(top, out):
    for field, step, kinds in ESTIMATORS:
        entries = top.take(field, list)
        rows = []
        for number, entry in enumerate(entries):
            steps = list(map(step, tuples(entry, f'{field}[{number}]', kinds)))
            rows.append({'entries': len(steps),
                         'steps': c_array(f'fmp_{field}_step', steps)})
        out.define(f'FMP_{field.upper()}_STEPS', sum(map(len, entries)))
        out.table(field, f'fmp_{field}_vector', len(entries), rows)

    etx = top.take('etx', list)
    out.table('etx', 'fmp_etx_vector', len(etx),
              map(etx_step, tuples(etx, 'etx', ('forward', 'reverse', 'etx'))))

    vectors = top.left.get('owd')
    out.define('FMP_OWD_STEPS', sum(len(v.get('samples', ())) for v in vectors or ()
                                    if isinstance(v, dict)))
    out.table('owd', 'fmp_owd_vector', len(vectors or ()), map(owd, top.objects('owd')))


def owd(entry):
    with entry as e:
        samples = e.take('samples', list)
        steps = list(map(owd_step, tuples(samples, e.where, ('seq', 'owd', 'trend'))))
        capacity = e.integer('capacity', 1, 32)
        return {'capacity': capacity, 'entries': len(steps),
                'steps': c_array('fmp_owd_step', steps)}


def optional_report(op, names):
    """A report and what it is on the wire, or neither."""
    if op.left.get('report') is None:
        op.require(op.has('report'), 'report is missing')
        op.require(op.left.pop('wire', None) is None, 'a wire without a report')
        op.ignore('report')
        return {'reported': False}
    return {'reported': True, 'report': report_fields(op.object('report'), names),
            'wire': op.octets('wire')}


def due(op):
    return {'now': op.integer('now_ms', 0), 'due': op.take('due', bool)}


def update_interval(op):
    return {'srtt': op.integer('srtt_us'), 'interval': op.number('interval_ms', 16)}


RECEIVER_OPS = {
    'recv': lambda op: {
        'counter': op.number('counter', 64), 'timestamp': op.number('timestamp_ms', 32),
        'bytes': op.number('bytes', 32), 'ce': op.take('ce', bool),
        'now': op.integer('now_ms', 0), 'jitter': op.number('jitter_us_after', 32)},
    'report': lambda op: {**due(op), **optional_report(op, RECEIVER_REPORT)},
    'due?': due,
    'reset_for_rekey': lambda op: {'now': op.integer('now_ms', 0)},
    'update_interval': update_interval,
}

SENDER_OPS = {
    'sent': lambda op: {
        'counter': op.number('counter', 64), 'timestamp': op.number('timestamp_ms', 32),
        'bytes': op.number('bytes', 32)},
    'report': lambda op: {**due(op), **optional_report(op, SENDER_REPORT)},
    'due?': due,
    'send_failure': lambda op: {'failures': op.number('consecutive', 32),
                                'factor': q(op.fraction('multiplier'), 0)},
    'send_success': lambda op: {'failures': op.number('previous_failures', 32)},
    'update_interval': update_interval,
}

OUTCOMES = {'no_echo': 'FMP_OUTCOME_NO_ECHO', 'rtt_sample': 'FMP_OUTCOME_SAMPLE',
            'invalid_rtt': 'FMP_OUTCOME_INVALID', 'stale': 'FMP_OUTCOME_STALE'}


def optional(fields, name, read):
    if fields.left.get(name) is None:
        fields.require(fields.has(name), f'{name} is missing')
        fields.ignore(name)
        return {}
    return {f'has_{name}': True, name: read(name)}


def state(fields):
    with fields as f:
        return {'srtt': f.integer('srtt_us'), 'rttvar': f.integer('rttvar_us'),
                'known': f.take('srtt_init', bool),
                'forward': q(f.fraction('delivery_forward'), 32),
                'reverse': q(f.fraction('delivery_reverse'), 32),
                'loss': q(f.fraction('loss'), 32), 'etx': q(f.fraction('etx'), 32),
                'goodput': q(f.fraction('goodput_bps'), 16),
                'reports': f.number('reports_seen', 32),
                'samples': f.number('rtt_samples', 32),
                'zero': f.number('rtt_zero', 32),
                'invalid': f.number('rtt_arith_fail', 32),
                **optional(f, 'last_rtt_ms', lambda n: f.number(n, 32)),
                **optional(f, 'smoothed_loss', lambda n: q(f.fraction(n), 32)),
                **optional(f, 'smoothed_etx', lambda n: q(f.fraction(n), 32))}


METRICS_OPS = {
    'receiver_report': lambda op: {
        'wire': op.octets('wire', 68), 'now': op.integer('now_ms', 0),
        'timestamp': op.number('our_timestamp_ms', 32),
        'outcome': op.choice('outcome', OUTCOMES), 'first_srtt': op.take('first_srtt', bool),
        'state': state(op.object('state'))},
    'reverse_delivery': lambda op: {
        'packets': op.number('our_recv_packets', 64),
        'highest': op.number('peer_highest', 64), 'state': state(op.object('state'))},
    'reset_for_rekey': lambda op: {'state': state(op.object('state'))},
}


def read_op(prefix, readers, entry):
    with entry as e:
        kind = e.choice('op', {name: name for name in readers})
        name = kind.rstrip('?').upper()
        return {'kind': f'FMP_{prefix.upper()}_{name}', **readers[kind](e)}


def sequences(top, out, prefix, readers):
    def row(entry):
        with entry as e:
            e.ignore('note', 'owd_window')
            ops = [read_op(prefix, readers, op) for op in e.objects('ops')]
            e.require(ops, 'no ops')
            return {'name': c_string(e.take('name', str)), 'entries': len(ops),
                    'ops': c_array(f'fmp_{prefix}_op', ops)}
    count_ops(top, out, prefix, row)


def count_ops(top, out, prefix, row):
    vectors = top.left.get('sequences')
    ops = sum(len(s.get('ops', ())) for s in vectors or () if isinstance(s, dict))
    out.define(f'FMP_{prefix.upper()}_OPS', ops)
    out.table(prefix, f'fmp_{prefix}_sequence', len(vectors or ()),
              map(row, top.objects('sequences')))


def mmp_receiver(top, out):
    for number, sequence in enumerate(top.left.get('sequences') or ()):
        if isinstance(sequence, dict) and sequence.get('owd_window', 32) != 32:
            raise Malformed(f'sequences[{number}]: a window that is not 32')
    sequences(top, out, 'receiver', RECEIVER_OPS)


def mmp_sender(top, out):
    sequences(top, out, 'sender', SENDER_OPS)


def mmp_metrics(top, out):
    sequences(top, out, 'metrics', METRICS_OPS)


def spin_op(entry):
    with entry as e:
        rtt = e.left.get('rtt_ms')
        if rtt is None:
            e.ignore('rtt_ms')
            rtt = 'FMP_SPIN_NONE'
        else:
            rtt = e.integer('rtt_ms', 0)
        return {'counter': e.number('counter', 64), 'now': e.integer('now_ms', 0),
                'rx': e.take('rx_spin', bool), 'tx': e.take('tx_spin_after', bool),
                'rtt': rtt}


def spin_bit(top, out):
    def row(entry):
        with entry as e:
            e.ignore('note')
            ops = list(map(spin_op, e.objects('ops')))
            return {'name': c_string(e.take('name', str)), 'entries': len(ops),
                    'initiator': e.choice('role', {'initiator': True, 'responder': False}),
                    'tx': e.take('tx_spin_initial', bool),
                    'ops': c_array('fmp_spin_op', ops)}
    count_ops(top, out, 'spin', row)
