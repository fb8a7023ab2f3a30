# SPDX-License-Identifier: GPL-2.0
"""Points by libsecp256k1 and ciphers by libsodium, for crowds: what Python needs for them
where it is emulated would be all that a crowd measures.  The results are the same (see
check), and all else of a handshake stays as it is.
"""
import ctypes

from . import aead, curve

CURVES = ("libsecp256k1.so.1", "libsecp256k1.so.2", "libsecp256k1.so.0")
CIPHERS = ("libsodium.so.23", "libsodium.so.26")
SIGN_AND_VERIFY = 0x301
UNCOMPRESSED = 2
LENGTH = 65


def _open(names):
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            pass
    raise OSError(f"there is no {names[0]}")


class Curve:
    """As much of the library as a product needs."""

    def __init__(self):
        self.library = _open(CURVES)
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


class Cipher:
    """ChaCha20-Poly1305 as RFC 8439 has it."""

    def __init__(self):
        library = _open(CIPHERS)
        self._seal = library.crypto_aead_chacha20poly1305_ietf_encrypt
        self._unseal = library.crypto_aead_chacha20poly1305_ietf_decrypt

    def seal(self, key, nonce, plaintext, associated=b""):
        out = ctypes.create_string_buffer(len(plaintext) + aead.TAG_SIZE)
        self._seal(out, None, plaintext, ctypes.c_ulonglong(len(plaintext)), associated,
                   ctypes.c_ulonglong(len(associated)), None, nonce, key)
        return out.raw

    def unseal(self, key, nonce, sealed, associated=b""):
        if len(sealed) < aead.TAG_SIZE:
            raise aead.TagError("shorter than a tag")
        # Never empty, which ctypes would make another type of.
        out = ctypes.create_string_buffer(len(sealed))
        if self._unseal(out, None, None, sealed, ctypes.c_ulonglong(len(sealed)), associated,
                        ctypes.c_ulonglong(len(associated)), nonce, key):
            raise aead.TagError("wrong tag")
        return out.raw[:len(sealed) - aead.TAG_SIZE]


def use():
    """From now on, for all nodes of the process."""
    curve.multiply = Curve().multiply
    cipher = Cipher()
    aead.seal, aead.unseal = cipher.seal, cipher.unseal
