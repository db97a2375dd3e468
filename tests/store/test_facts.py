"""What texts may say of a customer."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import event

from bot.domain.orders import Order, OrderLine
from bot.domain.points import PointsAccount
from bot.store import customers, facts
from bot.store.ready_made import publish_segments
from bot.store.segments import all_published, publish
from tests.builders import a_customer, a_follow, a_guide, a_store
from tests.harness import START


async def known_of(session, vault, content, customer, now=START):
    return (await facts.gather(session, vault, content, [customer.id], now))[customer.id]


async def bought(session, customer, name, *, days_ago, refunded=0):
    order = Order(
        source="pos",
        order_no=name,
        customer_id=customer.id,
        paid_at=START - timedelta(days=days_ago),
        amount_fen=19900,
        refunded_fen=refunded,
        state="paid",
    )
    session.add(order)
    await session.flush()
    session.add(OrderLine(order_id=order.id, ordinal=0, sku=name, name=name, category="衬衫"))
    await session.flush()


async def test_name_guide_and_store(sessions, vault, content):
    async with sessions.begin() as session:
        store = await a_store(session, name="徐汇店")
        guide = await a_guide(session, name="王芳", store_id=store.id)
        customer = await a_customer(session)
        await a_follow(session, customer, guide)
        await customers.rename(session, vault, customer.id, "小满")
        known = await known_of(session, vault, content, customer)
    assert (known["称呼"], known["guide"], known["store"]) == ("小满", "王芳", "徐汇店")


async def test_the_guide_she_talked_with_last_counts(sessions, vault, content):
    async with sessions.begin() as session:
        customer = await a_customer(session)
        talked, newest = await a_guide(session), await a_guide(session)
        await a_follow(session, customer, talked, last_talk_at=START)
        await a_follow(session, customer, newest, since=START)
        assert (await facts.guides_of(session, [customer.id]))[customer.id].id == talked.id


async def test_a_returned_item_is_not_spoken_of(sessions, vault, content):
    async with sessions.begin() as session:
        customer = await a_customer(session)
        await bought(session, customer, "亚麻衬衫", days_ago=9)
        await bought(session, customer, "牛仔裤", days_ago=2, refunded=19900)
        known = await known_of(session, vault, content, customer)
    assert (known["last_item"], known["orders"], known["days_since_order"]) == ("亚麻衬衫", 1, 9)
    assert known["spent_this_month"] == 19900


async def test_who_wants_no_profile_is_spoken_to_in_general(sessions, vault, content):
    async with sessions.begin() as session:
        customer = await a_customer(session, personalised=False)
        await bought(session, customer, "亚麻衬衫", days_ago=9)
        session.add(PointsAccount(customer_id=customer.id, balance=30, level="青铜"))
        known = await known_of(session, vault, content, customer)
    assert "last_item" not in known
    assert known["points"] == 30


async def test_many_cost_no_more_statements_than_one(sessions, vault, content):
    asked: list[str] = []

    def hear(_connection, _cursor, statement, *_):
        asked.append(statement)

    listener = (sessions.engine.sync_engine, "before_cursor_execute", hear)
    async with sessions.begin() as session:
        people = [(await a_customer(session)).id for _ in range(40)]
        event.listen(*listener)
        counts = []
        for some in (people[:1], people):
            before = len(asked)
            await facts.gather(session, vault, content, some, START)
            counts.append(len(asked) - before)
        event.remove(*listener)
    assert counts[0] + 2 >= counts[1]


async def test_ready_made_segments_never_overwrite_a_person(sessions, content):
    async with sessions.begin() as session:
        await publish_segments(session, content.segments.values(), START)
        mine = {"all": [{"field": "tier", "op": "in", "value": ["潜力"]}]}
        await publish(session, key="core", name="核心", rule=mine, by="admin:1", now=START)
        await publish_segments(session, content.segments.values(), START)
        core = next(s for s in await all_published(session) if s.key == "core")
    assert core.rule == mine
