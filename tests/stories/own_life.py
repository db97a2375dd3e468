"""One customer with something in nearly every room, to be told of and to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.customers import Customer, Guide
from bot.domain.delivery import GuideTask
from bot.events import Buyer, CustomerAdded, KfMessageReceived, Line, OrderKind, OrderReported
from bot.events.commands import SYSTEM, Actor, FileCase, OptIn
from bot.store import customers, offers, touches
from bot.store.customers import attach, keep_remark, rename
from tests.builders import a_guide, an_offer
from tests.harness import Bot

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


async def a_life(bot: Bot) -> Life:
    """She adds a guide, writes, agrees, buys, holds a coupon, has a case, and a message is planned for her."""
    async with bot.session() as session:
        guide = await a_guide(session, userid="lan", name="阿岚")
        offer = await an_offer(session, name="见面礼")
    await bot.receives(
        CustomerAdded(at=bot.now, userid="lan", external_userid=EXTERNAL, half=True)
    )
    async with bot.session() as session:
        her = await customers.find(session, bot.vault, "external_userid", EXTERNAL)
        await rename(session, bot.vault, her.id, NAME)
        for kind, value in (("unionid", UNIONID), ("openid", OPENID), ("phone", PHONE)):
            await attach(session, bot.vault, her, kind=kind, value=value, at=bot.now)
        (tie,) = await customers.follows_of(session, her.id)
        await keep_remark(session, bot.vault, tie, REMARK)
        her.birthday_month, her.region = 3, "浙江 杭州"
    agree = OptIn(
        at=bot.now,
        actor=SYSTEM,
        key=bot.key(),
        customer_id=her.id,
        purpose="marketing_wecom",
        channel="h5",
    )
    await bot.does(by_herself(agree, her))
    await _happens(bot, her, offer.key)
    return Life(her, guide)


async def _happens(bot: Bot, her: Customer, offer: str) -> None:
    line = Line(sku="S1", name="亚麻衬衫", amount_fen=29900)
    buyer = Buyer(phone=PHONE, unionid=UNIONID)
    order = OrderReported(
        at=bot.now,
        source="mall",
        event_id="e1",
        kind=OrderKind.PAID,
        order_no="A1001",
        amount_fen=29900,
        buyer=buyer,
        lines=(line,),
    )
    said = KfMessageReceived(
        at=bot.now,
        open_kfid="wk1",
        external_userid=EXTERNAL,
        msgid="m1",
        msgtype="text",
        text=SAID,
    )
    await bot.receives(order, said)
    filed = FileCase(at=bot.now, actor=SYSTEM, key=bot.key(), customer_id=her.id, text=SAID)
    await bot.does(filed)
    async with bot.session() as session:
        held = {"trigger": "gift", "now": bot.now, "touch_id": None}
        await offers.issue(session, offer_key=offer, customer_id=her.id, **held)
        plan = {"customer_id": her.id, "template": "weekly/benefit", "purpose": "marketing"}
        await touches.plan(session, [plan | {"due_at": bot.now + timedelta(days=1)}], bot.now)
        session.add(
            GuideTask(
                key="t1",
                guide_id=1,
                customer_id=her.id,
                kind="contact",
                why="问问尺码",
                created_at=bot.now,
                state="open",
            )
        )
    await bot.sends()


def by_herself(command, her: Customer):
    """The same act, of the customer herself."""
    return replace(command, actor=Actor(kind="customer", id=her.ref))
