"""Ties as we know them, a page at a time and in clear: to hold against what the platform lists."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import phones
from bot.domain.customers import Customer, Follow, Guide, Identity, Secret
from bot.domain.drift import Known, Mark, Tie
from bot.domain.tags import FollowTag, Tag
from bot.store.customers.follows import REMARK
from bot.store.customers.people import NAME
from bot.store.vault import Vault

PERSON = ("external_userid", "kf")


# Asked for every page of every guide's customers: built once.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ADDRESSES: BindParameter[Any] = bindparam("addresses", expanding=True)
_UNIONIDS: BindParameter[Any] = bindparam("unionids", expanding=True)
_USERIDS: BindParameter[Any] = bindparam("userids", expanding=True)
_OWNERS = select(Identity.kind, Identity.value, Identity.customer_id).where(
    or_(
        Identity.kind.in_(PERSON) & Identity.value.in_(_ADDRESSES),
        (Identity.kind == "unionid") & Identity.value.in_(_UNIONIDS),
    )
)
_HELD = select(Identity.customer_id, Identity.kind, Identity.value).where(
    Identity.customer_id.in_(_IDS), Identity.kind.in_(("external_userid", "unionid"))
)
_PEOPLE = (
    select(Customer.id, Customer.gender, Customer.erased_at, Secret.name)
    .outerjoin(Secret, Secret.customer_id == Customer.id)
    .where(Customer.id.in_(_IDS))
)
_TIES = (
    select(
        Guide.userid,
        Follow.id,
        Follow.customer_id,
        Follow.external_userid,
        Follow.ended_at,
        Follow.state,
        Follow.remark,
    )
    .join(Guide, Guide.id == Follow.guide_id)
    .where(Guide.userid.in_(_USERIDS), Follow.customer_id.in_(_IDS))
)
_MARKS = (
    select(FollowTag.follow_id, Tag.corp_tag_id, FollowTag.state, FollowTag.at)
    .join(Tag, Tag.id == FollowTag.tag_id)
    .where(FollowTag.follow_id.in_(_IDS), Tag.corp_tag_id.is_not(None))
)


class Asked(NamedTuple):
    """Which tie is looked for; the unionid finds her under an id that we have not heard of."""

    userid: str
    external_userid: str
    unionid: str = ""


class GuideFacts(NamedTuple):
    name: str
    active: bool
    customers: int


async def guides(session: AsyncSession) -> dict[str, GuideFacts]:
    """Every guide by userid, with how many customers she has now."""
    rows = await session.execute(
        select(Guide.userid, Guide.name, Guide.active, func.count(Follow.id))
        .outerjoin(Follow, (Follow.guide_id == Guide.id) & Follow.ended_at.is_(None))
        .group_by(Guide.id, Guide.userid, Guide.name, Guide.active)
        .order_by(Guide.userid)
    )
    return {userid: GuideFacts(name, active, count) for userid, name, active, count in rows}


async def known_phones(session: AsyncSession, vault: Vault, numbers: Collection[str]) -> set[str]:
    """Those of these numbers that are somebody's."""
    blinds = {vault.blind(phones.digits(number), about="phone"): number for number in numbers}
    found = await session.scalars(
        select(Identity.value).where(Identity.kind == "phone", Identity.value.in_(blinds))
    )
    return {blinds[value] for value in found}


async def known(session: AsyncSession, vault: Vault, asked: Sequence[Asked]) -> dict[Asked, Known]:
    """Whom of these we know, each with her tie to that guide if there ever was one."""
    owners = await _owners(session, asked)
    ids = set(owners.values())
    await vault.load_keys(session, sorted(ids))
    people = await _people(session, vault, ids)
    ties = await _ties(session, vault, {one.userid for one in asked}, ids)
    return {
        one: people[owner].with_tie(ties.get((one.userid, owner))) for one, owner in owners.items()
    }


async def _owners(session: AsyncSession, asked: Sequence[Asked]) -> dict[Asked, int]:
    addresses = {one.external_userid for one in asked}
    unionids = {one.unionid for one in asked if one.unionid}
    rows = await session.execute(_OWNERS, {"addresses": addresses, "unionids": unionids})
    by_id = {(kind, value): owner for kind, value, owner in rows}
    found = {}
    for one in asked:
        keys = [*((kind, one.external_userid) for kind in PERSON), ("unionid", one.unionid)]
        owner = next((by_id[key] for key in keys if key in by_id), None)
        if owner is not None:
            found[one] = owner
    return found


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    gender: int
    unionids: Collection[str]
    addresses: int
    nobody: bool

    def with_tie(self, tie: Tie | None) -> Known:
        return Known(
            name=self.name,
            gender=self.gender,
            unionids=self.unionids,
            addresses=self.addresses,
            nobody=self.nobody,
            tie=tie,
        )


async def _people(session: AsyncSession, vault: Vault, ids: Collection[int]) -> dict[int, _Person]:
    held = await session.execute(_HELD, {"ids": ids})
    unionids: defaultdict[int, set[str]] = defaultdict(set)
    addresses: Counter[int] = Counter()
    for owner, kind, value in held:
        addresses[owner] += kind == "external_userid"
        if kind == "unionid":
            unionids[owner].add(value)
    rows = await session.execute(_PEOPLE, {"ids": ids})
    return {
        owner: _Person(
            vault.unseal_known(owner, name, about=NAME) if name else "",
            gender,
            unionids[owner],
            addresses[owner],
            nobody=erased_at is not None,
        )
        for owner, gender, erased_at, name in rows
    }


async def _ties(
    session: AsyncSession, vault: Vault, userids: Collection[str], ids: Collection[int]
) -> dict[tuple[str, int], Tie]:
    rows = (await session.execute(_TIES, {"userids": userids, "ids": ids})).all()
    marks = await _marks(session, [row.id for row in rows])
    return {
        (row.userid, row.customer_id): Tie(
            external_userid=row.external_userid,
            ended_at=row.ended_at,
            state=row.state,
            remark=vault.unseal_known(row.customer_id, row.remark, about=REMARK)
            if row.remark
            else "",
            marks=marks.get(row.id, {}),
        )
        for row in rows
    }


async def _marks(
    session: AsyncSession, follow_ids: Sequence[int]
) -> Mapping[int, Mapping[str, Mark]]:
    rows = await session.execute(_MARKS, {"ids": follow_ids})
    found: defaultdict[int, dict[str, Mark]] = defaultdict(dict)
    for follow_id, corp_tag_id, state, at in rows:
        found[follow_id][str(corp_tag_id)] = Mark(state, at)
    return found


async def lasts(session: AsyncSession, external_userid: str) -> bool:
    """Whether anybody still has her under this id."""
    lasting = select(Follow.id).where(
        Follow.external_userid == external_userid, Follow.ended_at.is_(None)
    )
    return await session.scalar(lasting.limit(1)) is not None
