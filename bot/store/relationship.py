"""How far a customer has come with us, and whom she brings: by what happened, for everybody at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.domain.consent import MARKETING, ConsentState
from bot.domain.customers import STAGES, Customer, Follow
from bot.domain.delivery import Message, ShortLink
from bot.domain.group_chats import GroupMember
from bot.domain.influence import SHARED, Influence
from bot.domain.orders import Order

KNOWS, UNDERSTANDS, ACCEPTS, BUYS, SHARES = STAGES


class Brought(NamedTuple):
    """What a customer's influence is made of."""

    friends: int
    buying: int
    groups: int


async def advance_stages(session: AsyncSession) -> int:
    """Everybody one did something with goes on to where that leads, and never back; how many went on."""
    reached: list[tuple[str, ColumnElement[bool]]] = [
        (SHARES, Customer.id.in_(select(_friends().c.referrer))),
        (BUYS, _has(Order.customer_id, Order.paid_at.is_not(None), Order.amount_fen > 0)),
        (ACCEPTS, or_(_agreed(), _has(GroupMember.customer_id, GroupMember.left_at.is_(None)))),
        (
            UNDERSTANDS,
            or_(
                _has(Message.customer_id, Message.direction == "in"),
                _has(ShortLink.customer_id, ShortLink.opened_at.is_not(None)),
            ),
        ),
    ]
    count = 0
    for stage, came in reached:
        earlier = STAGES[: STAGES.index(stage)]
        jumped = Customer.stage != earlier[-1]
        gone = update(Customer).where(Customer.stage.in_(earlier), came)
        gone = gone.values(stage=stage, stage_inferred=jumped)
        moved = await session.scalars(
            gone.returning(Customer.id).execution_options(synchronize_session=False)
        )
        count += len(moved.all())
    return count


async def count_influence(session: AsyncSession, config: Influence, now: datetime) -> int:
    """Make everybody's influence what it is now; how many changed."""
    score = _score(config, now)
    counted = update(Customer).where(
        Customer.id == score.c.customer_id, Customer.influence != score.c.score
    )
    changed = counted.values(influence=score.c.score).returning(Customer.id)
    rows = await session.scalars(changed.execution_options(synchronize_session=False))
    return len(rows.all())


async def brought(
    session: AsyncSession, customer_id: int, config: Influence, now: datetime
) -> Brought:
    """Behind one customer's influence."""
    friends, chats = _friends(), _stays(config, now)
    buying = func.count(case((friends.c.buys, 1)))
    mine = select(func.count(), buying).where(friends.c.referrer == customer_id)
    told = (await session.execute(mine)).one()
    hers = select(func.count()).select_from(chats).where(chats.c.customer_id == customer_id)
    return Brought(told[0], told[1], await session.scalar(hers) or 0)


def _friends() -> Subquery:
    """(referrer, friend, buys): who first came by somebody else's code, and is still somebody's friend.

    A friend counts once, for the code of her first follow, and nobody brings herself, however many ids she has."""
    first = _first_follows()
    giver = aliased(Customer)
    friend = aliased(Customer)
    referrer = func.coalesce(giver.merged_into, giver.id)
    code = func.substr(first.c.state, len(SHARED) + 1)
    bought = exists().where(Order.customer_id == friend.id, Order.amount_fen > Order.refunded_fen)
    still = exists().where(Follow.customer_id == friend.id, Follow.ended_at.is_(None))
    return (
        select(referrer.label("referrer"), friend.id.label("friend"), bought.label("buys"))
        .select_from(first)
        .join(giver, giver.ref == code)
        .join(friend, friend.id == first.c.customer_id)
        .where(friend.merged_into.is_(None), friend.id != referrer, still)
        .subquery()
    )


def _first_follows() -> CTE:
    place = func.row_number().over(
        partition_by=Follow.customer_id, order_by=(Follow.since, Follow.id)
    )
    all_follows = select(Follow.customer_id, Follow.state, place.label("place")).subquery()
    return (
        select(all_follows.c.customer_id, all_follows.c.state)
        .where(all_follows.c.place == 1, all_follows.c.state.startswith(SHARED, autoescape=True))
        .cte("first_follow")
    )


def _stays(config: Influence, now: datetime) -> Subquery:
    """(customer_id, group chat) where she has been long enough."""
    long_ago = now - timedelta(days=config.group_days)
    return (
        select(GroupMember.customer_id, GroupMember.group_chat_id)
        .where(
            GroupMember.customer_id.is_not(None),
            GroupMember.left_at.is_(None),
            GroupMember.joined_at <= long_ago,
        )
        .distinct()
        .subquery()
    )


def _score(config: Influence, now: datetime) -> Subquery:
    """(customer_id, score) of whoever has any influence now or had some until now."""
    friends, chats = _friends(), _stays(config, now)
    by_friends = select(
        friends.c.referrer.label("customer_id"),
        (
            func.count() * config.friend
            + func.count(case((friends.c.buys, 1))) * config.buying_friend
        ).label("points"),
    ).group_by(friends.c.referrer)
    kept = func.count()
    most = case((kept > config.most_groups, literal(config.most_groups)), else_=kept)
    by_groups = select(chats.c.customer_id, (most * config.group).label("points"))
    had = select(Customer.id, literal(0)).where(Customer.influence != 0)
    parts = by_friends.union_all(by_groups.group_by(chats.c.customer_id), had).subquery()
    total = func.sum(parts.c.points)
    return (
        select(parts.c.customer_id, total.label("score")).group_by(parts.c.customer_id).subquery()
    )


def _has(column: Any, *where: Any) -> ColumnElement[bool]:
    rows: Select[Any] = select(column).where(column.is_not(None), and_(*where))
    return Customer.id.in_(rows)


def _agreed(purposes: Sequence[str] = MARKETING) -> ColumnElement[bool]:
    return _has(ConsentState.customer_id, ConsentState.granted, ConsentState.purpose.in_(purposes))
