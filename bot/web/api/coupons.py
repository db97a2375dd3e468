"""`/api/v1/coupons`: a shop system redeems at its own tills, and takes a redemption back."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field

from bot.events.commands import RedeemCoupon, ReleaseCoupon, ReserveCoupon, VoidRedemption
from bot.store.offers import holder_of
from bot.web.api import bodies
from bot.web.api.bodies import Strict, Word
from bot.web.api.orders import OrderLineIn
from bot.web.desk import DESK, Desk
from bot.web.guards import actor_of, allowed

routes = web.RouteTableDef()


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


@routes.post("/api/v1/coupons/{code}/redeem")
@allowed("coupon.redeem")
async def redeem(request: web.Request) -> web.Response:
    """`code` is a spoken code, or what the till scanned from the customer's screen."""
    desk, key = request.app[DESK], bodies.key_of(request)
    body = await bodies.read(request, RedeemIn)
    command = RedeemCoupon(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key,
        code=request.match_info["code"],
        store=body.store,
        order_no=body.order_no,
        amount_fen=body.amount_fen,
        lines=tuple(line.line() for line in body.lines),
    )
    answer = await desk.do(command)
    return bodies.told(answer | {"customer": await _customer(desk, answer["code"])})


@routes.post("/api/v1/coupons/{code}/reserve")
@allowed("coupon.redeem")
async def reserve(request: web.Request) -> web.Response:
    """Keeps it for an order; `redeem` with the same `order_no` confirms, `release` lets go."""
    desk, key = request.app[DESK], bodies.key_of(request)
    body = await bodies.read(request, ReserveIn)
    command = ReserveCoupon(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key,
        code=request.match_info["code"],
        order_no=body.order_no,
        store=body.store,
        amount_fen=body.amount_fen,
        lines=tuple(line.line() for line in body.lines),
    )
    return bodies.told(await desk.do(command))


@routes.post("/api/v1/coupons/{code}/release")
@allowed("coupon.redeem")
async def release(request: web.Request) -> web.Response:
    desk, key = request.app[DESK], bodies.key_of(request)
    body = await bodies.read(request, ReleaseIn)
    command = ReleaseCoupon(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key,
        code=request.match_info["code"],
        order_no=body.order_no,
    )
    return bodies.told(await desk.do(command))


@routes.post("/api/v1/coupons/{code}/void")
@allowed("coupon.void")
async def void(request: web.Request) -> web.Response:
    desk, key = request.app[DESK], bodies.key_of(request)
    body = await bodies.read(request, VoidIn)
    command = VoidRedemption(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key,
        code=request.match_info["code"],
        reason=body.reason,
    )
    return bodies.told(await desk.do(command))


async def _customer(desk: Desk, code: str) -> dict[str, str]:
    async with desk.work.sessions.begin() as session:
        holder = await holder_of(session, desk.work.vault, code)
    return {"name": holder.name, "level": holder.level}
