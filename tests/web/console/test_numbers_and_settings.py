"""Numbers that open onto people, and what the house is set by: words, offers, limits and staff."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy import select

from bot.content import edits
from bot.doctor.finding import broken, doubtful, fine
from bot.domain.campaigns import MassTask, Touch
from bot.domain.customers import Guide
from bot.domain.delivery import GuideTask
from bot.domain.offers.fairness import left_out
from bot.events.commands import Actor, FileCase
from bot.store import access, insights
from bot.store.vault import Vault
from bot.web.console.audit import changes
from bot.web.console.connect import steps
from tests.builders import a_customer, a_follow, a_guide
from tests.web.faces import a_named_customer


async def some_touches(bot) -> None:
    """Three people with a message of one guide, two delivered, one of them opened; another is only planned."""
    async with bot.session() as session:
        guide = await a_guide(session, userid="sq", name="苏晴")
        for state in ("delivered", "delivered", "handed_over", "planned"):
            customer = await a_customer(session)
            await a_follow(session, customer, guide)
            session.add(
                Touch(
                    customer_id=customer.id,
                    purpose="marketing",
                    template="",
                    state=state,
                    guide_id=guide.id,
                    planned_at=bot.now,
                    due_at=bot.now,
                    sent_at=bot.now if state == "delivered" else None,
                    opened_at=bot.now if customer.id % 4 == 1 and state == "delivered" else None,
                )
            )


async def test_every_number_of_the_funnel_opens_so_many_people(bot, shop):
    await some_touches(bot)
    page = await (await shop.signs_in("operator", "op")).opens("/admin/analytics?span=7")
    for stage, people in (("handed", 3), ("delivered", 2)):
        link = re.search(rf'id="fun-{stage}" href="([^"]+)"><b>{people}</b>', page.html)
        assert link
        behind = await page.client.get(link[1].replace("&amp;", "&"))
        assert (await behind.text()).count('<span class="sub mono">') == people


async def test_what_waits_for_a_tap_and_what_was_asked_open_their_people(bot, shop):
    """Whatever kind of number there is opens a list, and those of one guide as many as they say."""
    await some_touches(bot)
    async with bot.session() as session:
        guide = await session.scalar(select(Guide))
        facts = {
            "guide_id": guide.id,
            "purpose": "marketing",
            "msgid": "m1",
            "created_at": bot.now,
        }
        task = MassTask(**facts, text=b"", state="waiting", customers=3, expires_at=bot.now)
        session.add(task)
        await session.flush()
        for touch in await session.scalars(select(Touch).where(Touch.state != "planned")):
            touch.mass_task_id = task.id
    boss = await shop.signs_in("owner", "boss")
    for kind in insights.BEHIND:
        assert (
            await boss.opens(f"/admin/people?of={kind}&guide=sq&key=k&tier=核心&id=1")
        ).status == 200
    for where, link in (
        ("/admin", r'href="([^"]*of=waiting[^"]*)">3 人'),
        ("/admin/guide-tasks", r'href="([^"]*of=waiting[^"]*)">3 人'),
        ("/admin/analytics", r'href="([^"]*of=asked[^"]*)">1<'),
        ("/admin/analytics", r'href="([^"]*of=touched[^"]*stage=delivered&amp;sent=1)">2<'),
    ):
        found = re.search(link, (await boss.opens(where)).html)
        assert found, where
        told = await boss.opens(found[1].replace("&amp;", "&"))
        assert told.html.count('<span class="sub mono">') == (2 if "sent" in found[1] else 3)


async def test_before_anything_was_sent_the_funnel_says_that_it_is_a_sample(shop):
    page = await (await shop.signs_in("owner", "boss")).opens("/admin/analytics")
    assert "下面的漏斗是示例" in page.text
    assert "/admin/people?of=touched" not in page.html


async def test_a_new_offer_says_what_it_costs_at_most_before_it_is_made(bot, shop):
    page = await (await shop.signs_in("owner", "boss")).opens("/admin/coupons/-/new")
    page = await page.sends(
        "/admin/coupons/-/check",
        name="春装券",
        kind="amount",
        worth="30",
        pieces="400",
        threshold="199",
        household="2",
        goods="衬衫、外套",
        budget="9000",
        starts="2026-03-01",
        stacks="1",
        queue="1",
        after_return="lost",
    )
    assert "最多花 ¥9,000" in page.text
    assert "哪个等级都不会比别人付得多" in page.text
    assert "钻石 ¥99 ¥269" in page.text
    page = await page.sends("/admin/coupons")
    assert "券建好了" in page.text
    assert "减 30 元" in page.text
    (made,) = [offer for offer in bot.content.offers.values() if offer.name == "春装券"]
    assert (made.per_household, made.budget_fen, made.goods) == (2, 900000, ("衬衫", "外套"))
    assert (made.stacks, made.queue, made.first_order, made.after_return) == (
        True,
        True,
        False,
        "lost",
    )
    page = await page.sends(f"{page.url.split('?')[0]}/pause")
    assert "停发" in page.text


async def test_a_text_is_saved_for_everybody_or_not_at_all(bot, shop):
    page = await (await shop.signs_in("operator", "op")).opens("/admin/content/coupon/expiring")
    page = await page.sends("/admin/content/coupon/expiring", words="{{ nobody_knows }}")
    assert page.status == 422
    page = await page.opens("/admin/content/coupon/expiring")
    page = await page.sends("/admin/content/coupon/expiring", words="{{ 称呼 }}，券快到期了。")
    assert "保存了" in page.text
    assert bot.content.templates["coupon/expiring"].body == "{{ 称呼 }}，券快到期了。"
    page = await page.opens("/admin/content/coupon/expiring")
    back = dict(
        re.findall(r'<input type="hidden" name="(csrf|key|restore)" value="([^"]*)"', page.html)[
            -3:
        ]
    )
    await page.posts("/admin/content/coupon/expiring", **back)
    assert "卡包" in bot.content.templates["coupon/expiring"].body


async def test_limits_count_at_once_and_the_audit_log_says_what_they_were(bot, shop):
    page = await (await shop.signs_in("owner", "boss")).opens("/admin/settings")
    page = await page.sends("/admin/settings/limits", most_in_month="3", begins="20:30")
    assert bot.content.limits.brand.most_in_month == 3
    assert bot.content.limits.quiet_hours.begins.isoformat() == "20:30:00"
    page = await page.opens("/admin/audit")
    assert "most_in_month 4 → 3" in page.text
    page = await page.opens("/admin/settings")
    page = await page.sends("/admin/settings/limits", segment_above="99", slots="18:30、10:00")
    assert [f"{one:%H:%M}" for one in bot.content.limits.guides.slots] == ["10:00", "18:30"]
    assert bot.content.limits.brand.segment_above == 99
    page = await page.sends("/admin/settings/holdout", percent="7.5")
    assert (bot.content.limits.holdout.percent, bot.content.limits.holdout.seed) == (7.5, "house")
    page = await page.sends("/admin/settings/holdout", percent="7.5", again="1")
    assert bot.content.limits.holdout.seed.startswith("house-")
    page = await page.sends(
        "/admin/settings/by-hand",
        **{"per_day-guide": "2", "per_day-care": "", "sorry_fen-care": "80"},
    )
    by_hand = bot.content.limits.by_hand
    assert (by_hand.per_day["guide"], by_hand.per_day["care"]) == (2, 10)
    assert (by_hand.sorry_fen["care"], by_hand.sorry_fen["owner"]) == (8000, 50000)
    page = await page.opens("/admin/audit")
    assert "percent 0.0 → 7.5" in page.text
    auditor = await (await shop.signs_in("auditor", "ad")).opens("/admin/settings")
    assert "只有店主能改" in auditor.text


async def test_a_colleague_gets_a_password_once_and_loses_it_with_her_account(bot, shop):
    page = await (await shop.signs_in("owner", "boss")).opens("/admin/staff")
    page = await page.sends("/admin/staff", name="小周", role="operator")
    password = re.search(r'id="password">([^<]+)<', page.html)[1]
    async with bot.session() as session:
        assert await access.sign_in(session, name="小周", password=password)
    assert password not in (await page.opens("/admin/audit")).html
    page = await page.opens("/admin/staff")
    page = await page.sends("/admin/staff/change", name="小周", phone="138 0000 1111")
    assert "登记了" in page.text
    async with bot.session() as session:
        known = await access.staff_named(session, "小周")
        assert known.phone == bot.vault.blind("13800001111", about="phone")
    audit = await page.opens("/admin/audit")
    assert not {"13800001111", "138 0000 1111", known.phone} & {*re.split(r'[<>" ]', audit.html)}
    page = await page.opens("/admin/staff")
    await page.sends("/admin/staff/change", name="小周", active="0")
    async with bot.session() as session:
        assert await access.sign_in(session, name="小周", password=password) is None


async def test_a_guide_is_reminded_as_often_as_the_platform_allows(bot, shop):
    async with bot.session() as session:
        guide = await a_guide(session, name="苏晴")
        session.add(
            MassTask(
                guide_id=guide.id,
                purpose="marketing",
                text=Vault(bot.settings.key).seal("x", about="mass_task.text"),
                customers=12,
                msgid="m1",
                state="waiting",
                created_at=bot.now,
                expires_at=bot.now.replace(hour=12),
                reminders=2,
            )
        )
        session.add(
            GuideTask(
                key="t",
                guide_id=guide.id,
                kind="contact",
                why="w",
                created_at=bot.now,
                state="skipped",
                outcome="刚聊过",
            )
        )
    page = await (await shop.signs_in("owner", "boss")).opens("/admin/guide-tasks")
    assert "今天还能提醒 1 次" in page.text
    assert "刚聊过 1" in page.text
    page = await page.sends(f"/admin/guide-tasks/{guide.id}/remind")
    assert "今天提醒够 3 次了" in page.text


def test_a_tier_that_nobody_thought_of_is_named():
    assert left_out("amount", {"核心": (0, 40), "普通": (20, 100)}) == ["核心"]
    assert left_out("gift", {"核心": (0, 40), "普通": (20, 100)}) == []
    assert left_out("amount", {"核心": (0, 40), "普通": (1, 100)}) == []


def test_findings_stand_at_their_step_and_the_worst_one_speaks_for_it():
    laid = steps(
        [
            fine("python", "Python 3.11"),
            broken("wecom", "企业微信：企业 ID 和 Secret", "Secret 不对", "重新复制"),
            doubtful("wecom", "企业微信：可信域名没有填", "打不开", "填上"),
        ]
    )
    assert [one.state for one in laid] == ["ok", "fail", "", "warn"]


def test_a_change_is_told_field_by_field():
    told = changes({"before": {"brand": {"days": 7}}, "after": {"brand": {"days": 5}}})
    assert told == [("days", "7", "5")]
    assert changes({"before": "a", "after": "b"}) == [("", "a", "b")]


def test_an_edit_that_no_longer_fits_is_passed_over(content):
    mine = replace(content)
    assert edits.renew(mine, {"texts/coupon/expiring": {"source": "---\nno head"}}) == [
        "texts/coupon/expiring"
    ]
    assert mine.templates["coupon/expiring"].title == "券快到期"


async def test_a_case_is_answered_with_the_suggested_words_and_gets_into_other_hands(bot, shop):
    customer = await a_named_customer(bot, "薛欣然")
    async with bot.session() as session:
        await a_guide(session, name="王芳")
        guide = await a_guide(session, name="苏晴")
    filed = FileCase(
        customer_id=customer.id,
        text="少发了一件",
        actor=Actor(kind="care", id="c"),
        key="f",
        at=bot.now,
    )
    number = (await bot.does(filed))["case"]
    page = await (await shop.signs_in("care", "c")).opens("/admin/cases")
    assert "你好，你说的事我看到了" in page.text
    assert "薛欣然" not in page.html
    page = await page.sends(f"/admin/cases/{number}/assign", guide=str(guide.id))
    assert "转过去了" in page.text
    assert "转给苏晴" in page.text
