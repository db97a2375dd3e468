"""One customer whole: what she bought in her line of time, why she is where she is, and what a desk may do."""

from __future__ import annotations

import re

from sqlalchemy import select

from bot.domain.delivery import GuideTask
from bot.domain.orders import Order
from bot.store import advisors, segments
from tests.builders import a_follow, a_guide, an_offer
from tests.web.faces import a_named_customer


async def test_her_line_tells_what_she_bought_and_her_segments_tell_why(bot, shop):
    customer = await a_named_customer(bot)
    facts = {"source": "shop", "order_no": "A1", "state": "paid", "refunded_fen": 0}
    rule = {"field": "orders.count", "op": "gte", "value": 1}
    async with bot.session() as session:
        session.add(Order(customer_id=customer.id, paid_at=bot.now, amount_fen=29900, **facts))
        await segments.publish(
            session, key="once", name="买过的", rule=rule, by="owner:boss", now=bot.now
        )
    page = await (await shop.signs_in("owner", "boss")).opens(f"/admin/customers/{customer.ref}")
    assert "下单 ¥299" in page.text
    assert "因为：下单次数至少 1 次" in page.text
    assert "她还没有加导购" in page.html


async def test_her_guide_is_asked_once_and_may_not_be_by_everybody(bot, shop):
    customer = await a_named_customer(bot)
    async with bot.session() as session:
        await a_follow(session, customer, await a_guide(session))
    boss = await shop.signs_in("owner", "boss")
    address = f"/admin/customers/{customer.ref}"
    await boss.opens(address)
    asked = boss.form(f"{address}/ask")
    page = await boss.posts(f"{address}/ask", **asked, why="她问的大衣到货了")
    assert "已经放进导购的「今天」里" in page.text
    await boss.posts(f"{address}/ask", **asked, why="她问的大衣到货了")
    async with bot.session() as session:
        tasks = (await session.scalars(select(GuideTask))).all()
    assert [task.why for task in tasks] == ["她问的大衣到货了"]
    auditor = await shop.signs_in("auditor", "shen")
    assert "你的角色不能请导购联系" in (await auditor.opens(address)).html


async def test_another_advisor_is_chosen_among_the_guides_she_knows(bot, shop):
    customer = await a_named_customer(bot)
    async with bot.session() as session:
        for name in ("苏晴", "林夏"):
            guide = await a_guide(session, userid=f"u-{name}", name=name)
            await a_follow(session, customer, guide)
        await advisors.assign(session, customer_id=customer.id, guide_id=guide.id, now=bot.now)
        await a_guide(session, userid="u-far", name="远方")
    address = f"/admin/customers/{customer.ref}"
    page = await (await shop.signs_in("owner", "boss")).opens(address)
    page = await page.sends(f"{address}/advisor", userid="u-苏晴")
    assert "现在起由她照顾这位顾客" in page.text
    page = await page.sends(f"{address}/advisor", userid="u-far")
    assert (page.status, "她没有加这位导购" in page.text) == (409, True)
    page = await page.opens("/admin/guide-tasks")
    assert "苏晴 1 / 80 林夏 0 / 80" in page.text
    page = await page.opens("/admin/audit")
    assert "换专属顾问" in page.text


async def test_a_complaint_made_on_the_phone_is_filed_at_the_desk_and_noted_on(bot, shop):
    customer = await a_named_customer(bot)
    address = f"/admin/customers/{customer.ref}"
    face = await (await shop.signs_in("care", "ke")).opens(address)
    page = await face.sends(f"{address}/case", text="羊毛衫洗一次就缩水", category="quality")
    assert "计时从现在开始" in page.text
    assert "羊毛衫洗一次就缩水" in page.text
    assert "商品质量" in page.text
    page = await page.sends(
        re.search(r'action="(/admin/cases/\d+/note)"', page.html)[1], text="问过仓库"
    )
    assert "「问过仓库」" in page.text
    async with bot.session() as session:
        offer = await an_offer(session, name="一点心意")
    page = await (await face.opens(address)).sends(f"{address}/coupon", offer=offer.key)
    assert "放进她的卡包了" in page.text
    auditor = await (await shop.signs_in("auditor", "shen")).opens(address)
    assert "记一件投诉" not in auditor.text
    assert "放进她的卡包" not in auditor.text
