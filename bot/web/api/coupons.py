"""`/api/v1/coupons`: a shop system redeems at its own tills, and takes a redemption back; and the list of all codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from bot.domain.segments import parse
from bot.events.commands import RedeemCoupon, ReleaseCoupon, ReserveCoupon, VoidRedemption
from bot.store import listing, segments
from bot.store.insights import Span
from bot.store.offers import holder_of
from bot.store.offers.settling import settled
from bot.web.api.analytics import Day
from bot.web.api.bodies import Asked, Listing, Query, Strict, Word
from bot.web.api.endpoints import Ask, Done, Page, Routes, Told
from bot.web.api.orders import OrderLineIn
from bot.web.console.scopes import within
from bot.web.desk import SCOPE, Desk

routes = Routes()
Amount = Annotated[int, Field(ge=1, le=10**8)] | None
Lines = Annotated[list[OrderLineIn], Field(max_length=500, default_factory=list)]


class RedeemIn(Strict):
    store: Word | None = None
    order_no: Word | None = None
    amount_fen: Amount = None
    lines: Lines


class ReserveIn(Strict):
    order_no: Word
    store: Word | None = None
    amount_fen: Amount = None
    lines: Lines


class ReleaseIn(Strict):
    order_no: Word


class VoidIn(Strict):
    reason: Word


@routes.asks("POST", "/coupons/{code}/redeem", "coupon.redeem", "核销", says=RedeemIn)
async def redeem(ask: Ask[RedeemIn]) -> Done:
    """`code` is a spoken code, or what the till scanned from the customer's screen."""
    answer = await ask.does(RedeemCoupon, **_facts(ask))
    return Done(
        **answer.model_dump(), customer=await _customer(ask.desk, answer.model_dump()["code"])
    )


@routes.asks("POST", "/coupons/{code}/reserve", "coupon.redeem", "为一笔订单留住", says=ReserveIn)
async def reserve(ask: Ask[ReserveIn]) -> Done:
    """Keeps it for an order; `redeem` with the same `order_no` confirms, `release` lets go."""
    return await ask.does(ReserveCoupon, **_facts(ask))


def _facts(ask: Ask[Any]) -> dict[str, Any]:
    return {
        "code": ask.named("code"),
        "store": ask.said.store,
        "order_no": ask.said.order_no,
        "amount_fen": ask.said.amount_fen,
        "lines": tuple(line.line() for line in ask.said.lines),
    }


@routes.asks("POST", "/coupons/{code}/release", "coupon.redeem", "订单没成，放开", says=ReleaseIn)
async def release(ask: Ask[ReleaseIn]) -> Done:
    return await ask.does(ReleaseCoupon, code=ask.named("code"), order_no=ask.said.order_no)


@routes.asks("POST", "/coupons/{code}/void", "coupon.void", "撤销核销", says=VoidIn)
async def void(ask: Ask[VoidIn]) -> Done:
    return await ask.does(VoidRedemption, code=ask.named("code"), reason=ask.said.reason)


async def _customer(desk: Desk, code: str) -> dict[str, str]:
    async with desk.work.sessions.begin() as session:
        holder = await holder_of(session, desk.work.vault, code)
    return {"name": holder.name, "level": holder.level}


class CouponsAsked(Listing):
    state: Literal["held", "redeemed", "expired", "withdrawn", "declined", "waiting"] | None = None
    offer: Asked | None = None


class CouponTold(Told):
    id: int
    ends: str
    """The last four of its code: who reads a list must not be able to spend it."""
    offer: str
    name: str
    customer: str
    state: str
    issued_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None


def _told(row: Any) -> CouponTold:
    coupon, offer, ref = row
    return CouponTold(
        id=coupon.id,
        ends=coupon.code[-4:],
        offer=offer.key,
        name=offer.name,
        customer=ref,
        state=coupon.state,
        issued_at=coupon.issued_at,
        expires_at=coupon.expires_at,
        redeemed_at=coupon.redeemed_at,
    )


@routes.asks("GET", "/coupons", "coupon.list", "券", says=CouponsAsked, gives=Page[CouponTold])
async def listed(ask: Ask[CouponsAsked]) -> Page[CouponTold]:
    among = listing.coupon_in(ask.said.state, ask.said.offer)
    if ask.request[SCOPE] != "A":
        hers = segments.clause(within(ask.request, parse({"all": []})), ask.now)
        among.append(listing.coupon_held_among(hers))
    async with ask.reading() as session:
        rows = await listing.coupons(session, among, ask.mark(), ask.said.limit + 1)
    return ask.page(rows, lambda row: int(row[0].id), _told)


class RedemptionsAsked(Listing):
    since: Day = None
    """The first day, in the shop's zone; else of this month."""
    until: Day = None
    """The last day; else today."""


class RedemptionTold(Told):
    id: int
    at: datetime
    store: str | None
    offer: str
    name: str
    ends: str
    order_no: str | None
    discount_fen: int
    actor: str
    voided_at: datetime | None


@routes.asks(
    "GET",
    "/redemptions",
    "coupon.list",
    "核销的券，和门店结算用",
    says=RedemptionsAsked,
    gives=Page[RedemptionTold],
)
async def redemptions(ask: Ask[RedemptionsAsked]) -> Page[RedemptionTold]:
    said = ask.said
    zone = ask.desk.work.settings.zone
    until = said.until or ask.now.astimezone(zone).date()
    since = min(said.since or until.replace(day=1), until)
    span = Span(since, until, zone)
    async with ask.reading() as session:
        rows = await settled(session, span, ask.mark(), limit=said.limit + 1, store=ask.store)
    return ask.page(rows, lambda row: int(row.id), RedemptionTold.model_validate)


class Coupons(Told):
    items: list[CouponTold]


@routes.asks("GET", "/customers/{ref}/coupons", "coupon.list", "她的券，新的在前", gives=Coupons)
async def of_one(ask: Ask[Query]) -> Coupons:
    async with ask.reading() as session:
        hers = [(await ask.customer(session)).id]
        rows = await listing.coupons(session, [listing.coupon_of(hers)], None, 200)
    return Coupons(items=[_told(row) for row in rows])
