"""Who could be reached, by the same reasons as the gate, and the table of recency and frequency."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.campaigns import Touch
from bot.domain.segments import parse
from bot.domain.tiers import CustomerTier, PurchaseStats
from bot.store import consent, heat, roster, segments
from bot.store.gate import Question, ask, gather
from tests.builders import LONG_AGO, a_customer, a_follow, a_guide

EVERYBODY = parse({"all": []})


async def a_friend(session, bot, *, agreed: bool | None = True, follows: bool = True, **changes):
    customer = await a_customer(session, **changes)
    if follows:
        await a_follow(session, customer, await a_guide(session))
    if agreed is not None:
        await consent.record(
            session,
            customer_id=customer.id,
            purpose="marketing_wecom",
            action="grant" if agreed else "withdraw",
            channel="form",
            actor="customer",
            at=bot.now - timedelta(days=90),
            evidence={},
        )
    return customer


async def reached(session, bot) -> dict[str, int]:
    clause = segments.clause(EVERYBODY, bot.now)
    return await roster.reach(session, clause, bot.content.limits, bot.now)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, ""),
        ({"agreed": None}, "no_consent"),
        ({"agreed": False}, "opted_out"),
        ({"follows": False}, "no_channel"),
        ({"marketing_held": True}, "case_open"),
    ],
)
async def test_it_says_what_the_gate_says(bot, facts, reason):
    async with bot.session() as session:
        customer = await a_friend(session, bot, **facts)
        assert await reached(session, bot) == {reason: 1}
        limits = bot.content.limits
        standings = await gather(session, bot.vault, [customer.id], at=bot.now, limits=limits)
        verdict = ask(Question(limits=limits, at=bot.now), standings[customer.id])
        assert (verdict.reason or "") == reason


async def test_whoever_had_one_this_week_has_had_enough(bot):
    async with bot.session() as session:
        customer = await a_friend(session, bot)
        session.add(
            Touch(
                customer_id=customer.id,
                purpose="marketing",
                template="weekly/benefit",
                state="delivered",
                planned_at=bot.now,
                due_at=bot.now,
                sent_at=bot.now - timedelta(days=3),
            )
        )
        await session.flush()
        assert await reached(session, bot) == {"brand_cap": 1}


async def test_a_cell_holds_people_and_their_share_of_what_was_spent(bot):
    async with bot.session() as session:
        for recency, amount in ((5, 30_000), (1, 10_000)):
            customer = await a_customer(session)
            session.add(_tier(customer.id, recency))
            session.add(_stats(customer.id, amount))
        await a_customer(session)
        await session.flush()
        table = await heat.heat(session)
    assert table.cells == {(5, 2): (1, 75.0), (1, 2): (1, 25.0)}
    assert table.never == 1


def _tier(customer_id: int, recency: int) -> CustomerTier:
    return CustomerTier(
        customer_id=customer_id,
        tier="核心",
        share_class="头部",
        score=1.0,
        activity=1.0,
        overdue=0.0,
        rank=0.1,
        recency=recency,
        frequency=2,
        monetary=3,
        reason="价值排在前 10%",
        since=LONG_AGO,
    )


def _stats(customer_id: int, amount: int) -> PurchaseStats:
    return PurchaseStats(
        customer_id=customer_id,
        first_at=LONG_AGO,
        last_at=LONG_AGO,
        days=2,
        orders=2,
        amount_fen=amount,
        as_of=LONG_AGO,
    )


async def test_the_biggest_spender_stands_first(bot):
    async with bot.session() as session:
        small, big = await a_customer(session), await a_customer(session)
        session.add_all([_stats(small.id, 100), _stats(big.id, 900)])
        await session.flush()
        listed = await roster.page(
            session,
            bot.vault,
            segments.clause(EVERYBODY, bot.now),
            bot.content.limits,
            bot.now,
        )
    assert [one.customer.id for one in listed] == [big.id, small.id]
