"""What takes two people waits for the second, who is somebody else, and is then done exactly as it was asked for."""

from __future__ import annotations

import json
import re

import pytest

from bot.domain.refusals import Refusal
from bot.events.commands import Actor, DecideProposal, MergeCustomers
from bot.store import portrait, proposals
from tests.builders import a_customer
from tests.web.faces import a_named_customer

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
MIN, KE = Actor(kind="admin", id="min"), Actor(kind="admin", id="ke")


async def a_pair(bot):
    async with bot.session() as session:
        return await a_customer(session), await a_customer(session)


async def asks(bot, keep, other) -> int:
    asked = MergeCustomers(
        actor=MIN, key="k", at=bot.now, keep_id=keep.id, merge_id=other.id, reason="同一位"
    )
    with pytest.raises(Refusal) as waits:
        await bot.does(asked)
    assert (waits.value.status, waits.value.reason) == (202, "second_person")
    return waits.value.facts["proposal_id"]


def decides(bot, actor, number, *, agreed=True) -> DecideProposal:
    return DecideProposal(
        actor=actor, key=bot.key(), at=bot.now, proposal_id=number, agreed=agreed
    )


async def stands(bot, ref: str) -> str:
    async with bot.session() as session:
        return (await portrait.by_ref(session, ref)).ref


async def test_it_is_done_when_somebody_else_agrees(bot):
    keep, other = await a_pair(bot)
    number = await asks(bot, keep, other)
    assert await stands(bot, other.ref) == other.ref
    with pytest.raises(Refusal, match="own_proposal"):
        await bot.does(decides(bot, MIN, number))
    told = await bot.does(decides(bot, KE, number))
    assert (told["state"], told["customer_id"]) == ("agreed", keep.id)
    assert await stands(bot, other.ref) == keep.ref
    with pytest.raises(Refusal, match="decided"):
        await bot.does(decides(bot, KE, number))


async def test_a_no_and_a_day_end_it(bot):
    keep, other = await a_pair(bot)
    number = await asks(bot, keep, other)
    assert (await bot.does(decides(bot, KE, number, agreed=False)))["state"] == "refused"
    assert await stands(bot, other.ref) == other.ref


async def test_after_a_day_it_is_too_late(bot):
    keep, other = await a_pair(bot)
    number = await asks(bot, keep, other)
    bot.clock.advance(hours=25)
    with pytest.raises(Refusal, match="stale"):
        await bot.does(decides(bot, KE, number))


async def test_a_list_of_customers_leaves_once_for_each_yes(bot, shop):
    await a_named_customer(bot)
    clerk, boss = await shop.signs_in("admin", "min"), await shop.signs_in("owner", "boss")
    page = await clerk.opens("/admin/customers?format=csv&reason=对账")
    assert (page.status, "等另一位" in page.text) == (202, True)
    assert (await clerk.opens("/admin/customers?format=xlsx&reason=对账")).status == 202
    page = await boss.opens("/admin/proposals")
    assert "导出名单" in page.text
    (action,) = re.findall(r'action="(/admin/proposals/\d+)"', page.html)
    assert (await boss.sends(action, agreed="1")).url == "/admin/proposals?said=agreed"
    assert (await clerk.opens("/admin/customers?tier=核心&format=csv&reason=对账")).status == 202
    assert "林**" in (await clerk.opens("/admin/customers?format=csv&reason=对账")).html
    assert (await clerk.opens("/admin/customers?format=csv&reason=对账")).status == 202


async def test_a_program_is_told_that_it_waits(bot, shop):
    keep, other = await a_pair(bot)
    program, owner = await shop.program("admin"), await shop.program("owner")
    told = await program.asks(f"customers/{keep.ref}/merge", merge=other.ref, reason="同一位")
    assert told[1]["state"] == "waiting"
    at = f"proposals/{told[1]['proposal_id']}/decide"
    assert (await program.asks(at, agreed=True))[1]["title"] == "own_proposal"
    assert (await owner.asks(at, agreed=True))[1]["state"] == "agreed"


async def test_who_may_only_propose_is_never_the_one_who_agrees(bot, shop):
    spec = {"key": "spring", "name": "春日券", "kind": "amount", "value": 1000}
    face = await shop.signs_in("operator", "yun")
    spec |= {"budget_pieces": 5, "valid_days": 7}
    made = {"spec": json.dumps(spec), "key": "k1"}
    await face.opens("/admin/coupons")
    csrf = re.search(r'name="csrf" value="([^"]+)"', face.html)[1]
    page = await face.posts("/admin/coupons", csrf=csrf, **made)
    assert (page.status, "等另一位有权限的人" in page.text) == (202, True)
    assert (await face.opens("/admin/coupons/spring")).status == 404
    async with bot.session() as session:
        (waits,) = await proposals.waiting(session, bot.now)
    other = Actor(kind="operator", id="ke")
    with pytest.raises(Refusal, match="forbidden"):
        await bot.does(decides(bot, other, waits.id))
    assert (await bot.does(decides(bot, MIN, waits.id)))["offer"] == "spring"
    assert "春日券" in (await face.opens("/admin/coupons/spring")).text


async def test_many_points_wait_beside_the_other_acts_that_take_two(bot, shop):
    customer = await a_named_customer(bot)
    address = f"/admin/customers/{customer.ref}"
    min_, boss = await shop.signs_in("admin", "min"), await shop.signs_in("owner", "boss")
    await min_.opens(address)
    few = await min_.sends(f"{address}/points", way="give", points="300", reason="补登")
    assert "积分调整好了" in few.text
    await min_.sends(f"{address}/points", way="give", points="6000", reason="活动补发")
    assert "等另一位管理员同意" in min_.text
    assert "要由另一个人批准" in (await min_.opens("/admin/proposals")).text
    page = await boss.opens("/admin/proposals")
    asked = re.search(r'action="(/admin/proposals/points/\d+)"', page.html)[1]
    await boss.sends(asked, agreed="1")
    assert "6,300" in (await boss.opens(address)).text
