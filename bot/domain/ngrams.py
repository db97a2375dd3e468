"""Texts as the character n-grams they hold, hashed to numbers: what our models of words look at."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

LONGEST = 2_000
"""Nobody's trouble needs more characters to be understood."""
Numbers = NDArray[np.uint32]
_ODD, _SHIFT = np.uint32(0x9E3779B1), np.uint32(15)
# One number, one link, one masked word ("[订单x]") is like another.
_ANY = re.compile(r"\[[^\[\]]{1,8}x\]|https?://\S+|\d+(?:\.\d+)?")
_SPACE = re.compile(r"\s+")


def plain(text: str) -> str:
    """One writing for all: width, case, numbers and spaces do not matter."""
    same = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    return _SPACE.sub(" ", _ANY.sub("0", same)).strip()


def ngrams(text: str, longest: int = 2) -> Numbers:
    """A number for each different run of 1 to `longest` characters, ascending; the text's two ends are characters
    too. The same on every machine."""
    ends = f"\x02{plain(text)}\x03".encode("utf-32-le", "replace")
    letters = np.frombuffer(ends, dtype="<u4").astype(np.uint32)
    found, run = [_mixed(letters)], letters
    for length in range(1, longest):
        run = _mixed(run[:-1]) + letters[length:]
        found.append(_mixed(run))
    return np.unique(np.concatenate(found))


def _mixed(numbers: Numbers) -> Numbers:
    mixed = (numbers ^ (numbers >> _SHIFT)) * _ODD
    return mixed ^ (mixed >> _SHIFT)
