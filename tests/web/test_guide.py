"""The guide's day: her own customers and nobody else's, with words ready and nothing sent by itself."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.calls import GetJsTicket, Sent
from bot.domain.access import WebSession
from bot.domain.audit import AuditRow
from bot.domain.campaigns import Attribution, Campaign, Touch
from bot.domain.customers import Guide
from bot.domain.delivery import GuideTask
from bot.domain.offers import TillMiss
from bot.domain.orders import Order
from bot.events.commands import Actor, FileCase
from bot.outbound.results import results_due
from bot.platforms.signing import js_signature
from bot.store import consent, explain, guide_tasks, tags
from bot.store.customers import keep_phone
from bot.web import viewing
from bot.web.guide.side import SIGNATURES
from tests.builders import a_follow, a_guide, a_store, an_offer
from tests.hands import Hands
from tests.web.faces import a_coupon, a_named_customer


@pytest.fixture
async def su(bot):
    """苏晴 of 湖滨店."""
    async with bot.session() as session:
        store = await a_store(session, code="S01", name="湖滨店")
        return await a_guide(session, userid="SuQing", name="苏晴", store_id=store.id)


@pytest.fixture
async def face(shop, su):
    return await shop.signs_in("guide", "SuQing", "S01")


async def test_her_leave_is_said_on_her_page_and_taken_back_with_one_tap(bot, shop, su, face):
    last = (bot.now + timedelta(days=2)).date().isoformat()
    await (await face.opens("/guide")).sends("/guide/leave", until=last)
    assert f"请假到 {last[5:]}（含）" in face.text
    boss = await shop.signs_in("manager", "boss", "S01")
    await (await boss.opens("/admin/guide-tasks")).sends(
        f"/admin/guide-tasks/{su.id}/change", duty="expert"
    )
    assert f"请假到 {last[5:]}（含） 值守：专家" in boss.text
    await face.sends("/guide/leave", back="yes")
    assert ("欢迎回来" in face.text, "请假到 " in face.text) == (True, False)
    async with bot.session() as session:
        guide = await session.get(Guide, su.id)
    assert (guide.away_until, guide.duty) == (None, "expert")


async def her_own(bot, guide, name="周敏", *, wears=(), agreed=True, **follow):
    customer = await a_named_customer(bot, name)
    async with bot.session() as session:
        await a_follow(session, customer, guide, **follow)
        for tag in wears:
            await tags.put(
                session,
                customer_id=customer.id,
                tag=tag,
                source="purchase",
                evidence={},
                now=bot.now,
            )
        if agreed:
            await consent.record(
                session,
                customer_id=customer.id,
                purpose="marketing_wecom",
                action="grant",
                channel="wecom",
                actor="customer",
                at=bot.now - timedelta(days=30),
                evidence={},
            )
    return customer


async def steps(boss) -> tuple[str, ...]:
    """How many of the campaign were handed over, seen and confirmed."""
    await boss.opens("/admin/campaigns/1")
    found = re.search(r"交给导购 (\d+) 人 看过 (\d+) 人 确认 (\d+) 人", boss.text)
    assert found is not None
    return found.groups()


async def a_stranger(bot):
    """A customer of another guide."""
    async with bot.session() as session:
        other = await a_guide(session)
    return await her_own(bot, other, "别人的顾客", wears=["兴趣/衬衫"])


async def a_case(bot, customer, text="羊毛衫起球，要退"):
    command = FileCase(
        at=bot.now,
        actor=Actor(kind="care", id="c"),
        key=bot.key(),
        customer_id=customer.id,
        text=text,
    )
    return (await bot.does(command))["case"]


async def a_task(bot, guide, customer=None):
    async with bot.session() as session:
        await guide_tasks.ask(
            session,
            bot.vault,
            key=bot.key(),
            guide_id=guide.id,
            customer_id=customer and customer.id,
            kind="thanks",
            why="刚成为常客",
            words="谢谢你一直来",
            now=bot.now,
        )
        return await session.scalar(select(GuideTask.id))


async def csrf(bot) -> str:
    """The token of the only session."""
    async with bot.session() as session:
        return str(await session.scalar(select(WebSession.csrf)))


class TestToday:
    async def test_a_day_without_work_says_so(self, face):
        assert "今天没有要做的事" in (await face.opens("/guide")).text

    async def test_who_is_worth_a_contact_comes_with_why_and_words(self, bot, su, face):
        await her_own(bot, su, since=bot.now - timedelta(days=5))
        await face.opens("/guide")
        assert "苏晴，上午好" in face.text
        assert "为什么是她： 加好友 5 天，还没买过" in face.text
        assert "我是湖滨店的苏晴" in face.text

    async def test_whoever_was_contacted_is_left_in_peace(self, bot, su, face):
        customer = await her_own(bot, su, since=bot.now - timedelta(days=5))
        await (await face.opens("/guide")).sends(f"/guide/contacts/{customer.ref}")
        assert "今天的 1 件事都做完了" in face.text
        assert "周敏" not in face.text

    async def test_a_skipped_contact_keeps_its_reason(self, bot, su, face):
        customer = await her_own(bot, su, since=bot.now - timedelta(days=5))
        action = f"/guide/contacts/{customer.ref}"
        await (await face.opens("/guide")).sends(action, done="no", reason="不合适")
        async with bot.session() as session:
            task = (await session.scalars(select(GuideTask))).one()
        assert (task.state, task.outcome) == ("skipped", "不合适")

    async def test_a_complaint_comes_first_with_the_time_left(self, bot, su, face):
        customer = await her_own(bot, su)
        await a_case(bot, customer)
        bot.clock.advance(hours=5, minutes=36)
        await face.opens("/guide")
        assert "先处理 1 件" in face.text
        assert "还剩 18:24" in face.text
        assert "羊毛衫起球，要退" in face.text

    async def test_an_answer_without_a_window_becomes_her_task(self, bot, su, face):
        customer = await her_own(bot, su)
        case = await a_case(bot, customer)
        await (await face.opens("/guide")).sends(f"/guide/cases/{case}", text="今天给你换一件新的")
        assert "放进了下面的待办" in face.text
        assert "已回复，等解决" in face.text
        assert "今天给你换一件新的" in face.text

    async def test_somebody_elses_case_is_not_hers_to_answer(self, bot, face):
        case = await a_case(bot, await a_stranger(bot))
        await face.opens("/guide/push")
        form = {"csrf": await csrf(bot), "key": "k", "text": "我来回"}
        assert (await face.posts(f"/guide/cases/{case}", **form)).status == 404

    async def test_a_task_is_done_once(self, bot, su, face):
        task = await a_task(bot, su, await her_own(bot, su))
        await face.opens("/guide")
        assert "刚成为常客" in face.text
        await face.sends(f"/guide/tasks/{task}")
        assert "记下了" in face.text
        assert "谢谢你一直来" not in face.text

    async def test_anothers_task_is_refused(self, bot, su, face):
        async with bot.session() as session:
            other = await a_guide(session)
        task = await a_task(bot, other)
        form = {"csrf": await csrf(bot), "key": "k", "done": "yes"}
        await face.opens("/guide")
        assert (await face.posts(f"/guide/tasks/{task}", **form)).status == 404

    async def test_whoever_is_no_guide_is_told(self, shop):
        face = await (await shop.signs_in("guide", "nobody")).opens("/guide")
        assert (face.status, "还不是在职导购" in face.text) == (403, True)


class TestCustomers:
    async def test_she_sees_her_own_and_nobody_elses(self, bot, su, face):
        await her_own(bot, su)
        await a_stranger(bot)
        await face.opens("/guide/c")
        assert "1 人" in face.text
        assert "周敏" in face.text
        assert "别人的顾客" not in face.text

    async def test_she_finds_one_by_a_part_of_the_name(self, bot, su, face):
        await her_own(bot, su)
        await her_own(bot, su, "陈立")
        await face.opens("/guide/c?q=立")
        assert ("陈立" in face.text, "周敏" in face.text) == (True, False)

    async def test_a_chip_narrows_the_list(self, bot, su, face):
        await a_coupon(bot, await her_own(bot, su))
        await her_own(bot, su, "陈立")
        await face.opens("/guide/c?only=coupon")
        assert ("周敏" in face.text, "陈立" in face.text) == (True, False)

    async def test_a_profile_says_where_each_tag_is_from(self, bot, su, face):
        customer = await her_own(bot, su, wears=["兴趣/羊毛针织"])
        await a_coupon(bot, customer, name="见面礼")
        await face.opens(f"/guide/c/{customer.ref}")
        assert "羊毛针织 兴趣 · 买东西看出来的" in face.text
        assert "见面礼" in face.text

    async def test_somebody_elses_customer_is_not_found(self, bot, face):
        stranger = await a_stranger(bot)
        path, form = f"/guide/c/{stranger.ref}", {"csrf": await csrf(bot), "key": "k"}
        assert (await face.opens(path)).status == 404
        for act in ("phone", "tags"):
            assert (await face.posts(f"{path}/{act}", **form)).status == 404

    async def test_whoever_left_her_is_gone_from_her_pages(self, bot, su, face):
        customer = await her_own(bot, su, ended_at=bot.now, ended_by="customer")
        assert (await face.opens(f"/guide/c/{customer.ref}")).status == 404

    async def test_a_phone_is_masked_until_she_asks_and_that_is_written_down(self, bot, su, face):
        customer = await her_own(bot, su)
        async with bot.session() as session:
            await keep_phone(session, bot.vault, customer.id, "13800006021")
        await face.opens(f"/guide/c/{customer.ref}")
        assert ("138****6021" in face.text, "13800006021" in face.html) == (True, False)
        await face.sends(f"/guide/c/{customer.ref}/phone")
        assert "13800006021" in face.text
        async with bot.session() as session:
            row = (await session.scalars(select(AuditRow))).one()
        assert (row.actor, row.action) == ("guide:SuQing", "unmask_phone")

    async def test_a_tag_by_hand_is_hers_to_take_off(self, bot, su, face):
        customer = await her_own(bot, su)
        path = f"/guide/c/{customer.ref}"
        await (await face.opens(path)).sends(f"{path}/tags", add="导购/喜欢试穿")
        assert "喜欢试穿 导购 · 导购记的" in face.text
        await face.sends(f"{path}/tags")
        assert "还没有标签" in face.text

    async def test_a_tag_that_must_not_be_kept_is_refused_with_why(self, bot, su, face):
        customer = await her_own(bot, su)
        path = f"/guide/c/{customer.ref}"
        form = (await face.opens(path)).form(f"{path}/tags")
        await face.posts(f"{path}/tags", **form, new="孩子8个月")
        assert "孩子的年龄是未成年人的信息" in face.text


class TestPush:
    async def test_the_count_says_who_is_left_out_and_why(self, bot, su, face):
        await her_own(bot, su, wears=["兴趣/衬衫"])
        await her_own(bot, su, "陈立", wears=["兴趣/衬衫"], agreed=False)
        await a_stranger(bot)
        await face.opens("/guide/push/count?tag=兴趣/衬衫")
        assert "1 位可以发" in face.text
        assert "没有取得营销同意 1 位" in face.text

    async def test_only_tags_of_her_own_customers_are_offered(self, bot, su, face):
        await her_own(bot, su, wears=["风格/通勤"])
        await a_stranger(bot)
        await face.opens("/guide/push")
        assert ("通勤 1" in face.text, "衬衫" in face.text) == (True, False)

    async def test_ready_words_can_be_taken(self, bot, su, face):
        await face.opens("/guide/push/words?ready=sleeping/soft")
        assert "拿到湖滨店" in face.text
        assert "退订" not in face.text

    async def test_a_push_is_handed_to_her_to_confirm(self, bot, su, face):
        await her_own(bot, su, wears=["兴趣/衬衫"])
        await (await face.opens("/guide/push?tag=兴趣/衬衫")).sends(
            "/guide/push", tag="兴趣/衬衫", text="衬衫到了新颜色，来摸摸面料。"
        )
        assert "1 人已交给群发助手" in face.text
        assert "还没有发出去，要你确认" in face.text
        (call,) = [c for c in await bot.sends() if type(c).__name__ == "CreateMassTask"]
        assert call.sender == "SuQing"

    async def test_that_she_saw_it_is_told_once_and_her_tap_after_it(self, bot, shop, su, face):
        hands, customer = Hands(bot), await her_own(bot, su, wears=["兴趣/衬衫"])
        await (await face.opens("/guide/push?tag=兴趣/衬衫")).sends(
            "/guide/push", tag="兴趣/衬衫", text="衬衫到了新颜色。"
        )
        await bot.sends()
        boss = await shop.signs_in("owner", "boss")
        assert await steps(boss) == ("1", "0", "0")
        for _ in range(2):
            bot.clock.advance(minutes=12)
            await face.opens("/guide")
        assert await steps(boss) == ("1", "1", "0")
        assert "看过了，等她点发送" in boss.text
        hands.confirm()
        await bot.works(results_due)
        assert await steps(boss) == ("1", "1", "1")
        async with bot.session() as session:
            (told,) = (await explain.explain(session, bot.vault, customer.id)).told
        assert told.seen_at == bot.now - timedelta(minutes=12)
        assert "导购看过 " in told.in_words()

    async def test_words_for_the_tags_she_picked_come_first_and_her_own_are_kept(
        self, bot, su, face
    ):
        await bot.publishes()
        await her_own(bot, su, wears=["风格/简约"])
        await face.opens("/guide/push/count?tag=风格/简约")
        assert face.text.index("适合简约") < face.text.index("换季整理")
        await (await face.opens("/guide/push?tag=风格/简约")).sends(
            "/guide/push", tag="风格/简约", ready="style/plain", text="素色的到了。"
        )
        async with bot.session() as session:
            push = (await session.scalars(select(Campaign))).one()
        assert (push.ready, push.edited) == ("style/plain", True)

    async def test_two_taps_push_once(self, bot, su, face):
        await her_own(bot, su, wears=["兴趣/衬衫"])
        form = (await face.opens("/guide/push")).form("/guide/push")
        for _ in range(2):
            await face.posts("/guide/push", **form, tag="兴趣/衬衫", text="衬衫到了新颜色。")
        assert "1 人已交给群发助手" in face.text
        async with bot.session() as session:
            assert len((await session.scalars(select(Campaign))).all()) == 1

    async def test_words_that_must_not_be_said_come_back_with_why(self, bot, su, face):
        await her_own(bot, su, wears=["兴趣/衬衫"])
        words = "全网最低价，假一赔万，史上第一"
        await (await face.opens("/guide/push")).sends("/guide/push", tag="兴趣/衬衫", text=words)
        assert face.status == 422
        assert words in face.text

    async def test_without_anybody_to_reach_nothing_is_made(self, bot, su, face):
        await her_own(bot, su, wears=["兴趣/衬衫"], agreed=False)
        await (await face.opens("/guide/push")).sends(
            "/guide/push", tag="兴趣/衬衫", text="新颜色"
        )
        assert "现在没有能发的人" in face.text
        async with bot.session() as session:
            assert (await session.scalars(select(Campaign))).all() == []

    async def test_at_night_it_waits_for_the_morning(self, bot, su, face):
        await her_own(bot, su, wears=["兴趣/衬衫"])
        bot.clock.advance(hours=11)
        await (await face.opens("/guide/push")).sends(
            "/guide/push", tag="兴趣/衬衫", text="新颜色"
        )
        assert "1 人排好了" in face.text


async def test_the_month_counts_what_she_did(bot, su, face):
    await a_task(bot, su, await her_own(bot, su))
    async with bot.session() as session:
        task = await session.scalar(select(GuideTask.id))
    await (await face.opens("/guide")).sends(f"/guide/tasks/{task}")
    await face.opens("/guide/month")
    assert "这个月还没有记在你名下的订单" in face.text
    assert "做完的待办 1" in face.text


async def test_what_made_people_buy_and_what_yesterday_brought(bot, su, face):
    hers = [await her_own(bot, su), await her_own(bot, su, "陈立")]
    async with bot.session() as session:
        campaign = Campaign(
            name="春季上新",
            purpose="marketing",
            rule={},
            template="",
            channels=[],
            seed="s",
            state="finished",
            starts_at=bot.now,
            ends_at=bot.now,
            created_at=bot.now,
            created_by="o",
        )
        session.add(campaign)
        await session.flush()
        touches = [
            Touch(
                customer_id=one.id,
                campaign_id=campaign.id,
                purpose="marketing",
                template="t",
                guide_id=su.id,
                state="delivered",
                planned_at=bot.now,
                due_at=bot.now,
                sent_at=bot.now - timedelta(days=2),
            )
            for one in hers
        ]
        order = Order(
            source="pos",
            order_no="A1",
            customer_id=hers[0].id,
            guide_id=su.id,
            state="paid",
            paid_at=bot.now - timedelta(days=1),
            amount_fen=19900,
        )
        session.add_all([*touches, order])
        await session.flush()
        row = {"order_id": order.id, "touch_id": touches[0].id, "how": "window", "at": bot.now}
        session.add(Attribution(**row))
    assert "昨天你带来 ¥199" in (await face.opens("/guide")).text
    await face.opens("/guide/month")
    assert "春季上新 送达 2 位 · 点开 0 位 1 位来买" in face.text


@pytest.mark.parametrize("path", ["/guide", "/guide/c", "/guide/push", "/guide/month"])
async def test_a_till_has_no_business_here(shop, path):
    face = await (await shop.signs_in("clerk", "mei", "S01")).opens(path)
    assert face.status == 403


class TestBesideTheChat:
    async def test_she_is_known_by_what_wecom_calls_her(self, bot, su, face):
        await her_own(bot, su, external_userid="wm-zhou")
        assert "周敏" in (await face.opens("/guide/side?cid=wm-zhou")).text

    async def test_somebody_elses_customer_is_a_stranger(self, bot, face):
        customer = await a_stranger(bot)
        page = await face.opens(f"/guide/side?cid={customer.ref}")
        assert (page.status, "你的顾客里没有她" in page.text) == (404, True)

    async def test_pages_of_this_house_are_signed_with_the_apps_own_ticket(self, bot, face):
        bot.platform.answers(GetJsTicket, Sent({"ticket": "tk", "expires_in": 7200}))
        url = f"http://{face.client.host}:{face.client.port}/guide/side?cid=wm-1#top"
        signed = await face.client.get("/guide/side/signature", params={"url": url, "agent": "1"})
        told = await signed.json()
        assert told["signature"] == js_signature("tk", told["nonceStr"], told["timestamp"], url)
        assert [call.agent for call in bot.platform.sent(GetJsTicket)] == [True]

    async def test_who_asks_without_end_is_told_to_wait_and_others_are_not(self, bot, shop, face):
        bot.platform.answers(GetJsTicket, Sent({"ticket": "tk", "expires_in": 7200}))
        path = f"/guide/side/signature?url=http://{face.client.host}:{face.client.port}/guide"
        async with bot.session() as session:
            session.add(TillMiss(till="js:guide:SuQing", misses=SIGNATURES, since=bot.now))
        page = await face.opens(path)
        assert (page.status, bot.platform.sent(GetJsTicket)) == (429, [])
        assert "十分钟后再试" in page.text
        bot.clock.advance(minutes=11)
        assert (await face.opens(path)).status == 200

    async def test_nobody_elses_pages_are_signed(self, bot, face):
        page = await face.opens("/guide/side/signature?url=https://evil.example/")
        assert (page.status, bot.platform.sent(GetJsTicket)) == (403, [])

    async def test_the_ticket_itself_is_never_told_and_nobody_without_a_session_asks(
        self, bot, shop, face
    ):
        bot.platform.answers(GetJsTicket, Sent({"ticket": "tk-secret", "expires_in": 7200}))
        url = f"http://{face.client.host}:{face.client.port}/guide"
        assert "tk-secret" not in (await face.opens(f"/guide/side/signature?url={url}")).html
        nobody = shop.passer_by()
        assert "/login" in (await nobody.opens(f"/guide/side/signature?url={url}")).url


async def test_what_she_complained_of_in_the_shop_is_filed_and_noted_by_her_guide(bot, su, face):
    customer = await her_own(bot, su)
    await face.opens(f"/guide/c/{customer.ref}")
    await face.sends(f"/guide/c/{customer.ref}/case", text="裤子开线了")
    assert "客诉已经开始计时" in face.text
    day = await face.opens("/guide")
    assert "裤子开线了" in day.text
    note = re.search(r'action="(/guide/cases/\d+/note)"', day.html)[1]
    assert "只有同事看得到" in (await face.sends(note, text="约了周六换")).text
    theirs = await a_stranger(bot)
    fields = (await face.opens(f"/guide/c/{customer.ref}")).form(f"/guide/c/{customer.ref}/case")
    assert (await face.posts(f"/guide/c/{theirs.ref}/case", **fields, text="x")).status == 404


async def test_a_guide_puts_a_coupon_into_her_wallet(bot, su, face):
    customer = await her_own(bot, su)
    async with bot.session() as session:
        offer = await an_offer(session, name="回头券")
        await an_offer(session, name="三人拼", team_size=3)
    page = f"/guide/c/{customer.ref}"
    assert "三人拼" not in (await face.opens(page)).text
    assert "放进她的卡包了" in (await face.sends(f"{page}/coupon", offer=offer.key)).text
    refused = await face.sends(f"{page}/coupon", offer=offer.key)
    assert (refused.status, "每人限领 1 张" in refused.text) == (409, True)


async def looked(bot, who: str, *, hour: int, day: int) -> None:
    """So many cards of late."""
    async with bot.session() as session:
        for span, times in (("hour", hour), ("day", day)):
            door = f"views-{span}:{who}"
            await session.merge(TillMiss(till=door, misses=times, since=bot.now))


async def test_whoever_opens_very_many_cards_is_stopped_and_the_owner_is_warned(
    bot, shop, su, face
):
    ref = (await her_own(bot, su)).ref
    await looked(bot, "guide:SuQing", hour=viewing.AN_HOUR - 1, day=200)
    assert (await face.opens(f"/guide/c/{ref}")).status == 200
    for address in (f"/guide/c/{ref}", f"/guide/side?cid={ref}"):
        page = await face.opens(address)
        assert (page.status, page.headers["Retry-After"]) == (429, "3600")
        assert "60 分钟后再看" in page.text
    audit = await (await shop.signs_in("owner", "boss")).opens("/admin/audit")
    assert audit.text.count("留意 短时间里看了很多顾客的资料") == 1
    bot.clock.advance(minutes=61)
    assert (await face.opens(f"/guide/c/{ref}")).status == 200


async def test_a_days_cards_and_a_store_managers_are_counted_and_an_owners_are_not(bot, shop, su):
    ref = (await her_own(bot, su)).ref
    await looked(bot, "manager:chen", hour=0, day=viewing.A_DAY)
    await looked(bot, "owner:boss", hour=viewing.AN_HOUR, day=viewing.A_DAY)
    page = await (await shop.signs_in("manager", "chen", "S01")).opens(f"/admin/customers/{ref}")
    assert (page.status, page.headers["Retry-After"]) == (429, "86400")
    boss = await shop.signs_in("owner", "boss")
    assert (await boss.opens(f"/admin/customers/{ref}")).status == 200
