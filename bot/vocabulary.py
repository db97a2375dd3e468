"""A closed set of frozen dataclasses that can be named, written down and read back: our events, our calls."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

Word = TypeVar("Word")


class Vocabulary(Generic[Word]):
    def __init__(self, tag: str) -> None:
        """The tag is the key under which a written word says what it is."""
        self._tag = tag
        self._kinds: dict[str, type[Word]] = {}
        self._adapters: dict[str, TypeAdapter[Any]] = {}

    def add(self, kind: type[Word]) -> None:
        # `slots=True` makes dataclass() create the class twice; the second one wins here, as it must.
        self._kinds[_snake(kind.__name__)] = kind

    def kinds(self) -> tuple[type[Word], ...]:
        return tuple(self._kinds.values())

    def kind_of(self, word: Word) -> str:
        """`CustomerAdded` → `customer_added`: the name in logs, metrics and tables."""
        return _snake(type(word).__name__)

    def dump(self, word: Word) -> dict[str, Any]:
        kind = self.kind_of(word)
        facts: dict[str, Any] = self._adapter(kind).dump_python(word, mode="json")
        return {self._tag: kind} | facts

    def load(self, written: dict[str, Any]) -> Word:
        """The word that `dump` wrote. Raises KeyError for a kind that is gone."""
        facts = dict(written)
        word: Word = self._adapter(facts.pop(self._tag)).validate_python(facts)
        return word

    def _adapter(self, kind: str) -> TypeAdapter[Any]:
        if kind not in self._adapters:
            self._adapters[kind] = TypeAdapter(self._kinds[kind])
        return self._adapters[kind]


@cache
def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
