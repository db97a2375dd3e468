"""Who shares a phone with whom, as questions about numbers tell it: asked only where an offer counts by household."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Customer, MergeRecord
from bot.domain.households import Tie, households
from bot.domain.offers import Coupon
from bot.store.bulk import among
from bot.store.customers.questions import SAME
from bot.store.engine import dialect_of

Homes = dict[int, frozenset[int]]


async def homes(session: AsyncSession, customer_ids: Collection[int]) -> Homes:
    """Of those who live with somebody else: every record of their household, their own among them."""
    asked = _asked(dialect_of(session))
    stands, ties = dict[int, int](), set[Tie]()
    near, seen = {*customer_ids}, set[int]()
    while near:
        bound, more = {"ids": sorted(near)}, set[int]()
        for tie in await session.execute(asked.ties, bound):
            ties.add(Tie(*tie))
            more |= {*tie[:2]}
        for each, into in await session.execute(asked.records, bound):
            stands[each] = into or each
            more |= {each, into or each}
        seen |= near
        near = more - seen
    behind: dict[int, set[int]] = {}
    for each in stands:
        behind.setdefault(_root(stands, each), set()).add(each)
    roots = {each: _root(stands, each) for each in stands}
    shared = households(ties, roots)
    return {
        who: frozenset().union(*(behind[one] for one in shared[roots[who]]))
        for who in customer_ids
        if roots.get(who) in shared
    }


async def others(session: AsyncSession, customer_id: int) -> int:
    """With how many other people she shares a phone."""
    home = (await homes(session, [customer_id])).get(customer_id)
    if home is None:
        return 0
    living = Customer.id.in_(home) & Customer.merged_into.is_(None)
    return (await session.scalar(select(func.count(Customer.id)).where(living)) or 1) - 1


def _root(stands: dict[int, int], each: int) -> int:
    while stands.get(each, each) != each:
        each = stands[each]
    return each


async def had(session: AsyncSession, offer_id: int, homes: Homes) -> dict[int, int]:
    """How many coupons of the offer each of these households has had, by whom it was asked for."""
    records = sorted({each for home in homes.values() for each in home})
    if not records:
        return {}
    query = _asked(dialect_of(session)).coupons
    theirs = dict((await session.execute(query, {"ids": records, "offer": offer_id})).all())
    return {who: sum(theirs.get(each, 0) for each in home) for who, home in homes.items()}


class _Asked(NamedTuple):
    ties: Select[*tuple[Any, ...]]
    records: Select[*tuple[Any, ...]]
    coupons: Select[*tuple[Any, ...]]


@cache
def _asked(dialect: str) -> _Asked:
    def of(column: Any) -> Any:
        return among(dialect, column, "ids")

    phone = MergeRecord.moved["proof", "phone", 1].as_string()
    return _Asked(
        select(MergeRecord.kept_id, MergeRecord.merged_id, phone).where(
            or_(of(MergeRecord.kept_id), of(MergeRecord.merged_id)),
            MergeRecord.reason.startswith(SAME),
            MergeRecord.reason.contains("phone"),
        ),
        select(Customer.id, Customer.merged_into).where(
            or_(of(Customer.id), of(Customer.merged_into))
        ),
        select(Coupon.customer_id, func.count())
        .where(
            Coupon.offer_id == bindparam("offer"),
            of(Coupon.customer_id),
            Coupon.state.not_in(("withdrawn", "declined")),
        )
        .group_by(Coupon.customer_id),
    )
