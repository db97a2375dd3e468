"""One customer with something in nearly every room, to be told of and to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.customers import Customer, Guide
from bot.domain.delivery import GuideTask
from bot.events import Buyer, Line, OrderKind, OrderReported
from bot.events.commands import SYSTEM, Actor, FileCase, OptIn
from bot.sandbox.world.build import new_customer
from bot.sandbox.world.entities import Fan
from bot.store import customers, offers, touches
from bot.store.customers import attach, keep_remark, rename
from tests.builders import an_offer
from tests.stories.life import comes, hires
from tests.stories.town import Town

NAME, PHONE, REMARK = "林小满满", "13800136021", "爱穿亚麻的小满"
UNIONID, OPENID, EXTERNAL = (
    "oUn1on-of-lin-xiaoman-000001",
    "oOpen1d-of-lin-xiaoman-00001",
    "wmLin-xiaoman-external-01",
)
SAID = "我上次那件衬衫袖子有点长"
NEEDLES = (NAME, PHONE, REMARK, UNIONID, OPENID, EXTERNAL, SAID)


@dataclass
class Life:
    customer: Customer
    guide: Guide


async def a_life(town: Town) -> Life:
    """She adds a guide, writes, agrees, buys, holds a coupon, has a case, and a message is planned for her."""
    guide = await hires(town, "lan", name="阿岚")
    async with town.session() as session:
        offer = await an_offer(session, name="见面礼")
    person = new_customer(town.world, "lin", NAME)
    person.external_userid, person.unionid, person.fan = EXTERNAL, UNIONID, Fan(OPENID)
    town.world.admit(person)
    her = (await comes(town, "lin", guide="lan", half=True)).customer
    async with town.session() as session:
        her = await session.merge(her)
        await rename(session, town.vault, her.id, NAME)
        for kind, value in (("unionid", UNIONID), ("openid", OPENID), ("phone", PHONE)):
            await attach(session, town.vault, her, kind=kind, value=value, at=town.now)
        (tie,) = await customers.follows_of(session, her.id)
        await keep_remark(session, town.vault, tie, REMARK)
        her.birthday_month, her.region = 3, "浙江 杭州"
    agree = OptIn(
        at=town.now,
        actor=SYSTEM,
        key=town.key(),
        customer_id=her.id,
        purpose="marketing_wecom",
        channel="h5",
    )
    await town.does(by_herself(agree, her))
    await _happens(town, her, offer.key)
    return Life(her, guide)


async def _happens(town: Town, her: Customer, offer: str) -> None:
    order = OrderReported(
        at=town.now,
        source="mall",
        event_id="e1",
        kind=OrderKind.PAID,
        order_no="A1001",
        amount_fen=29900,
        buyer=Buyer(phone=PHONE, unionid=UNIONID),
        lines=(Line(sku="S1", name="亚麻衬衫", amount_fen=29900),),
    )
    await town.receives(order)
    await town.act("say_kf", customer="lin", text=SAID)
    filed = FileCase(at=town.now, actor=SYSTEM, key=town.key(), customer_id=her.id, text=SAID)
    await town.does(filed)
    async with town.session() as session:
        held = {"trigger": "gift", "now": town.now, "touch_id": None}
        await offers.issue(session, offer_key=offer, customer_id=her.id, **held)
        plan = {"customer_id": her.id, "template": "weekly/benefit", "purpose": "marketing"}
        await touches.plan(session, [plan | {"due_at": town.now + timedelta(days=1)}], town.now)
        session.add(
            GuideTask(
                key="t1",
                guide_id=1,
                customer_id=her.id,
                kind="contact",
                why="问问尺码",
                created_at=town.now,
                state="open",
            )
        )
    await town.sends()


def by_herself(command, her: Customer):
    """The same act, of the customer herself."""
    return replace(command, actor=Actor(kind="customer", id=her.ref))
