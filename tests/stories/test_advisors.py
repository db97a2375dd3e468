"""A guide of her own, and another one when she leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.calls import GetCustomersOf, GetMember, SendKf, TransferCustomers
from bot.domain.customers import Follow, Guide, HandOver
from bot.domain.delivery import GuideTask
from bot.domain.tiers import PurchaseStats
from bot.outbound.advisors import advisors_due
from bot.outbound.deliver import deliver_due
from bot.outbound.reconcile import nightly
from tests.outbound.test_journeys import a_tier
from tests.stories.life import Her, hires, knows, somebody, writes

ONE_DATABASE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)

LEFT, KNITS, COATS = "left", "knits", "coats"


async def a_core_customer(bot, name: str, *guides: Guide, likes: str = "外套") -> Her:
    her = await somebody(bot, name)
    await knows(her, *guides)
    async with bot.session() as session:
        await session.merge(a_tier(her.customer.id, "核心", bot.now))
        facts = {"first_at": bot.now, "last_at": bot.now, "days": 1, "orders": 1, "amount_fen": 1}
        stats = PurchaseStats(
            customer_id=her.customer.id, top_category=likes, as_of=bot.now, **facts
        )
        session.add(stats)
    return her


async def staff(bot) -> list[Guide]:
    skills = {KNITS: ("羊毛针织",), COATS: ("外套",)}
    known = bot.content.advisors.model_copy(update={"skills": skills, "most": 2})
    bot.content.become(replace(bot.content, advisors=known))
    await hires(bot, "boss", duty="manager")
    return [await hires(bot, name) for name in (LEFT, KNITS, COATS)]


async def advisor_of(bot, her: Her) -> str | None:
    query = select(Guide.userid).join(Follow, Follow.guide_id == Guide.id)
    query = query.where(Follow.customer_id == her.customer.id, Follow.advises_since.is_not(None))
    async with bot.session() as session:
        return await session.scalar(query)


async def leaves(bot, userid: str) -> None:
    """No callback tells of it: it shows when the platform is asked at night."""
    await bot.act("resign", guide=userid)
    await bot.works(nightly)
    assert bot.platform.refusals(GetMember) == ["no_such_guide"]
    assert set(bot.platform.refusals(GetCustomersOf)) <= {
        "not_friend"
    }  # the others have nobody yet


async def states(bot) -> list[tuple[str, str]]:
    async with bot.session() as session:
        rows = await session.scalars(select(HandOver).order_by(HandOver.id))
        return [(row.taker, row.state) for row in rows]


@ONE_DATABASE
async def test_tactic_053_an_advisor_is_chosen_by_what_she_knows_and_by_how_many_she_has(town):
    left, knits, coats = await staff(town)
    likes_coats = await a_core_customer(town, "a", knits, coats)
    likes_knits = await a_core_customer(town, "b", knits, coats, likes="羊毛针织")
    either = await a_core_customer(town, "c", knits, left, likes="裤装")
    await town.works(advisors_due)
    found = [await advisor_of(town, one) for one in (likes_coats, likes_knits, either)]
    assert found == [COATS, KNITS, LEFT]
    crowded = [await a_core_customer(town, f"d{n}", knits) for n in range(2)]
    await town.works(advisors_due, advisors_due)
    assert [await advisor_of(town, one) for one in crowded] == [KNITS, None]  # two at most


async def test_tactic_053_when_her_advisor_leaves_she_is_passed_on_and_told(town):
    left, _, _ = await staff(town)
    her = await a_core_customer(town, "a", left)
    await writes(town, her, "你好")
    await town.works(advisors_due)
    assert await advisor_of(town, her) == LEFT
    await leaves(town, LEFT)
    await town.works(advisors_due, advisors_due)
    (call,) = [one for one in await town.sends() if isinstance(one, TransferCustomers)]
    assert (call.takeover_userid, call.resigned) == (COATS, True)  # who knows coats
    assert await states(town) == [(COATS, "waiting")]
    await town.waits(hours=24)  # she did not refuse
    assert (await advisor_of(town, her), await states(town)) == (COATS, [(COATS, "done")])
    await town.works(deliver_due)
    (words,) = [one.text for one in await town.sends() if isinstance(one, SendKf)]
    assert "接着照顾你" in words


@ONE_DATABASE
async def test_tactic_053_news_that_was_lost_is_asked_for_and_a_refusal_goes_to_a_person(town):
    left, _, _ = await staff(town)
    _, no = [await a_core_customer(town, name, left) for name in ("a", "b")]
    await leaves(town, LEFT)
    await town.works(advisors_due)
    await town.sends()
    await town.act("refuse_transfer", customer=no.external_userid)
    await town.goes_wrong({"match": "callback wecom change_external_contact.*", "do": "lost"})
    await town.waits(hours=26)
    assert sorted(state for _, state in await states(town)) == ["refused", "waiting"]
    await town.works(advisors_due)
    await town.sends()
    assert sorted(state for _, state in await states(town)) == ["done", "refused"]
    async with town.session() as session:
        task = (await session.scalars(select(GuideTask))).one()
    assert (task.customer_id, "不想转" in task.why) == (no.customer.id, True)


@ONE_DATABASE
async def test_tactic_053_nobody_is_passed_on_a_third_time_in_ninety_days(town):
    left, _, _ = await staff(town)
    her = await a_core_customer(town, "a", left)
    async with town.session() as session:
        for days in (80, 20):
            before = HandOver(
                customer_id=her.customer.id,
                external_userid=her.external_userid,
                giver="earlier",
                taker=LEFT,
                state="done",
                asked_at=town.now - timedelta(days=days),
            )
            session.add(before)
    await leaves(town, LEFT)
    await town.works(advisors_due)
    assert town.platform.sent(TransferCustomers) == []
    assert [one for one in await town.sends() if isinstance(one, TransferCustomers)] == []
    await town.waits(days=11)
    await town.works(advisors_due)
    assert len([one for one in await town.sends() if isinstance(one, TransferCustomers)]) == 1
