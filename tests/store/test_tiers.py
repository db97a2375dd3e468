"""The full run and the single refresh: complete, quiet on unchanged data, and in agreement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from bot.domain.customers import Customer
from bot.domain.orders import Order, OrderEntry
from bot.domain.tiers import CustomerTier, TierConfig, TierMove, TierRun
from bot.store import tiers
from bot.store.tiers import running
from tests.builders import a_customer

NOW = datetime(2026, 3, 12, 2, 24, tzinfo=UTC)
DAY = timedelta(days=1)


async def bought(session, customer_id: int, *days_ago: float, fen: int = 10_000, kind="paid"):
    orders = [
        Order(
            source="t",
            order_no=f"{customer_id}-{days}-{kind}-{fen}",
            state="paid",
            customer_id=customer_id,
            amount_fen=max(fen, 0),
        )
        for days in days_ago
    ]
    session.add_all(orders)
    await session.flush()
    for order, days in zip(orders, days_ago, strict=True):
        entry = {"kind": kind, "ref": "", "at": NOW - DAY * days, "amount_fen": fen}
        session.add(OrderEntry(order_id=order.id, customer_id=customer_id, **entry))


async def a_shop(session, size: int = 30) -> list[int]:
    """Customer n bought n times, about every eleven days, the last time three days ago or long ago."""
    people = []
    for n in range(1, size + 1):
        customer = await a_customer(session)
        pause = 300 if n % 7 == 0 else 3
        await bought(
            session, customer.id, *(pause + 11 * k for k in range(n % 9 + 1)), fen=1000 * n
        )
        people.append(customer.id)
    return people


async def kept(sessions) -> dict[int, tuple]:
    async with sessions.reading() as session:
        rows = await session.scalars(select(CustomerTier))
        return {t.customer_id: (t.tier, t.share_class, t.score, t.rank, t.since) for t in rows}


async def rows_of(sessions, table) -> int:
    async with sessions.reading() as session:
        return await session.scalar(select(func.count()).select_from(table))


async def test_everybody_who_paid_is_tiered_and_nobody_else(sessions):
    async with sessions.begin() as session:
        people = await a_shop(session)
        await bought(session, (await a_customer(session)).id, 5, fen=0)
        await bought(session, (await a_customer(session)).id, 5, fen=-500, kind="refunded")
    done = await tiers.rerun(sessions, NOW)
    assert done.customers.tolist() == people
    assert done.counts["核心"] == 6
    assert set(await kept(sessions)) == set(people)
    async with sessions.reading() as session:
        counted = "SELECT tier, count(*) FROM customer_tier GROUP BY tier"
        found = dict((await session.execute(text(counted))).all())
    assert found == {tier: count for tier, count in done.counts.items() if count}


async def test_a_second_run_changes_nothing(sessions):
    async with sessions.begin() as session:
        await a_shop(session)
    await tiers.rerun(sessions, NOW)
    before = await kept(sessions)
    again = await tiers.rerun(sessions, NOW + timedelta(hours=3))
    assert (again.written, again.moved) == (0, 0)
    assert await kept(sessions) == before
    assert await rows_of(sessions, TierRun) == 1


async def test_orders_from_the_moment_itself_do_not_count(sessions):
    midnight = datetime(2026, 3, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
    async with sessions.begin() as session:
        customer = await a_customer(session)
        await bought(session, customer.id, (NOW - midnight) / DAY)
    done = await tiers.rerun(sessions, midnight)
    assert len(done.customers) == 0


async def test_silence_moves_a_customer_and_says_why(sessions):
    async with sessions.begin() as session:
        people = await a_shop(session)
    await tiers.rerun(sessions, NOW)
    later = NOW + DAY * 400
    async with sessions.begin() as session:
        for customer_id in people[:20]:
            await bought(session, customer_id, -399, -380)
    done = await tiers.rerun(sessions, later)
    async with sessions.reading() as session:
        moves = list(await session.scalars(select(TierMove)))
    assert done.moved == len(moves) > 0
    asleep = next(move for move in moves if move.after == "沉睡")
    assert "天没买，平时" in asleep.reason
    assert asleep.at == later


async def test_a_day_before_the_last_run_is_only_a_rehearsal(sessions):
    async with sessions.begin() as session:
        await a_shop(session)
    await tiers.rerun(sessions, NOW)
    before = await kept(sessions)
    done = await tiers.rerun(sessions, NOW - DAY * 60)
    assert done.rehearsal
    assert await kept(sessions) == before


async def test_a_merged_record_keeps_no_tier(sessions):
    async with sessions.begin() as session:
        one, two, *_ = await a_shop(session)
    await tiers.rerun(sessions, NOW)
    async with sessions.begin() as session:
        entries = await session.scalars(select(OrderEntry).where(OrderEntry.customer_id == two))
        for entry in entries:
            entry.customer_id = one
        (await session.get(Customer, two)).merged_into = one
    await tiers.rerun(sessions, NOW)
    assert two not in await kept(sessions)


async def test_one_customer_after_an_order_stands_where_a_full_run_would_put_her(sessions):
    async with sessions.begin() as session:
        people = await a_shop(session, size=running.FEW + 20)
    await tiers.rerun(sessions, NOW)
    before = await kept(sessions)
    poor = next(who for who in people if before[who][0] == "普通")
    async with sessions.begin() as session:
        await bought(session, poor, 0, 0.1, fen=900_000)
        moves = await tiers.refresh(session, [poor], NOW)
    after = await kept(sessions)
    assert [(move.before, move.after) for move in moves] == [("普通", after[poor][0])]
    assert {who for who in people if before[who] != after[who]} == {poor}
    # A batch writes the same, past the ORM; so nothing is left to change.
    assert await tiers.refresh_many(sessions, [poor, people[0]], NOW) == 0
    assert await kept(sessions) == after
    full = await tiers.rerun(sessions, NOW)
    assert (await kept(sessions))[poor][0] == after[poor][0]
    assert full.moved <= 3


async def test_explaining_finds_her_by_any_id(bot):
    async with bot.session() as session:
        customer = await a_customer(session, external_userid="wm-xiaoman")
        await bought(session, customer.id, 5, 40)
        await tiers.refresh(session, [customer.id], NOW)
        for said in ("wm-xiaoman", customer.ref):
            (found,) = await tiers.explain(session, bot.vault, said, now=NOW)
            assert found.tier.reason == "价值排在前 1%，5 天前买过，平时 35 天一次"
        assert await tiers.explain(session, bot.vault, "nobody", now=NOW) == []


async def test_another_rule_is_tried_on_a_day_gone_by_and_changes_nobody(sessions):
    async with sessions.begin() as session:
        await a_shop(session)
    await tiers.rerun(sessions, NOW)
    before = await kept(sessions)
    rules = TierConfig(), TierConfig(core=0.5)
    async with sessions.reading() as session:
        tried = await tiers.rehearsed(
            session, NOW - DAY * 20, days=20, rules=rules, gifts={"核心": 1000}, zone=running.HOME
        )
    core = tried.tiers[0]
    size = len(tried.customers)
    assert (core.before, core.after) == (-(-size // 5), -(-size // 2))
    assert (core.joins, core.leaves) == (core.after - core.before, 0)
    assert core.cost_after_fen == 1000 * core.after
    assert core.later_after_fen >= core.later_before_fen > 0
    assert len(tried.moved) >= core.joins
    assert await kept(sessions) == before
