"""Who of those seen with one phone is one person: decided over all of them at once, in whatever order they came."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from bot.domain.merging import ONE_EACH, PHONE, Key, alike, contradicted


class Claim(NamedTuple):
    """What is known for certain of somebody who was seen with the phone."""

    keys: frozenset[Key]
    names: frozenset[str] = frozenset()

    @property
    def bare(self) -> bool:
        """Nothing but the phone."""
        return not self.names and all(each.kind == PHONE for each in self.keys)


Pair = frozenset[int]
Group = frozenset[int]


def persons(
    claims: Sequence[Claim],
    *,
    agreed: Mapping[Pair, Collection[str]],
    denied: Collection[Pair] = (),
) -> list[Group]:
    """The claims by person. `agreed`: in what else two of them were seen to agree; `denied`: somebody said no.

    A name, or a second id in which they agree, joins two. Beyond that a phone joins all who were seen with it, as
    long as nothing tells two of them apart; once something does, it joins only those who can be nobody else."""
    circle = _Circle(claims, denied)
    for one, other in combinations(range(len(claims)), 2):
        if agreed.get(frozenset((one, other))) or _same_name(claims[one], claims[other]):
            circle.join(one, other, apart=ONE_EACH)
    told = [group for group in circle.groups() if not circle.sum_of(group).bare]
    if not any(circle.apart(one, other) for one, other in combinations(told, 2)):
        circle.join_all([*told, *circle.groups()])
    else:
        circle.join_only_ones(told)
    return circle.groups()


class _Circle:
    def __init__(self, claims: Sequence[Claim], denied: Collection[Pair]) -> None:
        self._claims, self._denied = claims, denied
        self._group = {each: frozenset((each,)) for each in range(len(claims))}

    def groups(self) -> list[Group]:
        return sorted(set(self._group.values()), key=min)

    def sum_of(self, group: Group) -> Claim:
        parts = [self._claims[each] for each in group]
        return Claim(
            frozenset().union(*(part.keys for part in parts)),
            frozenset().union(*(part.names for part in parts)),
        )

    def apart(self, one: Group, other: Group, kinds: Collection[str] | None = None) -> bool:
        if any(frozenset((i, j)) in self._denied for i in one for j in other):
            return True
        ours, theirs = self.sum_of(one), self.sum_of(other)
        differ = contradicted({PHONE}, ours.keys, theirs.keys)
        if kinds is not None:
            return bool(differ & set(kinds))
        return bool(differ) or _other_name(ours, theirs)

    def join(self, one: int, other: int, *, apart: Collection[str]) -> None:
        ours, theirs = self._group[one], self._group[other]
        if ours != theirs and not self.apart(ours, theirs, apart):
            self._unite(ours | theirs)

    def join_all(self, groups: Sequence[Group]) -> None:
        """Whoever is known by the phone alone is of them, too."""
        whole = frozenset[int]()
        for group in groups:
            if not self.apart(whole, group):
                whole |= group
        self._unite(whole)

    def join_only_ones(self, groups: Sequence[Group]) -> None:
        """Two who can be each other, and neither of whom can be a third."""
        near = {g: [h for h in groups if h != g and not self.apart(g, h)] for g in groups}
        for group, others in near.items():
            if len(others) == 1 and near[others[0]] == [group]:
                self._unite(group | others[0])

    def _unite(self, group: Group) -> None:
        self._group |= dict.fromkeys(group, group)


def _same_name(one: Claim, other: Claim) -> bool:
    return any(same is True for same in _compared(one, other))


def _other_name(one: Claim, other: Claim) -> bool:
    told = list(_compared(one, other))
    return False in told and True not in told


def _compared(one: Claim, other: Claim) -> Iterator[bool | None]:
    return (alike(ours, theirs) for ours in one.names for theirs in other.names)
