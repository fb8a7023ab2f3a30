# SPDX-License-Identifier: GPL-2.0
"""secp256k1: keys, points in their compressed form, and the agreement of spec 3.1.

Points are multiplied in Jacobian coordinates.  For the generator, and for whoever is
dialled by many, there is a table of multiples.  Others take half of the doublings that
a scalar has bits: multiplying X by a cube root of 1 in the field multiplies the point
by one in the scalars, so that a scalar can be split into two short ones.
"""
import hashlib

FIELD = 2**256 - 2**32 - 977
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
GENERATOR = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
             0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)

NAF_WIDTH = 5
FIXED_WIDTH = 4

INFINITY = (0, 1, 0)


class PointError(ValueError):
    """Bytes that are no point of the curve, or no secret key."""


def _double(point):
    x, y, z = point
    if not z:
        return INFINITY
    square = y * y % FIELD
    s = 4 * x * square % FIELD
    m = 3 * x * x % FIELD
    x3 = (m * m - 2 * s) % FIELD
    return x3, (m * (s - x3) - 8 * square * square) % FIELD, 2 * y * z % FIELD


def _add_affine(point, x2, y2):
    """The sum of a Jacobian point and one whose Z is 1."""
    x1, y1, z1 = point
    if not z1:
        return x2, y2, 1
    z_square = z1 * z1 % FIELD
    h = (x2 * z_square - x1) % FIELD
    r = (y2 * z_square * z1 - y1) % FIELD
    if not h:
        return INFINITY if r else _double(point)
    h_square = h * h % FIELD
    h_cube = h * h_square % FIELD
    v = x1 * h_square % FIELD
    x3 = (r * r - h_cube - 2 * v) % FIELD
    return x3, (r * (v - x3) - y1 * h_cube) % FIELD, z1 * h % FIELD


def _normalise(points):
    """Affine forms of Jacobian points, none of them infinite, by one inversion."""
    products, product = [], 1
    for point in points:
        products.append(product)
        product = product * point[2] % FIELD
    inverse = pow(product, -1, FIELD)
    affine = [None] * len(points)
    for i in reversed(range(len(points))):
        x, y, z = points[i]
        z_inverse = inverse * products[i] % FIELD
        inverse = inverse * z % FIELD
        square = z_inverse * z_inverse % FIELD
        affine[i] = x * square % FIELD, y * square * z_inverse % FIELD
    return affine


def _non_adjacent(scalar):
    """Signed odd digits of a scalar, the lowest first, few of them not zero."""
    digits, full, half = [], 1 << NAF_WIDTH, 1 << (NAF_WIDTH - 1)
    while scalar:
        digit = 0
        if scalar & 1:
            digit = scalar & (full - 1)
            if digit >= half:
                digit -= full
            scalar -= digit
        digits.append(digit)
        scalar >>= 1
    return digits


def _odd_multiples(point):
    """1, 3, 5 .. times the point, as many as a digit can ask for."""
    multiples = [(*point, 1)]
    twice = _normalise([_double(multiples[0])])[0]
    for _ in range((1 << (NAF_WIDTH - 2)) - 1):
        multiples.append(_add_affine(multiples[-1], *twice))
    return _normalise(multiples)


def _endomorphism():
    """Cube roots of 1 that belong together, and two short vectors (a, b) with
    a + b * root = 0 for the scalars."""
    root = next(r for g in range(2, 9) if (r := pow(g, (ORDER - 1) // 3, ORDER)) != 1)
    field_root = next(r for g in range(2, 9) if (r := pow(g, (FIELD - 1) // 3, FIELD)) != 1)
    x, y = _multiply_plain(root, GENERATOR)
    if (GENERATOR[0] * field_root - x) % FIELD or y != GENERATOR[1]:
        field_root = field_root * field_root % FIELD
    # Euclid's algorithm: each remainder is a multiple of the root, of which the
    # factor is known; half way both are short.
    vectors, old, new, old_t, new_t = [], ORDER, root, 0, 1
    while len(vectors) < 2:
        quotient = old // new
        old, new = new, old - quotient * new
        old_t, new_t = new_t, old_t - quotient * new_t
        if old < 1 << 128:
            vectors.append((old, -old_t))
    return field_root, vectors


def _multiply_plain(scalar, point):
    total = INFINITY
    for bit in bin(scalar)[2:]:
        total = _double(total)
        if bit == "1":
            total = _add_affine(total, *point)
    return _normalise([total])[0]


FIELD_ROOT, ((A1, B1), (A2, B2)) = _endomorphism()
DETERMINANT = A1 * B2 - A2 * B1


def _rounded(dividend, divisor):
    return (2 * dividend + divisor) // (2 * divisor)


def _split(scalar):
    """Two scalars of half the length, of which the second goes with the root."""
    first = _rounded(scalar * B2, DETERMINANT)
    second = _rounded(-scalar * B1, DETERMINANT)
    return scalar - first * A1 - second * A2, -first * B1 - second * B2


def _signed_digits(scalar):
    if scalar >= 0:
        return _non_adjacent(scalar)
    return [-digit for digit in _non_adjacent(-scalar)]


def _multiply_any(scalar, point):
    multiples = _odd_multiples(point)
    rooted = [(x * FIELD_ROOT % FIELD, y) for x, y in multiples]
    halves = [(_signed_digits(half), table)
              for half, table in zip(_split(scalar), (multiples, rooted))]
    total = INFINITY
    for i in reversed(range(max(len(digits) for digits, _ in halves))):
        total = _double(total)
        for digits, table in halves:
            digit = digits[i] if i < len(digits) else 0
            if digit > 0:
                total = _add_affine(total, *table[digit >> 1])
            elif digit < 0:
                x, y = table[-digit >> 1]
                total = _add_affine(total, x, FIELD - y)
    return total


# Tables of points, and how often others were multiplied so far.
_tables = {}
_uses = {}
OFTEN = 8
MOST_TABLES = 4


def _make_table(point):
    """For each digit of a scalar, what it adds to a multiple of the point."""
    rows, base = [], (*point, 1)
    count = (1 << FIXED_WIDTH) - 1
    for _ in range(256 // FIXED_WIDTH):
        x, y = _normalise([base])[0]
        row = [(x, y, 1)]
        for _ in range(count):
            row.append(_add_affine(row[-1], x, y))
        base = row.pop()
        rows += row
    affine = _normalise(rows)
    return [affine[i:i + count] for i in range(0, len(affine), count)]


def _table_of(point):
    """The table of a point that is worth one."""
    if point in _tables:
        return _tables[point]
    if len(_uses) > 64:
        _uses.clear()
    _uses[point] = _uses.get(point, 0) + 1
    if point != GENERATOR and (_uses[point] < OFTEN or len(_tables) >= MOST_TABLES):
        return None
    _tables[point] = _make_table(point)
    return _tables[point]


def _multiply_fixed(scalar, table):
    total, mask = INFINITY, (1 << FIXED_WIDTH) - 1
    for row in table:
        digit = scalar & mask
        if digit:
            total = _add_affine(total, *row[digit - 1])
        scalar >>= FIXED_WIDTH
    return total


def multiply(scalar, point):
    """scalar times an affine point, in affine form."""
    scalar %= ORDER
    table = _table_of(point)
    total = _multiply_fixed(scalar, table) if table else _multiply_any(scalar, point)
    if not total[2]:
        raise PointError("infinity")
    return _normalise([total])[0]


def multiply_generator(scalar):
    # By whatever fast.use() has put there.
    return multiply(scalar, GENERATOR)


def lift(x, odd=False):
    """The point with that X, if there is one."""
    if x >= FIELD:
        raise PointError("X is beyond the field")
    square = (x * x * x + 7) % FIELD
    y = pow(square, (FIELD + 1) // 4, FIELD)
    if y * y % FIELD != square:
        raise PointError("no point has this X")
    return x, y if bool(y & 1) == odd else FIELD - y


def compress(point):
    return bytes((2 + (point[1] & 1),)) + point[0].to_bytes(32, "big")


def decompress(data):
    """The point of 33 bytes, in the only form that is on the wire."""
    if len(data) != 33 or data[0] not in (2, 3):
        raise PointError("no compressed point")
    return lift(int.from_bytes(data[1:], "big"), data[0] == 3)


class Key:
    """A secret key and its public one."""

    def __init__(self, secret):
        self.scalar = int.from_bytes(secret, "big")
        if len(secret) != 32 or not 0 < self.scalar < ORDER:
            raise PointError("no secret key")
        self.secret = bytes(secret)
        self.public = compress(multiply_generator(self.scalar))
        self.x = self.public[1:]

    def agree(self, public):
        """SHA-256 of X alone, so that a wrong parity does not matter (3.1 D1, 3.4)."""
        x, _ = multiply(self.scalar, decompress(public))
        return hashlib.sha256(x.to_bytes(32, "big")).digest()


def even(x):
    """What is taken for the full key of one that is known by its X only (spec 1)."""
    return b"\x02" + x
