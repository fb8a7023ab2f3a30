# SPDX-License-Identifier: GPL-2.0
"""Multiplication by libsecp256k1, for crowds: what Python needs where it is emulated would
be all that a crowd measures.  The product is the same (see check), and all else of a
handshake stays as it is.
"""
import ctypes

from . import curve

NAMES = ("libsecp256k1.so.1", "libsecp256k1.so.2", "libsecp256k1.so.0")
SIGN_AND_VERIFY = 0x301
UNCOMPRESSED = 2
LENGTH = 65


class Library:
    """As much of it as a product needs."""

    def __init__(self):
        self.library = _open()
        create = self.library.secp256k1_context_create
        create.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(create(SIGN_AND_VERIFY))
        self.key = ctypes.create_string_buffer(64)
        self.out = ctypes.create_string_buffer(LENGTH)
        self.length = ctypes.c_size_t()

    def _call(self, name, *args):
        if not getattr(self.library, f"secp256k1_{name}")(self.context, *args):
            raise curve.PointError(name)

    def multiply(self, scalar, point):
        """scalar times an affine point, in affine form."""
        scalar = (scalar % curve.ORDER).to_bytes(32, "big")
        if point == curve.GENERATOR:
            self._call("ec_pubkey_create", self.key, scalar)
        else:
            text = b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")
            self._call("ec_pubkey_parse", self.key, text, ctypes.c_size_t(LENGTH))
            self._call("ec_pubkey_tweak_mul", self.key, scalar)
        self.length.value = LENGTH
        self._call("ec_pubkey_serialize", self.out, ctypes.byref(self.length), self.key,
                   UNCOMPRESSED)
        data = self.out.raw
        return int.from_bytes(data[1:33], "big"), int.from_bytes(data[33:], "big")


def _open():
    for name in NAMES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            pass
    raise OSError("there is no libsecp256k1")


def use():
    """From now on, for all nodes of the process."""
    curve.multiply = Library().multiply
