"""The sealed envelope both platforms put around a callback: AES-256-CBC, PKCS#7 to 32 bytes, a SHA-1 signature."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

_BLOCK = 32  # the platforms pad to 32 although AES blocks are 16
_HALF = 16
_HEAD = 20  # 16 random bytes, then the length of the message


class Untrusted(Exception):
    """A callback that we do not believe. Tells outsiders nothing; `reason` is for our own counters."""

    def __init__(self, reason: str) -> None:
        super().__init__("untrusted")
        self.reason = reason


def aes_key(encoded: str) -> bytes:
    """The 32 bytes behind an EncodingAESKey of 43 characters. Raises ValueError."""
    key = base64.b64decode(encoded + "=", validate=True)
    if len(key) != 32:
        raise ValueError("an EncodingAESKey has 43 characters")
    return key


@lru_cache(maxsize=8)
def _aes(key: bytes) -> Cipher[modes.CBC]:
    # Setting a key up costs more than deciphering a callback; the IV is fixed by the protocol.
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


@lru_cache(maxsize=8)
def _blocks(key: bytes) -> CipherContext:
    """Deciphers block by block, and never ends: a context made anew for every callback costs twice its work."""
    return Cipher(algorithms.AES(key), modes.ECB()).decryptor()


def _deciphered(sealed: bytes, key: bytes) -> bytes:
    """CBC, as its definition says: each block deciphered alone, over it the sealed one before."""
    before = int.from_bytes(key[:_HALF] + sealed[:-_HALF])
    return (int.from_bytes(_blocks(key).update(sealed)) ^ before).to_bytes(len(sealed))


def signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def signed(given: str, tokens: Iterable[str], *parts: str) -> bool:
    """Whether one of our tokens made this signature. On bytes: `compare_digest` refuses non-ASCII text."""
    matches = [
        hmac.compare_digest(given.encode(), signature(token, *parts).encode()) for token in tokens
    ]
    return any(matches)


def seal(plain: bytes, *, key: bytes, receiver: str) -> str:
    content = os.urandom(16) + len(plain).to_bytes(4, "big") + plain + receiver.encode()
    pad = _BLOCK - len(content) % _BLOCK
    writer = _aes(key).encryptor()
    sealed = writer.update(content + bytes([pad]) * pad) + writer.finalize()
    return base64.b64encode(sealed).decode()


def unseal(encrypt: str, *, keys: Sequence[bytes], receiver: str) -> bytes:
    """The message inside, if one of our keys opens it and it is addressed to us. Raises Untrusted."""
    sealed = _decoded(encrypt)
    for key in keys:
        plain = _opened(sealed, key, receiver.encode())
        if plain is not None:
            return plain
    raise Untrusted("cipher")


def _decoded(encrypt: str) -> bytes:
    try:
        sealed = binascii.a2b_base64(encrypt.encode("ascii"), strict_mode=True)
    except (binascii.Error, ValueError):
        raise Untrusted("base64") from None
    if not sealed or len(sealed) % _BLOCK:
        raise Untrusted("length")
    return sealed


def _opened(sealed: bytes, key: bytes, receiver: bytes) -> bytes | None:
    content = _unpadded(_deciphered(sealed, key))
    if content is None or len(content) < _HEAD:
        return None
    size = int.from_bytes(content[16:_HEAD], "big")
    if not size or _HEAD + size + len(receiver) != len(content):
        return None
    addressed = hmac.compare_digest(content[_HEAD + size :], receiver)
    return content[_HEAD : _HEAD + size] if addressed else None


def _unpadded(padded: bytes) -> bytes | None:
    pad = padded[-1]
    if not 1 <= pad <= _BLOCK or not padded.endswith(bytes([pad]) * pad):
        return None
    return padded[:-pad]
