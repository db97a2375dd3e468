"""The brand's own answers to questions, each with the page it stands on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.intents import bigrams, normal

ENOUGH = 0.5
_ALSO = "也问："


@dataclass(frozen=True, slots=True)
class Entry:
    questions: tuple[str, ...]
    """How people ask; the first is the title."""
    answer: str
    source: str
    """The page's own title, shown under the answer."""


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


def best_answer(question: str, entries: Sequence[Entry]) -> tuple[Entry, float] | None:
    """The entry whose question shares most with this one, if it shares enough."""
    asked = bigrams(normal(question))
    ranked = [
        (max(_covers(asked, known) for known in e.questions), -i) for i, e in enumerate(entries)
    ]
    score, place = max(ranked, default=(0.0, 0))
    return (entries[-place], score) if score >= ENOUGH else None


def _covers(asked: frozenset[str], known: str) -> float:
    """How much of the known question is in what she asked, and the other way round, the weaker doubted."""
    pairs = bigrams(normal(known))
    shared = len(asked & pairs)
    return 0.5 * shared / len(pairs) + 0.5 * shared / len(asked)
