"""Whom a guide should contact today."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.cases import Case
from bot.domain.consent import ConsentEntry, ConsentState
from bot.domain.tiers import CustomerTier, PurchaseStats
from bot.store import guide_work
from tests.builders import a_customer, a_follow, a_guide
from tests.harness import START


async def hers(session, guide, *, tier="普通", overdue=0.0, rank=0.5, **changes):
    since = changes.pop("since", START - timedelta(days=400))
    last_talk = changes.pop("last_talk_at", None)
    customer = await a_customer(session, **changes)
    await a_follow(session, customer, guide, since=since, last_talk_at=last_talk)
    session.add(
        CustomerTier(
            customer_id=customer.id,
            tier=tier,
            share_class="大众",
            score=1.0,
            activity=1.0,
            overdue=overdue,
            rank=rank,
            recency=1,
            frequency=1,
            monetary=1,
            reason="",
            since=START,
        )
    )
    session.add(
        PurchaseStats(
            customer_id=customer.id,
            first_at=START - timedelta(days=140),
            last_at=START - timedelta(days=80),
            days=3,
            orders=3,
            amount_fen=60000,
            as_of=START,
        )
    )
    await session.flush()
    return customer


async def contacts(session, vault, content, guide, **more):
    return await guide_work.whom_to_contact(session, vault, content, guide.id, START, **more)


async def test_a_case_to_answer_comes_first(sessions, vault, content):
    async with sessions.begin() as session:
        guide = await a_guide(session)
        await hers(session, guide, overdue=3.0, rank=0.0)
        upset = await hers(session, guide, marketing_held=True, rank=0.9)
        session.add(
            Case(
                customer_id=upset.id,
                category="质量",
                severity=2,
                state="open",
                channel="kf",
                opened_at=START,
                answer_due=START + timedelta(hours=18, minutes=24),
                resolve_due=START + timedelta(hours=48),
                source="e1",
            )
        )
        found = await contacts(session, vault, content, guide)
    assert [c.kind for c in found] == ["case", "overdue"]
    assert found[0].why == "有一件反馈等你回，还剩 18:24"


async def test_overdue_by_her_own_rhythm_is_told_in_words(sessions, vault, content):
    async with sessions.begin() as session:
        guide = await a_guide(session)
        await hers(session, guide, overdue=2.5)
        (found,) = await contacts(session, vault, content, guide)
    assert found.why == "平时约 30 天来一次，这次 80 天没来"
    assert "要不要拍给你看看" in found.words


async def test_value_decides_between_equal_reasons(sessions, vault, content):
    async with sessions.begin() as session:
        guide = await a_guide(session)
        small = await hers(session, guide, overdue=2.0, rank=0.9)
        big = await hers(session, guide, overdue=2.0, rank=0.1)
        found = await contacts(session, vault, content, guide)
    assert [c.customer_id for c in found] == [big.id, small.id]


async def test_who_was_just_talked_to_rests(sessions, vault, content):
    async with sessions.begin() as session:
        guide = await a_guide(session)
        await hers(session, guide, overdue=2.5, last_talk_at=START - timedelta(days=1))
        assert await contacts(session, vault, content, guide) == []


async def test_who_opted_out_is_not_proposed(sessions, vault, content):
    async with sessions.begin() as session:
        guide = await a_guide(session)
        customer = await hers(session, guide, overdue=2.5)
        entry = ConsentEntry(
            customer_id=customer.id,
            purpose="marketing_wecom",
            action="withdraw",
            channel="kf",
            evidence={},
            actor="customer",
            at=START,
            previous_hash="",
            hash="h",
        )
        session.add(entry)
        await session.flush()
        session.add(
            ConsentState(
                customer_id=customer.id,
                purpose="marketing_wecom",
                granted=False,
                since=START,
                entry_id=entry.id,
            )
        )
        await session.flush()
        assert await contacts(session, vault, content, guide) == []


async def test_only_her_own_customers_and_not_too_many(sessions, vault, content):
    async with sessions.begin() as session:
        guide, colleague = await a_guide(session), await a_guide(session)
        for _ in range(10):
            await hers(session, guide, overdue=2.5)
        await hers(session, colleague, overdue=2.5)
        assert len(await contacts(session, vault, content, guide)) == 8
        assert len(await contacts(session, vault, content, colleague)) == 1
