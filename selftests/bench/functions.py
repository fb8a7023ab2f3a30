# SPDX-License-Identifier: GPL-2.0
"""Instructions by function, of what the plugin wrote and the guest's symbols."""

import base64
import bisect
import gzip
import re

HOTTEST = 10

# The cipher, and what it takes to use vector registers, which nothing else does here. What the others
# have of the library, chacha20poly1305_encrypt() say, fmp has in src/crypto.c.
CIPHER = re.compile("chacha|poly1305|kernel_fpu|restore_fpregs|save_fpregs|"
                    r"^fmp_(seal|open|open_into)(\.|$)|^fmp_crypto_")

# What the rest is for, told by the name of the function; the first that fits.
AREAS = {
    "fmp or WireGuard": r"^(fmp_|wg_|encrypt_packet|decrypt_packet|keypair|counter_validate|send4|prepare_skb)",
    "GRO": r"gro_",
    "copying, summing, zeroing, pages": r"csum|copy|memcpy|memmove|memset|page|rep_movs|rmqueue",
    "segmentation": r"segment|gso",
    "packets and their memory": r"skb|kmem|kmalloc|kfree|slab|free|alloc",
    "IP, UDP, TCP, routes": r"^_*(ip_|ip4|ip6|ipv4|ipv6|udp|tcp|fib|inet|iptunnel|rt_|nf_|dst|sock|sk_)|siphash|route",
    "devices and softirqs": r"netif|dev_|xmit|napi|net_rx|softirq|backlog|veth|bh_enable|bh_disable",
    "locks, RCU, scheduler": r"lock|rcu|sched|work|queue|wake|task|list_|preempt",
    "else": "",
}


class Symbols:
    """Functions of the guest's kernel and its modules"""

    def __init__(self, word):
        text = gzip.decompress(base64.b64decode(word)).decode("ascii", "replace")
        found = sorted((int(line.split()[0], 16), line.split()[2]) for line in text.splitlines())
        self.addresses = [address for address, _ in found]
        self.names = [name for _, name in found]

    def name(self, address):
        i = bisect.bisect_right(self.addresses, address) - 1
        # The lower half is that of programs.
        return self.names[i] if i >= 0 and address >> 63 else "(programs)"


def read_counts(path, symbols):
    """{function: instructions}"""
    counts = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            address, n = line.split()
            name = symbols.name(int(address, 16))
            counts[name] = counts.get(name, 0) + int(n)
    return counts


def ranked(path, symbols, cost):
    """[[function, instructions a packet]]; a packet costs so many in all"""
    counts = read_counts(path, symbols)
    scale = cost / sum(counts.values())
    hottest_first = sorted(counts.items(), key=lambda item: -item[1])
    return [[name, round(n * scale, 1)] for name, n in hottest_first if n * scale >= 0.1]


def all_but_cipher(functions):
    """Instructions a packet"""
    return sum(n for name, n in functions if not CIPHER.search(name))


def areas(functions):
    """{area: instructions a packet}, the cipher left out"""
    found = dict.fromkeys(AREAS, 0)
    for name, n in functions:
        if not CIPHER.search(name):
            found[next(area for area, words in AREAS.items() if re.search(words, name))] += n
    return found


def profile(lines, prefix):
    """{measure: {driver: [[function, instructions a packet]]}}, of the guest's output"""
    samples = [line.split()[1:] for line in lines if line.startswith("sample ")]
    symbols = Symbols(next(line.split()[1] for line in lines if line.startswith("symbols ")))
    found = {}
    for i, (driver, measure, cost) in enumerate(samples, 1):
        found.setdefault(measure, {})[driver] = ranked(f"{prefix}.{i}", symbols, float(cost))
    return found
