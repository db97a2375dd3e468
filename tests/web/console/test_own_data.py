"""Her data at a desk: out with two people or one, erased by her name, and all people's by the brand's."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from bot.domain.customers import Customer, Secret
from bot.domain.erasure import Erasure
from bot.outbound.erasing import erase_due
from bot.store import switches
from bot.store.customers import keep_phone
from tests.web.faces import a_named_customer

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


async def agrees(boss) -> str:
    page = await boss.opens("/admin/proposals")
    (action,) = re.findall(r'action="(/admin/proposals/\d+)"', page.html)
    return (await boss.sends(action, agreed="1")).url


async def test_an_owner_takes_it_out_in_clear_and_an_admin_masked_with_a_second_yes(bot, shop):
    her = await a_named_customer(bot)
    async with bot.session() as session:
        await keep_phone(session, bot.vault, her.id, "13800136021")
    boss, clerk = await shop.signs_in("owner", "boss"), await shop.signs_in("admin", "min")
    page = f"/admin/customers/{her.ref}"
    taken = await (await boss.opens(page)).sends(f"{page}/export")
    assert ("林小满" in taken.html, "13800136021" in taken.html) == (True, True)
    assert (await (await clerk.opens(page)).sends(f"{page}/export")).status == 202
    assert (await agrees(boss)).endswith("agreed")
    taken = await (await clerk.opens(page)).sends(f"{page}/export")
    assert ("林**" in taken.html, "林小满" in taken.html) == (True, False)
    operator = await shop.signs_in("operator", "ops")
    assert "导出她的全部资料" not in (await operator.opens(page)).text


async def test_she_is_erased_by_her_name_typed_and_can_be_kept_until_it_begins(bot, shop):
    her = await a_named_customer(bot)
    boss, page = await shop.signs_in("owner", "boss"), f"/admin/customers/{her.ref}"
    face = await boss.opens(page)
    wrong = await face.posts(
        f"{page}/erase", **(face.form(f"{page}/erase") | {"name": "陈立", "reason": "她要求"})
    )
    assert wrong.status == 422
    await (await boss.opens(page)).sends(f"{page}/erase", name="林小满", reason="她要求")
    assert "在那以前可以撤回" in face.text
    await face.sends(f"{page}/keep")
    assert "撤回了" in face.text
    await (await boss.opens(page)).sends(
        f"{page}/erase", name="林小满", reason="她要求", at_once="1"
    )
    await bot.works(erase_due)
    assert (await boss.opens(page)).status == 404
    assert her.ref not in (await boss.opens("/admin/customers")).html


async def test_everybody_is_erased_by_the_brands_name_two_people_and_a_day(bot, shop):
    for name in ("林小满", "陈立"):
        await a_named_customer(bot, name)
    boss, other = await shop.signs_in("owner", "boss"), await shop.signs_in("admin", "min")
    brand = bot.content.brand.name
    face, act = await boss.opens("/admin/settings"), "/admin/settings/erase-all"
    form = face.form(act) | {"reason": "不做了"}
    assert (await face.posts(act, **(form | {"name": "别的店"}))).status == 422
    assert (await face.posts(act, **(form | {"name": brand}))).status == 202
    await agrees(other)
    async with bot.session() as session:
        assert not await switches.sending(session)
        assert len((await session.scalars(select(Secret.customer_id))).all()) == 2
    assert "所有发送已停" in (await boss.opens("/admin/settings")).text
    bot.clock.advance(hours=25)
    await bot.works(erase_due)
    async with bot.session() as session:
        assert (await session.scalars(select(Secret.customer_id))).all() == []
        assert None not in (await session.scalars(select(Customer.erased_at))).all()
        assert (await session.scalars(select(Erasure.state))).all() == ["done"]


async def test_a_program_does_the_same_under_the_same_rights(bot, shop):
    her = await a_named_customer(bot)
    owner, admin = await shop.program("owner"), await shop.program("admin")
    told = (await owner.asks(f"customers/{her.ref}/export"))[1]
    assert [
        row["name"] for one in told["known"] for row in one["rows"] if one["table"] == "secret"
    ] == ["林小满"]
    assert (await admin.asks(f"customers/{her.ref}/export"))[1]["state"] == "waiting"
    wrong = await owner.asks(f"customers/{her.ref}/erase", name="陈立", reason="她要求")
    assert wrong[0] == 422
    told = (await owner.asks(f"customers/{her.ref}/erase", name="林小满", reason="她要求"))[1]
    assert told["due_at"]
    assert (await admin.asks(f"customers/{her.ref}/keep"))[1]["state"] == "taken_back"
