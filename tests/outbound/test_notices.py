"""Notices: a yes of hers is one message, and what the platform forbids never leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.calls import Refused, SendOfficial, SendSubscribed, SendTemplate, Sent
from bot.domain.campaigns import Touch
from bot.domain.customers import Identity
from bot.domain.delivery import Owed
from bot.domain.notices import NoticeAnswer
from bot.events import AuthorizationRevoked, FanLeft, SubscriptionAnswered, TemplateFinished
from bot.outbound.campaigns import plan_due
from bot.outbound.deliver import deliver_due
from bot.store import offers
from tests.builders import LONG_AGO
from tests.outbound.conftest import a_campaign, agrees, friends, runs, states
from tests.outbound.test_deliver import a_window, planned

FORM = "qinghe-series-back"
OPENID = "o1"
FAN = {"openid": OPENID, "account": "gh1"}


async def a_fan(bot, customer, *, agree: bool = True) -> None:
    """She follows the Official Account, and has agreed to hear of offers there."""
    async with bot.session() as session:
        known = {"kind": "openid", "value": OPENID, "account": "gh1"}
        session.add(Identity(customer_id=customer.id, since=LONG_AGO, **known))
        if agree:
            await agrees(session, customer, bot.now, purpose="marketing_official")


async def answers(
    bot, *, accepted: bool = True, scene: int | None = 1, form=FORM, **ahead
) -> None:
    at = bot.now + timedelta(**ahead)
    said = {"template_id": form, "accepted": accepted, "scene": scene}
    await bot.receives(SubscriptionAnswered(at=at, **FAN, **said))


async def about_a_series(bot, **changes):
    async with bot.session() as session:
        await offers.publish_offers(session, bot.vault, bot.content.offers.values())
    said = {"words": None, "template": "goods/series_back", "offer_key": "wake-up"}
    return await a_campaign(bot, **(said | changes))


@pytest.fixture
async def her(bot, hands):
    """A friend of a guide, and a fan who agreed."""
    _, (customer,) = await friends(bot, 1)
    await a_fan(bot, customer)
    return customer


async def left(bot) -> int:
    async with bot.session() as session:
        said = (await session.scalars(select(NoticeAnswer))).all()
    return sum(one.accepted and one.touch_id is None and one.ended_at is None for one in said)


async def test_a_yes_is_one_message_in_the_form_and_the_next_goes_by_her_guide(bot, her, hands):
    await answers(bot)
    await about_a_series(bot)
    await runs(bot)
    (call,) = bot.platform.sent(SendSubscribed)
    assert (call.openid, call.template_id) == (OPENID, FORM)
    assert call.data["thing1"] == "当季新货"
    assert "/l/" in call.page
    assert (await states(bot))[her.id] == ("delivered", None)
    bot.clock.advance(days=10)
    await about_a_series(bot)
    await runs(bot)
    assert len(bot.platform.sent(SendSubscribed)) == 1
    assert len(hands.waiting) == 1


async def test_the_words_that_are_kept_are_those_she_reads(bot, her):
    await answers(bot)
    await about_a_series(bot)
    await runs(bot)
    async with bot.session() as session:
        touch = (await session.scalars(select(Touch))).one()
        kept = await bot.vault.unseal_for(session, her.id, touch.text, about="touch.text")
    (call,) = bot.platform.sent(SendSubscribed)
    lines = [f"到货商品：{call.data['thing1']}", f"温馨提示：{call.data['thing2']}"]
    assert kept.splitlines() == ["到货提醒", *lines]
    assert touch.channel == "subscribed"


async def test_an_open_window_costs_no_yes(bot, her):
    await answers(bot)
    await a_window(bot, her, "official", OPENID)
    await about_a_series(bot)
    await runs(bot)
    assert len(bot.platform.sent(SendOfficial)) == 1
    assert await left(bot) == 1


async def test_told_again_it_is_the_same_yes(bot, her):
    await answers(bot)
    await answers(bot, scene=2)
    assert await left(bot) == 1
    await answers(bot, minutes=1)
    assert await left(bot) == 2


@pytest.mark.parametrize("scene", [1, None], ids=["in a popup", "in her settings"])
async def test_a_no_ends_every_yes_before_it_in_whatever_order_they_come(bot, her, scene):
    await answers(bot)
    await answers(bot, accepted=False, scene=scene, minutes=2)
    await answers(bot, minutes=1)
    assert await left(bot) == 0
    await answers(bot, minutes=3)
    assert await left(bot) == 1


@pytest.mark.parametrize("event", [FanLeft, AuthorizationRevoked])
async def test_who_leaves_the_account_has_asked_for_nothing(bot, her, event):
    await answers(bot)
    await bot.receives(event(at=bot.now + timedelta(minutes=1), **FAN))
    assert await left(bot) == 0


async def test_a_switch_turned_on_allows_no_message(bot, her):
    await answers(bot, scene=None)
    assert await left(bot) == 0


async def test_one_popup_answers_for_several_forms(bot, her):
    others = {"T2": True, "T3": False}
    said = {"template_id": FORM, "accepted": True, "others": others, "scene": 1}
    await bot.receives(SubscriptionAnswered(at=bot.now, **FAN, **said))
    assert await left(bot) == 2


async def test_whoever_answers_without_following_is_no_fan(bot):
    await answers(bot)
    async with bot.session() as session:
        known = (await session.scalars(select(Identity))).one()
    assert known.stale_at is not None


async def test_marketing_needs_her_consent_beside_the_yes(bot, hands):
    _, (customer,) = await friends(bot, 1)
    await a_fan(bot, customer, agree=False)
    await answers(bot)
    await about_a_series(bot, channels=["subscribed"])
    await runs(bot)
    assert (await states(bot))[customer.id] == ("excluded", "no_consent")
    assert await left(bot) == 1


async def test_taken_back_while_it_waits_it_goes_another_way(bot, her, hands):
    await answers(bot)
    await about_a_series(bot)
    await bot.works(plan_due, deliver_due)
    await answers(bot, accepted=False, scene=None, minutes=1)
    await runs(bot)
    await runs(bot)
    assert bot.platform.sent(SendSubscribed) == []
    assert (await states(bot))[her.id] == ("handed_over", None)


async def test_a_platform_that_knows_of_no_yes_ends_them_all(bot, her, hands):
    await answers(bot)
    await answers(bot, minutes=-1)
    bot.platform.answers(SendSubscribed, Refused(43101, "not_accepted"))
    await about_a_series(bot)
    await runs(bot)
    await runs(bot)
    assert len(bot.platform.sent(SendSubscribed)) == 1
    assert await left(bot) == 0
    assert (await states(bot))[her.id] == ("handed_over", None)


async def test_what_was_never_sent_uses_nothing_up(bot, her):
    await answers(bot)
    bot.platform.answers(SendSubscribed, Refused(47003, "bad_request"))
    await about_a_series(bot)
    await runs(bot)
    assert (await states(bot))[her.id][0] == "refused"
    bot.platform.answers(SendSubscribed, Sent())
    await about_a_series(bot)
    await runs(bot)
    assert (await states(bot))[her.id] == ("delivered", None)


async def test_a_subscribed_notice_that_did_not_arrive_is_told(bot, her):
    await answers(bot)
    await about_a_series(bot)
    await runs(bot)
    verdict = {"msgid": "9", "status": "failed", "template_id": FORM, "code": "43101"}
    await bot.receives(TemplateFinished(at=bot.now, **FAN, **verdict))
    assert (await states(bot))[her.id] == ("refused", "customer_refuses")


async def test_a_service_goes_to_a_fan_without_a_window_by_a_template_message(bot, her):
    await planned(bot, her, template="coupon/expiring", purpose="service")
    await runs(bot)
    (call,) = bot.platform.sent(SendTemplate)
    assert (call.openid, call.template_id) == (OPENID, "qinghe-right-due")
    assert call.data["thing2"] == "这几天"
    assert (await states(bot))[her.id] == ("delivered", None)


async def test_what_she_asked_for_goes_before_a_template_message(bot, her):
    await answers(bot, form="qinghe-coupon-due")
    await planned(bot, her, template="coupon/expiring", purpose="service")
    await runs(bot)
    assert len(bot.platform.sent(SendSubscribed)) == 1
    assert bot.platform.sent(SendTemplate) == []


async def test_marketing_never_goes_by_a_template_message(bot, her):
    await planned(bot, her, template="coupon/expiring", purpose="marketing")
    await runs(bot)
    assert bot.platform.performed == []
    assert (await states(bot))[her.id] == ("excluded", "service_only")


@pytest.mark.parametrize(
    ("status", "became"),
    [
        ("success", ("delivered", None)),
        ("failed:user block", ("refused", "customer_refuses")),
    ],
)
async def test_the_verdict_on_a_template_message_settles_it(bot, her, status, became):
    await planned(bot, her, template="coupon/expiring", purpose="service")
    await runs(bot)
    await bot.receives(TemplateFinished(at=bot.now, **FAN, msgid="other", status="failed"))
    assert (await states(bot))[her.id] == ("delivered", None)
    async with bot.session() as session:
        debt = (await session.scalars(select(Owed).where(Owed.kind == "send_template"))).one()
    msgid = str(debt.answer["msgid"])
    await bot.receives(TemplateFinished(at=bot.now, **FAN, msgid=msgid, status=status))
    assert (await states(bot))[her.id] == became


async def test_who_follows_no_more_is_tried_once(bot, her):
    bot.platform.answers(SendTemplate, Refused(43004, "not_following"))
    await planned(bot, her, template="coupon/expiring", purpose="service")
    await runs(bot)
    await runs(bot)
    assert len(bot.platform.sent(SendTemplate)) == 1
    assert (await states(bot))[her.id] == ("not_friend", "not_following")
