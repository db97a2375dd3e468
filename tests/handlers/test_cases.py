"""Complaints as customers make them and people act on them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from bot.calls import SendAppText, SendKf, SendOfficial
from bot.domain.campaigns import Campaign, Touch
from bot.domain.cases import Case, CaseStep
from bot.domain.customers import Customer, Identity
from bot.domain.delivery import GuideTask
from bot.domain.orders import Order, OrderLine, Product
from bot.domain.refusals import Refusal
from bot.events import (
    AnswerCase,
    CloseCase,
    EscalateCase,
    FanMessaged,
    FileCase,
    KfMessageReceived,
)
from bot.events.commands import Actor
from bot.store import cases, customers, touches
from tests.builders import a_customer, a_follow, a_guide, an_offer

CARE = Actor(kind="care", id="zhou")
OWNER = Actor(kind="owner", id="lan")


async def a_friend(bot, **changes):
    """A customer whose guide is known."""
    async with bot.session() as session:
        customer = await a_customer(session, **changes)
        guide = await a_guide(session, name="王芳")
        await a_follow(session, customer, guide)
    return customer


async def says(bot, customer, text, **changes):
    """She writes to 微信客服."""
    async with bot.session() as session:
        address = await address_of(session, customer)
    await bot.receives(
        KfMessageReceived(
            at=bot.now,
            open_kfid="wk1",
            external_userid=address,
            msgid=bot.key(),
            msgtype="text",
            text=text,
            **changes,
        )
    )


async def address_of(session, customer):
    return await session.scalar(select(Identity.value).where(Identity.customer_id == customer.id))


async def the_case(bot) -> Case:
    async with bot.session() as session:
        return (await session.scalars(select(Case))).one()


async def steps(bot) -> dict[str, str | None]:
    async with bot.session() as session:
        rows = await session.scalars(select(CaseStep).order_by(CaseStep.id))
        return {f"{row.kind}/{row.level}": row.told for row in rows}


async def acts(bot, command, **facts):
    return await bot.does(command(at=bot.now, actor=CARE, key=bot.key(), **facts))


async def test_a_complaint_is_answered_at_once_with_who_and_by_when(bot):
    customer = await a_friend(bot)
    await says(bot, customer, "洗了一次就掉色，太差了")
    sent = [call.text for call in await bot.sends() if isinstance(call, SendKf)]
    (reply,) = [text for text in sent if "C0" in text]
    assert "王芳" in reply
    assert "3 月 13 日 10:24" in reply


async def test_an_ordinary_question_opens_nothing(bot):
    customer = await a_friend(bot)
    await says(bot, customer, "这件会起球吗")
    async with bot.session() as session:
        assert await session.scalar(select(func.count(Case.id))) == 0


async def test_what_she_says_again_is_a_note_on_the_same_case(bot):
    customer = await a_friend(bot)
    await says(bot, customer, "洗了一次就掉色，太差了")
    await says(bot, customer, "白衬衫也被染色了")
    await says(bot, customer, "订单是上周三的")
    assert {"note-1/1", "note-2/1"} <= (await steps(bot)).keys()


async def test_another_trouble_is_another_case(bot):
    customer = await a_friend(bot)
    await says(bot, customer, "洗了一次就掉色，太差了")
    await says(bot, customer, "退款十天了还没到账")
    async with bot.session() as session:
        found = await session.scalars(select(Case.category))
        assert set(found) == {"quality", "refund"}


async def test_her_guide_is_called_in(bot):
    customer = await a_friend(bot)
    await says(bot, customer, "洗了一次就掉色，太差了")
    assert any(
        "商品质量" in call.text for call in await bot.sends() if isinstance(call, SendAppText)
    )
    async with bot.session() as session:
        task = (await session.scalars(select(GuideTask).where(GuideTask.kind == "case"))).one()
        assert "掉色" not in task.why


async def test_marketing_stops_while_a_case_is_open_and_goes_on_after(bot):
    customer = await a_friend(bot)
    async with bot.session() as session:
        plan = {"customer_id": customer.id, "template": "weekly/new", "purpose": "marketing"}
        tomorrow = bot.now + timedelta(days=1)
        await touches.plan(session, [plan | {"due_at": tomorrow}], bot.now)
    await says(bot, customer, "洗了一次就掉色，太差了")
    async with bot.session() as session:
        touch = (await session.scalars(select(Touch))).one()
        assert (touch.state, touch.reason) == ("cancelled", "case_open")
        assert (await session.get(Customer, customer.id)).marketing_held
    await acts(bot, CloseCase, case_id=(await the_case(bot)).id, resolution="已换新")
    async with bot.session() as session:
        assert not (await session.get(Customer, customer.id)).marketing_held


async def test_one_closed_case_does_not_free_her_while_another_is_open(bot):
    customer = await a_friend(bot)
    first = await acts(bot, FileCase, customer_id=customer.id, text="掉色", category="quality")
    await acts(bot, FileCase, customer_id=customer.id, text="没退款", category="refund")
    await acts(bot, CloseCase, case_id=first["case"], resolution="已换新")
    async with bot.session() as session:
        assert (await session.get(Customer, customer.id)).marketing_held


async def test_she_is_told_where_she_spoke(bot):
    customer = await a_friend(bot)
    await says(bot, customer, "洗了一次就掉色，太差了")
    answer = await acts(bot, AnswerCase, case_id=(await the_case(bot)).id, text="明天给你换新的。")
    assert answer["told"] == "kf"
    assert [call.text for call in await bot.sends() if isinstance(call, SendKf)][
        -1
    ] == "明天给你换新的。"


async def test_a_fan_is_told_in_the_official_account(bot):
    async with bot.session() as session:
        customer = await a_customer(session)
        await customers.attach(
            session, bot.vault, customer, kind="openid", value="o1", account="gh_1", at=bot.now
        )
    await bot.receives(
        FanMessaged(
            at=bot.now, openid="o1", account="gh_1", msgid="1", msgtype="text", text="我要投诉你们"
        )
    )
    assert any("C0" in call.text for call in await bot.sends() if isinstance(call, SendOfficial))


async def test_without_a_window_her_guide_gets_ready_words(bot):
    customer = await a_friend(bot)
    filed = await acts(bot, FileCase, customer_id=customer.id, text="裤子开线了")
    assert filed["told"] == "guide"
    async with bot.session() as session:
        task = (
            await session.scalars(select(GuideTask).where(GuideTask.kind == "case_news"))
        ).one()
        assert task.words


async def test_nobody_to_tell_her_is_said_so(bot):
    async with bot.session() as session:
        customer = await a_customer(session)
    filed = await acts(bot, FileCase, customer_id=customer.id, text="裤子开线了")
    assert filed["told"] == "no_channel"


async def test_the_same_filing_opens_one_case(bot):
    customer = await a_friend(bot)
    command = FileCase(at=bot.now, actor=CARE, key="same", customer_id=customer.id, text="开线了")
    assert await bot.does(command) == await bot.does(command)
    await the_case(bot)


async def test_a_person_may_escalate_up_to_the_emergency_plan(bot):
    customer = await a_friend(bot)
    case_id = (await acts(bot, FileCase, customer_id=customer.id, text="开线了"))["case"]
    for level in (2, 3):
        answer = await acts(bot, EscalateCase, case_id=case_id, reason="要专家看")
        assert answer["level"] == level
    with pytest.raises(Refusal, match="cannot_escalate"):
        await acts(bot, EscalateCase, case_id=case_id, reason="还要高")


async def test_a_closed_case_takes_no_more_acts(bot):
    customer = await a_friend(bot)
    case_id = (await acts(bot, FileCase, customer_id=customer.id, text="开线了"))["case"]
    await acts(bot, CloseCase, case_id=case_id, resolution="已修好")
    for command, facts in ((AnswerCase, {"text": "?"}), (CloseCase, {"resolution": "?"})):
        with pytest.raises(Refusal, match="case_closed"):
            await acts(bot, command, case_id=case_id, **facts)


async def test_closing_may_give_an_apology_but_not_twice_in_90_days(bot):
    customer = await a_friend(bot)
    async with bot.session() as session:
        await an_offer(session, key="sorry", per_customer=5)
    first = await acts(bot, FileCase, customer_id=customer.id, text="开线了")
    await acts(bot, CloseCase, case_id=first["case"], resolution="已修好", offer="sorry")
    again = await acts(bot, FileCase, customer_id=customer.id, text="又开线了")
    with pytest.raises(Refusal, match="apology_limit"):
        await acts(bot, CloseCase, case_id=again["case"], resolution="已修好", offer="sorry")


async def test_an_apology_costs_no_more_than_the_role_may_give(bot):
    customer = await a_friend(bot)
    async with bot.session() as session:
        await an_offer(session, key="dear", value=10001)
        await an_offer(session, key="anything", kind="gift")
    case = (await acts(bot, FileCase, customer_id=customer.id, text="开线了"))["case"]
    for offer, reason in (("dear", "sorry_limit"), ("anything", "sorry_unknown")):
        with pytest.raises(Refusal, match=reason):
            await acts(bot, CloseCase, case_id=case, resolution="已修好", offer=offer)
    closes = CloseCase(
        case_id=case, resolution="已修好", offer="dear", at=bot.now, key="k", actor=OWNER
    )
    assert (await bot.does(closes))["state"] == "closed"


async def test_she_is_asked_once_in_30_days_whether_she_is_content(bot):
    customer = await a_friend(bot)
    await says(bot, customer, "裤子开线了")
    for text in ("袖子也开线了", ""):
        await acts(bot, CloseCase, case_id=(await live_case(bot)).id, resolution="已修好")
        if text:
            await says(bot, customer, text)
    asked = [call for call in await bot.sends() if isinstance(call, SendKf) and call.menu]
    assert len([call for call in asked if call.menu[0].id.startswith("csat:")]) == 1


async def test_asked_by_her_guide_she_was_asked(bot):
    customer = await a_friend(bot)
    asked = []
    for text in ("裤子开线了", "袖子也开线了"):
        await acts(bot, FileCase, customer_id=customer.id, text=text)
        case = (await live_case(bot)).id
        await acts(bot, CloseCase, case_id=case, resolution="已修好")
        async with bot.session() as session:
            news = select(GuideTask).where(GuideTask.kind == "case_news")
            task = (await session.scalars(news.order_by(GuideTask.id.desc()).limit(1))).one()
            await bot.vault.load_keys(session, [customer.id])
            words = bot.vault.unseal_known(customer.id, task.words, about="guide_task.words")
            asked.append("这次处理得怎么样" in words)
    assert asked == [True, False]


async def live_case(bot) -> Case:
    async with bot.session() as session:
        return (await session.scalars(select(Case).where(Case.state != "closed"))).one()


async def test_an_unhappy_rating_opens_the_matter_again(bot):
    customer = await a_friend(bot)
    await says(bot, customer, "裤子开线了")
    case = await the_case(bot)
    await acts(bot, CloseCase, case_id=case.id, resolution="已修好")
    await says(bot, customer, "不满意", menu_id=f"csat:{case.id}:1")
    assert (await live_case(bot)).category == case.category


async def test_nobody_rates_for_somebody_else(bot):
    customer, other = await a_friend(bot), await a_friend(bot)
    await says(bot, customer, "裤子开线了")
    case = await the_case(bot)
    await says(bot, other, "满意", menu_id=f"csat:{case.id}:5")
    assert (await the_case(bot)).rating is None


async def test_five_alike_in_two_hours_are_one_event(bot):
    async with bot.session() as session:
        session.add(a_campaign(name="针织开衫上新", offer_key=None, at=bot.now))
        session.add(a_campaign(name="衬衫上新", offer_key=None, at=bot.now))
    for _ in range(5):
        await buys_and_complains(bot)
    async with bot.session() as session:
        assert set(await session.scalars(select(Case.level))) == {3}
        paused = await session.execute(
            select(Campaign.name, Campaign.reason).where(Campaign.state == "paused")
        )
        assert [tuple(row) for row in paused] == [("针织开衫上新", "mass_complaint")]
    told = [
        call for call in await bot.sends() if isinstance(call, SendKf) and "应急预案" in call.text
    ]
    assert len(told) == 5


async def test_four_alike_are_not(bot):
    for _ in range(4):
        await buys_and_complains(bot)
    async with bot.session() as session:
        assert set(await session.scalars(select(Case.level))) == {1}


async def test_five_spread_over_a_day_are_not(bot):
    for _ in range(5):
        await buys_and_complains(bot)
        bot.clock.advance(hours=1)
    async with bot.session() as session:
        assert set(await session.scalars(select(Case.level))) == {1}


async def buys_and_complains(bot):
    customer = await a_friend(bot)
    async with bot.session() as session:
        if await session.get(Product, "K1") is None:
            session.add(Product(sku="K1", name="针织开衫"))
        order = Order(
            source="shop",
            order_no=bot.key(),
            customer_id=customer.id,
            paid_at=bot.now - timedelta(days=2),
            amount_fen=39900,
            state="paid",
        )
        session.add(order)
        await session.flush()
        session.add(
            OrderLine(order_id=order.id, ordinal=0, sku="K1", name="针织开衫", amount_fen=39900)
        )
    await says(bot, customer, "穿两次就起球了，太差了")


def a_campaign(*, name, offer_key, at) -> Campaign:
    return Campaign(
        name=name,
        purpose="marketing",
        rule={"all": []},
        template="weekly/new",
        offer_key=offer_key,
        channels=[],
        seed="s",
        state="running",
        starts_at=at,
        ends_at=at + timedelta(days=7),
        created_at=at,
        created_by="test",
    )


async def test_cases_opened_elsewhere_hold_marketing_too(bot):
    async with bot.session() as session:
        customer = await a_customer(session)
        case = await cases.open_case(
            session,
            bot.vault,
            customer_id=customer.id,
            text="开线",
            channel="page",
            source="form-1",
            now=bot.now,
        )
    async with bot.session() as session:
        assert (await session.get(Customer, customer.id)).marketing_held
        step = await cases.step_of(session, case.id, "opened", 1)
        assert await cases.words_of(session, bot.vault, case, [step]) == ["开线"]


async def test_a_case_outlives_the_merging_of_two_records(bot):
    customer = await a_friend(bot)
    await says(bot, customer, "裤子开线了")
    async with bot.session() as session:
        kept = await a_customer(session)
        await session.execute(
            update(Customer).where(Customer.id == customer.id).values(merged_into=kept.id)
        )
        await session.execute(
            update(Identity).where(Identity.customer_id == customer.id).values(customer_id=kept.id)
        )
        await session.execute(
            update(Customer).where(Customer.id == kept.id).values(marketing_held=True)
        )
        again = await cases.open_case(
            session,
            bot.vault,
            customer_id=kept.id,
            text="还是开线了",
            channel="kf",
            source="later",
            now=bot.now,
        )
    assert again.id == (await the_case(bot)).id
    await acts(bot, CloseCase, case_id=again.id, resolution="已修好")
    async with bot.session() as session:
        assert not (await session.get(Customer, kept.id)).marketing_held
