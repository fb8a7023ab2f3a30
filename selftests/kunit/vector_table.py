# SPDX-License-Identifier: GPL-2.0
"""What the tables of gen-vectors.py are read from, and what they are written as."""
import fractions
import math
import re


class Malformed(Exception):
    pass


class Fields:
    """A JSON object of which every field has to be asked for."""

    def __init__(self, value, where):
        if not isinstance(value, dict):
            raise Malformed(f'{where}: not an object')
        self.left, self.where = dict(value), where

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if kind is None and self.left:
            raise Malformed(f'{self.where}: unknown fields {sorted(self.left)}')

    def require(self, condition, what):
        if not condition:
            raise Malformed(f'{self.where}: {what}')

    def has(self, name):
        return name in self.left

    def take(self, name, kind):
        self.require(name in self.left, f'{name} is missing')
        value = self.left.pop(name)
        self.require(type(value) is kind, f'{name} is not {kind.__name__}')
        return value

    def ignore(self, *names):
        for name in names:
            self.left.pop(name, None)

    def number(self, name, bits):
        if bits == 64:
            text = self.take(name, str)
            self.require(re.fullmatch('[0-9]+', text), f'{name} is not decimal')
            value = int(text)
        else:
            value = self.take(name, int)
        low = -(1 << -bits - 1) if bits < 0 else 0
        high = 1 << (-bits - 1 if bits < 0 else bits)
        self.require(low <= value < high, f'{name} is out of range')
        return value

    def integer(self, name, low=-(1 << 63), high=(1 << 63) - 1):
        """What is a number however large it is."""
        value = self.take(name, int)
        self.require(low <= value <= high, f'{name} is out of range')
        return value

    def fraction(self, name):
        """What is a floating-point number, exactly."""
        self.require(name in self.left, f'{name} is missing')
        value = self.left.pop(name)
        self.require(type(value) in (int, float) and math.isfinite(value),
                     f'{name} is not a finite number')
        return fractions.Fraction(value)

    def octets(self, name, size=None):
        text = self.take(name, str)
        self.require(re.fullmatch('([0-9a-f]{2})*', text), f'{name} is not hex')
        self.require(size in (None, len(text) // 2), f'{name} is not {size} bytes')
        return bytes.fromhex(text)

    def choice(self, name, known):
        value = self.take(name, str)
        self.require(value in known, f'{name} {value!r} is unknown')
        return known[value]

    def objects(self, name):
        for number, value in enumerate(self.take(name, list)):
            label = value.get('name') if isinstance(value, dict) else None
            yield Fields(value, f'{self.where}: {name}[{label or number}]')

    def object(self, name):
        return Fields(self.take(name, dict), f'{self.where}: {name}')


def c_string(text):
    return '"' + re.sub(r'["\\]|[^ -~]', '?', text) + '"'


def c_bytes(data):
    # An array, as no string may be as long as a datagram.
    lines = (data[i:i + 16] for i in range(0, len(data), 16))
    return (f'{{ .len = {len(data)}, .data = (const u8[]){{\n\t\t'
            + ',\n\t\t'.join(', '.join(f'{b:#04x}' for b in line) for line in lines)
            + ' } }')


def c_value(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return c_bytes(value)
    if isinstance(value, int):
        return f'{value}ULL' if value >= 0 else str(value)
    if isinstance(value, dict):
        return c_struct(value)
    return value


def c_struct(members):
    return '{' + ''.join(f'\n\t.{k} = {c_value(v)},' for k, v in members.items()) + '\n}'


def c_array(struct_name, rows):
    return (f'(const struct {struct_name}[]){{\n\t'
            + ',\n\t'.join(c_value(row) for row in rows) + ' }')


class Header:
    """Tables with the number of entries that the file has for each."""

    def __init__(self):
        self.text, self.entries = [], 0

    def define(self, name, value):
        self.text.append(f'#define {name} {value}')

    def table(self, name, struct_name, vectors, rows):
        rows = list(rows)
        self.define(f'FMP_{name.upper()}_ENTRIES', vectors)
        self.text.append(f'static const struct {struct_name} fmp_{name}_vectors[] = {{\n'
                         + ',\n'.join(map(c_struct, rows)) + '\n};')
        # Not in the loops: comparing with a constant 0 is worth a warning.
        self.text.append(f'static const size_t fmp_{name}_rows = '
                         f'ARRAY_SIZE(fmp_{name}_vectors);')
        self.entries += vectors
