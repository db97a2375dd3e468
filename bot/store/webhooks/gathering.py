"""What happened since the last look, read from the rows themselves: nothing is written on the way of an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.cases import Case, CaseStep
from bot.domain.customers import Customer, MergeRecord
from bot.domain.offers import Coupon, Offer, Redemption
from bot.domain.webhooks import Notice, Webhook
from bot.store.engine import upsert

MOST = 500
"""Rows of one source at one look."""
LATE = timedelta(minutes=10)
OVERLAP = 200
"""PostgreSQL numbers rows before they commit: what was numbered early and committed late is looked for again."""


class Happened(NamedTuple):
    kind: str
    ref: str
    at: datetime
    data: dict[str, Any]


class Source(NamedTuple):
    name: str
    number: Any
    at: Any
    query: Callable[[], Any]
    told: Callable[[Any], Happened | None]


def _met(row: Any) -> Happened:
    return Happened("customer.met", str(row.id), row.created_at, {"customer": row.ref})


def _merged(row: Any) -> Happened | None:
    record, kept, merged = row
    if record.state != "merged":
        return None
    data = {"customer": kept, "merged": merged}
    return Happened("customer.merged", str(record.id), record.at, data)


def _issued(row: Any) -> Happened:
    coupon, offer, ref = row
    data = {"coupon": coupon.id, "offer": offer, "customer": ref}
    return Happened("coupon.issued", str(coupon.id), coupon.issued_at, data)


def _redeemed(row: Any) -> Happened:
    used, offer, ref = row
    data = {
        "coupon": used.coupon_id,
        "offer": offer,
        "customer": ref,
        "order_no": used.order_no,
        "discount_fen": used.discount_fen,
    }
    return Happened("coupon.redeemed", str(used.id), used.at, data)


def _stepped(row: Any) -> Happened | None:
    step, ref = row
    kind = f"case.{step.kind.partition('-')[0]}"
    if kind not in {"case.opened", "case.answered", "case.escalated", "case.closed"}:
        return None
    data = {"case": step.case_id, "customer": ref, "level": step.level}
    return Happened(kind, str(step.id), step.at, data)


def _merges() -> Any:
    kept, merged = Customer.__table__.alias("kept"), Customer.__table__.alias("merged")
    return (
        select(MergeRecord, kept.c.ref, merged.c.ref)
        .join(kept, kept.c.id == MergeRecord.kept_id)
        .join(merged, merged.c.id == MergeRecord.merged_id)
    )


def _coupons() -> Any:
    query = select(Coupon, Offer.key, Customer.ref).join(Offer, Offer.id == Coupon.offer_id)
    return query.join(Customer, Customer.id == Coupon.customer_id)


def _uses() -> Any:
    query = select(Redemption, Offer.key, Customer.ref)
    query = query.join(Coupon, Coupon.id == Redemption.coupon_id)
    query = query.join(Offer, Offer.id == Coupon.offer_id)
    return query.join(Customer, Customer.id == Coupon.customer_id)


def _steps() -> Any:
    query = select(CaseStep, Customer.ref).join(Case, Case.id == CaseStep.case_id)
    return query.join(Customer, Customer.id == Case.customer_id)


SOURCES = (
    Source(
        "customer.met",
        Customer.id,
        Customer.created_at,
        lambda: select(Customer.id, Customer.ref, Customer.created_at),
        _met,
    ),
    Source("customer.merged", MergeRecord.id, MergeRecord.at, _merges, _merged),
    Source("coupon.issued", Coupon.id, Coupon.issued_at, _coupons, _issued),
    Source("coupon.redeemed", Redemption.id, Redemption.at, _uses, _redeemed),
    Source("case", CaseStep.id, CaseStep.at, _steps, _stepped),
)
TOUCHES = "touch.settled"


async def here(session: AsyncSession, now: datetime) -> dict[str, Any]:
    """Where a new listener begins: what was before is not told."""
    marks: dict[str, Any] = {TOUCHES: now.isoformat()}
    for source in SOURCES:
        marks[source.name] = (await session.scalar(select(func.max(source.number)))) or 0
    return marks


async def gather(session: AsyncSession, hook: Webhook, now: datetime) -> int:
    """Write down what this listener is to be told. Returns how much was new."""
    marks, found = dict(hook.marks), list[Happened]()
    for source in SOURCES:
        if any(kind.startswith(source.name) for kind in hook.kinds):
            rows = (await session.execute(_since(source, marks[source.name], now))).all()
            marks[source.name] = max([marks[source.name], *(_number(row) for row in rows)])
            found += [each for row in rows if (each := source.told(row)) is not None]
    if TOUCHES in hook.kinds:
        found += await _touches(session, datetime.fromisoformat(marks[TOUCHES]))
        marks[TOUCHES] = now.isoformat()
    hook.marks = marks
    wanted = [each for each in found if each.kind in hook.kinds]
    return await _write(session, hook.id, wanted, now)


def _since(source: Source, mark: int, now: datetime) -> Any:
    late = (source.number > mark - OVERLAP) & (source.at > now - LATE)
    query = source.query().where(or_(source.number > mark, late))
    return query.order_by(source.number).limit(MOST)


def _number(row: Any) -> int:
    first = row[0]
    return int(first if isinstance(first, int) else first.id)


async def _touches(session: AsyncSession, since: datetime) -> list[Happened]:
    query = (
        select(Touch, Customer.ref)
        .join(Customer, Customer.id == Touch.customer_id)
        .where(Touch.settled_at > since - LATE, Touch.state != "holdout")
        .order_by(Touch.settled_at)
    )
    return [
        Happened(
            TOUCHES,
            f"{touch.id}:{touch.state}",
            touch.settled_at or since,
            {
                "touch": touch.id,
                "customer": ref,
                "campaign": touch.campaign_id,
                "state": touch.state,
                "reason": touch.reason,
                "channel": touch.channel,
            },
        )
        for touch, ref in await session.execute(query)
    ]


async def _write(
    session: AsyncSession, hook_id: int, found: Sequence[Happened], now: datetime
) -> int:
    new = 0
    for part in _cut(found, 100):
        rows = [
            {
                "webhook_id": hook_id,
                "kind": each.kind,
                "ref": each.ref,
                "at": each.at,
                "data": each.data,
                "state": "waiting",
                "due_at": now,
                "attempts": 0,
            }
            for each in part
        ]
        insert = upsert(session, Notice).values(rows).on_conflict_do_nothing()
        new += len((await session.scalars(insert.returning(Notice.id))).all())
    return new


def _cut(found: Sequence[Happened], size: int) -> Iterator[Sequence[Happened]]:
    return (found[start : start + size] for start in range(0, len(found), size))
