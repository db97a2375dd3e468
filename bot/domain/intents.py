"""What a customer wants: her very sentence, a word that decides, else what the brand's own sentences taught."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field

from bot.domain.text_model import TextModel, teach

UNCLEAR = "unclear"
SURE = 0.35
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
    """Whole sentences as customers write them; the model learns from them."""
    words: tuple[str, ...] = ()
    """Words that decide by themselves, wherever they stand."""


@dataclass(frozen=True, slots=True)
class Intent:
    name: str
    """A name of `content/intents.yaml`, or `unclear`."""
    confidence: float
    guess: str = ""
    """The likeliest name even when we are not sure."""


class Intents:
    """The brand's intents; their model is learned when the first sentence needs it."""

    def __init__(self, specs: Iterable[IntentSpec] = ()) -> None:
        self._specs = tuple(specs)
        self._exact = {normal(one): spec.name for spec in self._specs for one in spec.phrases}
        self._words = [(normal(one), spec.name) for spec in self._specs for one in spec.words]

    def __iter__(self) -> Iterator[IntentSpec]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(spec.name for spec in self._specs)

    def understand(self, text: str) -> Intent:
        """The likeliest intent of one sentence."""
        said = normal(text)
        if not said or not self._specs:
            return Intent(UNCLEAR, 0.0)
        rule = self._exact.get(said) or next((n for word, n in self._words if word in said), None)
        return Intent(rule, 1.0, guess=rule) if rule else self._guess(said)

    def _guess(self, said: str) -> Intent:
        shares = self._model.shares(said)
        second, first = (float(share) for share in sorted([0.0, *shares])[-2:])
        guess = self.names[int(shares.argmax())]
        sure = first >= SURE and first - second >= NEAR
        return Intent(guess if sure else UNCLEAR, round(first, 3), guess=guess)

    @cached_property
    def _model(self) -> TextModel:
        kinds = {name: number for number, name in enumerate(self.names)}
        return teach(list(self._exact), [kinds[name] for name in self._exact.values()])


def normal(text: str) -> str:
    """One writing for all: width, case, punctuation and polite fillers do not matter."""
    plain = _DUST.sub("", unicodedata.normalize("NFKC", text).casefold())
    bare = _FILLERS.sub("", plain)
    return bare or plain


def bigrams(text: str) -> frozenset[str]:
    return frozenset(text[i : i + 2] for i in range(len(text) - 1)) or frozenset({text})
