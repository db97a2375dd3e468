"""One person, one channel, one text: windows, coupons and journeys."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.calls import Refused, SendKf, SendOfficial, Sent, Unclear
from bot.domain.campaigns import Touch
from bot.domain.offers import Coupon, Offer
from bot.events import KfSendFailed
from bot.events.commands import Actor, SwitchSending
from bot.outbound.deliver import SOME, deliver_due
from bot.store import campaigns, conversations, offers, touches
from tests.builders import LONG_AGO, a_follow, a_guide
from tests.outbound.conftest import a_campaign, agrees, friends, runs, states

BOSS = Actor(kind="owner", id="boss")


async def a_window(bot, customer, channel="kf", address="wk1|wm1"):
    async with bot.session() as session:
        await conversations.opened(
            session,
            customer_id=customer.id,
            channel=channel,
            address=address,
            by="message",
            at=bot.now,
        )


async def planned(bot, customer, **facts):
    said = {"template": "sleeping/soft", "purpose": "marketing", "due_at": bot.now}
    async with bot.session() as session:
        plan = {"customer_id": customer.id} | said | facts
        return await touches.plan(session, [plan], bot.now)


async def test_an_open_window_is_used_instead_of_a_guide(bot, hands):
    _, (customer,) = await friends(bot, 1)
    await a_window(bot, customer)
    await a_campaign(bot)
    await runs(bot)
    (call,) = bot.platform.sent(SendKf)
    assert (call.open_kfid, call.external_userid) == ("wk1", "wm1")
    assert hands.tasks == {}
    assert (await states(bot))[customer.id] == ("delivered", None)


async def test_while_a_person_serves_her_no_program_speaks_in_that_window(bot, hands):
    _, (customer,) = await friends(bot, 1)
    await a_window(bot, customer)
    async with bot.session() as session:
        await conversations.hold(
            session, customer_id=customer.id, channel="kf", by="WangFang", at=bot.now
        )
    await a_campaign(bot)
    await runs(bot)
    assert bot.platform.sent(SendKf) == []
    assert len(hands.waiting) == 1


async def test_the_last_message_of_a_window_is_given_once(bot, hands):
    _, (customer,) = await friends(bot, 1)
    await a_window(bot, customer)
    async with bot.session() as session:
        for _ in range(4):
            await conversations.use_window(session, customer.id, "kf", bot.now)
    await a_campaign(bot, purpose="service")
    await a_campaign(bot, purpose="service")
    await runs(bot)
    assert len(bot.platform.sent(SendKf)) == 1
    await runs(bot)
    assert len(hands.waiting) == 1


async def test_a_long_pass_counts_what_it_has_given_her_once(bot):
    brand = bot.content.limits.brand.model_copy(update={"most_in_days": 2})
    limits = bot.content.limits.model_copy(update={"brand": brand})
    bot.content.become(replace(bot.content, limits=limits))
    guide, (her,) = await friends(bot, 1)
    _, (silent,) = await friends(bot, 1, agree=False, guide=guide)
    await a_window(bot, her)
    await planned(bot, her)
    for _ in range(SOME):
        await planned(bot, silent)
    await planned(bot, her)
    await bot.works(deliver_due)
    assert len(await bot.sends()) == 2


async def test_an_unknown_outcome_without_a_query_is_never_repeated(bot, hands):
    _, (customer,) = await friends(bot, 1)
    async with bot.session() as session:
        await agrees(session, customer, bot.now, purpose="marketing_official")
    await a_window(bot, customer, "official", "o1")
    bot.platform.answers(SendOfficial, Unclear("timeout"))
    await a_campaign(bot)
    await runs(bot)
    await runs(bot)
    assert len(bot.platform.sent(SendOfficial)) == 1
    assert (await states(bot))[customer.id] == ("unknown", "unknown")


async def test_a_refusal_of_the_platform_is_final_and_told(bot, hands):
    _, (customer,) = await friends(bot, 1)
    await a_window(bot, customer)
    bot.platform.answers(SendKf, Refused(40096, "no_such_customer"))
    await a_campaign(bot)
    await runs(bot)
    await runs(bot)
    assert (await states(bot))[customer.id] == ("not_friend", "no_such_customer")
    assert hands.tasks == {}


async def test_where_the_window_has_shut_meanwhile_the_next_way_is_taken_and_only_that(bot, hands):
    _, (customer,) = await friends(bot, 1)
    await a_window(bot, customer)
    bot.platform.answers(SendKf, Refused(95002, "window_closed"))
    await a_campaign(bot)
    await runs(bot)
    await runs(bot)
    assert (await states(bot))[customer.id] == ("handed_over", None)
    assert (len(bot.platform.sent(SendKf)), len(hands.waiting)) == (1, 1)
    await a_campaign(bot, purpose="service", channels=["kf"])
    await runs(bot)
    assert len(bot.platform.sent(SendKf)) == 1, "what has shut is not tried again"


async def test_without_another_way_the_shut_window_stays_the_reason(bot, hands):
    _, (customer,) = await friends(bot, 1)
    await a_window(bot, customer)
    bot.platform.answers(SendKf, Refused(95001, "window_full"))
    await a_campaign(bot, channels=["kf"])
    await runs(bot)
    await runs(bot)
    assert (await states(bot))[customer.id] == ("refused", "window_full")
    assert len(bot.platform.sent(SendKf)) == 1


@pytest.mark.parametrize(
    ("kind", "became"),
    [(4, ("handed_over", None)), (10, ("refused", "customer_refuses"))],
    ids=["shut", "she takes none"],
)
async def test_what_failed_after_all_takes_another_way_unless_she_refused(
    bot, hands, kind, became
):
    _, (customer,) = await friends(bot, 1)
    await a_window(bot, customer)
    await a_campaign(bot)
    await runs(bot)
    about = {"open_kfid": "wk1", "external_userid": "wm1", "fail_type": kind}
    (call,) = bot.platform.sent(SendKf)
    failed = KfSendFailed(at=bot.now, msgid="f1", fail_msgid=call.msgid, **about)
    await bot.receives(failed)
    await runs(bot)
    assert (await states(bot))[customer.id] == became
    assert len(bot.platform.sent(SendKf)) == 1


async def test_late_news_of_an_earlier_try_stops_no_later_one(bot, hands):
    _, (customer,) = await friends(bot, 1)
    await a_window(bot, customer)
    await a_campaign(bot)
    await runs(bot)
    (first,) = bot.platform.sent(SendKf)
    about = {"open_kfid": "wk1", "external_userid": "wm1", "fail_type": 4}
    await bot.receives(KfSendFailed(at=bot.now, msgid="f1", fail_msgid=first.msgid, **about))
    await a_window(bot, customer)
    await bot.works(deliver_due)
    await bot.receives(KfSendFailed(at=bot.now, msgid="f2", fail_msgid=first.msgid, **about))
    (second,) = await bot.sends()
    assert second.msgid != first.msgid
    assert (await states(bot))[customer.id] == ("delivered", None)


async def test_while_her_guides_day_is_full_another_one_of_hers_is_asked(bot, hands):
    async with bot.session() as session:
        first, second = await a_guide(session), await a_guide(session)
    _, made = await friends(bot, 2, guide=first)
    async with bot.session() as session:
        await a_follow(session, made[0], second, since=LONG_AGO - timedelta(days=1))
    for text in ("一", "二", "三", "四"):
        words = bot.vault.seal(f"通知{text}", about=campaigns.ABOUT)
        await a_campaign(bot, purpose="service", words=words)
        await runs(bot)
    assert [(task.sender, len(task.ids)) for task in hands.waiting] == [
        *[(first.userid, 2)] * 3,
        (second.userid, 1),
    ]
    assert (await states(bot, None))[made[1].id] == ("planned", "guide_busy")


async def test_the_exact_words_and_the_consent_are_kept(bot, hands):
    _, (customer,) = await friends(bot, 1)
    await a_window(bot, customer)
    await planned(bot, customer)
    await runs(bot)
    async with bot.session() as session:
        touch = (await session.scalars(select(Touch))).one()
        kept = await bot.vault.unseal_for(session, customer.id, touch.text, about="touch.text")
    assert kept == bot.platform.sent(SendKf)[0].text
    assert touch.consent_entry_id is not None


async def test_messages_of_journeys_are_gathered_until_the_next_slot(bot, hands):
    _, made = await friends(bot, 3)
    for customer in made:
        await planned(bot, customer)
        await bot.works(deliver_due)
        bot.clock.advance(minutes=7)
    assert await bot.sends() == []
    bot.clock.advance(hours=4)
    await runs(bot)
    (task,) = hands.waiting
    assert len(task.ids) == 3


async def test_a_coupon_belongs_to_its_touch_and_none_is_left_no_text_is_sent(bot, hands):
    await friends(bot, 2)
    async with bot.session() as session:
        await offers.publish_offers(session, bot.vault, bot.content.offers.values())
        offer = next(iter(bot.content.offers))
        await session.execute(update(Offer).where(Offer.key == offer).values(budget_pieces=1))
    campaign = await a_campaign(bot, offer_key=offer)
    await runs(bot)
    found = await states(bot, campaign)
    assert sorted(found.values()) == [("excluded", "out_of_stock"), ("handed_over", None)]
    async with bot.session() as session:
        coupon = (await session.scalars(select(Coupon))).one()
    assert found[coupon.customer_id][0] == "handed_over"


async def test_a_touch_is_planned_once_per_campaign(bot):
    _, (customer,) = await friends(bot, 1)
    campaign = await a_campaign(bot)
    assert len(await planned(bot, customer, campaign_id=campaign.id)) == 1
    assert not await planned(bot, customer, campaign_id=campaign.id)


async def test_at_night_even_an_open_window_stays_silent(bot, hands):
    _, (customer,) = await friends(bot, 1)
    bot.clock.advance(hours=12)
    await a_window(bot, customer)
    await planned(bot, customer)
    await runs(bot)
    assert bot.platform.performed == []
    async with bot.session() as session:
        touch = (await session.scalars(select(Touch))).one()
    assert touch.due_at - bot.now > timedelta(hours=10)
    bot.platform.answers(SendKf, Sent({}))
    bot.clock.move_to(touch.due_at)
    await runs(bot)
    assert len(bot.platform.sent(SendKf)) == 1


async def test_what_was_never_asked_for_takes_nothing_off_her_window(bot, hands):
    _, (customer,) = await friends(bot, 1)
    await a_window(bot, customer)
    await planned(bot, customer, purpose="service")
    for _ in range(6):
        await bot.works(deliver_due)
        await bot.does(SwitchSending(at=bot.now, actor=BOSS, key=bot.key(), on=False, reason="停"))
        await bot.sends()
        await bot.does(SwitchSending(at=bot.now, actor=BOSS, key=bot.key(), on=True, reason="好"))
    await runs(bot)
    assert len(bot.platform.sent(SendKf)) == 1
    async with bot.session() as session:
        open_ = await conversations.window(session, customer.id, "kf", bot.now)
    assert open_.left == 4
