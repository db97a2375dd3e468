"""Knowing customers, tactic by tactic: each test is named by its number and looks from outside."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import timedelta
from itertools import cycle, product
from math import exp2

import pytest
import yaml
from sqlalchemy import select

from bot.calls import SendKf
from bot.domain.customers import Customer, Identity
from bot.domain.journeys import Run
from bot.domain.orders import Order, OrderLine, Product
from bot.domain.refusals import Refusal
from bot.domain.segments import parse
from bot.domain.tiers import CustomerTier
from bot.events import (
    Actor,
    ApproveCampaign,
    AskShareCode,
    Buyer,
    DraftCampaign,
    FormAnswered,
    HandOverCampaign,
    Line,
    OrderKind,
    OrderReported,
    UnmergeCustomer,
)
from bot.outbound.contact_ways import open_contact_ways
from bot.outbound.tag_mirror import retag_everybody
from bot.outbound.tiers import retier
from bot.store import offers, segments, tags, tiers
from tests.builders import a_link
from tests.outbound.conftest import a_campaign, agrees, runs
from tests.outbound.test_journeys import a_tier
from tests.stories.life import comes, friends, hires, somebody, subscribes, until, waiting, writes
from tests.stories.past import happened, people

OWNER = Actor(kind="owner", id="boss")
OTHER = Actor(kind="owner", id="partner")


async def places(bot) -> dict[int, CustomerTier]:
    async with bot.session() as session:
        return {one.customer_id: one for one in await session.scalars(select(CustomerTier))}


async def cut_anew(bot, **cuts) -> dict[int, str]:
    """头部, 腰部 or 大众 of everybody, by the shop's cuts but for these."""
    content = replace(bot.content, tiers={**bot.content.tiers, **cuts})
    await retier(replace(bot.work, content=content))
    return {who: one.share_class for who, one in (await places(bot)).items()}


def oracle(past, head, waist) -> list[str]:
    """The same by hand: value after value, slow and plain."""
    visits = [sorted({int(ago) for ago, _ in bought}) for bought in past]
    gap = sum(days[-1] - days[0] for days in visits) / sum(len(days) - 1 for days in visits)
    basket = sum(fen for bought in past for _, fen in bought) / sum(map(len, visits))
    half = min(max(4 * gap, 180), 730)
    values = []
    for bought, days in zip(past, visits, strict=True):
        count = sum(exp2(-(day + 1) / half) for day in days)
        money = sum(fen * exp2(-(int(ago) + 1) / half) for ago, fen in bought)
        own = (days[-1] - days[0] + 2 * gap) / (len(days) + 1)
        activity = count / (1 + ((days[0] + 1) / own / 5) ** 2)
        values.append(activity * (money + basket) / (count + 1))
    total, held, found = sum(values), 0.0, [""] * len(values)
    for who in sorted(range(len(values)), key=lambda n: -values[n]):
        share = held / total
        found[who] = "头部" if share < head else "腰部" if share < head + waist else "大众"
        held += values[who]
    return found


async def test_tactic_1_a_thousand_people_in_three_classes_as_worked_out_by_hand(town):
    past = [
        [(1 + n * 7 % 90 + 30 * k, 5000 + n * n % 7919 * 13) for k in range(1 + n % 5)]
        for n in range(1000)
    ]
    ids = await people(town, past)
    before = await cut_anew(town)
    assert [before[who] for who in ids] == oracle(past, 0.20, 0.30)
    after = await cut_anew(town, head=0.25)
    moved = {who for who in ids if before[who] != after[who]}
    by_hand = zip(ids, oracle(past, 0.20, 0.30), oracle(past, 0.25, 0.30), strict=True)
    assert moved == {who for who, was, now in by_hand if was != now}
    assert 0 < len(moved) < 200


async def worn(bot, customer_id) -> dict[str, tuple[str, ...]]:
    """Her tags, each with its sources."""
    async with bot.session() as session:
        rows = await tags.worn(session, customer_id, bot.now)
    found: dict[str, tuple[str, ...]] = {}
    for each in rows:
        found[each.tag] = (*found.get(each.tag, ()), each.row.source)
    return found


async def test_tactic_16_what_she_taps_scans_and_says_tags_her_once_with_its_source(town):
    her = await somebody(town)
    await subscribes(her)
    async with town.session() as session:
        token = await a_link(session, town, customer_id=her.customer.id)
    for _ in range(2):
        await town.act("scan_official", customer="lin", scene="fitting-3")
        await town.act("say_kf", customer="lin", text="想看羊绒大衣")
        await town.act("view_link", customer="lin", url=f"{town.url}/l/{token}")
    assert await worn(town, her.customer.id) == {
        "来源/试衣间": ("contact_way",),
        "兴趣/羊毛针织": ("keyword",),
        "兴趣/外套": ("keyword",),
        "互动/点过链接": ("link",),
    }


async def test_tactic_22_what_she_declares_is_used_only_while_she_agrees(town):
    her = await somebody(town)
    tagged = parse({"field": "tag", "op": "has", "value": "风格/通勤"})

    async def answers(form, **said):
        await town.waits(minutes=1)
        event = FormAnswered(at=town.now, customer_id=her.customer.id, form=form, answers=said)
        await town.receives(event)
        async with town.session() as session:
            return await segments.ids(session, tagged, town.now, most=9)

    assert await answers("style", style="通勤") == []
    assert await answers("consent", profiling="yes") == []  # what was said before is not kept
    assert await answers("style", style="通勤") == [her.customer.id]
    assert await worn(town, her.customer.id) == {"风格/通勤": ("answer",)}
    assert await answers("consent", profiling="no") == []
    assert await worn(town, her.customer.id) == {}


async def bought(bot, her, *categories) -> None:
    """These, one after the other."""
    for category in categories:
        line = Line(sku=category, name=category, category=category, amount_fen=9900)
        await her.buys(bot.key(), 99, lines=(line,))


async def reads_of_the_week(bot, *hers, offer="weekly") -> list[str]:
    """What the week's benefit says in 微信客服 to each of them: the first is 核心, the others are not."""
    for one in hers:
        await writes(bot, one, "你好")
    async with bot.session() as session:
        for one in hers:
            tier = "核心" if one is hers[0] else "普通"
            await session.merge(a_tier(one.customer.id, tier, bot.now))
            await agrees(session, one.customer, bot.now)
    await a_campaign(bot, template="weekly/benefit", words=None, offer_key=offer, rule={"all": []})
    before = len(bot.platform.sent(SendKf))
    await runs(bot)
    said = {call.external_userid: call.text for call in bot.platform.sent(SendKf)[before:]}
    return [said[one.external_userid] for one in hers]


async def test_tactic_2_the_best_hear_of_what_they_love_and_the_others_of_the_months_hero(town):
    core, plain = await somebody(town), await somebody(town, "chen")
    await bought(town, plain, "手镯", "手镯", "手镯")
    await bought(town, core, "戒指", "戒指", "戒指")
    hers, others = await reads_of_the_week(town, core, plain)
    assert "戒指" in hers
    assert town.content.brand.hero[3] not in hers
    assert town.content.brand.hero[3] in others
    assert "手镯" not in others


async def test_tactic_92_nobody_says_what_she_likes_before_her_third_purchase(town):
    her = await somebody(town)
    await bought(town, her, "戒指", "戒指")
    (general,) = await reads_of_the_week(town, her)
    assert "戒指" not in general
    await until(town, 2026, 3, 20)
    await bought(town, her, "戒指")
    (personal,) = await reads_of_the_week(town, her, offer="weekly-core")
    assert "你常挑戒指" in personal


def act(bot, kind, actor=OWNER, **facts):
    return bot.does(kind(actor=actor, key=bot.key(), at=bot.now, **facts))


async def refusal_of(doing) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await doing
    return refused.value


async def test_tactic_21_nobody_advertises_to_everybody_and_a_notice_needs_two_people(town):
    limits = town.content.limits
    few = limits.brand.model_copy(update={"segment_above": 3})
    small = limits.model_copy(update={"brand": few})
    town.content.become(replace(town.content, limits=small))
    await friends(town, 4)
    words = {"name": "春装", "text": "春装到店，欢迎来试。"}
    always = {"field": "orders.count", "op": "gte", "value": 0}
    for everyone in ({}, {"all": []}, {"not": {"not": {"all": []}}}):
        refused = await refusal_of(act(town, DraftCampaign, **words, segment=everyone))
        assert refused.reason == "no_segment"
        assert "无分层，不营销" in refused.words
    made = await act(town, DraftCampaign, **words, segment=always)
    refused = await refusal_of(act(town, ApproveCampaign, campaign_id=made["campaign_id"]))
    assert refused.reason == "no_segment"  # whatever it is called, it spares nobody

    urgent = {"name": "紧急通知", "text": "门店明天停电，改到后天营业。", "purpose": "service"}
    notice = await act(town, DraftCampaign, **urgent, holdout_percent=0)
    number = {"campaign_id": notice["campaign_id"]}
    first = await act(town, ApproveCampaign, **number)
    assert (first["state"], first["approvals_lacking"]) == ("draft", 1)
    assert (await refusal_of(act(town, ApproveCampaign, **number))).reason == "second_approval"
    assert (await refusal_of(act(town, HandOverCampaign, **number))).reason == "wrong_state"
    assert (await act(town, ApproveCampaign, OTHER, **number))["state"] == "approved"
    await act(town, HandOverCampaign, **number)
    await runs(town)
    assert sum(len(task.receivers) for task in waiting(town)) == 4


async def test_tactic_23_how_she_buys_tells_what_she_goes_for(town):
    names = ("saver", "weekender", "first", "plain")
    saver, weekender, first, plain = [await somebody(town, name) for name in names]
    fresh = town.now - timedelta(days=1)
    async with town.session() as session:
        session.add(Product(sku="NEW", name="春季新款", listed_at=fresh))
        session.add(Product(sku="OLD", name="常青款", listed_at=fresh - timedelta(days=400)))
    for week in range(3):
        await first.buys(f"F{week}", 300, sku="OLD" if week == 2 else "NEW")
        await plain.buys(f"P{week}", 300, sku="OLD")
        async with town.session() as session:
            coupon = await offers.issue(
                session,
                offer_key="weekly",
                customer_id=saver.customer.id,
                trigger=f"t{week}",
                now=town.now,
            )
        await saver.uses(coupon, order_no=f"S{week}", amount_fen=30000)
        await saver.buys(f"S{week}", 300, sku="OLD")
        await town.waits(days=2)  # from Thursday to Saturday
        await weekender.buys(f"W{week}", 300, sku="OLD")
        await town.waits(days=5)
    found = []
    for one in (saver, weekender, first, plain):
        async with town.session() as session:
            rows = await tags.worn(session, one.customer.id, town.now)
        found.append(
            [(e.tag, e.row.evidence["orders"]) for e in rows if e.tag.startswith("购物习惯")]
        )
    assert found == [
        [("购物习惯/爱用券", 3)],
        [("购物习惯/周末购物", 3)],
        [("购物习惯/爱新品", 3)],
        [],
    ]
    assert await retag_everybody(town.work) == 0  # the night comes to the same


async def known_people(bot) -> list[tuple[set[tuple[str, str]], int]]:
    """For each person: what we know her by, and how many orders are hers."""
    async with bot.session() as session:
        living = await session.scalars(select(Customer.id).where(Customer.merged_into.is_(None)))
        found = []
        for who in living.all():
            ids = await session.execute(
                select(Identity.kind, Identity.account).where(Identity.customer_id == who)
            )
            orders = await session.scalars(select(Order.id).where(Order.customer_id == who))
            found.append(({tuple(one) for one in ids}, len(orders.all())))
    return sorted(found, key=lambda one: -one[1])


def sold(bot, source, **buyer) -> OrderReported:
    number = bot.key()
    facts = {"event_id": number, "order_no": number, "kind": OrderKind.PAID, "amount_fen": 9900}
    return OrderReported(at=bot.now, source=source, buyer=Buyer(**buyer), **facts)


async def test_tactic_30_till_mall_and_wecom_know_one_person_and_it_can_be_undone(town):
    await hires(town, "wang")
    await town.receives(sold(town, "pos", phone="13800000001"))
    await comes(town, "小满", guide="wang")
    await town.sends()
    unionid = town.world.customers["小满"].unionid
    before = await known_people(town)
    await town.receives(sold(town, "mall", phone="13800000001", unionid=unionid))
    ((known_by, orders),) = await known_people(town)
    assert {kind for kind, _ in known_by} == {"phone", "external_userid", "unionid"}
    assert orders == 2
    async with town.session() as session:
        folded = await session.scalar(select(Customer.id).where(Customer.merged_into.is_not(None)))
    undo = {"at": town.now, "actor": OWNER, "key": town.key(), "reason": "不是一个人"}
    await town.does(UnmergeCustomer(customer_id=folded, **undo))
    after = await known_people(town)
    assert [ids for ids, _ in after] == [ids for ids, _ in before]
    assert [orders for _, orders in after] == [2, 0]


RFM = {
    "days": 365,
    "recency": [30, 60, 90, 180],
    "frequency": [1, 2, 4, 8],
    "monetary": [20_000, 50_000, 100_000, 300_000],
}
DAYS_AGO = {0.5: 5, 30: 5, 31: 4, 60: 4, 61: 3, 90: 3, 91: 2, 180: 2, 181: 1, 365: 1}
"""How long ago she came last: her R."""
LATELY = {(1, 20_000): 11, (1, 20_001): 12, (2, 50_000): 22, (3, 100_001): 34, (9, 300_001): 55}
"""On how many days she bought, and for how much: her F and M."""


async def test_tactic_36_fifty_people_in_their_cells_to_the_day_and_the_fen(town):
    await until(town, 2026, 3, 13, hour=0)
    lots = list(product(DAYS_AGO.items(), LATELY.items()))
    past = [
        [(ago, fen - days + 1), *((min(ago + k, 365), 1) for k in range(1, days)), (366, 9**9)]
        for (ago, _), ((days, fen), _) in lots
    ]
    ids = await people(town, past)
    await cut_anew(town, rfm=RFM)
    found = await places(town)
    for who, ((ago, r), ((days, _), f_and_m)) in zip(ids, lots, strict=True):
        if ago + days <= 366:  # all of it within the year that counts
            told = found[who]
            assert told.recency * 100 + told.frequency * 10 + told.monetary == r * 100 + f_and_m
    async with town.session() as session:
        counts = [
            await segments.count(
                session, parse(town.content.segments[f"rfm-{key}"].rule), town.now
            )
            for key in ("valuable", "active", "asleep")
        ]
    assert counts == [8, 12, 20]


async def test_tactic_103_who_has_not_bought_is_known_too_and_the_first_order_flips_it_once(town):
    await hires(town, "wang")
    her = await comes(town, "小满", guide="wang")
    prospects = parse(town.content.segments["never-bought"].rule)
    buyers = parse({"field": "stage", "op": "in", "value": ["buys"]})

    async def known() -> tuple[int, int]:
        async with town.session() as session:
            return (
                await segments.count(session, prospects, town.now),
                await segments.count(session, buyers, town.now),
            )

    assert await known() == (1, 0)
    first = sold(town, "pos", external_userid=her.external_userid)
    await town.receives(first)
    assert await known() == (0, 1)
    again = sold(town, "pos", external_userid=her.external_userid)
    await town.receives(first, again)
    await town.works(retier)
    assert await known() == (0, 1)
    async with town.session() as session:
        runs_of_hers = await session.scalars(
            select(Run.playbook).where(Run.playbook == "after-purchase")
        )
    assert len(runs_of_hers.all()) == 1


async def test_tactic_104_she_goes_on_stage_by_stage_and_a_jump_is_called_inferred(town):
    async def stands(her) -> tuple[str, bool | None]:
        async with town.session() as session:
            (told,) = await tiers.explain(session, town.vault, her.customer.ref, now=town.now)
        return told.customer.stage, told.customer.stage_inferred

    her, sudden = await somebody(town), await somebody(town, "chen")
    assert await stands(her) == ("knows", None)
    await writes(town, her, "在吗")
    await town.works(retier)
    assert await stands(her) == ("understands", False)
    async with town.session() as session:
        await agrees(session, her.customer, town.now)
    await town.works(retier)
    assert await stands(her) == ("accepts", False)
    for one in (her, sudden):
        await one.buys(f"{one.external_userid}-1", 200)
    assert [await stands(her), await stands(sudden)] == [("buys", False), ("buys", True)]
    await her.returns(f"{her.external_userid}-1", 200)
    await town.works(retier)
    assert await stands(her) == ("buys", False)  # nobody goes back


async def test_tactic_49_who_stands_at_the_border_is_not_moved_to_and_fro(town):
    spent = [1_000_000 - 10_000 * n for n in range(100)]
    spent[20] = spent[19] - 100
    ids = await people(town, [[(10, fen)] for fen in spent])
    both = ids[19:21]
    ahead = cycle(both)

    async def after(days, **cuts) -> list[int]:
        """How often each of the two moves, while each day the one ahead gives back two yuan."""
        began = town.now
        for _ in range(days):
            await town.waits(days=1)
            await happened(town, [(next(ahead), 0.5, -200)])
            await cut_anew(town, **cuts)
        async with town.session() as session:
            told = await tiers.moves_at(session, began, town.now + timedelta(hours=1))
        return [sum(move.customer_id == who for move in told) for who in both]

    await cut_anew(town)
    assert [(await places(town))[who].tier for who in both] == ["核心", "潜力"]
    assert max(await after(7)) <= 1
    assert min(await after(3, keep=0)) > 1  # without its margin the border would shake


async def test_tactic_102_stars_are_those_of_the_table_in_the_file(town):
    table = yaml.safe_load((town.content.dir / "tiers.yaml").read_text("utf-8"))["stars"]
    lots = list(product((1, 2, 5, 8), (30_000, 50_000, 260_000, 500_000), (0, 1, 3, 4)))
    ids = await people(
        town, [[(3 + k, fen // days) for k in range(days)] for days, fen, _ in lots]
    )
    kinds = ("衬衫", "外套", "裤装", "半裙")
    async with town.session() as session:
        for who, (_, _, likes) in zip(ids, lots, strict=True):
            for kind in kinds[:likes]:
                tag = {"tag": f"{table['group']}/{kind}", "source": "guide", "evidence": {}}
                await tags.put(session, customer_id=who, now=town.now, **tag)
    await retier(town.work)
    found = await places(town)
    for who, (days, fen, likes) in zip(ids, lots, strict=True):
        told = {"frequency": days, "amount": fen // days * days, "interest": likes}
        points = sum(bisect_right(table[name], value) for name, value in told.items())
        assert found[who].star == 1 + bisect_right(table["steps"], points), told


async def test_tactic_105_more_often_wins_then_who_spends_more_then_who_buys_dearer_things(town):
    oftener = [[(40, 100_000), (30, 100_000), (20, 100_000)], [(20, 300_000)]]
    larger = [[(50, 80_000), (20, 80_000)], [(50, 60_000), (20, 60_000)]]
    dearer = [[(60, 50_000), (10, 50_000)], [(60, 50_000), (10, 50_000)]]
    lots = (oftener, larger, dearer)
    ids = await people(town, [past for pair in lots for past in reversed(pair)])
    async with town.session() as session:
        for who, pieces in zip(ids[-2:], (10, 1), strict=True):
            orders = await session.scalars(select(Order.id).where(Order.customer_id == who))
            for number in orders.all():
                facts = {"sku": "K", "name": "K", "quantity": pieces, "amount_fen": 50_000}
                session.add(OrderLine(order_id=number, ordinal=0, **facts))
    await retier(town.work)
    found = await places(town)
    for other, one in zip(ids[::2], ids[1::2], strict=True):
        assert found[one].rank < found[other].rank
    (many, few) = (found[who] for who in ids[-2:])
    assert (
        many.score == few.score
    )  # as much, as often, on the same days: one coat before ten socks


async def test_tactic_106_who_brings_forty_friends_is_a_koc_though_she_spends_little(town):
    await hires(town, "wang")
    her, rich = await comes(town, "小满", guide="wang"), await somebody(town, "chen")
    await happened(town, [(her.customer.id, 5, 9_900), (rich.customer.id, 5, 9_000_000)])
    asks = {"at": town.now, "actor": Actor(kind="customer", id=her.customer.ref)}
    told = await town.does(AskShareCode(**asks, key="share", customer_id=her.customer.id))
    await town.works(open_contact_ways)
    await town.sends()
    shared = {"act": "add_friend", "guide": "wang", "source": told["state"]}
    await town.acts(*(shared | {"customer": f"f{n}", "name": f"朋友{n}"} for n in range(40)))
    await town.works(retier, retag_everybody)
    assert "影响力/KOC" in await worn(town, her.customer.id)
    assert "影响力/KOC" not in await worn(town, rich.customer.id)
    async with town.session() as session:
        (told,) = await tiers.explain(session, town.vault, her.customer.ref, now=town.now)
    assert told.customer.influence >= told.brought.friends == 40
