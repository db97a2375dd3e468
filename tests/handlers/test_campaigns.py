"""People run campaigns; a guide pushes to her own."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.domain.campaigns import Campaign, Touch
from bot.domain.quotas import read_limits
from bot.domain.refusals import Refusal
from bot.events.commands import (
    Actor,
    ApproveCampaign,
    DraftCampaign,
    HandOverCampaign,
    PushToTagged,
)
from bot.store import pushes, tags
from tests.hands import Hands
from tests.outbound.conftest import EVERYBODY, friends, looks, runs, states

OPERATOR = Actor(kind="operator", id="a")
OWNER = Actor(kind="owner", id="boss")


@pytest.fixture
def hands(bot) -> Hands:
    return Hands(bot)


def act(bot, kind, *, actor=OWNER, **facts):
    return bot.does(kind(actor=actor, key=bot.key(), at=bot.now, **facts))


def draft(bot, **facts):
    said = {"name": "春装", "segment": EVERYBODY, "text": "春装到店，欢迎来试。"}
    return act(bot, DraftCampaign, **(said | facts))


async def test_from_draft_to_a_guides_hand(bot, hands):
    await friends(bot, 3)
    made = await draft(bot, actor=OPERATOR, holdout_percent=0)
    await act(bot, ApproveCampaign, campaign_id=made["campaign_id"])
    answer = await act(bot, HandOverCampaign, campaign_id=made["campaign_id"], expected=3)
    assert answer["planned"] == 3
    await runs(bot)
    assert len(hands.waiting[0].ids) == 3


@pytest.mark.parametrize(
    ("reason", "facts"),
    [
        ("no_segment", {"segment": {}}),
        ("bad_rule", {"segment": {"field": "luck", "op": "eq", "value": 7}}),
        ("missing_template", {"text": ""}),
        ("missing_template", {"text": "", "template": "no/such"}),
        ("bad_words", {"text": "转发到朋友圈集赞领奖"}),
        ("unknown_offer", {"offer": "no-such-offer"}),
        ("unknown_playbook", {"playbook": "no-such-playbook"}),
    ],
)
async def test_a_draft_that_cannot_be_sent_is_refused(bot, reason, facts):
    with pytest.raises(Refusal) as refusal:
        await draft(bot, **facts)
    assert refusal.value.reason == reason


async def test_an_audience_that_changed_since_the_dry_run_stops_the_hand_over(bot, hands):
    guide, _ = await friends(bot, 3)
    made = await draft(bot, holdout_percent=0)
    await act(bot, ApproveCampaign, campaign_id=made["campaign_id"])
    await friends(bot, 1, guide=guide)
    with pytest.raises(Refusal, match="audience_changed"):
        await act(bot, HandOverCampaign, campaign_id=made["campaign_id"], expected=3)


async def test_the_second_start_is_refused(bot, hands):
    await friends(bot, 1)
    made = await draft(bot)
    await act(bot, ApproveCampaign, campaign_id=made["campaign_id"])
    await act(bot, HandOverCampaign, campaign_id=made["campaign_id"])
    with pytest.raises(Refusal, match="wrong_state"):
        await act(bot, HandOverCampaign, campaign_id=made["campaign_id"])


async def test_an_unapproved_campaign_is_not_handed_over(bot, hands):
    await friends(bot, 1)
    made = await draft(bot)
    await runs(bot)
    with pytest.raises(Refusal, match="wrong_state"):
        await act(bot, HandOverCampaign, campaign_id=made["campaign_id"])
    assert hands.tasks == {}


async def test_words_written_by_hand_are_sealed(bot):
    await draft(bot, text="只给老朋友的悄悄话")
    async with bot.session() as session:
        campaign = (await session.scalars(select(Campaign))).one()
    assert campaign.template == ""
    assert "悄悄话".encode() not in campaign.words


async def tagged(bot, n=3):
    guide, made = await friends(bot, n)
    async with bot.session() as session:
        for customer in made:
            await tags.put(
                session,
                customer_id=customer.id,
                tag="兴趣/简约风",
                source="guide",
                evidence={},
                now=bot.now,
            )
    return guide, made


def push(bot, guide, **facts):
    said = {
        "guide_id": guide.id,
        "tags": ("兴趣/简约风",),
        "text": "新到几件素色衬衫，给你留了一件。",
    }
    return act(bot, PushToTagged, actor=Actor(kind="guide", id=guide.userid), **(said | facts))


async def test_a_guides_push_is_hers_alone_and_at_once(bot, hands):
    guide, made = await tagged(bot)
    await friends(bot, 2)
    async with bot.session() as session:
        (await session.get(type(made[0]), made[0].id)).marketing_held = True
    answer = await push(bot, guide)
    assert (answer["reachable"], answer["excluded"]) == (2, {"case_open": 1})
    await bot.sends()
    (task,) = hands.waiting
    assert task.sender == guide.userid
    assert len(task.ids) == 2
    hands.confirm()
    await looks(bot)
    assert sum(state == "delivered" for state, _ in (await states(bot)).values()) == 2


async def test_the_preview_of_a_push_is_what_happens(bot, hands):
    guide, _ = await tagged(bot)
    async with bot.session() as session:
        seen = await pushes.preview_push(
            session,
            guide.id,
            ["兴趣/简约风"],
            bot.now,
            vault=bot.vault,
            limits=read_limits(bot.content.limits),
        )
        assert (await session.scalars(select(Touch))).all() == []
    answer = await push(bot, guide)
    assert answer["reachable"] == len(seen.reachable) == 3


async def test_a_push_at_night_waits_for_the_morning(bot, hands):
    guide, _ = await tagged(bot)
    bot.clock.advance(hours=12)
    assert (await push(bot, guide))["reachable"] == 3
    await runs(bot)
    assert hands.tasks == {}
    bot.clock.advance(hours=11)
    await runs(bot)
    assert "素色衬衫" in hands.waiting[0].text


async def test_a_guide_cannot_push_as_another(bot):
    guide, _ = await tagged(bot)
    with pytest.raises(Refusal, match="forbidden"):
        await push(bot, guide, guide_id=guide.id + 1)
