"""Reaching customers, tactic by tactic: each test is named by its number and looks from outside."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote

import pytest

from bot.calls import SendKf
from bot.domain.campaigns import Campaign, Touch
from bot.domain.customers import Customer
from bot.domain.orders import Product
from bot.domain.quotas import HouseHoldout
from bot.domain.refusals import Refusal
from bot.events import Line
from bot.events.aims import Aims
from bot.events.commands import (
    Actor,
    ApproveCampaign,
    DraftCampaign,
    HandOverCampaign,
    PushToTagged,
    ResumeCampaign,
    SayLifeStage,
    TagCustomer,
)
from bot.outbound.campaigns import halt_harmful, plan_due
from bot.outbound.deliver import deliver_due
from bot.outbound.journeys import advance_due
from bot.store import (
    consent,
    guide_tasks,
    guide_work,
    house_holdout,
    journeys,
    playbooks,
    proof,
    tags,
    warmth,
)
from bot.store.explain import explain
from bot.store.insights import Span, rewording
from bot.web.guide.words import for_many
from tests.builders import a_store
from tests.outbound.conftest import EVERYBODY, agrees, runs, states
from tests.outbound.test_journeys import Written, a_tier
from tests.store.test_attribution import an_order
from tests.stories.life import (
    asked,
    friends,
    hires,
    looks,
    somebody,
    subscribes,
    taps,
    waiting,
    writes,
)

OWNER = Actor(kind="owner", id="boss")
PARTS = ("棉花地", "织布机", "改衣师傅")


def act(bot, kind, **facts):
    return bot.does(kind(actor=OWNER, key=bot.key(), at=bot.now, **facts))


async def launched(bot, **facts) -> int:
    """A campaign from draft to running; its number."""
    said = {"name": "春装", "segment": EVERYBODY, "holdout_percent": 0}
    words = {} if "template" in facts else {"text": "春装到店，欢迎来试。"}
    number = (await act(bot, DraftCampaign, **(said | words | facts)))["campaign_id"]
    await act(bot, ApproveCampaign, campaign_id=number)
    await act(bot, HandOverCampaign, campaign_id=number)
    return number


async def campaign(bot, number: int) -> Campaign:
    async with bot.session() as session:
        return await session.get_one(Campaign, number)


async def tiered(bot, customer, tier):
    async with bot.session() as session:
        await session.merge(a_tier(customer.id, tier, bot.now))


async def test_tactic_6_one_message_takes_one_way(town):
    _, (talks, silent) = await friends(town, 2)
    await subscribes(talks)
    await town.act("say_official", customer=talks.external_userid, text="在吗")
    await writes(town, talks, "在吗")
    await launched(town)
    before = len(town.platform.sent(SendKf))
    await runs(town)
    # She never agreed to the Official Account.
    assert len(town.platform.sent(SendKf)[before:]) == 1
    assert [len(task.receivers) for task in waiting(town)] == [1]
    assert {who for who, (state, _) in (await states(town)).items() if state == "handed_over"} == {
        silent.id
    }


async def test_what_hangs_on_it_reaches_her_behind_the_words_also_after_its_media_died(
    town, tmp_path
):
    media = tmp_path / "media"
    media.mkdir()
    (media / "spring.jpg").write_bytes(b"\xff\xd8 spring")
    (media / "sizes.pdf").write_bytes(b"%PDF sizes")
    town.content.become(replace(town.content, dir=tmp_path))
    _, (her,) = await friends(town, 1)
    hung = [{"kind": "image", "media": "spring.jpg"}, {"kind": "file", "media": "sizes.pdf"}]
    for name in ("春装", "换季"):
        await writes(town, her, "在吗")
        before = len(town.platform.sent(SendKf))
        await launched(town, name=name, attachments=tuple(hung))
        await runs(town)
        words, *cards = town.platform.sent(SendKf)[before:]
        assert words.text
        assert [card.card.kind for card in cards] == ["image", "file"]
        assert (await states(town))[her.id] == ("delivered", None)
        await town.waits(days=8)
    assert waiting(town) == []


async def test_tactic_7_and_93_content_time_region_and_why_others_got_nothing(town):
    async with town.session() as session:
        store = await a_store(session)
    guide = await hires(town, "here", store_id=store.id)
    _, (here,) = await friends(town, 1, guide=guide)
    _, (there,) = await friends(town, 1)
    rule = {"all": [EVERYBODY, {"field": "store", "op": "in", "value": [store.code]}]}
    await launched(town, segment=rule, starts_at=town.now + timedelta(days=1))
    await runs(town)
    assert asked(town) == []
    await town.waits(days=1)
    await runs(town)
    assert set(await states(town)) == {here.id}
    async with town.session() as session:
        told = await explain(session, town.vault, there.customer.ref)
    assert [one.state for one in told.told] == ["not_in_audience"]


async def test_tactic_8_a_goal_is_measured_against_those_kept_out(town):
    _, made = await friends(town, 60)
    number = await launched(town, holdout_percent=40)
    await runs(town)
    await taps(town)
    await looks(town)
    arms = {who: state for who, (state, _) in (await states(town)).items()}
    for customer in made:
        fen = 11_000 if arms[customer.id] == "delivered" else 10_000
        await an_order(town, customer, town.now + timedelta(hours=1), fen=fen + customer.id % 7)
    async with town.session() as session:
        found = await proof.of(session, await session.get_one(Campaign, number))
    assert found.lifts[""].low < 1000 < found.lifts[""].high
    assert "有效" in found.in_words()
    assert found.funnel["delivered"] == Counter(arms.values())["delivered"]


async def test_tactic_38_a_preview_reaches_its_tier_alone(town):
    _, (core, plain) = await friends(town, 2)
    await tiered(town, core, "核心")
    await tiered(town, plain, "普通")
    await launched(town, playbook="vip-preview", segment={})
    await runs(town)
    assert set(await states(town)) == {core.id}
    assert [len(task.receivers) for task in waiting(town)] == [1]


async def test_tactic_9_what_is_said_of_points_is_true_when_it_is_said(town):
    lasting = town.content.levels.model_copy(update={"expire_after_months": 1})
    town.content.become(replace(town.content, levels=lasting))
    her = await somebody(town, "her")
    async with town.session() as session:
        await agrees(session, her.customer, town.now)
    await town.waits(days=30)  # to 11 April
    await her.buys("A1", 600)
    everybody = {"all": [{"field": "points", "op": "gte", "value": 0}]}
    await launched(
        town,
        segment=everybody,
        template="points/standing",
        starts_at=town.now + timedelta(days=25),
    )
    await town.waits(days=25)
    await her.buys("A2", 150)
    await writes(town, her, "在吗")
    await runs(town)
    said = town.platform.sent(SendKf)[-1].text
    assert "你现在有 75 积分，其中 60 分5 月 31 日到期" in said
    assert f"再攒 25 分到白银：{town.content.levels.named('白银').rights}" in said


def of(*things) -> tuple[Line, ...]:
    """Lines of an order: (what, pieces)."""
    return tuple(
        Line(sku=f"SKU {name}", name=name, quantity=pieces, amount_fen=10_000)
        for name, pieces in things
    )


async def test_tactic_58_the_first_answer_remembers_what_she_kept(town):
    her = await somebody(town, "her")
    await her.buys("A1", 300, lines=of(("亚麻衬衫", 1)))
    assert "亚麻衬衫" in await reads(town, her, "你好")
    await her.returns("A1", 300)
    assert "亚麻衬衫" not in await reads(town, her, "在吗")


async def test_tactic_60_one_tap_buys_the_same_again_at_what_it_costs_today(town):
    her = await somebody(town, "her")
    await her.buys("A1", 300, lines=of(("亚麻衬衫", 2), ("半裙", 1)))
    async with town.session() as session:
        session.add(Product(sku="SKU 亚麻衬衫", name="亚麻衬衫", price_fen=13_900))
        session.add(Product(sku="SKU 半裙", name="半裙", price_fen=9_900))
    said = await reads(town, her, "再来一单")
    assert "亚麻衬衫、半裙" in said
    assert "今天的价格一共 ¥377" in said  # she paid ¥300
    assert "add=SKU 亚麻衬衫*2,SKU 半裙*1" in unquote(said)


async def test_tactic_61_a_story_is_told_from_its_beginning_and_never_twice(town):
    alone = {"brand-story": town.content.playbooks["brand-story"]}
    async with town.session() as session:
        told = replace(town.content, playbooks=alone)
        await playbooks.publish_playbooks(session, told, town.now)
    await hires(town, "wang")
    her = await somebody(town, "her")
    async with town.session() as session:
        await agrees(session, her.customer, town.now)

    async def befriends_and_waits() -> list[str]:
        """The parts of the story that her guide has sent her by then."""
        await town.act("add_friend", customer="her", guide="wang")
        await town.works(advance_due)
        for days in (22, 15, 15):
            later = town.now + timedelta(days=days)
            await town.waits(days=days)
            await town.works(advance_due, deliver_due)
            await town.waits(hours=5)  # guides are asked a few times a day
            await runs(town)
            await taps(town)
            await looks(town)
            await town.reaches(later + timedelta(days=1))
        told = [task.text for task in asked(town) if "小故事" in task.text]
        return [part for text in told for part in PARTS if f"：{part}。" in text]

    assert await befriends_and_waits() == list(PARTS)
    await town.act("delete_guide", customer="her", guide="wang")
    assert await befriends_and_waits() == list(PARTS)


async def test_tactic_59_and_79_a_tier_begins_a_journey_and_its_end_stops_the_queue(town):
    _, (customer,) = await friends(town, 1)
    spec = {
        "key": "stage",
        "name": "阶段",
        "tactic": [59, 79],
        "trigger": "tier_changed:核心",
        "exit": {"field": "tier", "op": "in", "value": ["普通"]},
        "steps": [
            {"message": {"template": "sleeping/soft"}},
            {"wait": {"days": 1, "part": "morning"}},
            {"message": {"template": "sleeping/vote"}},
        ],
    }
    async with town.session() as session:
        await playbooks.publish_playbooks(session, Written(spec), town.now)
        await journeys.enter(
            session,
            town.content,
            trigger="tier_changed:核心",
            customer_id=customer.id,
            cause="tier:1",
            now=town.now,
        )

    await town.works(advance_due)
    assert [state for state, _ in (await states(town)).values()] == ["planned"]
    await tiered(town, customer, "普通")
    await town.waits(days=1)
    await town.works(advance_due, deliver_due)
    assert [reason for _, reason in (await states(town)).values()] == ["left_journey"]


async def test_tactic_81_after_three_offers_running_she_hears_a_kind_word_first(town):
    often = town.content.limits.brand.model_copy(update={"most_in_days": 9, "most_in_month": 9})
    limits = town.content.limits.model_copy(update={"brand": often})
    town.content.become(replace(town.content, limits=limits))
    _, (her,) = await friends(town, 1)

    async def hears_of(**words) -> str:
        """What became of it: nothing, or why not."""
        number = await launched(town, **words)
        await runs(town)
        await taps(town)
        await looks(town)
        await town.waits(days=1)
        return (await states(town, await campaign(town, number)))[her.id][1]

    offer = {"template": "weekly/benefit", "offer": "weekly"}
    assert [await hears_of(**offer) for _ in range(4)] == [None, None, None, "promo_in_a_row"]
    assert await hears_of(template="sleeping/soft") is None
    assert await hears_of(**offer) is None
    async with town.session() as session:
        told = await explain(session, town.vault, her.customer.ref)
    assert "先问候再推" in told.in_words()


async def test_tactic_81_the_guide_is_told_to_greet_first_and_a_talk_makes_it_warm(town):
    guide, (her,) = await friends(town, 1)

    async def between_us() -> tuple[int, list[str]]:
        """How warm it is, and why her guide is asked to write today."""
        async with town.session() as session:
            warm = (await warmth.of(session, [her.id], town.now))[her.id]
            contacts = await guide_work.whom_to_contact(
                session, town.vault, town.content, guide.id, town.now
            )
        return warm.score(town.now), [one.why for one in contacts if one.words]

    assert await between_us() == (20, [])
    async with town.session() as session:
        for day in range(3):
            session.add(a_promo(her, town.now + timedelta(days=day)))
    await town.waits(days=6)
    assert await between_us() == (0, ["最近几条都是优惠，先问候一句"])
    async with town.session() as session:
        session.add(a_promo(her, town.now, offer_key=None))
    await town.act("say_kf", customer=her.external_userid, text="在吗")
    assert await between_us() == (70, [])  # she talked today; one message in four was care
    await town.waits(days=30)
    assert (await between_us())[0] == 40


def a_promo(customer, at, *, offer_key="weekly") -> Touch:
    return Touch(
        customer_id=customer.id,
        purpose="marketing",
        template="weekly/benefit",
        offer_key=offer_key,
        channel="kf",
        state="delivered",
        planned_at=at,
        due_at=at,
        sent_at=at,
    )


async def reads(town, her, text: str) -> str:
    return "\n".join(call.text for call in await writes(town, her, text))


async def says(bot, customer, stage: str) -> None:
    """She taps it on her preferences page; nothing takes it back."""
    her = Actor(kind="customer", id=customer.customer.ref)
    command = SayLifeStage(
        actor=her, key=bot.key(), at=bot.now, customer_id=customer.id, tag=stage
    )
    await bot.does(command)


async def test_tactic_48_a_stage_she_told_herself_brings_words_her_guide_may_change(town):
    guide, (expecting, other) = await friends(town, 2)
    hers = Actor(kind="guide", id=guide.userid)
    facts = {"actor": hers, "at": town.now}
    for tag, why in (("人生阶段/孕期", "her_own_word"), ("导购/怀孕5个月", "too_precise")):
        with pytest.raises(Refusal, match=why):
            await town.does(TagCustomer(**facts, key=town.key(), customer_id=other.id, add=(tag,)))
    await says(town, expecting, "人生阶段/孕期")
    await town.works(advance_due)
    async with town.session() as session:
        (asked,) = await guide_tasks.open_of(session, town.vault, guide.id)
    assert asked.task.customer_id == expecting.id
    assert "自己说在孕期" in asked.task.why
    assert "腰上不勒" in (asked.words or "")
    suits = [
        one.name for one in for_many(town.content, {}, town.now, ["人生阶段/孕期"]) if one.suits
    ]
    assert suits == ["stage/expecting"]
    push = {"guide_id": guide.id, "ready": "stage/expecting", "edited": True}
    push |= {"text": "前开扣的衬衫到了，坐着慢慢试。", "tags": ("人生阶段/孕期",)}
    await town.does(PushToTagged(**facts, key=town.key(), **push))
    await town.sends()
    (task,) = waiting(town)
    assert (len(task.receivers), "坐着慢慢试" in task.text) == (1, True)
    span = Span(town.now.date(), town.now.date(), town.settings.zone)
    async with town.session() as session:
        (kept,) = await rewording(session, town.vault, span)
    assert (kept.template, kept.edited) == ("stage/expecting", 1)
    assert kept.versions[0].text == push["text"]


async def test_tactic_48_who_takes_her_word_back_is_not_found_by_it_any_more(town):
    guide, (her,) = await friends(town, 1)
    await says(town, her, "人生阶段/有宝宝")
    async with town.session() as session:
        assert await consent.granted(session, her.id, "life_stage")
    await says(town, her, "")
    async with town.session() as session:
        assert await tags.worn(session, her.id, town.now) == []
    push = {"guide_id": guide.id, "text": "来看看。", "tags": ("人生阶段/有宝宝",)}
    hers = Actor(kind="guide", id=guide.userid)
    with pytest.raises(Refusal, match="empty_audience"):
        await town.does(PushToTagged(actor=hers, at=town.now, key=town.key(), **push))


async def test_tactic_85_nothing_starts_without_a_metric(town):
    await friends(town, 1)
    made = await act(
        town, DraftCampaign, name="试试", segment=EVERYBODY, text="来看看。", aims=Aims(metric="")
    )
    with pytest.raises(Refusal, match="no_metric"):
        await act(town, ApproveCampaign, campaign_id=made["campaign_id"])


async def test_tactic_85_what_does_harm_halts_until_a_person_lets_it_go_on(town):
    _, made = await friends(town, 40)
    number = await launched(town, aims=Aims(canary_percent=30, stop_when={"least": 4}))
    await runs(town)
    await taps(town)
    await looks(town)
    first = [who for who, (state, _) in (await states(town)).items() if state == "delivered"]
    assert 4 <= len(first) < 20
    async with town.session() as session:
        await agrees(
            session, await session.get_one(Customer, first[0]), town.now, action="withdraw"
        )
    await town.works(halt_harmful)
    assert (await campaign(town, number)).reason == "harm"
    await town.waits(days=1)
    await runs(town)
    assert waiting(town) == []  # the others are spared
    await act(town, ResumeCampaign, campaign_id=number)
    await town.works(halt_harmful)
    await runs(town)
    assert sum(len(task.receivers) for task in waiting(town)) == len(made) - len(first)


async def test_tactic_99_two_campaigns_of_one_day_write_to_her_once(town):
    await friends(town, 2)
    first, second = await launched(town, name="节日"), await launched(town, name="店庆")
    await runs(town)
    assert sum(len(task.receivers) for task in waiting(town)) == 2
    assert set((await states(town, await campaign(town, first))).values()) == {
        ("handed_over", None)
    }
    assert set((await states(town, await campaign(town, second))).values()) == {
        ("excluded", "clash")
    }


async def test_rivals_are_drawn_alike_and_compared_each_with_those_kept_out(town):
    await friends(town, 40)
    number = await launched(
        town, template="sleeping/soft", holdout_percent=20, aims=Aims(rivals=("sleeping/vote",))
    )
    await runs(town)
    assert len({task.text for task in waiting(town)}) == 2
    async with town.session() as session:
        found = await proof.of(session, await session.get_one(Campaign, number))
    assert set(found.lifts) == {"", "sleeping/soft", "sleeping/vote"}
    assert min(one.n_treated for one in found.lifts.values()) >= 8


async def test_a_budget_ends_what_is_given_away(town):
    await friends(town, 5)
    worst = town.content.offers["weekly"].value
    await launched(
        town, template="weekly/benefit", offer="weekly", aims=Aims(budget_fen=2 * worst + 1)
    )
    await town.works(plan_due)
    assert Counter(reason for _, reason in (await states(town)).values()) == {
        None: 2,
        "budget_spent": 3,
    }


async def test_a_holdout_by_guide_keeps_all_of_her_people_out(town):
    mine = {}
    for _ in range(8):
        _, made = await friends(town, 3)
        mine |= {one.id: made[0].id for one in made}
    await launched(town, holdout_percent=50, aims=Aims(holdout_by="guide"))
    await town.works(plan_due)
    kept = {who: state == "holdout" for who, (state, _) in (await states(town)).items()}
    assert all(kept[who] == kept[first] for who, first in mine.items())
    assert set(kept.values()) == {True, False}


async def test_who_is_kept_out_of_everything_gets_nothing_and_shows_what_all_of_it_brings(town):
    kept = town.content.limits.model_copy(update={"holdout": HouseHoldout(percent=20)})
    town.content.become(replace(town.content, limits=kept))
    _, made = await friends(town, 40)
    await launched(town)
    await runs(town)
    out = {who for who, (_, reason) in (await states(town)).items() if reason == "house_holdout"}
    assert 3 <= len(out) <= 15
    for one in made:
        await an_order(town, one, town.now, fen=10_000 if one.id in out else 15_000 + one.id)
    span = Span(town.now.date(), town.now.date(), town.settings.zone)
    async with town.session() as session:
        found = await house_holdout.lift(session, kept.holdout, span)
    assert (found.n_holdout, found.n_treated) == (len(out), 40 - len(out))
    assert 5_000 < found.low < found.difference < found.high
    async with town.session() as session:
        told = await explain(session, town.vault, str(min(out)))
    assert "长期对照组" in told.in_words()
