"""What goes with a customer when two records become one, row by row, so that it can go back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Table,
    and_,
    bindparam,
    exists,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.browsing import Glance
from bot.domain.campaigns import Touch
from bot.domain.consent import ConsentState
from bot.domain.customers import Customer, Follow, Identity, Secret
from bot.domain.delivery import GuideTask, Window
from bot.domain.group_chats import GroupMember, Invite
from bot.domain.journeys import Run
from bot.domain.mapping import Row
from bot.domain.notices import NoticeAnswer
from bot.domain.offers import Coupon, Cycle
from bot.domain.orders import Order, OrderEntry
from bot.domain.pets import Pet
from bot.domain.points import PointsAccount, PointsEntry, PointsRequest
from bot.domain.tags import CustomerTag
from bot.domain.tiers import CustomerTier, PurchaseStats
from bot.store.engine import table_of

CHUNK = 400


@dataclass(frozen=True)
class Move:
    """Rows of one table that belong to a person; `apart` are the columns that one person has but once."""

    entity: type[Row]
    apart: tuple[str, ...] = ()
    only: ColumnElement[bool] | None = None

    @property
    def table(self) -> Table:
        return table_of(self.entity)

    @property
    def keys(self) -> list[Any]:
        """What names a row, beside the customer."""
        return [c for c in self.table.primary_key if c.name != "customer_id"]

    @property
    def has_own_key(self) -> bool:
        """False where the customer is part of the row's name."""
        return "customer_id" not in self.table.primary_key.columns

    async def go(self, session: AsyncSession, *, source: int, target: int) -> list[list[Any]]:
        """Move what can move and say which rows did. What the target has already stays where it is."""
        table = self.table
        mine = and_(table.c.customer_id == source, true() if self.only is None else self.only)
        if self.apart:
            theirs = table.alias("theirs")
            same = [table.c[name] == theirs.c[name] for name in self.apart]
            taken = select(theirs.c.customer_id).where(theirs.c.customer_id == target, *same)
            mine = and_(mine, ~taken.exists())
        moved = [list(row) for row in await session.execute(select(*self.keys).where(mine))]
        await self.return_to(session, moved, source=source, target=target)
        return moved

    async def return_to(
        self, session: AsyncSession, moved: list[list[Any]], *, source: int, target: int
    ) -> None:
        """Give these rows to the target, as far as they are still the source's."""
        for start in range(0, len(moved), CHUNK):
            part = [tuple(row) for row in moved[start : start + CHUNK]]
            await session.execute(
                update(self.entity)
                .where(self.table.c.customer_id == source, tuple_(*self.keys).in_(part))
                .values(customer_id=target)
                .execution_options(synchronize_session="fetch" if self.has_own_key else False)
            )
        if not self.has_own_key:  # loaded rows still answer to their old key
            for row in [row for row in session if isinstance(row, self.entity)]:
                session.expunge(row)


MOVES = (
    Move(Identity),
    Move(Follow, apart=("guide_id",)),
    Move(CustomerTag, apart=("tag_id", "source")),
    Move(Order),
    Move(OrderEntry),
    Move(Coupon, apart=("offer_id", "trigger")),
    Move(Cycle, apart=("offer_id",)),
    Move(Glance, apart=("of", "what", "day")),
    Move(Pet, apart=("kind", "day")),
    Move(PointsEntry),
    Move(PointsRequest, only=PointsRequest.state == "open"),
    Move(GroupMember),
    Move(Invite, apart=("rule_key", "round")),
    Move(Window, apart=("channel",)),
    Move(NoticeAnswer),
    # What was said and sent stays with the record it was sealed for; what is still to come moves on.
    Move(Run, apart=("playbook", "entry"), only=Run.state == "active"),
    Move(Touch, apart=("campaign_id",), only=Touch.state == "planned"),
    Move(GuideTask, only=GuideTask.state == "open"),
)


def _look() -> CompoundSelect[tuple[str]]:
    her: ColumnElement[int] = bindparam("customer_id")
    told = (Secret.name, Secret.phone, Secret.birthday, Secret.address)
    asked: list[tuple[str, ColumnElement[bool]]] = [
        (Customer.__tablename__, Customer.merged_into == her),
        (
            Secret.__tablename__,
            and_(Secret.customer_id == her, or_(*(c.is_not(None) for c in told))),
        ),
    ]
    states = (ConsentState, PointsAccount, PurchaseStats, CustomerTier)
    asked += [(entity.__tablename__, entity.customer_id == her) for entity in states]
    asked += [(move.table.name, move.table.c.customer_id == her) for move in MOVES]
    return union_all(*(select(literal(name)).where(exists().where(hers)) for name, hers in asked))


LOOK = _look()


async def belongings(session: AsyncSession, customer_id: int) -> frozenset[str]:
    """The tables in which this record has anything: most records that are folded are young and have little."""
    return frozenset(await session.scalars(LOOK, {"customer_id": customer_id}))


async def follow_orders(session: AsyncSession, order_ids: Sequence[int], customer_id: int) -> None:
    """What happened to an order since it moved goes back with it."""
    for start in range(0, len(order_ids), CHUNK):
        part = order_ids[start : start + CHUNK]
        own = select(Order.id).where(Order.id.in_(part), Order.customer_id == customer_id)
        await session.execute(
            update(OrderEntry)
            .where(OrderEntry.order_id.in_(own), OrderEntry.customer_id != customer_id)
            .values(customer_id=customer_id)
        )


async def newest_address(session: AsyncSession, kept_id: int, merged_id: int) -> None:
    """Both followed the same guide, as after a migration of external_userids: the younger tie's id is the one that
    still reaches her."""
    ties = select(Follow).where(Follow.customer_id.in_((kept_id, merged_id)))
    found = (await session.scalars(ties.execution_options(populate_existing=True))).all()
    mine = {tie.guide_id: tie for tie in found if tie.customer_id == kept_id}
    for theirs in found:
        ours = mine.get(theirs.guide_id)
        if theirs.customer_id == merged_id and ours is not None and ours.since < theirs.since:
            ours.external_userid, ours.since = theirs.external_userid, theirs.since
            ours.ended_at, ours.ended_by = theirs.ended_at, theirs.ended_by
    await session.flush()
