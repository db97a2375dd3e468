"""What a customer wants, by rules: the phrases people use, and words that give it away."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

UNCLEAR = "unclear"
SURE = 0.55
"""From here on we answer by ourselves; below we say honestly that we did not understand."""
NEAR = 0.08
"""Two intents closer than this are a toss-up."""
_DUST = re.compile(r"[^\w]+|_", re.UNICODE)
_FILLERS = re.compile(
    r"^(你好|您好|请问|麻烦问下|麻烦|问一下|想问下|那个|嗨|hi|hello)+|[啊呀呢吧哦哈嘛哇]+$"
)


class IntentSpec(BaseModel):
    """One intent of `content/intents.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z_]+$")
    phrases: tuple[str, ...] = Field(min_length=1)
    """Whole sentences as customers write them."""
    words: dict[str, float] = {}
    """Words and how much one of them alone gives the intent away, 0-1."""
    unless: tuple[str, ...] = ()
    """Words that mean something else: 券 in 入场券."""


@dataclass(frozen=True, slots=True)
class Intent:
    name: str
    """A name of `content/intents.yaml`, or `unclear`."""
    confidence: float
    guess: str = ""
    """The likeliest name even when we are not sure."""


def understand(text: str, intents: Sequence[IntentSpec]) -> Intent:
    """The likeliest intent of one sentence."""
    said = normal(text)
    scores = sorted(((_score(said, spec), spec.name) for spec in intents), reverse=True)
    if not said or not scores or scores[0][0] <= 0:
        return Intent(UNCLEAR, 0.0)
    best, name = scores[0]
    second = scores[1][0] if len(scores) > 1 else 0.0
    sure = best >= SURE and (best - second >= NEAR or best >= 0.95)
    return Intent(name if sure else UNCLEAR, round(best, 3), guess=name)


def normal(text: str) -> str:
    """One writing for all: width, case, punctuation and polite fillers do not matter."""
    plain = _DUST.sub("", unicodedata.normalize("NFKC", text).casefold())
    bare = _FILLERS.sub("", plain)
    return bare or plain


def _score(said: str, spec: IntentSpec) -> float:
    if any(word in said for word in spec.unless):
        return 0.0
    alike = max(_alike(said, normal(phrase)) for phrase in spec.phrases)
    missed = 1.0
    for word, weight in spec.words.items():
        if normal(word) in said:
            missed *= 1 - weight
    return max(alike, 1 - missed, 1 - missed * (1 - 0.6 * alike))


def _alike(said: str, phrase: str) -> float:
    """1 for the phrase itself, less the more is said around it or missing from it."""
    if said == phrase:
        return 1.0
    if len(phrase) >= 3 and phrase in said:
        return 0.6 + 0.35 * len(phrase) / len(said)
    return 0.9 * overlap(bigrams(said), bigrams(phrase))


def bigrams(text: str) -> frozenset[str]:
    return frozenset(text[i : i + 2] for i in range(len(text) - 1)) or frozenset({text})


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice: 1 when equal, 0 when nothing is shared."""
    return 2 * len(one & other) / (len(one) + len(other))
