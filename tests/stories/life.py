"""A customer's life as stories tell it: she buys, returns, claims and uses, over days of virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.calls import SendKf
from bot.domain.customers import Customer
from bot.domain.offers import SHOP_ZONE, Coupon, Offer
from bot.domain.refusals import Refusal
from bot.events import (
    Actor,
    Buyer,
    ClaimCoupon,
    ClaimRight,
    DeclineCoupon,
    JoinTeam,
    KfMessageReceived,
    Line,
    OrderKind,
    OrderReported,
    RedeemCoupon,
)
from bot.store import points, rights
from tests.builders import a_customer
from tests.harness import Bot

MEI = Actor(kind="clerk", id="mei", store="S01")


@dataclass
class Her:
    bot: Bot
    customer: Customer
    external_userid: str

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


async def somebody(bot: Bot, name: str = "lin", **changes: Any) -> Her:
    async with bot.session() as session:
        customer = await a_customer(session, external_userid=f"wm-{name}", **changes)
    return Her(bot, customer, f"wm-{name}")


def until(bot: Bot, *day: int, hour: int = 10, minute: int = 0) -> None:
    """Let it be this hour in the shop."""
    then = datetime(*day, hour, minute, tzinfo=SHOP_ZONE)  # type: ignore[arg-type]
    bot.clock.advance(seconds=(then - bot.now).total_seconds())


async def writes(bot: Bot, her: Her, text: str, menu_id: str | None = None) -> list[SendKf]:
    """She writes to 微信客服, or taps one of its menus; what she reads back."""
    await bot.receives(
        KfMessageReceived(
            at=bot.now,
            open_kfid="wk-shop",
            external_userid=her.external_userid,
            msgid=bot.key(),
            msgtype="text",
            text=text,
            menu_id=menu_id,
        )
    )
    return [call for call in await bot.sends() if isinstance(call, SendKf)]
