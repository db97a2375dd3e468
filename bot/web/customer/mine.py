"""我的数据: what is kept of her, in her own eyes; taken along, or deleted."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.domain import masks
from bot.events.commands import ForgetMe, StayAfterAll, TakeMyData
from bot.store import erasing, exporting, guide_book, portrait
from bot.tongue import _
from bot.web.customer.door import ask_who, certain, customer_at, herself
from bot.web.customer.reading import PURPOSES, read
from bot.web.desk import DESK
from bot.web.forms import key_in, typed
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

routes = web.RouteTableDef()
HERE, ALL = "/h5/data", "/h5/data/all"
KNOWN_BY = {
    "external_userid": "企业微信",
    "kf": "微信客服",
    "openid": "公众号",
    "unionid": "微信开放平台",
    "phone": "手机号",
    "member_no": "会员号",
    "buyer_id": "商城账号",
}
SHOWN = 50
"""Rows of one kind on the page; the file holds all."""


@routes.get(HERE)
async def data(request: web.Request) -> web.StreamResponse:
    desk, now = request.app[DESK], request.app[DESK].work.now()
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        her = await portrait.portrait(session, desk.work.vault, customer, now)
        numbers = await guide_book.numbers(session, customer.id, now)
        ids = (await exporting.person(session, customer.id)).ids
        wish = await erasing.of(session, customer.id)
        blocks = await erasing.blocks(session, ids, now)
    known_by = dict.fromkeys(_(KNOWN_BY.get(one.kind, one.kind)) for one in her.identities)
    return page(
        request,
        "customer/data.html",
        her=her,
        phone=masks.phone(her.phone) if her.phone else "",
        n=numbers,
        known_by=list(known_by),
        tags=sorted({worn.tag for worn in her.tags}),
        purposes=PURPOSES,
        wish=wish,
        blocks=blocks,
        held=sum(one["kind"] == "coupon" for one in blocks),
    )


@routes.get(ALL)
async def everything(request: web.Request) -> web.StreamResponse:
    """The same as the file, for reading: WeChat's browser saves none."""
    async with request.app[DESK].work.sessions.reading() as session:
        if await customer_at(request, session) is None:
            return ask_who(request)
    await certain(request, back=ALL)
    told = await _told(request)
    return page(
        request,
        "customer/data_all.html",
        known=[
            one | {"rows": [read(row) for row in one["rows"][-SHOWN:]]} for one in told["known"]
        ],
        counts={one["table"]: len(one["rows"]) for one in told["known"]},
        written=json.dumps(told, ensure_ascii=False),
    )


@routes.post("/h5/data/file")
@allowed("data.own")
async def file(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    await certain(request, back=ALL)
    customer = await herself(request)
    await desk.do(TakeMyData(customer_id=customer.id, **_signed(request, key_in(form))))
    told = await _told(request)
    named = quote(_("我的数据") + ".json")
    return web.json_response(
        told,
        dumps=lambda facts: json.dumps(facts, ensure_ascii=False, indent=2),
        headers={
            "Content-Disposition": f"attachment; filename=\"my-data.json\"; filename*=UTF-8''{named}",
            "Cache-Control": "no-store",
        },
    )


async def _told(request: web.Request) -> exporting.Facts:
    work, customer = request.app[DESK].work, await herself(request)
    async with work.sessions.reading() as session:
        return await exporting.everything(
            session, work.vault, customer, now=work.now(), zone=work.settings.zone
        )


@routes.post("/h5/data/delete")
@allowed("data.own")
async def delete(request: web.Request) -> web.StreamResponse:
    """Nothing is sent from now on; within a day it is gone, and until then she can take it back."""
    desk, form = request.app[DESK], await request.post()
    await certain(request, back=HERE)
    customer = await herself(request)
    wish = ForgetMe(
        customer_id=customer.id,
        give_up=typed(form, "give_up") == "1",
        **_signed(request, key_in(form)),
    )
    await desk.do(wish)
    raise web.HTTPSeeOther(f"{HERE}#delete")


@routes.post("/h5/data/keep")
@allowed("data.own")
async def keep(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer = await herself(request)
    await desk.do(StayAfterAll(customer_id=customer.id, **_signed(request, key_in(form))))
    raise web.HTTPSeeOther(HERE)


def _signed(request: web.Request, key: str) -> dict[str, Any]:
    return {"at": request.app[DESK].work.now(), "actor": actor_of(request), "key": key}
