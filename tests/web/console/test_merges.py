"""Pairs that may be one person: told, decided, taken back."""

from __future__ import annotations

import pytest

from bot.events import Buyer
from bot.store import customers
from tests.builders import LONG_AGO


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
