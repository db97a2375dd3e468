"""Who begins a journey because of the calendar, and the campaigns that a calendar opens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    cast,
    delete,
    exists,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign
from bot.domain.customers import Customer
from bot.domain.delivery import Cursor
from bot.domain.experiments import in_holdout
from bot.domain.journeys import Occasion, Playbook, Run, near
from bot.domain.offers import Coupon
from bot.domain.playbooks import PlaybookSpec
from bot.domain.segments import parse
from bot.domain.tiers import TierMove
from bot.store import journeys, segments
from bot.store.engine import upsert
from bot.store.touches import changed

CURSOR = "journeys.tier_moves"
BY = "system:playbook"
AT_ONCE = 500

Who = Select[*tuple[Any, ...]]


def born_in(month: int, *, cause: str) -> Who:
    return select(Customer.id, literal(cause)).where(
        Customer.birthday_month == month, Customer.merged_into.is_(None)
    )


def holding_until(after: datetime, before: datetime) -> Who:
    """Customers with a coupon that runs out in this span, by their first such coupon."""
    first = func.min(Coupon.id)
    return (
        select(Coupon.customer_id, literal("coupon:").concat(cast(first, String)))
        .where(
            Coupon.state.in_(("held", "returned")),
            Coupon.expires_at > after,
            Coupon.expires_at <= before,
        )
        .group_by(Coupon.customer_id)
    )


def moved(tier: str, since: int, until: int) -> Who:
    """Who came into this tier (any, when it is "") by one of these moves; the last one counts."""
    move = func.max(TierMove.id)
    these = [TierMove.id > since, TierMove.id <= until]
    if tier:
        these.append(TierMove.after == tier)
    return (
        select(TierMove.customer_id, literal("tier:").concat(cast(move, String)))
        .where(*these)
        .group_by(TierMove.customer_id)
    )


async def new_moves(session: AsyncSession, now: datetime) -> tuple[int, int]:
    """From where to where the moves are new; asking makes them old."""
    newest = await session.scalar(select(func.max(TierMove.id))) or 0
    cursor = await session.get(Cursor, CURSOR, with_for_update=True)
    if cursor is None:
        session.add(Cursor(name=CURSOR, value=str(newest), at=now))
        return 0, newest
    since = int(cursor.value)
    cursor.value, cursor.at = str(newest), now
    return since, newest


async def open_near(session: AsyncSession, row: Playbook, *, now: datetime, zone: ZoneInfo) -> int:
    """How many occasions of a repeating campaign were opened: each once."""
    spec = journeys.read(row)
    if spec.campaign is None:
        return 0
    opened = 0
    for one in near(spec.campaign, row.at, now, zone):
        insert = upsert(session, Campaign).values(**occasion_of(spec, one, now))
        new = await session.scalars(insert.on_conflict_do_nothing().returning(Campaign.id))
        opened += new.first() is not None
    return opened


def occasion_of(spec: PlaybookSpec, one: Occasion, now: datetime) -> dict[str, Any]:
    """The campaign of this day, approved once for all of them."""
    mailing = spec.campaign
    if mailing is None:
        raise TypeError(f"{spec.key} is no repeating campaign")
    name = f"{spec.key}:{one.day.isoformat()}"
    return {
        "name": f"{spec.name} {one.day.month} 月 {one.day.day} 日",
        "playbook": spec.key,
        "occasion": name,
        "purpose": spec.purpose,
        "rule": mailing.segment,
        "template": mailing.template,
        "offer_key": mailing.offer,
        "channels": list(mailing.channels),
        "attachments": list(mailing.attachments) or None,
        "holdout_percent": spec.holdout_percent,
        "holdout_by": mailing.holdout_by,
        "canary_percent": mailing.canary_percent,
        "goes_first": mailing.goes_first,
        "goal": {"metric": mailing.metric, "hypothesis": spec.why},
        "arms": [mailing.template, *mailing.rivals] if mailing.rivals else None,
        "budget_fen": mailing.budget_fen,
        "stop_when": mailing.stop_when.model_dump() if mailing.stop_when else None,
        "seed": name,
        "state": "approved",
        "starts_at": one.starts,
        "ends_at": one.ends,
        "created_at": now,
        "created_by": BY,
        "approved_by": BY,
    }


def campaign_of(spec: PlaybookSpec, one: Occasion, now: datetime) -> Campaign:
    """The same without a row, to be rehearsed."""
    return Campaign(**occasion_of(spec, one, now))


async def take_back(session: AsyncSession, key: str) -> int:
    """Occasions that were opened and not planned yet are as if they had never been: what counts now opens its own.
    One that a person has halted or stopped stays so."""
    gone = delete(Campaign).where(
        Campaign.playbook == key,
        Campaign.occasion.is_not(None),
        Campaign.state == "approved",
        Campaign.planned_at.is_(None),
    )
    return await changed(session, gone)


async def enter_set(
    session: AsyncSession,
    row: Playbook,
    *,
    who: Select[*tuple[Any, ...]],
    now: datetime,
) -> int:
    """Start one journey for everybody of `who`, a select of (customer id, cause), in one statement."""
    spec, asked = journeys.read(row), who.subquery()
    customer, cause = list(asked.c)
    chosen = select(
        literal(row.key),
        literal(row.version),
        customer,
        cause,
        literal(0),
        literal("active"),
        _at(now),
        _at(now),
        _nothing(),
    ).where(
        customer.in_(select(Customer.id).where(_entry_clause(spec, now))),
        *_outside(spec, customer, now),
    )
    columns = [
        "playbook",
        "version",
        "customer_id",
        "entry",
        "step",
        "state",
        "due_at",
        "entered_at",
        "facts",
    ]
    insert = upsert(session, Run).from_select(columns, chosen)
    new = await session.execute(insert.on_conflict_do_nothing().returning(Run.id, Run.customer_id))
    return await _hold_out(session, spec, new.all())


def _at(now: datetime) -> ColumnElement[Any]:
    return literal(now, Run.entered_at.type)


def _nothing() -> ColumnElement[Any]:
    return literal({}, Run.facts.type)


def _entry_clause(spec: PlaybookSpec, now: datetime) -> ColumnElement[bool]:
    rule = spec.entry.segment if isinstance(spec.entry.segment, dict) else {"all": []}
    return segments.clause(parse(rule), now)


def _outside(spec: PlaybookSpec, customer: Any, now: datetime) -> list[ColumnElement[bool]]:
    hers = (Run.playbook == spec.key, Run.customer_id == customer)
    if spec.entry.again == "each_cause":
        return [~exists().where(*hers, Run.state == "active")]
    if spec.entry.again == "never":
        return [~exists().where(*hers)]
    since = now - timedelta(days=int(spec.entry.again))
    return [~exists().where(*hers, (Run.state == "active") | (Run.entered_at > since))]


async def _hold_out(
    session: AsyncSession, spec: PlaybookSpec, entered: Sequence[tuple[int, int]]
) -> int:
    held = [
        run
        for run, customer in entered
        if in_holdout(f"journey:{spec.key}", customer, spec.holdout_percent)
    ]
    for start in range(0, len(held), AT_ONCE):
        these = Run.id.in_(held[start : start + AT_ONCE])
        await session.execute(
            update(Run).where(these).values(state="holdout", reason="holdout", due_at=None)
        )
    return len(entered) - len(held)
