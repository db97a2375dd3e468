"""What customers feel of benefits, journeys and complaints, each tactic by its number."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from bot.calls import AddContactWay, SendAppText, SendKf, SendWelcome
from bot.domain.campaigns import Campaign, Touch
from bot.domain.cases import Case, CaseStep
from bot.domain.customers import Customer
from bot.domain.levels import Level
from bot.domain.offers import Offer
from bot.domain.orders import Product
from bot.events import AnswerCase, CloseCase, FileCase, Line
from bot.outbound.campaigns import plan_due
from bot.outbound.cases import clocks_due
from bot.outbound.causes import weekly_due
from bot.outbound.deliver import deliver_due
from bot.outbound.journeys import advance_due
from bot.store import journeys, quoting, tags
from tests.handlers.test_cases import a_campaign as a_running_campaign
from tests.handlers.test_cases import acts
from tests.outbound.conftest import a_campaign, runs, states
from tests.stories.life import (
    Her,
    comes,
    friends,
    hires,
    somebody,
    until,
    writes,
)


async def test_tactic_009_the_points_told_are_those_of_the_moment_of_sending(town):
    _, (her,) = await friends(town, 1)
    await writes(town, her, "你好")
    await her.buys("A1", 3000)
    campaign = await a_campaign(town, template="points/reminder", words=None)
    await town.works(plan_due)
    assert (await states(town, campaign))[her.customer.id][0] == "planned"
    await her.buys("A2", 200)
    await town.works(deliver_due)
    (sent,) = [call for call in await town.sends() if isinstance(call, SendKf)]
    assert await her.balance() == 320
    assert "320 积分" in sent.text


async def test_tactic_011_a_price_offer_stops_where_its_stock_and_its_days_end(town):
    await friends(town, 3)
    await a_campaign(town, template="weekly/benefit", words=None, offer_key="special")
    await runs(town)
    reasons = {who: reason for who, (_, reason) in (await states(town)).items()}
    (left_out,) = [who for who, reason in reasons.items() if reason == "out_of_stock"]
    assert sorted(reasons.values(), key=str) == [None, None, "out_of_stock"]
    await until(town, 2026, 3, 14)
    late = await a_campaign(town, template="weekly/benefit", words=None, offer_key="special")
    await runs(town)
    assert (await states(town, late))[left_out] == ("excluded", "offer_ended")


async def test_tactic_014_the_second_order_is_cheaper_for_thirty_days_after_the_first(town):
    her, other = await somebody(town), await somebody(town, "chen")
    for one in (her, other):
        await one.buys(f"{one.external_userid}-1", 300)
    (coupon,), (too_late,) = await her.coupons("again"), await other.coupons("again")
    await until(town, 2026, 4, 11, hour=23, minute=59)  # the thirtieth day
    assert await her.uses(coupon, order_no="A2", amount_fen=30000) == ""
    await until(town, 2026, 4, 12, hour=0)
    assert await other.uses(too_late, order_no="B2", amount_fen=30000) == "expired"


async def test_tactic_014_a_first_order_that_comes_back_takes_its_coupon_along(town):
    her = await somebody(town)
    await her.buys("A1", 300)
    await her.returns("A1", 300)
    (coupon,) = await her.coupons("again")
    assert coupon.state == "withdrawn"


async def test_tactic_018_a_newcomer_is_greeted_asked_and_surprised_once(town):
    await hires(town, "wang")
    await town.platform.perform(AddContactWay(userids=("wang",), state="till", remark="收银台"))
    her = await comes(town, "小满", contact_way="till")
    await town.waits(seconds=15)
    assert len([call for call in await town.sends() if isinstance(call, SendWelcome)]) == 1
    await writes(town, her, "开启个性化")
    (asked,) = await writes(town, her, "小问卷")
    await writes(town, her, asked.menu[0].text, asked.menu[0].id)
    for _ in range(2):
        await writes(town, her, "领券")
    assert len(await her.coupons("newcomer")) == 1
    async with town.session() as session:
        worn = {one.tag for one in await tags.worn(session, her.customer.id, town.now)}
    assert {"风格/通勤", "来源/门店扫码"} <= worn


async def test_tactic_033_an_order_posted_three_times_gives_one_coupon_for_the_mall(town):
    her = await somebody(town)
    for _ in range(3):
        await her.buys("POS-1", 300, store="S01")
    (coupon,) = await her.coupons("again")
    await her.buys("MALL-1", 500, source="mall", coupon_codes=(coupon.code,))
    assert [one.state for one in await her.coupons("again")] == ["redeemed"]


async def test_tactic_037_a_sleeper_gets_a_coupon_and_soft_words_where_the_money_is_gone(town):
    _, made = await friends(town, 4)
    async with town.session() as session:
        offer = (await session.scalars(select(Offer).where(Offer.key == "wake-up"))).one()
        offer.budget_pieces = 1
        for one in made:
            await journeys.enter(
                session,
                town.content,
                trigger="tier_changed:沉睡",
                customer_id=one.customer.id,
                cause="tier:1",
                now=town.now,
            )
    await days(town, 3)
    first = {who: what["sleeping/coupon"] for who, what in (await messages(town)).items()}
    assert sorted(first.values(), key=str) == [None, *["out_of_stock"] * (len(first) - 1)]
    await days(town, 9)
    later = {who: what for who, what in (await messages(town)).items() if len(what) > 1}
    soft = {who for who, what in later.items() if "sleeping/soft" in what}
    assert soft == {who for who, reason in first.items() if reason == "out_of_stock"} != set()


async def days(bot, n: int) -> None:
    """So many days with what is due on each."""
    for _ in range(n):
        await bot.works(advance_due, deliver_due)
        await bot.sends()
        await bot.waits(days=1)
    await bot.works(advance_due, deliver_due)


async def messages(bot) -> dict[int, dict[str, str | None]]:
    """Customer → template → why it did not go."""
    found: dict[int, dict[str, str | None]] = {}
    async with bot.session() as session:
        for touch in await session.scalars(select(Touch).order_by(Touch.id)):
            found.setdefault(touch.customer_id, {})[touch.template] = touch.reason
    return found


KNIT = Line(sku="K1", name="针织开衫", amount_fen=39900)
SILVER = Level(name="白银", needs=100, percent_off=5)


async def test_tactic_064_and_065_level_coupon_and_points_come_off_one_after_the_other(town):
    ladder = {"levels": (Level(name="青铜", needs=0), SILVER), "fen_per_spent_point": 1}
    her = await somebody(town)
    async with town.session() as session:
        session.add(Product(sku="K1", name="针织开衫", price_fen=20_000))
    for coupon_first, level_off in ((False, 1000), (True, 800)):
        levels = town.content.levels.model_copy(update=ladder | {"coupon_first": coupon_first})
        town.content.become(replace(town.content, levels=levels))
        if not coupon_first:
            await her.buys(
                "A1", 1000, lines=(KNIT,)
            )  # a hundred points, and a coupon to come again
            (said,) = await writes(town, her, "再来一单")
            assert "¥190" in said.text
        (coupon,) = await her.coupons("again")
        asked = {"amount_fen": 20_000, "now": town.now, "code": coupon.code, "with_points": True}
        async with town.session() as session:
            told = await quoting.quote(session, levels, her.id, **asked)
        paid = told.price
        off = (paid.level_off_fen, paid.coupon_off_fen, paid.points_off_fen)
        assert (told.level, off) == ("白银", (level_off, 4000, 100))
        assert paid.payable_fen == 20_000 - sum(off)


async def complains(bot, text: str = "裤子开线了，太差了") -> tuple[Her, Case]:
    """A friend of a guide's, who has just written this."""
    _, (her,) = await friends(bot, 1, agree=False)
    await writes(bot, her, text)
    async with bot.session() as session:
        query = select(Case).where(Case.customer_id == her.customer.id)
        return her, (await session.scalars(query)).one()


async def told(bot) -> dict[str, str | None]:
    async with bot.session() as session:
        rows = await session.scalars(select(CaseStep).order_by(CaseStep.id))
        return {f"{row.kind}/{row.level}": row.told for row in rows}


async def test_tactic_068_warned_at_20_hours_and_breached_at_24_for_all_to_see(town):
    await complains(town)
    await town.works(clocks_due)
    await town.sends()
    for hours, passed in ((19, set()), (1, {"warned/1"}), (4, {"warned/1", "breached/1"})):
        await town.waits(hours=hours)
        await town.works(clocks_due, clocks_due)
        assert set(await told(town)) & {"warned/1", "breached/1"} == passed
        alarms = [call.text for call in await town.sends() if isinstance(call, SendAppText)]
        assert bool(alarms) == bool(passed)


async def test_tactic_069_every_step_reaches_her_or_says_how_else(town):
    _, case = await complains(town)
    await acts(town, AnswerCase, case_id=case.id, text="已受理，专员 2 小时内联系你。")
    assert any("2 小时内" in call.text for call in await town.sends())
    await town.waits(hours=49)  # she has not written since: nothing goes through any more
    await acts(town, CloseCase, case_id=case.id, resolution="已换新")
    assert {name.split("/")[0]: how for name, how in (await told(town)).items()} == {
        "opened": "kf",
        "answered": "kf",
        "closed": "guide",
    }


async def test_tactic_070_words_of_law_go_to_the_expert_group_at_once(town):
    _, mild = await complains(town)
    _, grave = await complains(town, "再不处理我就打12315投诉你们")
    assert (mild.level, grave.level) == (1, 2)


async def test_tactic_070_five_alike_are_an_emergency_and_its_advertising_stops(town):
    async with town.session() as session:
        session.add(Product(sku="K1", name="针织开衫"))
        session.add(a_running_campaign(name="针织开衫上新", offer_key=None, at=town.now))
    for _ in range(5):
        _, (her,) = await friends(town, 1)
        await her.buys(town.key(), 399, lines=(KNIT,))
        await writes(town, her, "穿两次就起球了，太差了")
    async with town.session() as session:
        assert set(await session.scalars(select(Case.level))) == {3}
        assert (await session.scalars(select(Campaign.state))).all() == ["paused"]


async def test_tactic_071_what_rose_is_first_on_monday_and_its_fall_is_shown_after(town):
    await hires(town, "boss", duty="manager")
    crowd = [await somebody(town, f"p{n}") for n in range(4)]
    reports = []
    for week, (torn, late) in enumerate(((0, 2), (4, 2), (1, 2))):
        for about, many in (("quality", torn), ("delivery", late)):
            for one in crowd[:many]:
                made = await acts(
                    town, FileCase, customer_id=one.customer.id, text="破损", category=about
                )
                await acts(town, CloseCase, case_id=made["case"], resolution="已换新")
        await until(town, 2026, 3, 16 + 7 * week, hour=9, minute=50)
        await town.sends()
        await town.works(weekly_due, weekly_due)
        told = [call.text for call in await town.sends() if isinstance(call, SendAppText)]
        reports.append([text for text in told if text.startswith("上周的反馈")])
        await until(town, 2026, 3, 16 + 7 * week, hour=10)
    (_,), (rise,), (fall,) = reports
    assert rise.splitlines()[1] == "1. 商品质量 4 件，比前一周多 4 件"
    assert "商品质量 1 件，比前一周少 3 件" in fall.splitlines()[-1]


async def test_tactic_103_whoever_comes_is_a_member_and_her_first_order_makes_her_a_buyer(town):
    her = await somebody(town)
    assert await her.balance() == 0  # a member with an account, before she has bought anything

    async def stage() -> str:
        async with town.session() as session:
            return (await session.get_one(Customer, her.customer.id)).stage

    seen = [await stage()]
    for no in ("A1", "A2"):
        await her.buys(no, 100)
        seen.append(await stage())
    await her.returns("A1", 100)
    assert [*seen, await stage()] == ["knows", "buys", "buys", "buys"]
