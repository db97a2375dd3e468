"""Does this sound like a complaint? A small number per hashed run of characters; docs/models.md names its sources."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.domain.learning import Indices, Rows, learn
from bot.domain.ngrams import ngrams

FILE = "complaints.gz"
LONGEST, BITS = 3, 18
DOUBT, STEPS = 1.0, 25


class Example(NamedTuple):
    text: str
    is_complaint: bool
    counts: float = 1.0
    """How much it matters beside the others."""


@dataclass(frozen=True, slots=True)
class Detector:
    weights: NDArray[np.int8]
    scale: float
    threshold: float
    """What the weights say of a text that is as likely a complaint as not."""

    def margin(self, text: str) -> float:
        """Above 0 it is one."""
        places = _places(text)
        total = int(self.weights[places].sum(dtype=np.int64))
        return total * self.scale / float(np.sqrt(len(places))) - self.threshold

    def packed(self) -> bytes:
        head = {"bits": BITS, "longest": LONGEST, "scale": self.scale, "threshold": self.threshold}
        body = json.dumps(head).encode() + b"\n" + self.weights.tobytes()
        return gzip.compress(body, 9, mtime=0)


def unpacked(packed: bytes) -> Detector:
    head, _, weights = gzip.decompress(packed).partition(b"\n")
    told = json.loads(head)
    return Detector(np.frombuffer(weights, dtype=np.int8), told["scale"], told["threshold"])


@cache
def shipped() -> Detector:
    return unpacked(files(__package__).joinpath(FILE).read_bytes())


def teach_detector(examples: Sequence[Example], threshold: float = 0.0) -> Detector:
    """The same examples in the same order teach the same bytes."""
    seen = [_places(example.text) for example in examples]
    lengths = np.array([len(each) for each in seen])
    known, columns = np.unique(np.concatenate(seen), return_inverse=True)
    starts: Indices = np.concatenate([[0], np.cumsum(lengths)])
    values = np.repeat(1 / np.sqrt(lengths), lengths).astype(np.float32)
    rows = Rows(columns, values, starts, len(known))
    signs = np.array([[1.0 if each.is_complaint else -1.0] for each in examples], np.float32)
    counts = np.array([each.counts for each in examples], dtype=np.float32)
    learned = learn(rows, signs, doubt=DOUBT, counts=counts, steps=STEPS)[:, 0]
    scale = float(np.abs(learned).max()) / 127
    weights = np.zeros(1 << BITS, dtype=np.int8)
    weights[known] = np.round(learned / np.float32(scale)).astype(np.int8)
    return Detector(weights, scale, threshold)


def _places(text: str) -> NDArray[np.uint32]:
    return np.unique(ngrams(text, LONGEST) >> np.uint32(32 - BITS))
