# SPDX-License-Identifier: GPL-2.0
"""The handshake of spec 3, which is Noise IK with the deviations of 3.1.

A handshake is begun by Initiator or by Responder; both end with the keys of a
session.  Nothing of a message that fails stays behind: what it would have changed
is a copy (3.5 RULE).
"""
import hashlib
import hmac

from . import aead, curve

NAME = b"Noise_IK_secp256k1_ChaChaPoly_SHA256"
POINT = 33
TAG = aead.TAG_SIZE
EPOCH = 8
MESSAGE1 = POINT + POINT + TAG + EPOCH + TAG
MESSAGE2 = POINT + EPOCH + TAG


class HandshakeError(ValueError):
    """A message that does not belong to this handshake, with the reason."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def _hmac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def derive(salt, material):
    """Two keys (HKDF without info)."""
    secret = _hmac(salt, material)
    first = _hmac(secret, b"\1")
    return first, _hmac(secret, first + b"\2")


class Transcript:
    """Chaining key and hash.  Each key seals one field, so the nonce is always 0."""

    def __init__(self, responder_x, trace=None):
        self.hash = self.chain = hashlib.sha256(NAME).digest()
        self.key = None
        self.trace = trace
        # Of the parity only one is ever mixed in (D2).
        self.mix_hash(curve.even(responder_x))

    def note(self, **values):
        if self.trace is not None:
            self.trace.append(values)

    def mix_hash(self, data):
        self.hash = hashlib.sha256(self.hash + data).digest()
        self.note(data=data, h=self.hash)

    def mix_key(self, secret):
        self.chain, self.key = derive(self.chain, secret)
        self.note(dh=secret, ck=self.chain, k=self.key)

    def seal(self, plaintext):
        # Without associated data: the hash authenticates nothing (D4).
        sealed = aead.seal(self.key, aead.counter_nonce(0), plaintext)
        self.mix_hash(sealed)
        return sealed

    def unseal(self, sealed):
        try:
            plaintext = aead.unseal(self.key, aead.counter_nonce(0), sealed)
        except aead.TagError:
            raise HandshakeError("decrypt_fail") from None
        self.mix_hash(sealed)
        return plaintext

    def split(self):
        return derive(self.chain, b"")

    def fork(self):
        fork = Transcript.__new__(Transcript)
        fork.__dict__.update(self.__dict__, trace=None)
        return fork


def _agree(key, public):
    try:
        return key.agree(public)
    except curve.PointError:
        raise HandshakeError("invalid_pubkey") from None


class Initiator:
    """Writes message 1, reads message 2."""

    def __init__(self, static, responder_x, epoch, ephemeral, trace=None):
        self.ephemeral = ephemeral
        self.transcript = t = Transcript(responder_x, trace)
        t.mix_hash(ephemeral.public)
        self.es = _agree(ephemeral, curve.even(responder_x))
        t.mix_key(self.es)
        sealed_static = t.seal(static.public)
        t.mix_key(_agree(static, curve.even(responder_x)))
        self.message1 = ephemeral.public + sealed_static + t.seal(epoch)

    def read(self, message2):
        """The responder's epoch, and the keys to send and to receive with."""
        if len(message2) != MESSAGE2:
            raise HandshakeError("length")
        t = self.transcript.fork()
        ephemeral = message2[:POINT]
        t.mix_hash(ephemeral)
        t.mix_key(_agree(self.ephemeral, ephemeral))
        # What other texts call "se" is "es" once more (D3).
        t.mix_key(self.es)
        epoch = t.unseal(message2[POINT:])
        send, receive = t.split()
        self.final = t.hash
        return epoch, send, receive


class Responder:
    """Reads message 1; who sent it is known then, and message 2 can be written."""

    def __init__(self, static, message1, trace=None):
        if len(message1) != MESSAGE1:
            raise HandshakeError("length")
        self.transcript = t = Transcript(static.x, trace)
        self.ephemeral = message1[:POINT]
        t.mix_hash(self.ephemeral)
        self.es = _agree(static, self.ephemeral)
        t.mix_key(self.es)
        self.initiator = t.unseal(message1[POINT:2 * POINT + TAG])
        t.mix_key(_agree(static, self.initiator))
        self.epoch = t.unseal(message1[2 * POINT + TAG:])

    @property
    def initiator_x(self):
        return self.initiator[1:]

    def write(self, ephemeral, epoch):
        """Message 2, and the keys to send and to receive with."""
        t = self.transcript
        t.mix_hash(ephemeral.public)
        t.mix_key(_agree(ephemeral, self.ephemeral))
        t.mix_key(self.es)
        message2 = ephemeral.public + t.seal(epoch)
        receive, send = t.split()
        self.final = t.hash
        return message2, send, receive
