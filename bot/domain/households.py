"""Who lives together, as far as a shop can know it: people who gave the same phone and are not one person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

MOST = 8
"""A number that more people than this gave is a till's or a company's: it makes nobody a household."""


class Tie(NamedTuple):
    """Two records that were seen with one phone."""

    one: int
    other: int
    phone: str | None
    """Its blind index; None where it was not written down."""


def households(ties: Iterable[Tie], stands: Mapping[int, int]) -> dict[int, frozenset[int]]:
    """For each person who shares a phone, she and all with whom she lives. `stands`: who stands for a record."""
    met: dict[object, set[int]] = {}
    for number, tie in enumerate(ties):
        both = {stands.get(each, each) for each in (tie.one, tie.other)}
        met.setdefault(number if tie.phone is None else tie.phone, set()).update(both)
    home: dict[int, frozenset[int]] = {}
    for people in met.values():
        if 1 < len(people) <= MOST:
            whole = frozenset(people).union(*(home.get(each, ()) for each in people))
            home |= dict.fromkeys(whole, whole)
    return home
