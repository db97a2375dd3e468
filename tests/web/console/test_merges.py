"""Pairs that may be one person: told, decided, taken back."""

from __future__ import annotations

import pytest

from bot.events import Buyer
from bot.store import customers
from tests.builders import LONG_AGO, a_follow, a_guide, a_store
from tests.web.faces import a_named_customer


@pytest.fixture
async def sisters(bot):
    """Two WeChat accounts that gave one phone."""
    async with bot.session() as session:
        for n, name in enumerate(("王丽", "Lily")):
            met = await customers.meet(
                session,
                bot.vault,
                kind="external_userid",
                value=f"wmSister{n}",
                at=LONG_AGO,
                name=name,
                phone="13800006021",
            )
        order = Buyer(external_userid="wmSister1", member_no="M1")
        await customers.meet_buyer(session, bot.vault, order, at=LONG_AGO, source="mall")
    return met


async def held(bot, value):
    async with bot.session() as session:
        return (await customers.find(session, bot.vault, "external_userid", value)).id


async def test_both_sides_are_shown_masked_with_what_agrees(sisters, shop):
    page = await (await shop.signs_in("owner", "li")).opens("/admin/customers/merges")
    for said in ("手机号", "把握 80%", "王*", "138****6021", "会员号"):
        assert said in page.text
    assert "13800006021" not in page.html


async def test_yes_makes_them_one_and_undo_makes_them_two(bot, sisters, shop):
    face = await shop.signs_in("owner", "li")
    await face.opens("/admin/customers/merges")
    page = await face.sends("/admin/customers/merges/join")
    assert "没有要决定的" in page.text
    assert await held(bot, "wmSister0") == await held(bot, "wmSister1")
    page = await face.sends(f"/admin/customers/merges/{sisters.id}/undo")
    assert "都恢复成合并以前的样子" in page.text
    assert await held(bot, "wmSister0") != await held(bot, "wmSister1")


async def test_no_is_remembered(bot, sisters, shop):
    face = await shop.signs_in("owner", "li")
    await face.opens("/admin/customers/merges")
    async with bot.session() as session:
        (asked,) = await customers.proposals(session)
    page = await face.sends(f"/admin/customers/merges/{asked.id}/apart")
    assert "以后不会再问" in page.text
    async with bot.session() as session:
        for value in ("wmSister0", "wmSister1"):
            facts = {"kind": "external_userid", "value": value, "phone": "13800006021"}
            await customers.meet(session, bot.vault, at=LONG_AGO, **facts)
        assert await customers.proposals(session) == []


async def test_only_who_may_merge_sees_them(sisters, shop):
    page = await (await shop.signs_in("care", "ke")).opens("/admin/customers/merges")
    assert page.status == 403


async def test_who_knows_her_says_that_two_are_one_and_somebody_else_decides(bot, shop):
    async with bot.session() as session:
        store = await a_store(session, code="S01")
        guide = await a_guide(session, userid="SuQing", name="苏晴", store_id=store.id)
    one, other, strange = [
        await a_named_customer(bot, name) for name in ("王丽", "王小丽", "李四")
    ]
    async with bot.session() as session:
        for hers in (one, other):
            await a_follow(session, hers, guide)
    su = await shop.signs_in("guide", "SuQing", "S01")
    there = f"/guide/c/{one.ref}/same"
    page = await (await su.opens(f"/guide/c/{one.ref}")).opens(f"{there}?q=王")
    assert "王小丽" in page.text
    form = page.form(there + "?q=%E7%8E%8B") | {"reason": "same:unionid 当面说换了微信"}
    for wrong, status in (
        ({"other": strange.ref}, 404),
        ({"other": other.ref, "reason": ""}, 422),
    ):
        assert (await page.posts(there, **form | wrong)).status == status
    page = await page.posts(there, **form | {"other": other.ref})
    assert "店主看过两边的资料再合" in page.text
    again = await page.posts(there, **form | {"other": other.ref, "key": "again"})
    assert "已经有人提过" in again.text

    boss = await (await shop.signs_in("owner", "li")).opens("/admin/customers/merges")
    assert "导购 SuQing提出" in boss.text
    assert "当面说换了微信" in boss.text
    assert "把握 0%" not in boss.text
    await boss.sends("/admin/customers/merges/join")
    assert "没有要决定的" in boss.text
    async with bot.session() as session:
        assert await customers.surviving(session, other.id) == await customers.surviving(
            session, one.id
        )


async def test_a_manager_proposes_within_her_own_store(bot, shop):
    async with bot.session() as session:
        for code in ("S01", "S02"):
            await a_store(session, code=code)
    one, other = [await a_named_customer(bot, name) for name in ("王丽", "王小丽")]
    boss = await (await shop.signs_in("owner", "li")).opens(f"/admin/customers/{one.ref}")
    page = await boss.sends(f"/admin/customers/{one.ref}/same", other=other.ref, reason="同一张卡")
    assert "像是同一位顾客" in page.text
    async with bot.session() as session:
        (asked,) = await customers.proposals(session)
    assert (asked.words, asked.by) == ("同一张卡", "owner:li")
    manager = await shop.program("manager", "merge:write", "S01")
    facts = {"other": other.ref, "reason": "x"}
    assert (await manager.asks(f"customers/{one.ref}/same", **facts))[0] == 404
