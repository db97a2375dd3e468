"""Today's page, the group chats and the audit trail."""

from __future__ import annotations

import html
import re
from datetime import timedelta

from bot.domain.campaigns import Touch
from bot.domain.delivery import Kept
from bot.domain.group_chats import GroupChat
from bot.domain.orders import Order
from bot.store import group_chats
from tests.builders import a_customer, a_guide


async def test_a_quiet_day_says_so(shop):
    page = await (await shop.signs_in("owner", "boss")).opens("/admin")
    assert "今天没有要处理的事" in page.text
    assert "昨天没有发消息，也没有订单。" in page.text


async def test_a_quiet_day_tells_what_came_of_yesterday(bot, shop):
    yesterday = bot.now - timedelta(days=1)
    async with bot.session() as session:
        customer = await a_customer(session)
        facts = {
            "customer_id": customer.id,
            "channel": "kf",
            "purpose": "marketing",
            "template": "x",
        }
        session.add(
            Touch(
                **facts,
                state="delivered",
                planned_at=yesterday,
                due_at=yesterday,
                sent_at=yesterday,
            )
        )
        session.add(
            Order(
                source="pos",
                order_no="1",
                customer_id=customer.id,
                amount_fen=19900,
                paid_at=yesterday,
                state="paid",
            )
        )
    boss = await shop.signs_in("owner", "boss")
    page = await boss.opens("/admin")
    assert "昨天的结果 送达的人 1 点开的人 0 核销的人 0 订单 1 消费额 ¥199" in page.text
    shown = page.html.partition('id="yesterday"')[2].partition("</section>")[0]
    for address in re.findall(r'href="([^"]+)"', shown):
        assert "1 人" in (await boss.opens(html.unescape(address))).text


async def test_parked_events_are_counted_with_their_reason(bot, shop):
    async with bot.session() as session:
        session.add(
            Kept(
                digest="d",
                source="wecom",
                body=b"",
                received_at=bot.now,
                state="parked",
                kind="customer_added",
                reason="KeyError",
            )
        )
    page = await (await shop.signs_in("owner", "boss")).opens("/admin")
    assert "customer_added 1 条" in page.text
    assert "siyu replay" in page.text


POINTS = '{"all": [{"field": "points", "op": "gte", "value": 10}]}'


async def a_full_room(bot) -> None:
    async with bot.session() as session:
        await group_chats.publish_rules(session, bot.content.groups, bot.now)
        await a_guide(session, userid="SuQing", name="苏晴")
        await a_customer(session)
        session.add(
            GroupChat(
                chat_id="wr1",
                rule_key="benefit",
                kind="benefit",
                name="青禾福利群 1",
                owner="SuQing",
                capacity=200,
                members=200,
                state="full",
                created_at=bot.now,
            )
        )


async def test_a_full_room_asks_for_the_next_one(bot, shop):
    await a_full_room(bot)
    boss = await shop.signs_in("owner", "boss")
    assert "青禾福利群 1 满了" in (await boss.opens("/admin")).text
    page = await boss.opens("/admin/groups")
    assert "青禾福利群 2" in page.text
    assert "群主 苏晴" in page.text


async def test_a_group_rule_is_published_with_its_numbers(bot, shop):
    await a_full_room(bot)
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/groups/benefit")
    page = await boss.sends(
        "/admin/groups/benefit/publish",
        rule=POINTS,
        capacity="150",
        invite_days="20",
        max_groups_per_person="2",
        round="2",
    )
    assert "入群规则已发布" in page.text
    async with bot.session() as session:
        settings = (await group_chats.rule_of(session, "benefit")).settings
    names = ("invite_days", "max_groups_per_person", "round")
    assert [settings[name] for name in names] == [20, 2, 2]
    assert "积分至少 10 分" in page.text
    assert "150 人" in page.text


async def test_a_family_is_made_in_the_console_paused_and_resumed(bot, shop):
    await a_full_room(bot)
    boss = await shop.signs_in("owner", "boss")
    page = await boss.opens("/admin/groups/-/new?starter=interest&edited=1&field=points&op=gte")
    assert "新建社群规则" in page.text
    page = await boss.sends(
        "/admin/groups", rule=POINTS, name="茶友会", capacity="60", owner="SuQing"
    )
    assert "这组群建好了" in page.text
    assert "名字以「茶友会」开头" in page.text
    key = re.search(r"data-family=\"(c-\w+)\"", page.html)[1]
    page = await page.sends(f"/admin/groups/{key}/pause")
    assert "暂停了" in page.text
    assert "这组群暂停着" in (await page.opens(f"/admin/groups/{key}")).text
    page = await page.sends(f"/admin/groups/{key}/resume")
    assert "恢复了" in page.text


async def test_a_manager_of_one_store_does_not_change_what_all_share(bot, shop):
    await a_full_room(bot)
    face = await shop.signs_in("manager", "chen", "S01")
    assert (await face.opens("/admin/groups/-/new")).status == 403
    assert "入群规则是全店共用的" in (await face.opens("/admin/groups/benefit")).text


async def test_without_families_three_beginnings_are_offered(shop):
    page = await (await shop.signs_in("owner", "boss")).opens("/admin/groups")
    assert page.html.count("/admin/groups/-/new?starter=") == 3


async def test_a_capacity_nobody_can_have_is_refused(bot, shop):
    await a_full_room(bot)
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/groups/benefit")
    page = await boss.sends("/admin/groups/benefit/publish", rule="{}", capacity="501")
    assert page.status == 422


async def test_every_act_is_in_the_trail_and_the_chain_holds(bot, shop):
    await a_full_room(bot)
    boss = await shop.signs_in("owner", "boss")
    await boss.opens("/admin/groups/benefit")
    await boss.sends("/admin/groups/benefit/publish", rule='{"all": []}')
    page = await boss.opens("/admin/audit?check=1")
    assert "店主 boss 发布入群规则" in page.text
    assert "记录完整" in page.text


async def test_only_some_may_read_the_trail(shop):
    assert (await (await shop.signs_in("operator", "yun")).opens("/admin/audit")).status == 403


async def test_the_menu_shows_what_the_role_may_do(shop):
    page = await (await shop.signs_in("care", "ke")).opens("/admin")
    assert 'href="/admin/cases"' in page.html
    assert 'href="/admin/audit"' not in page.html
    assert 'href="/sandbox"' not in page.html


async def test_an_address_that_leads_nowhere_is_answered_with_a_page(shop):
    boss = await shop.signs_in("owner", "boss")
    page = await boss.opens("/admin/nowhere", headers={"Accept": "text/html"})
    assert page.status == 404
    assert "没有这一页" in page.text
    assert 'href="/admin"' in page.html


async def test_what_waits_for_a_second_person_is_told_in_words(shop):
    admin = await shop.signs_in("admin", "li")
    assert (await admin.opens("/admin/customers?format=csv&reason=对账&tier=核心")).status == 202
    page = await (await shop.signs_in("owner", "boss")).opens("/admin/proposals")
    assert "管理员 li 导出名单" in page.text
    assert "tier 核心" in page.text
