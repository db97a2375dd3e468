"""Notices, from her tap on the platform's popup to what the platform says became of the message."""

from __future__ import annotations

from sqlalchemy import select

from bot.calls import SendSubscribed, SendTemplate
from bot.domain.campaigns import Touch
from bot.store import consent
from bot.store.explain import explain
from tests.outbound.conftest import a_campaign, runs, states
from tests.outbound.test_deliver import planned
from tests.stories.life import friends, subscribes, waiting

SERIES, DUE = "qinghe-series-back", "qinghe-right-due"


async def a_fan(town):
    """A friend who follows the Official Account, where the platform has approved our forms."""
    _, (her,) = await friends(town, 1)
    await subscribes(her)
    town.world.official.templates |= {SERIES: "到货提醒", DUE: "权益到期提醒"}
    async with town.session() as session:
        await consent.record(
            session,
            customer_id=her.id,
            purpose="marketing_official",
            action="grant",
            channel="form",
            actor="customer",
            at=town.now,
            evidence={},
        )
    return her


def read(town, her) -> list[str]:
    person = town.world.by_external[her.external_userid]
    return [said.text for said in person.conversation if said.channel == "official"]


async def about_a_series(town):
    await a_campaign(
        town,
        words=None,
        template="goods/series_back",
        offer_key="wake-up",
        channels=["subscribed"],
    )
    await runs(town)


async def test_she_asks_for_one_message_and_gets_one(town):
    her = await a_fan(town)
    await town.act("consent_subscribe", customer=her.external_userid, template=SERIES)
    await about_a_series(town)
    await town.waits(seconds=5)
    (call,) = town.platform.sent(SendSubscribed)
    assert read(town, her)[-1].splitlines() == ["到货提醒", *call.data.values()]
    assert (await states(town))[her.id] == ("delivered", None)
    await town.waits(days=10)
    await about_a_series(town)
    assert (await states(town))[her.id] == ("excluded", "no_channel")
    assert len(town.platform.sent(SendSubscribed)) == 1


async def test_what_she_turned_off_in_her_settings_is_not_tried(town):
    her = await a_fan(town)
    for act in ("consent_subscribe", "change_subscribe"):
        await town.act(act, customer=her.external_userid, template=SERIES)
        await town.waits(seconds=5)
    await about_a_series(town)
    assert town.platform.sent(SendSubscribed) == []
    assert waiting(town) == []


async def test_a_service_finds_a_fan_whose_window_is_shut_unless_she_blocks_it(town):
    her = await a_fan(town)
    await planned(town, her.customer, template="coupon/expiring", purpose="service")
    await runs(town)
    await town.waits(seconds=5)
    assert len(town.platform.sent(SendTemplate)) == 1
    assert read(town, her)[-1].startswith("权益到期提醒")
    assert (await states(town))[her.id] == ("delivered", None)
    await town.act("block_templates", customer=her.external_userid)
    await planned(town, her.customer, template="coupon/expiring", purpose="service")
    await runs(town)
    await town.waits(seconds=5)
    assert (await states(town))[her.id] == ("refused", "customer_refuses")


async def test_why_she_got_it_that_way_is_told(town):
    her = await a_fan(town)
    await town.act("consent_subscribe", customer=her.external_userid, template=SERIES)
    await about_a_series(town)
    async with town.session() as session:
        (told,) = (await explain(session, town.vault, her.id)).told
        touch = (await session.scalars(select(Touch))).one()
    assert touch.consent_entry_id is not None
    assert "渠道：订阅通知" in told.in_words()
