"""Identifiers and random streams that depend on the seed and a business key, never on the order of arrival."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from typing import Any

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def digest(*key: object) -> bytes:
    return hashlib.sha256("\x1f".join(map(str, key)).encode()).digest()


def fingerprint(value: Any) -> str:
    """The same for equal JSON values, whatever the order of their keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def base62(raw: bytes) -> str:
    number, out = int.from_bytes(raw, "big"), []
    while number:
        number, rest = divmod(number, 62)
        out.append(ALPHABET[rest])
    return "".join(out)


class Names:
    """Makes ids in the platforms' shapes; the n-th id of one business key is always the same id."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._made: Counter[tuple[str, ...]] = Counter()

    def stream(self, *key: object) -> random.Random:
        return random.Random(digest(self.seed, *key))

    def make(self, prefix: str, length: int, *key: object) -> str:
        raw, body = self._fresh(prefix, *key), prefix
        while len(body) < length:
            body += base62(raw)
            raw = digest(raw)
        return body[:length]

    def hex(self, length: int, *key: object) -> str:
        return self._fresh("hex", *key).hex()[:length]

    def number(self, digits: int, *key: object) -> int:
        value = int.from_bytes(self._fresh("number", *key)[:8], "big")
        low = int("1" + "0" * (digits - 1))
        return low + value % (9 * low)

    def aes_key(self, *key: object) -> str:
        """43 letters and digits that decode, with one `=`, to exactly 32 bytes."""
        last = "AEIMQUYcgkosw048"[digest(self.seed, "aes-end", *key)[0] % 16]
        return self.make("", 42, "aes", *key) + last

    def _fresh(self, prefix: str, *key: object) -> bytes:
        name = (prefix, *map(str, key))
        self._made[name] += 1
        return digest(self.seed, self._made[name], *name)
