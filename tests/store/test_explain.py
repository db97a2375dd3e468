"""Why she did or did not get each message."""

from __future__ import annotations

import pytest

from bot.domain.refusals import Refusal
from bot.store import campaigns
from bot.store.explain import explain
from tests.hands import Hands
from tests.outbound.conftest import a_campaign, friends, looks, runs


async def told(bot, customer):
    async with bot.session() as session:
        return await explain(session, bot.vault, customer.ref)


async def test_who_got_it_by_whom_when_and_on_what_consent(bot):
    hands = Hands(bot)
    guide, (customer,) = await friends(bot, 1)
    await a_campaign(bot, name="春装上新")
    await runs(bot)
    hands.confirm()
    await looks(bot)
    (one,) = (await told(bot, customer)).told
    assert (one.what, one.state, one.guide) == ("春装上新", "delivered", guide.name)
    assert one.proof["evidence"] == {"form": "v1"}
    assert "已送达" in one.in_words()


async def test_who_did_not_get_it_hears_the_reason_in_words(bot):
    hands = Hands(bot)
    guide, (held,) = await friends(bot, 1, marketing_held=True)
    _, (silent,) = await friends(bot, 1, agree=False, guide=guide)
    await a_campaign(bot)
    await runs(bot)
    assert hands.tasks == {}
    assert "投诉" in (await told(bot, held)).in_words()
    assert "没有取得营销同意" in (await told(bot, silent)).in_words()


async def test_campaigns_that_passed_her_by_are_told_too(bot):
    _, (customer,) = await friends(bot, 1)
    await a_campaign(bot, name="只给男士", rule={"field": "gender", "op": "eq", "value": 1})
    await runs(bot)
    (one,) = (await told(bot, customer)).told
    assert (one.what, one.state) == ("只给男士", "not_in_audience")


async def test_the_answer_is_one_plain_document(bot):
    _, (customer,) = await friends(bot, 1)
    await a_campaign(bot, holdout_percent=100)
    await runs(bot)
    async with bot.session() as session:
        found = (await explain(session, bot.vault, customer.id)).as_json()
    assert found["customer"] == customer.ref
    assert found["messages"][0]["state"] == "holdout"
    assert "对照组" in found["messages"][0]["words"]
    assert campaigns.ABOUT not in str(found)


async def test_somebody_nobody_knows(bot):
    async with bot.session() as session:
        with pytest.raises(Refusal, match="unknown_customer"):
            await explain(session, bot.vault, "nobody")
