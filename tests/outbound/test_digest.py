"""The guide's morning card: once a day, and only when there is something to do."""

from __future__ import annotations

import pytest

from bot.calls import SendAppCard
from bot.outbound.digest import AT_HOUR, digest_due
from bot.store import guide_tasks
from tests.builders import a_customer, a_follow, a_guide


@pytest.fixture
async def guide(bot):
    async with bot.session() as session:
        guide, customer = await a_guide(session, name="苏晴"), await a_customer(session)
        await a_follow(session, customer, guide)
        await guide_tasks.ask(
            session,
            bot.vault,
            key="t1",
            guide_id=guide.id,
            customer_id=customer.id,
            kind="contact",
            why="认识一下",
            words="你好",
            now=bot.now,
        )
    return guide


async def cards(bot, piece=digest_due) -> list[SendAppCard]:
    await bot.works(piece)
    return [call for call in await bot.sends() if isinstance(call, SendAppCard)]


async def test_one_card_a_day(bot, guide):
    assert len(await cards(bot)) == 1
    bot.clock.advance(minutes=30)
    assert await cards(bot) == []
    bot.clock.advance(days=1)
    assert len(await cards(bot)) == 1


async def test_the_card_leads_to_her_day_and_names_nobody(bot, guide):
    (card,) = [call.card for call in await cards(bot)]
    assert card["card_type"] == "text_notice"
    assert card["card_action"]["url"].endswith("/guide")
    assert card["main_title"]["title"] == "苏晴，上午好"


async def test_nothing_to_do_is_no_card(bot):
    async with bot.session() as session:
        await a_guide(session)
    assert await cards(bot) == []


@pytest.mark.parametrize("hours", [-2, 4])
async def test_only_in_the_morning(bot, guide, hours):
    bot.clock.advance(hours=hours)
    assert await cards(bot) == []


async def test_who_is_away_is_left_in_peace(bot, guide):
    async with bot.session() as session:
        (await session.get(type(guide), guide.id)).away_until = bot.now.replace(day=20)
    assert await cards(bot) == []


async def test_a_guide_with_an_hour_of_her_own_gets_it_then(bot, guide):
    async with bot.session() as session:
        (await session.get(type(guide), guide.id)).best_hour = 15
    assert await cards(bot) == []
    bot.clock.advance(hours=5)
    (card,) = [call.card for call in await cards(bot, AT_HOUR[15])]
    assert card["main_title"]["title"] == "苏晴，下午好"
    assert await cards(bot, AT_HOUR[15]) == []


@pytest.mark.parametrize("hour", [3, 9, 20, 22])
async def test_an_hour_outside_the_shops_day_is_no_hour(bot, guide, hour):
    async with bot.session() as session:
        (await session.get(type(guide), guide.id)).best_hour = hour
    assert len(await cards(bot)) == 1
