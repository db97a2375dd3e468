"""Where our picture of a tie and the platform's differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

Where = Literal["missing_here", "missing_there", "differing"]


class Mark(NamedTuple):
    """A corp tag on a tie as we believe it: marked, adding, removing or declined, and since when."""

    state: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    external_userid: str
    ended_at: datetime | None
    state: str | None
    remark: str
    marks: Mapping[str, Mark] = field(default_factory=dict)
    """By corp tag id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A customer as we know her, with her tie to the guide in question."""

    name: str
    gender: int
    unionids: Collection[str]
    addresses: int
    """How many external_userids are hers: of two, each may have a name of its own."""
    tie: Tie | None
    nobody: bool = False
    """She was erased: what WeCom says of her is not taken over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The same as the platform tells it."""

    userid: str
    external_userid: str
    since: datetime
    name: str = ""
    gender: int = 0
    unionid: str = ""
    state: str = ""
    remark: str = ""
    new_phone: bool = False
    """The remark carries a number that is nobody's yet."""
    tags: frozenset[str] | None = None
    """Corp tag ids; None when nobody could tell which tags there are."""


def differences(told: Told, known: Known | None, *, asked_at: datetime) -> list[tuple[str, Where]]:
    if known is None:
        return [("customer", "missing_here"), ("follow", "missing_here")]
    if known.nobody:
        return []
    tie = known.tie
    if tie is None or (tie.ended_at is not None and told.since > tie.ended_at):
        return [("follow", "missing_here")]
    if tie.external_userid != told.external_userid:
        return [("identity", "differing")]
    if tie.ended_at is not None:
        return []  # the customer left: the guide's side goes on listing her
    found: list[tuple[str, Where]] = []
    if _profile_differs(told, known, tie):
        found.append(("profile", "differing"))
    return found + _marks(told.tags, tie.marks, asked_at)


def _profile_differs(told: Told, known: Known, tie: Tie) -> bool:
    theirs: list[object] = [told.remark, told.state or tie.state]
    ours: list[object] = [tie.remark, tie.state]
    if known.addresses <= 1:
        theirs += [told.name or known.name, told.gender or known.gender]
        ours += [known.name, known.gender]
    new_id = bool(told.unionid) and told.unionid not in known.unionids
    return new_id or told.new_phone or theirs != ours


def _marks(
    tags: frozenset[str] | None, ours: Mapping[str, Mark], asked_at: datetime
) -> list[tuple[str, Where]]:
    """What is being written, or was written after we asked, is left to its writer."""
    if tags is None:
        return []
    stands = {tag for tag, mark in ours.items() if mark.state != "declined"}
    stood = {tag for tag, mark in ours.items() if mark.state == "marked" and mark.at < asked_at}
    return [
        *(("mark", "missing_here") for _ in tags - stands),
        *(("mark", "missing_there") for _ in stood - tags),
    ]
