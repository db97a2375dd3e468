"""我的数据: what is kept of her, in her own eyes, and how to have it deleted."""

from __future__ import annotations

from aiohttp import web

from bot.domain import masks
from bot.domain.consent import MARKETING
from bot.events.commands import FileCase, OptOut
from bot.store import guide_book, portrait
from bot.tongue import _
from bot.web.customer.door import ask_who, customer_at, herself
from bot.web.desk import DESK
from bot.web.forms import key_in
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

routes = web.RouteTableDef()
KNOWN_BY = {
    "external_userid": "企业微信",
    "kf": "微信客服",
    "openid": "公众号",
    "unionid": "微信开放平台",
    "phone": "手机号",
    "member_no": "会员号",
    "buyer_id": "商城账号",
}
WISH = "请删除你们存的我的资料"


@routes.get("/h5/data")
async def data(request: web.Request) -> web.StreamResponse:
    desk, now = request.app[DESK], request.app[DESK].work.now()
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        her = await portrait.portrait(session, desk.work.vault, customer, now)
        numbers = await guide_book.numbers(session, customer.id, now)
    known_by = dict.fromkeys(_(KNOWN_BY.get(one.kind, one.kind)) for one in her.identities)
    return page(
        request,
        "customer/data.html",
        her=her,
        phone=masks.phone(her.phone) if her.phone else "",
        n=numbers,
        known_by=list(known_by),
        tags=sorted({worn.tag for worn in her.tags}),
    )


@routes.post("/h5/data/delete")
@allowed("case.file")
async def ask_to_delete(request: web.Request) -> web.StreamResponse:
    """Nothing is sent from now on; a person deletes it, once it is certain who asks."""
    desk, key = request.app[DESK], key_in(await request.post())
    customer, now, actor = await herself(request), desk.work.now(), actor_of(request)
    for purpose in (*MARKETING, "profiling"):
        stop = OptOut(
            at=now,
            actor=actor,
            key=f"{key}:{purpose}",
            customer_id=customer.id,
            purpose=purpose,
            channel="h5",
            evidence={"page": "/h5/data"},
        )
        await desk.do(stop)
    wish = FileCase(
        at=now,
        actor=actor,
        key=key,
        customer_id=customer.id,
        text=WISH,
        category="harassment",
        severity=2,
    )
    await desk.do(wish)
    raise web.HTTPSeeOther("/h5/cases?said=delete")
