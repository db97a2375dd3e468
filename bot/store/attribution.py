"""Which touch an order is owed to, and what the written-to bought more than the holdout."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, and_, case, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import experiments
from bot.domain.campaigns import Attribution, Campaign, Touch
from bot.domain.experiments import Arm, Lift, sum_of
from bot.domain.journeys import Run
from bot.domain.offers import Coupon, Redemption
from bot.domain.orders import Order
from bot.store.engine import upsert

WINDOW = timedelta(days=7)
"""An order this soon after a touch counts as its doing."""
AT_ONCE = 500
NET = Order.amount_fen - Order.refunded_fen


async def attribute(
    session: AsyncSession, *, since: datetime, now: datetime, after: int = 0
) -> tuple[int, int | None]:
    """Give orders paid since then to their coupon's touch, else to the last touch of the week before.
    What was given once stays; refunds are deducted wherever revenue is summed.
    Returns how many found their touch, and the last order looked at while there are more."""
    known = select(Attribution.order_id).where(Attribution.order_id == Order.id)
    query = (
        select(Order.id, Order.order_no, Order.customer_id, Order.paid_at)
        .where(Order.paid_at >= since, Order.customer_id.is_not(None), ~known.exists())
        .where(Order.id > after)
        .order_by(Order.id)
        .limit(AT_ONCE)
    )
    orders = (await session.execute(query)).all()
    coupons = await _by_coupon(session, [number for _, number, _, _ in orders])
    touched = await _touched(session, {who for _, _, who, _ in orders if who is not None})
    rows = []
    for order_id, number, who, paid_at in orders:
        touch, how = coupons.get(number), "coupon"
        if touch is None and who is not None and paid_at is not None:
            touch, how = _last(touched.get(who, []), paid_at), "window"
        if touch is not None:
            rows.append({"order_id": order_id, "touch_id": touch, "how": how, "at": now})
    if rows:
        await session.execute(upsert(session, Attribution).on_conflict_do_nothing(), rows)
    return len(rows), orders[-1][0] if len(orders) == AT_ONCE else None


async def _by_coupon(session: AsyncSession, numbers: Sequence[str]) -> dict[str, int]:
    rows = await session.execute(
        select(Redemption.order_no, func.max(Coupon.touch_id))
        .join(Coupon, Coupon.id == Redemption.coupon_id)
        .where(
            Redemption.order_no.in_(numbers),
            Redemption.voided_at.is_(None),
            Coupon.touch_id.is_not(None),
        )
        .group_by(Redemption.order_no)
    )
    return {number: touch for number, touch in rows if number and touch}


Touched = list[tuple[datetime, int]]


async def _touched(session: AsyncSession, customers: set[int]) -> dict[int, Touched]:
    found: defaultdict[int, Touched] = defaultdict(list)
    rows = await session.execute(
        select(Touch.customer_id, Touch.sent_at, Touch.id)
        .where(Touch.customer_id.in_(customers), Touch.state == "delivered")
        .order_by(Touch.sent_at, Touch.id)
    )
    for customer, sent_at, touch in rows:
        if sent_at is not None:
            found[customer].append((sent_at, touch))
    return found


def _last(touched: Touched, paid_at: datetime) -> int | None:
    place = bisect_right(touched, paid_at, key=lambda one: one[0])
    if not place or touched[place - 1][0] <= paid_at - WINDOW:
        return None
    return touched[place - 1][1]


async def lift(session: AsyncSession, now: datetime, days: int = 30) -> Lift:
    """Revenue per customer of those chosen to be written to, reached or not, against those kept out.
    Counted by intention: whom a guide never confirmed belongs to the treated as well."""
    since = now - timedelta(days=days)
    experiments_of = [await _campaign(session, each) for each in await _tried(session, since, now)]
    experiments_of += await _journeys(session, since, now)
    return experiments.lift(experiments_of)


async def _tried(session: AsyncSession, since: datetime, now: datetime) -> Sequence[Campaign]:
    query = select(Campaign).where(
        Campaign.starts_at >= since,
        Campaign.starts_at <= now,
        Campaign.holdout_percent > 0,
        Campaign.planned_at.is_not(None),
    )
    return (await session.scalars(query.order_by(Campaign.id))).all()


async def _campaign(session: AsyncSession, campaign: Campaign) -> tuple[Arm, Arm]:
    treated, kept = await _arms(session, campaign, metric="revenue")
    return sum_of(treated.values()), kept


async def of_campaign(session: AsyncSession, campaign: Campaign) -> dict[str, Lift]:
    """What each of its templates did beside those kept out; "" is all of them together."""
    metric = (campaign.goal or {}).get("metric") or "revenue"
    treated, kept = await _arms(session, campaign, metric=metric)
    everything = {"": sum_of(treated.values())} | (treated if len(treated) > 1 else {})
    return {name: experiments.lift([(arm, kept)]) for name, arm in everything.items()}


async def _arms(
    session: AsyncSession, campaign: Campaign, *, metric: str
) -> tuple[dict[str, Arm], Arm]:
    """By template those written to, and those kept out."""
    sums: defaultdict[tuple[str, str], list[tuple[int, float, float]]] = defaultdict(list)
    for arm, template, _, n, total, squares in await session.execute(_results(campaign, metric)):
        sums[arm, template if arm == "treated" else ""].append((n, float(total), float(squares)))
    by_guide = campaign.holdout_by == "guide"
    arms = {key: _whole(some, by_guide=by_guide) for key, some in sums.items()}
    kept = arms.pop(("holdout", ""), Arm())
    return {template: arm for (_, template), arm in arms.items()}, kept


def _whole(parts: Sequence[tuple[int, float, float]], *, by_guide: bool) -> Arm:
    if by_guide:
        return experiments.clustered((n, total) for n, total, _ in parts)
    return sum_of(Arm(*part) for part in parts)


def _results(campaign: Campaign, metric: str) -> Select[Any]:
    """Arm, template, guide, people, sum and sum of squares of what each of them brought in her week."""
    start = campaign.starts_at
    bought = and_(
        Order.customer_id == Touch.customer_id,
        Order.paid_at >= start,
        Order.paid_at < start + WINDOW,
        Order.state != "cancelled",
    )
    fen: ColumnElement[Any] = func.coalesce(func.sum(NET), 0)
    if metric == "orders":
        fen = case((func.sum(NET) > 0, 1), else_=0)
    guide = Touch.guide_id if campaign.holdout_by == "guide" else literal(0)
    each = (
        select(Touch.arm, Touch.template, guide.label("guide"), cast(fen, Float).label("fen"))
        .outerjoin(Order, bought)
        .where(Touch.campaign_id == campaign.id, Touch.arm.is_not(None))
        .group_by(Touch.id, Touch.arm, Touch.template, Touch.guide_id)
        .subquery()
    )
    groups = (each.c.arm, each.c.template, each.c.guide)
    return select(
        *groups, func.count(), func.sum(each.c.fen), func.sum(each.c.fen * each.c.fen)
    ).group_by(*groups)


async def _journeys(
    session: AsyncSession, since: datetime, now: datetime
) -> list[tuple[Arm, Arm]]:
    """Journeys begin on a day of each customer's own, so her week is counted from there."""
    kept = select(Run.playbook).where(Run.state == "holdout", Run.entered_at >= since)
    runs = await session.execute(
        select(Run.playbook, Run.state, Run.customer_id, Run.entered_at).where(
            Run.playbook.in_(kept), Run.entered_at >= since
        )
    )
    entered = runs.all()
    spent = await _spending(session, sorted({who for _, _, who, _ in entered}), since, now)
    sums: defaultdict[tuple[str, bool], list[float]] = defaultdict(list)
    for playbook, state, who, at in entered:
        fen = sum(net for paid, net in spent.get(who, ()) if at <= paid < at + WINDOW)
        sums[playbook, state == "holdout"].append(float(fen))
    return [
        (_arm(sums[playbook, False]), _arm(sums[playbook, True]))
        for playbook in sorted({playbook for playbook, _ in sums})
    ]


async def _spending(
    session: AsyncSession, customers: Sequence[int], since: datetime, now: datetime
) -> dict[int, list[tuple[datetime, int]]]:
    spent: defaultdict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for start in range(0, len(customers), AT_ONCE):
        rows = await session.execute(
            select(Order.customer_id, Order.paid_at, NET).where(
                Order.customer_id.in_(customers[start : start + AT_ONCE]),
                Order.paid_at >= since,
                Order.paid_at <= now,
                Order.state != "cancelled",
            )
        )
        for who, paid_at, net in rows:
            if who is not None and paid_at is not None:
                spent[who].append((paid_at, net))
    return spent


def _arm(values: Sequence[float]) -> Arm:
    return Arm(len(values), sum(values), sum(value * value for value in values))
