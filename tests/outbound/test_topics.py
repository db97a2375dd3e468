"""What a customer turned off does not reach her, wherever it is on its way; the rest does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.calls import SendKf
from bot.domain.campaigns import Touch
from bot.domain.customers import Customer
from bot.events.commands import Actor, ChooseMorning, OptOut
from bot.outbound.deliver import deliver_due
from bot.store import consent
from tests.outbound.conftest import a_campaign, friends, looks, runs, states
from tests.outbound.test_deliver import a_window, planned

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


async def turns(bot, customer, topic):
    async with bot.session() as session:
        her = await session.get(Customer, customer.id)
    said = {"customer_id": her.id, "purpose": f"topic_{topic}", "channel": "h5"}
    actor = Actor(kind="customer", id=her.ref)
    await bot.does(OptOut(at=bot.now, actor=actor, key=bot.key(), **said))


async def test_a_topic_that_is_off_keeps_her_out_of_a_campaign_and_others_do_not(bot, hands):
    _, (one, other) = await friends(bot, 2)
    await turns(bot, one, "wishes")
    await turns(bot, other, "offers")
    await a_campaign(bot, template="sleeping/soft")
    await runs(bot)
    found = await states(bot)
    assert found[one.id] == ("excluded", "topic_off")
    assert found[other.id][0] == "handed_over"


async def test_turned_off_it_is_called_back_from_a_guide_and_cancelled_where_it_was_planned(
    bot, hands
):
    _, (customer,) = await friends(bot, 1)
    await a_campaign(bot, template="sleeping/soft")
    await runs(bot)
    assert (await states(bot))[customer.id][0] == "handed_over"
    (touch,) = await planned(bot, customer, due_at=bot.now + timedelta(hours=1))
    await turns(bot, customer, "wishes")
    async with bot.session() as session:
        stopped = await session.get(Touch, touch.id)
    assert (stopped.state, stopped.reason) == ("cancelled", "topic_off")
    await looks(bot)
    assert set((await states(bot)).values()) == {("cancelled", "topic_off")}


async def test_the_last_look_hears_what_she_turned_off_meanwhile(bot):
    _, (customer,) = await friends(bot, 1)
    await a_window(bot, customer)
    (touch,) = await planned(bot, customer)
    await bot.works(deliver_due)
    said = {"channel": "h5", "actor": "customer", "at": bot.now, "evidence": {}}
    async with bot.session() as session:
        await consent.record(
            session, customer_id=customer.id, purpose="topic_wishes", action="withdraw", **said
        )
    await bot.sends()
    assert bot.platform.sent(SendKf) == []
    async with bot.session() as session:
        assert (await session.get(Touch, touch.id)).reason == "topic_off"


async def test_before_her_hour_a_message_waits(bot):
    _, (customer,) = await friends(bot, 1)
    await a_window(bot, customer)
    async with bot.session() as session:
        ref = (await session.get(Customer, customer.id)).ref
    her = Actor(kind="customer", id=ref)
    await bot.does(
        ChooseMorning(at=bot.now, actor=her, key=bot.key(), customer_id=customer.id, hour=12)
    )
    (touch,) = await planned(bot, customer)
    await bot.works(deliver_due)  # 10:24
    async with bot.session() as session:
        waits = await session.get(Touch, touch.id)
    assert (waits.state, waits.reason) == ("planned", "her_hours")
    assert (waits.due_at - bot.now) == timedelta(hours=1, minutes=36)
    bot.clock.advance(hours=2)
    await bot.works(deliver_due)
    await bot.sends()
    assert len(bot.platform.sent(SendKf)) == 1
