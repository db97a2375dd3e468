"""The brand's own answers to questions, each with the page it stands on: full-text search by pairs of characters."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from bot.domain.intents import bigrams, normal

ENOUGH = 0.5
_ALSO = "也问："
_ELSEWHERE = 0.4
"""Words that stand in the entry, only not in that question, count so much."""


@dataclass(frozen=True, slots=True)
class Entry:
    questions: tuple[str, ...]
    """How people ask; the first is the title."""
    answer: str
    source: str
    """The page's own title, shown under the answer."""


class _Indexed(NamedTuple):
    entry: Entry
    questions: tuple[frozenset[str], ...]
    all: frozenset[str]
    """Of its questions and its answer."""


class Knowledge:
    """All entries, and an index that is made when the first question comes."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = tuple(entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def best(self, question: str) -> tuple[Entry, float] | None:
        """The nearest entry, if it is near enough to be said."""
        found = self.search(question, limit=1)
        return found[0] if found and found[0][1] >= ENOUGH else None

    def search(self, question: str, limit: int = 3) -> list[tuple[Entry, float]]:
        """Entries that share words with this question, nearest first, from 0 to 1."""
        asked = bigrams(normal(question))
        sharing = [one for one in self._index if asked & one.all]
        scored = [(one.entry, round(self._nearness(asked, one), 3)) for one in sharing]
        return sorted(scored, key=lambda pair: -pair[1])[:limit]

    def _nearness(self, asked: frozenset[str], one: _Indexed) -> float:
        """How much of the question is in hers, and the other way round, the weaker doubted."""
        whole = self._weight(asked)
        elsewhere = self._weight(asked & one.all)
        best = 0.0
        for known in one.questions:
            shared = self._weight(asked & known)
            covered = shared + _ELSEWHERE * max(elsewhere - shared, 0.0)
            best = max(best, 0.5 * shared / self._weight(known) + 0.5 * covered / whole)
        return best

    def _weight(self, pairs: Collection[str]) -> float:
        """A pair that every entry has tells little."""
        return sum(self._rarity.get(pair, self._strangest) for pair in pairs)

    @cached_property
    def _index(self) -> list[_Indexed]:
        return [_indexed(entry) for entry in self._entries]

    @cached_property
    def _rarity(self) -> dict[str, float]:
        count = Counter(pair for one in self._index for pair in one.all)
        return {pair: math.log(1 + len(self._index) / often) for pair, often in count.items()}

    @property
    def _strangest(self) -> float:
        return math.log(1 + len(self._entries))


def _indexed(entry: Entry) -> _Indexed:
    questions = tuple(bigrams(normal(each)) for each in entry.questions)
    return _Indexed(entry, questions, frozenset().union(*questions, bigrams(normal(entry.answer))))


def read_page(text: str) -> list[Entry]:
    """A page: `# title`, then for each question `## question`, perhaps a line `也问：a / b`, and the answer."""
    title, *sections = text.split("\n## ")
    source = title.removeprefix("#").strip()
    return [_read(section, source) for section in sections]


def _read(section: str, source: str) -> Entry:
    question, *lines = section.strip().splitlines()
    also: list[str] = []
    if lines and (first := next((line for line in lines if line.strip()), "")).startswith(_ALSO):
        also = [one.strip() for one in first.removeprefix(_ALSO).split("/")]
        lines.remove(first)
    return Entry((question.strip(), *also), "\n".join(lines).strip(), source)
