"""The queue of complaints: the least time first, answered and closed from the page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.store import cases
from bot.store.cases.causes import causes
from tests.web.faces import a_named_customer


async def a_case(bot, name: str, *, at=None):
    customer = await a_named_customer(bot, name)
    async with bot.session() as session:
        return await cases.open_case(
            session,
            bot.vault,
            customer_id=customer.id,
            text="毛衣起球了",
            channel="kf",
            source=f"t:{name}",
            now=at or bot.now,
        )


async def test_who_has_waited_longest_stands_first(bot, shop):
    await a_case(bot, "王芳")
    await a_case(bot, "曹文博", at=bot.now - timedelta(hours=20))
    page = await (await shop.signs_in("care", "ke")).opens("/admin/cases")
    assert page.text.index("曹**") < page.text.index("王*")
    assert "还剩 4 小时" in page.text


async def test_what_is_late_says_so(bot, shop):
    await a_case(bot, "王芳", at=bot.now - timedelta(hours=26))
    page = await (await shop.signs_in("care", "ke")).opens("/admin/cases")
    assert "超时 2 小时" in page.text


async def test_answering_stops_the_first_clock(bot, shop):
    case = await a_case(bot, "王芳")
    face = await shop.signs_in("care", "ke")
    await face.opens("/admin/cases")
    page = await face.sends(f"/admin/cases/{case.id}/answer", text="看到了，今天下班前回你。")
    assert "已回应顾客" in page.text
    assert "在解决" in page.text


async def test_an_empty_answer_is_refused(bot, shop):
    case = await a_case(bot, "王芳")
    face = await shop.signs_in("care", "ke")
    await face.opens("/admin/cases")
    page = await face.sends(f"/admin/cases/{case.id}/answer", text="  ")
    assert page.status == 422


async def test_a_closed_case_leaves_the_queue(bot, shop):
    case = await a_case(bot, "王芳")
    face = await shop.signs_in("care", "ke")
    await face.opens("/admin/cases")
    page = await face.sends(f"/admin/cases/{case.id}/close", resolution="换了一件新的")
    assert "没有待处理的客诉" in page.text


async def test_a_manager_leaves_other_stores_alone(bot, shop):
    case = await a_case(bot, "王芳")
    care = await (await shop.signs_in("care", "ke")).opens("/admin/cases")
    form = care.form(f"/admin/cases/{case.id}/answer")
    manager = await (await shop.signs_in("manager", "dian", "S09")).opens("/admin/cases")
    assert "没有待处理的客诉" in manager.text
    form["csrf"] = manager.html.split('name="csrf" value="')[1].split('"')[0]
    page = await manager.posts(f"/admin/cases/{case.id}/answer", **form, text="我来")
    assert page.status == 404


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_cause_has_an_owner_and_its_fix_is_judged_by_what_came_after(bot, shop):
    await a_case(bot, "王芳", at=bot.now - timedelta(days=2))
    face = await (await shop.signs_in("care", "ke")).opens("/admin/cases")
    page = await face.sends("/admin/cases/causes", owner="周工", what="换了纱线", fixed="1")
    assert "周工" in page.text
    assert "1 → 0 件" in page.text
    bot.clock.advance(minutes=5)
    await a_case(bot, "曹文博")
    async with bot.session() as session:
        [cause] = await causes(session, bot.now + timedelta(minutes=1))
    assert cause.in_words().endswith("换了纱线，前 14 天 1 件，之后 1 件）")
