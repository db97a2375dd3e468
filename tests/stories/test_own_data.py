"""A customer's rights over her data: told whole, stopped at once, gone within a day, and not brought back by others."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, update

from bot.domain.campaigns import Touch
from bot.domain.cases import Case
from bot.domain.customers import Customer, Secret
from bot.domain.erasure import Erasure
from bot.domain.imports import Person
from bot.domain.inventory_words import TITLES
from bot.domain.offers import Coupon
from bot.domain.orders import Order
from bot.domain.points import PointsEntry
from bot.events import Buyer, OrderKind, OrderReported
from bot.events.commands import SYSTEM, EraseCustomer, ForgetMe, StayAfterAll
from bot.outbound.erasing import erase_due
from bot.store import audit, consent, customers, exporting, inventory, tables
from bot.store.imports.people import meet_many
from tests.stories.life import hires
from tests.stories.own_life import (
    EXTERNAL,
    NAME,
    NEEDLES,
    PHONE,
    SAID,
    UNIONID,
    a_life,
    by_herself,
)

HERE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
ZONE = ZoneInfo("Asia/Shanghai")


def test_the_inventory_knows_every_column_there_is():
    known = inventory.entries()
    for table in tables.in_order():
        assert known[table.name].columns == {c.name for c in table.columns}, table.name
    assert known.keys() == tables.by_name().keys()
    assert TITLES.keys() == {entry.name for entry in inventory.of_people()}


def test_nothing_sealed_and_no_id_is_left_in_what_is_kept():
    for entry in inventory.of_people():
        if entry.erase == "kept":
            assert set(entry.sealed) <= entry.empty.keys(), entry.name
        assert entry.erase in {"gone", "kept", "searched"}, entry.name


async def told(bot, customer, *, masked=False) -> dict:
    async with bot.session() as session:
        facts = await exporting.everything(
            session, bot.vault, customer, now=bot.now, zone=ZONE, masked=masked
        )
    return {one["table"]: one["rows"] for one in facts["known"]}


async def erased(bot, customer, **how) -> Erasure:
    wish = EraseCustomer(
        at=bot.now, actor=SYSTEM, key=bot.key(), customer_id=customer.id, reason="她要求", **how
    )
    await bot.does(wish)
    return await looked_at(bot)


async def looked_at(bot) -> Erasure:
    await bot.works(erase_due)
    async with bot.session() as session:
        return (await session.scalars(select(Erasure).order_by(Erasure.id.desc()))).first()


async def over(bot) -> None:
    """Everything of hers that was open has come to its end."""
    async with bot.session() as session:
        await session.execute(update(Order).values(state="completed"))
        await session.execute(update(Case).values(state="closed"))
        await session.execute(update(Coupon).values(state="redeemed"))


async def in_clear(bot, tmp_path) -> list[str]:
    """Which of her names, numbers and sentences are still to be read in the database."""
    if bot.sessions.dialect == "sqlite":
        files = list(tmp_path.rglob("*.db*"))
        assert files
        said = b"".join(one.read_bytes() for one in files)
        return [one for one in NEEDLES if one.encode() in said]
    found = set()
    async with bot.session() as session:
        for table in tables.in_order():
            rows = await session.execute(text(f'SELECT t::text FROM "{table.name}" t'))
            said = "\n".join(rows.scalars())
            found |= {one for one in NEEDLES if one in said}
    return sorted(found)


@HERE
async def test_everything_known_of_her_is_told_in_clear_to_her_and_masked_to_others(town):
    her = (await a_life(town)).customer
    known = await told(town, her)
    assert known["secret"] == [{"name": NAME, "phone": PHONE}]
    assert known["follow"][0]["guide"] == "阿岚"
    assert {"shop_order", "order_line", "coupon", "points_entry", "case_step"} <= known.keys()
    assert SAID in {row.get("text") for row in known["message"]}
    masked = str(await told(town, her, masked=True))
    assert not [one for one in NEEDLES if one in masked]


@HERE
async def test_her_wish_stops_everything_at_once_and_can_be_taken_back_for_a_day(town):
    her = (await a_life(town)).customer
    wish = ForgetMe(at=town.now, actor=SYSTEM, key=town.key(), customer_id=her.id)
    answer = await town.does(by_herself(wish, her))
    assert {one["kind"] for one in answer["blocks"]} >= {"order", "case", "coupon"}
    async with town.session() as session:
        states = set(await session.scalars(select(Touch.state)))
        assert await consent.suppressed(session, town.vault, [her.id]) == {her.id}
    assert states == {"cancelled"}
    assert (await looked_at(town)).state == "asked"
    back = StayAfterAll(at=town.now, actor=SYSTEM, key=town.key(), customer_id=her.id)
    await town.does(by_herself(back, her))
    await town.waits(hours=30)
    assert (await looked_at(town)).state == "taken_back"
    async with town.session() as session:
        assert await consent.suppressed(session, town.vault, [her.id]) == set()
        assert await consent.granted(session, her.id, "marketing_wecom") is None
    assert (await told(town, her))["secret"]


async def test_what_is_open_keeps_the_last_of_it_and_then_nobody_is_left(town, tmp_path):
    her = (await a_life(town)).customer
    assert {UNIONID, EXTERNAL} <= set(await in_clear(town, tmp_path))
    first = await erased(town, her, at_once=True)
    assert (first.state, {one["kind"] for one in first.blocks}) == (
        "partly",
        {"order", "case", "coupon"},
    )
    known = await told(town, her)
    assert known["secret"]
    assert not known.keys() & {"purchase_stats", "guide_task", "customer_tier"}
    await over(town)
    await town.waits(hours=7)
    assert (await looked_at(town)).state == "done"
    assert await in_clear(town, tmp_path) == []
    async with town.session() as session:
        assert await session.get(Secret, her.id) is None
        assert (await session.scalars(select(Order.customer_id))).all() == [None]
        assert (await session.scalars(select(PointsEntry.customer_id))).all() == [her.id]
        assert set(await session.scalars(select(Coupon.customer_id))) == {her.id}
        assert await audit.verify(session) is None
        assert await consent.verify(session, her.id) is None
        assert await customers.by_ref(session, her.ref) is None


@HERE
async def test_others_cannot_bring_her_back_but_an_act_of_her_own_does(town):
    her = (await a_life(town)).customer
    async with town.session() as session:
        await session.execute(update(Order).values(state="completed"))
        await session.execute(update(Case).values(state="closed"))
    assert (await erased(town, her, at_once=True, give_up=True)).state == "done"
    await town.waits(hours=1)
    order = OrderReported(
        at=town.now,
        source="mall",
        event_id="e2",
        kind=OrderKind.PAID,
        order_no="A2",
        amount_fen=100,
        buyer=Buyer(phone=PHONE, unionid=UNIONID),
    )
    await town.receives(order)
    people = [Person(ids=(("member_no", "M1"), ("phone", PHONE)), name=NAME)]
    async with town.session() as session:
        (found,) = (await meet_many(session, town.vault, people, source="csv", at=town.now)).ids
        assert (await session.get(Customer, found)).erased_at is not None
        assert await customers.name_of(session, town.vault, found) == ""
        stub = await customers.meet(
            session, town.vault, kind="external_userid", value=EXTERNAL, at=town.now, name=NAME
        )
        assert stub.erased_at is not None
        assert await customers.name_of(session, town.vault, stub.id) == ""
        assert set(await session.scalars(select(Order.customer_id))) == {None}
        assert await consent.suppressed(session, town.vault, [stub.id]) == {stub.id}
    await town.waits(hours=1)
    await hires(town, "mei")
    await town.act("add_friend", customer="lin", guide="mei", half=True)
    async with town.session() as session:
        again = await session.get(Customer, stub.id)
        assert again.erased_at is None
        assert await consent.suppressed(session, town.vault, [stub.id]) == set()
        assert await consent.granted(session, stub.id, "marketing_wecom") is None
