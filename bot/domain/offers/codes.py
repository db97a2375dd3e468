"""Spoken codes, and what was meant by a typed one."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 symbols that nobody confuses when a code is read aloud: no 0, O, 1 or I."""
CODE_LENGTH = 10


def code_for(seed: str, *facts: object) -> str:
    """A code of 50 bits that nobody without the seed can foretell."""
    drawn = hmac.new(seed.encode(), "|".join(map(str, facts)).encode(), hashlib.sha256).digest()
    return "".join(ALPHABET[byte % 32] for byte in drawn[:CODE_LENGTH])


def read_code(typed: str) -> str:
    """What was meant by a code pasted with spaces, dashes, full-width or small letters."""
    plain = unicodedata.normalize("NFKC", typed).upper()
    return "".join(letter for letter in plain if letter.isalnum())
