"""`/api/v1/points`: a shop system takes points for something."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field, model_validator

from bot.domain.refusals import Refusal
from bot.events.commands import SpendPoints
from bot.store import customers
from bot.web.api import bodies
from bot.web.api.bodies import Ids, Strict, Word
from bot.web.api.orders import SOURCE
from bot.web.desk import DESK, Desk
from bot.web.guards import actor_of, allowed

routes = web.RouteTableDef()


class CustomerIn(Ids):
    """Exactly one id; the shop's own `buyer_id` is one of the shop system that reports orders."""

    @model_validator(mode="after")
    def _one(self) -> CustomerIn:
        if len(self.given) != 1:
            raise ValueError(
                "phone、unionid、openid、external_userid、member_no、buyer_id 要且只要一个"
            )
        return self

    @property
    def named(self) -> tuple[str, str]:
        ((kind, value),) = self.given.items()
        return kind, value


class SpendIn(Strict):
    customer: CustomerIn
    points: Annotated[int, Field(ge=1, le=10**7)]
    what: Word


@routes.post("/api/v1/points/spend")
@allowed("points.spend")
async def spend(request: web.Request) -> web.Response:
    desk, key = request.app[DESK], bodies.key_of(request)
    body = await bodies.read(request, SpendIn)
    command = SpendPoints(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key,
        customer_id=await _find(desk, *body.customer.named),
        points=body.points,
        what=body.what,
    )
    return bodies.told(await desk.do(command))


async def _find(desk: Desk, kind: str, value: str) -> int:
    async with desk.work.sessions.reading() as session:
        account = SOURCE if kind == "buyer_id" else ""
        found = await customers.find(session, desk.work.vault, kind, value, account)
    if found is None:
        raise Refusal("unknown_customer", "没有这位顾客", status=404)
    return found.id
