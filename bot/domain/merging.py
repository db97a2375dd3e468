"""Whether two records are one person: which ids prove it, and which contradict it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, NamedTuple

Verdict = Literal["merge", "propose"]

_PERSON = "person"
_SPACE = {"kf": _PERSON, "external_userid": _PERSON}
"""微信客服 and 客户联系 number people alike: the same external_userid is the same person."""
_ACCOUNTED = frozenset({"openid", "buyer_id"})
CONFIDENCE = {"member_no": 0.95, "buyer_id": 0.95, "phone": 0.8}

# What must not differ when records meet over an id of this kind. An equal unionid outweighs everything:
# external_userids change when a corp migrates. A phone may belong to a whole family.
_CONTRADICTIONS: dict[str, frozenset[str]] = {
    "unionid": frozenset(),
    _PERSON: frozenset({"unionid"}),
    "openid": frozenset({"unionid"}),
    "member_no": frozenset({"unionid", _PERSON}),
    "buyer_id": frozenset({"unionid", _PERSON}),
    "phone": frozenset({"unionid", _PERSON, "openid", "member_no", "buyer_id"}),
}


class Key(NamedTuple):
    """One id as it is kept: a phone as its blind index."""

    kind: str
    value: str
    account: str = ""


def key(kind: str, value: str, account: str = "") -> Key:
    """Only openids and buyer ids belong to an account; an openid is unique even without it."""
    return Key(kind, value, account if kind in _ACCOUNTED else "")


def same_person(known: Key) -> tuple[Key, ...]:
    """Every key that by itself proves the same person, the key itself first."""
    if known.kind not in _SPACE:
        return (known,)
    return (known, *(Key(kind, known.value) for kind in _SPACE if kind != known.kind))


def weigh(shared: str, ours: Collection[Key], theirs: Collection[Key]) -> Verdict:
    """What two records that share an id of this kind should become."""
    for space in _CONTRADICTIONS[_SPACE.get(shared, shared)]:
        if _differ(_values(space, ours), _values(space, theirs)):
            return "propose"
    return "merge"


def _values(space: str, keys: Collection[Key]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for known in keys:
        if _SPACE.get(known.kind, known.kind) == space:
            found.setdefault(known.account, set()).add(known.value)
    return found


def _differ(ours: dict[str, set[str]], theirs: dict[str, set[str]]) -> bool:
    return any(ours[account].isdisjoint(theirs[account]) for account in ours.keys() & theirs)
