#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: gen-seeds.py OUT

Writes the inputs that fuzzing starts from to OUT/TARGET/NAME: words and frames of the
vectors, and netlink messages as the kernel sends them, by the numbers of the header.
"""
import json
import pathlib
import re
import struct
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
VECTORS = TOP / 'selftests' / 'vectors'


def header_numbers():
    numbers = {}
    text = (TOP / 'include' / 'uapi' / 'linux' / 'fmp.h').read_text()
    for body in re.findall(r'enum\s*\w*\s*\{(.*?)\}', text, re.S):
        value = -1
        for item in re.sub(r'/\*.*?\*/', '', body, flags=re.S).split(','):
            name, _, given = (x.strip() for x in item.partition('='))
            if not name or name.startswith('__') or '__' in given:
                continue
            value = int(given, 0) if given else value + 1
            numbers[name] = value
    return numbers


N = header_numbers()
FAMILY = 0x21
NLMSG_ERROR, NLMSG_DONE, CTRL = 2, 3, 0x10
MULTI, CAPPED, ACK_TLVS, DUMP_INTR = 2, 0x100, 0x200, 0x10


def attr(kind, payload):
    length = 4 + len(payload)
    return struct.pack('<HH', length, kind) + payload + bytes(-length % 4)


def a(name, payload=b''):
    return attr(N['FMP_A_' + name], payload)


def text(s):
    return s.encode() + b'\0'


def u32(n):
    return struct.pack('<I', n)


def message(kind, payload, flags=0, seq=1):
    return struct.pack('<IHHII', 16 + len(payload), kind, flags, seq, 0) + payload


def generic(command, attrs, kind=FAMILY, flags=MULTI):
    return message(kind, struct.pack('<BBH', command, 1, 0) + attrs, flags)


def error(number, tlvs=b''):
    return message(NLMSG_ERROR, struct.pack('<i', number) + bytes(16) + tlvs,
                   CAPPED | (ACK_TLVS if tlvs else 0))


def done(flags=0):
    return message(NLMSG_DONE, struct.pack('<i', 0), MULTI | flags)


def datagrams(*messages):
    return b''.join(struct.pack('<H', len(m)) + m for m in messages)


KEY = bytes.fromhex('79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798')
COUNTER = a('COUNTER_NAME', text('rx_frames')) + a('COUNTER_VALUE', struct.pack('<Q', 1 << 40))

DEVICE = (a('DEV_IFINDEX', u32(5)) + a('DEV_IFNAME', text('fmp0')) + a('DEV_PORT', b'\x49\x08') +
          a('DEV_FWMARK', u32(7)) + a('DEV_SOURCE_CHECK', b'\1') + a('DEV_PEERS', u32(1)) +
          a('DEV_LOCAL_IPV4', b'\xc0\0\2\1') + a('DEV_LOCAL_IPV6', bytes(15) + b'\1') +
          a('DEV_UNDERLAY', text('eth0')) + a('DEV_TOS', b'\1') + a('DEV_TTL', b'\0') +
          a('DEV_MULTICAST', b'\1') + a('DEV_COUNTER', COUNTER))
PEER = (a('PEER_IFINDEX', u32(5)) + a('PEER_PUBLIC_KEY', KEY) + a('PEER_NODE_ADDR', KEY[:16]) +
        a('PEER_ENDPOINT_IPV6', b'\xfe\x80' + bytes(13) + b'\1') +
        a('PEER_ENDPOINT_SCOPE_ID', u32(2)) + a('PEER_ENDPOINT_PORT', b'\x08\x49') +
        a('PEER_ADDRESS', a('ADDRESS_IPV4', b'\x0a\0\0\1')) +
        a('PEER_ADDRESS', a('ADDRESS_IPV6', b'\xfd' + bytes(15))) +
        a('PEER_RX_PACKETS', u32(3)) + a('PEER_RX_BYTES', struct.pack('<Q', 1 << 33)) +
        a('PEER_TX_PACKETS', u32(3)) + a('PEER_TX_BYTES', u32(300)) +
        a('PEER_LAST_RX_MS', u32(1500)) + a('PEER_FAILURES', u32(0)) +
        a('PEER_COUNTER', COUNTER))
TROUBLE = (a('PEER_IFINDEX', u32(5)) + a('PEER_PUBLIC_KEY', KEY) + a('PEER_REKEY_REASON', b'\1') +
           a('PEER_DOWN_REASON', b'\0') + a('PEER_DISCONNECT_CODE', b'\1'))
SESSION = (a('SESSION_IFINDEX', u32(5)) + a('SESSION_PUBLIC_KEY', KEY) +
           a('SESSION_LOCAL_INDEX', u32(7)) + a('SESSION_REMOTE_INDEX', u32(8)) +
           a('SESSION_INITIATOR') + a('SESSION_SLOT', b'\0') + a('SESSION_K_BIT', b'\1') +
           a('SESSION_SEND_COUNTER', u32(9)) + a('SESSION_RECEIVE_HIGHEST', u32(9)) +
           a('SESSION_AGE_MS', u32(1000)))

GROUPS = b''.join(attr(i, attr(1, text(n)) + attr(2, u32(i)))
                  for i, n in enumerate(('config', 'events'), 1))
RESOLVED = datagrams(generic(1, attr(1, struct.pack('<H', FAMILY)) + attr(2, text('fmp')) +
                             attr(7, GROUPS), CTRL, 0), error(0))


def dump(command, *objects, flags=0):
    return datagrams(b''.join(generic(N['FMP_CMD_' + command], x) for x in objects) + done(flags))


def events():
    for name, attrs in (('DEV_SET', DEVICE), ('PEER_NEW', PEER), ('PEER_ENDPOINT', PEER),
                        ('REKEY_NEEDED', TROUBLE), ('PEER_DOWN', TROUBLE),
                        ('SESSION_NEW', SESSION), ('SESSION_CUTOVER', SESSION)):
        yield generic(N[f'FMP_CMD_{name}_NTF'], attrs, flags=0)


def netlink():
    show = dump('DEV_GET', DEVICE) + dump('PEER_GET', PEER, PEER) + dump('SESSION_GET', SESSION)
    told = attr(1, text('no such peer')) + attr(2, u32(20 + 8))
    missing = attr(5, u32(N['FMP_A_PEER_PUBLIC_KEY'])) + attr(6, u32(0))
    one = datagrams(generic(N['FMP_CMD_DEV_GET'], DEVICE, flags=0), error(0))
    for line in (0, 1):
        yield f'show{line}', bytes([line]) + RESOLVED + show
    yield 'counters', bytes([2]) + RESOLVED + one
    yield 'interfaces', bytes([3]) + RESOLVED + dump('DEV_GET', DEVICE, DEVICE)
    for line in (4, 5):
        yield f'peer{line}', (bytes([line]) + RESOLVED + dump('PEER_GET', PEER) +
                              dump('SESSION_GET', SESSION))
    for line in (6, 7):
        yield f'session{line}', bytes([line]) + RESOLVED + dump('SESSION_GET', SESSION)
    for line in (8, 9):
        yield f'monitor{line}', bytes([line]) + RESOLVED + datagrams(*events())
    for line in range(10, 15):
        yield f'ack{line}', bytes([line]) + RESOLVED + 4 * datagrams(error(0))
        yield f'refused{line}', bytes([line]) + RESOLVED + datagrams(error(-2, told))
        yield f'missing{line}', bytes([line]) + RESOLVED + datagrams(error(-22, missing))
    yield 'interrupted', bytes([4]) + RESOLVED + 5 * dump('PEER_GET', PEER, flags=DUMP_INTR)
    unterminated = attr(7, attr(1, attr(2, u32(1)) + attr(1, b'config99')))
    yield 'unterminated', bytes([0]) + datagrams(generic(1, unterminated, CTRL, 0))
    for line, group in ((13, 'PEER'), (14, 'SESSION')):
        beyond = 1 + max(n for name, n in N.items() if name.startswith(f'FMP_A_{group}_'))
        told = attr(5, u32(beyond)) + attr(6, u32(0))
        yield f'beyond{line}', bytes([line]) + RESOLVED + datagrams(error(-22, told))
    open_end = attr(2, u32(20 + 8)) + attr(1, b'no such peer....')
    yield 'open_end', bytes([13]) + RESOLVED + datagrams(error(-2, open_end))
    yield 'negative', bytes([0]) + datagrams(u32(0xffffff11) + bytes(12))
    yield 'lowest', bytes([13]) + RESOLVED + datagrams(error(-1 << 31))
    yield 'unknown', bytes([0]) + datagrams(error(-2))
    yield 'junk', bytes([0]) + datagrams(b'x', bytes(16), message(NLMSG_ERROR, b''))


def objects():
    yield 'device', b'\0' + DEVICE
    yield 'peer', b'\1' + PEER
    yield 'peer4', b'\1' + a('PEER_PUBLIC_KEY', KEY) + a('PEER_ENDPOINT_IPV4', bytes(4)) + TROUBLE
    yield 'session', b'\2' + SESSION


def keys():
    vectors = json.loads((VECTORS / 'identity.json').read_text())
    for i, entry in enumerate(vectors['npub_decode'] + vectors['secret_decode']):
        yield f'word{i}', b'\0' + entry['input'].encode()
    entry = vectors['identities'][0]
    yield 'npub', b'\1' + bytes.fromhex(entry['xonly'])
    yield 'nsec', b'\2' + bytes.fromhex(entry['secret'])
    yield 'hex', b'\3' + bytes.fromhex(entry['xonly'])


def configurations():
    """All keys of the schema, and texts that are nearly JSON."""
    interface = {
        'private_key_file': 'k', 'addresses': ['10.9.0.1/24', 'fd09::1/64'], 'port': 2200, 'mtu': 1300,
        'fwmark': 16, 'table': 'auto', 'source_check': False, 'local': ['192.0.2.1'], 'underlay': 'eth0',
        'tos': 'inherit', 'ttl': 64, 'multicast': True, 'allow': 'a', 'deny': 'd', 'handshake_burst': 7,
        'handshake_rate': 3, 'mmp_mode': 'minimal', 'ecn': True, 'congestion_loss': 125,
        'congestion_etx': 101, 'tx_batch': True, 'rx_batch': True, 'suspend_wipe': True,
        'pre_up': ['a'], 'post_up': ['b'], 'pre_down': ['c'], 'post_down': ['d']}
    peer = {'public_key': KEY.hex(), 'endpoint': 'a.example:2121', 'allowed_ips': ['10.9.0.2', '0.0.0.0/0'],
            'auto_connect': True, 'heartbeat': 3, 'dead_timeout': 0, 'mmp_mode': 'device'}
    other = 'c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5'
    yield 'whole', json.dumps({'interface': interface, 'peers': [peer, {'public_key': other}]}).encode()
    yield 'least', b'{"interface": {}, "peers": []}'
    yield 'number', b'{"interface": {"port": 1.0, "ttl": NaN, "mtu": -1e400}, "peers": [null]}'
    yield 'twice', b'{"interface": {"port": 1, "p\\u006frt": 2, "port": 3}, "peers": [], "peers": {}}'
    yield 'quotes', b"{'interface': {}, 'peers': []}"
    yield 'deep', b'{"peers": ' + 20 * b'[' + 20 * b']' + b'}'


# Section 3.6 of the specification, whose keys the target has.
MSG1 = bytes.fromhex(
    '01006e0044332211028d7500dd4c12685d1f568b4c2b5048e8534b873319f3a8daa612b469132ec7f7'
    '6d5d44126e57d4fc2724286dfd8d75ffd4f19e3bd47a613bee28f23347a0e645'
    '49328325fb5e8271e61822e5286580f3513539d6ff414657b0a52be826a52015cad1c721fbf64483ad')
MSG2 = bytes.fromhex(
    '02004100ddccbbaa4433221102466d7fcae563e5cb09a0d1870bb580344804617879a14949cf22285f1bae3f27'
    'fdc6596fb1146ba73915f01d245618773c0c14e056fb5dc9')


def damaged(frame, places):
    for place in places:
        yield place, frame[:place] + bytes([frame[place] ^ 0x10]) + frame[place + 1:]


def handshakes():
    for tags in (0, 2):
        yield f'msg1-{tags}', bytes([tags]) + MSG1
        yield f'msg2-{tags}', bytes([tags | 1]) + MSG2
    for mode, frame, places in ((0, MSG1, (3, 9, 41, 89, 90, 113)), (1, MSG2, (3, 8, 13, 45, 68))):
        for place, forged in damaged(frame, places):
            yield f'forged{mode}-{place}', bytes([mode]) + forged
    negative = json.loads((VECTORS / 'handshake.json').read_text())['negative']
    for kind, mode in (('msg1', 0), ('msg2', 1)):
        for entry in negative[kind]:
            yield f'{kind}-{entry["name"]}', bytes([mode]) + bytes.fromhex(entry['wire'])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    targets = {'key': keys, 'confjson': configurations, 'handshake': handshakes,
               'object': objects, 'netlink': netlink}
    for target, seeds in targets.items():
        out = pathlib.Path(sys.argv[1], target)
        out.mkdir(parents=True, exist_ok=True)
        for name, content in seeds():
            (out / name).write_bytes(content)


if __name__ == '__main__':
    main()
