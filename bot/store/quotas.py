"""What customers have received and what is under way to them, counted across campaigns and journeys."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import OutsideSend, Touch
from bot.domain.customers import Customer
from bot.domain.mapping import Moment
from bot.domain.quotas import Limits, Used
from bot.store.bulk import among, listed
from bot.store.engine import dialect_of

Counting = Select[*tuple[Any, ...]]
FLYING = ("queued", "handed_over")
"""Not known to have arrived yet, so it counts as if it arrives any moment."""
ARRIVED = ("delivered", "unknown")
"""An unknown outcome keeps its place: only a known non-delivery gives it back."""


async def used(
    session: AsyncSession,
    ids: Collection[int],
    *,
    at: datetime,
    limits: Limits,
    planning: int | None = None,
) -> Mapping[int, Used]:
    """`planning` is the campaign being planned (0 for none yet): then what others have planned counts too."""
    month, _ = limits.month_of(at)
    recent, ahead = (at + days * timedelta(days=limits.brand.days) for days in (-1, 1))
    today, tomorrow = limits.day_of(at)
    moments = {"at": at, "month": month, "recent": recent, "ahead": ahead}
    days = {"today": today, "tomorrow": tomorrow, "since": min(recent, month)}
    dialect = dialect_of(session)
    counting = _planning(dialect) if planning is not None else _sending(dialect)
    bound = {"ids": list(ids), "planning": planning} | moments | days
    found = {row[0]: Used(*map(int, row[1:])) for row in await session.execute(counting, bound)}
    outside = await session.execute(_outside(dialect), {"ids": list(ids), "month": month})
    for customer_id, count in outside:
        had = found.get(customer_id, Used())
        found[customer_id] = had._replace(mass_in_month=had.mass_in_month + count)
    return found


async def weary(
    session: AsyncSession, ids: Collection[int], *, at: datetime, limits: Limits
) -> frozenset[int]:
    """Of these, those whose last messages were all offers."""
    brand = limits.brand
    bound = {"ids": list(ids), "most": brand.promos_in_a_row}
    bound["since"] = at - timedelta(days=brand.promo_days)
    return frozenset(await session.scalars(_weary(dialect_of(session)), bound))


def _at(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=Moment)


def _hers(dialect: str, whose: Any) -> ColumnElement[bool]:
    """Whether a row is of one of `ids`, or of somebody who was folded into one of them: one list that an index
    is asked by, however many they are."""
    folded = select(Customer.id).where(among(dialect, Customer.merged_into, "ids"))
    return cast("ColumnElement[bool]", whose.in_(listed(dialect, whose, "ids").union_all(folded)))


_PERSON = func.coalesce(Customer.merged_into, Customer.id)
_MOMENT = func.coalesce(Touch.sent_at, Touch.settled_at, Touch.due_at)
_MARKETING = Touch.purpose == "marketing"
_COUNTED = or_(Touch.state.in_(FLYING), and_(Touch.state.in_(ARRIVED), _at("since") < _MOMENT))


@cache
def _sending(dialect: str) -> Counting:
    """Asked before every call, so it is built once."""
    arrived = case((Touch.state.in_(FLYING), _at("at")), else_=_MOMENT)
    return _received(dialect, arrived, _COUNTED)


@cache
def _planning(dialect: str) -> Counting:
    planned = Touch.state == "planned"
    others = or_(Touch.campaign_id.is_(None), Touch.campaign_id != bindparam("planning"))
    arrived = case((Touch.state.in_(("planned", *FLYING)), _at("at")), else_=_MOMENT)
    day = and_(Touch.due_at >= _at("today"), Touch.due_at < _at("tomorrow"))
    soon = Touch.state.in_(("planned", *FLYING)) & day
    counted = or_(_COUNTED, and_(planned, Touch.due_at < _at("ahead"), others))
    return _received(dialect, arrived, counted).add_columns(_count(_MARKETING & soon))


def _received(
    dialect: str, arrived: ColumnElement[datetime], counted: ColumnElement[bool]
) -> Counting:
    return (
        select(
            _PERSON,
            _count(_MARKETING & (arrived > _at("recent"))),
            _count(_MARKETING & (arrived >= _at("month"))),
            _count((Touch.channel == "wecom") & (arrived >= _at("month"))),
        )
        .join(Customer, Customer.id == Touch.customer_id)
        .where(_hers(dialect, Touch.customer_id), counted)
        .group_by(_PERSON)
    )


@cache
def _weary(dialect: str) -> Select[tuple[int]]:
    return weary_among(_hers(dialect, Touch.customer_id))


def weary_among(whose: ColumnElement[bool]) -> Select[tuple[int]]:
    """Of whoever these touches went to; bound by `since` and `most`."""
    place = func.row_number().over(
        partition_by=_PERSON, order_by=(_MOMENT.desc(), Touch.id.desc())
    )
    last = (
        select(_PERSON.label("who"), Touch.offer_key, place.label("place"))
        .join(Customer, Customer.id == Touch.customer_id)
        .where(
            whose,
            Touch.state.in_((*FLYING, *ARRIVED)),
            _at("since") < _MOMENT,
        )
        .subquery()
    )
    most: BindParameter[int] = bindparam("most")
    query = select(last.c.who).where(last.c.place <= most).group_by(last.c.who)
    return query.having(func.count(last.c.offer_key) == most)


@cache
def _outside(dialect: str) -> Counting:
    """Guides' own mass messages share the platform's quota with ours."""
    hers = _hers(dialect, OutsideSend.customer_id)
    return (
        select(_PERSON, func.count())
        .select_from(OutsideSend)
        .join(Customer, Customer.id == OutsideSend.customer_id)
        .where(hers, OutsideSend.at >= _at("month"))
        .group_by(_PERSON)
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
