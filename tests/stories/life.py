"""A customer's life as stories tell it: she buys, returns, claims and uses, over days of virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.calls import SendKf
from bot.domain.customers import Customer, Guide, Identity
from bot.domain.offers import SHOP_ZONE, Coupon, Offer
from bot.domain.refusals import Refusal
from bot.events import (
    Actor,
    Buyer,
    ClaimCoupon,
    ClaimRight,
    DeclineCoupon,
    JoinTeam,
    Line,
    OrderKind,
    OrderReported,
    RedeemCoupon,
)
from bot.outbound.deliver import deliver_due
from bot.outbound.hand_over import withdraw_due
from bot.outbound.results import results_due
from bot.sandbox.wecom.mass import tasks
from bot.sandbox.world.build import fan_of, new_customer
from bot.sandbox.world.entities import Follow as Tie
from bot.sandbox.world.entities import Guide as Colleague
from bot.store import customers, points, rights
from tests.builders import LONG_AGO, a_customer, a_follow, a_guide
from tests.outbound.conftest import agrees
from tests.stories.town import Town

MEI = Actor(kind="clerk", id="mei", store="S01")


@dataclass
class Her:
    bot: Town
    customer: Customer
    external_userid: str

    @property
    def id(self) -> int:
        return self.customer.id

    @property
    def asks(self) -> dict[str, Any]:
        her = Actor(kind="customer", id=self.customer.ref)
        return {"at": self.bot.now, "actor": her, "key": self.bot.key()} | {
            "customer_id": self.customer.id
        }

    async def buys(self, no: str, yuan: int, *, sku: str = "", **changes: Any) -> None:
        lines = (Line(sku=sku, name=sku, amount_fen=yuan * 100),) if sku else ()
        await self._told(OrderKind.PAID, no, yuan, **({"lines": lines} | changes))

    async def returns(self, no: str, yuan: int) -> None:
        await self._told(OrderKind.REFUNDED, no, yuan, refund_no=f"R-{no}")

    async def cancels(self, no: str) -> None:
        await self._told(OrderKind.CANCELLED, no, 0)

    async def _told(self, kind: OrderKind, no: str, yuan: int, **changes: Any) -> None:
        facts: dict[str, Any] = {
            "at": self.bot.now,
            "source": "pos",
            "event_id": self.bot.key(),
            "kind": kind,
            "order_no": no,
            "amount_fen": yuan * 100,
            "buyer": Buyer(external_userid=self.external_userid),
        }
        await self.bot.receives(OrderReported(**(facts | changes)))

    async def claims(self, right: str) -> str:
        """Nothing, or why not."""
        return await self._does(ClaimRight(**self.asks, right=right))

    async def grabs(self, offer: str) -> str:
        return await self._does(ClaimCoupon(**self.asks, offer=offer))

    async def teams(self, offer: str, team: int | None = None) -> dict[str, Any]:
        """Begin a team, or come into this one."""
        return await self.bot.does(JoinTeam(**self.asks, offer=offer, team=team))

    async def gives_up(self, coupon: Coupon) -> None:
        await self.bot.does(DeclineCoupon(**self.asks, coupon_id=coupon.id))

    async def uses(self, coupon: Coupon, **changes: Any) -> str:
        facts: dict[str, Any] = {"at": self.bot.now, "actor": MEI, "key": self.bot.key()}
        return await self._does(RedeemCoupon(**(facts | {"code": coupon.code} | changes)))

    async def _does(self, command: Any) -> str:
        try:
            await self.bot.does(command)
        except Refusal as refusal:
            return refusal.reason
        return ""

    async def coupons(self, offer: str) -> list[Coupon]:
        """Of this offer, whatever became of them."""
        query = select(Coupon).join(Offer, Offer.id == Coupon.offer_id)
        query = query.where(Coupon.customer_id == self.customer.id, Offer.key == offer)
        async with self.bot.session() as session:
            return list(await session.scalars(query.order_by(Coupon.id)))

    async def balance(self) -> int:
        async with self.bot.session() as session:
            return await points.balance(session, self.customer.id)

    async def lacks(self, right: str) -> str:
        """What the wallet says is missing for it."""
        async with self.bot.session() as session:
            all_of_them = await rights.progress(
                session, self.bot.content.levels, self.customer.id, self.bot.now
            )
        return next(one.missing for one in all_of_them if one.right.key == right)


async def somebody(town: Town, name: str = "lin", **changes: Any) -> Her:
    """Somebody of this world whom the bot has met before the story begins."""
    person = town.world.admit(new_customer(town.world, name, name))
    async with town.session() as session:
        customer = await a_customer(session, external_userid=person.external_userid, **changes)
    return Her(town, customer, person.external_userid)


async def comes(town: Town, name: str, **how: Any) -> Her:
    """Somebody adds a guide: the first that the bot hears of her, unless it knew her from elsewhere."""
    told = await town.act("add_friend", customer=name, name=name, **how)
    async with town.session() as session:
        kind, value = "external_userid", told["external_userid"]
        customer = await customers.find(session, town.vault, kind, value)
    assert customer is not None
    return Her(town, customer, value)


async def hires(town: Town, userid: str, **changes: Any) -> Guide:
    """A guide who has been here for long."""
    town.world.guides[userid] = Colleague(userid, userid)
    async with town.session() as session:
        return await a_guide(session, userid=userid, **changes)


async def knows(her: Her, *guides: Guide) -> None:
    """They are friends since long ago."""
    person = her.bot.world.by_external[her.external_userid]
    async with her.bot.session() as session:
        for guide in guides:
            tie = Tie(guide.userid, her.external_userid, int(LONG_AGO.timestamp()))
            her.bot.world.guides[guide.userid].follows[her.external_userid] = tie
            person.follows[guide.userid] = tie
            await a_follow(session, her.customer, guide, external_userid=her.external_userid)


async def subscribes(her: Her) -> None:
    """She has followed the Official Account for long, and is known to be the same person."""
    world = her.bot.world
    fan = fan_of(world, world.by_external[her.external_userid])
    fan.subscribed = True
    known = {"kind": "openid", "value": fan.openid, "account": world.official.original_id}
    async with her.bot.session() as session:
        session.add(Identity(customer_id=her.id, since=LONG_AGO, **known))


async def friends(
    town: Town, n: int, *, agree: bool = True, guide: Guide | None = None, **changes: Any
) -> tuple[Guide, list[Her]]:
    """Friends of one guide for long, who have agreed to hear of offers unless said otherwise."""
    guide = guide or await hires(town, f"guide{len(town.world.guides)}")
    crowd = [
        await somebody(town, f"friend{len(town.world.customers)}", **changes) for _ in range(n)
    ]
    for her in crowd:
        await knows(her, guide)
    if agree:
        async with town.session() as session:
            for her in crowd:
                await agrees(session, her.customer, town.now)
    return guide, crowd


@dataclass(frozen=True)
class Asked:
    """A mass task as it stands before a guide; `waits` until she taps or it is called back."""

    guide: str
    msgid: str
    text: str
    receivers: tuple[str, ...]
    waits: bool


def asked(town: Town) -> list[Asked]:
    """Every mass task that guides have been given, in order."""
    return [
        Asked(
            guide=share.userid,
            msgid=task.msgid,
            text=task.text,
            receivers=tuple(share.results),
            waits=not share.sent and not task.cancelled,
        )
        for task in tasks(town.sandbox.stage).values()
        for share in task.shares.values()
    ]


def waiting(town: Town) -> list[Asked]:
    return [one for one in asked(town) if one.waits]


async def taps(town: Town) -> None:
    """Every guide sends what is before her."""
    for one in waiting(town):
        await town.act("confirm_task", guide=one.guide, msgid=one.msgid)


async def looks(town: Town) -> None:
    """Some time later the platform is asked, and what follows from it is done."""
    await town.waits(minutes=15)
    await town.works(withdraw_due)
    await town.sends()
    await town.waits(minutes=2)
    await town.works(results_due, deliver_due)
    await town.sends()


async def until(town: Town, *day: int, hour: int = 10, minute: int = 0) -> None:
    """Let it be this hour in the shop."""
    await town.reaches(datetime(*day, hour, minute, tzinfo=SHOP_ZONE))  # type: ignore[arg-type]


async def writes(town: Town, her: Her, text: str, menu_id: str | None = None) -> list[SendKf]:
    """She writes to 微信客服, or taps one of its menus; what she reads back."""
    tap = {"menu_id": menu_id} if menu_id else {}
    await town.act("say_kf", customer=her.external_userid, text=text, **tap)
    return [call for call in await town.sends() if isinstance(call, SendKf)]
