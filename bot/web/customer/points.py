"""积分与等级: what she has, what runs out, one next step, and every entry with a way to question it."""

from __future__ import annotations

from aiohttp import web

from bot.domain.levels import Level, Levels
from bot.domain.refusals import Refusal
from bot.domain.rights import months_after
from bot.events.commands import BuyLevel, FileCase
from bot.store import points, rights
from bot.store.points import Standing
from bot.tongue import _
from bot.web.customer.door import ask_who, customer_at, herself
from bot.web.customer.staying import agrees
from bot.web.desk import DESK
from bot.web.forms import key_in, typed
from bot.web.guards import actor_of, allowed
from bot.web.pages import page

routes = web.RouteTableDef()
SHOWN = 50
SAID = {"risen": "换到了，新等级的权益从现在起可以领。"}
KINDS = {
    "earn": "买东西得的",
    "refund": "退货扣回",
    "spend": "花掉的",
    "expire": "过期了",
    "adjust": "人工调整",
    "gift": "送的",
}


@routes.get("/h5/points")
async def account(request: web.Request) -> web.StreamResponse:
    desk, now = request.app[DESK], request.app[DESK].work.now()
    levels = desk.work.content.levels
    async with desk.work.sessions.reading() as session:
        customer = await customer_at(request, session)
        if customer is None:
            return ask_who(request)
        standing = await points.standing(session, customer.id)
        soon = await points.expiring(session, [customer.id], months_after(now, 1))
        entries = await points.entries(session, customer.id, limit=SHOWN)
        stay = await agrees(session, customer)
        open_to_her = await rights.progress(session, levels, customer.id, now)
    return page(
        request,
        "customer/points.html",
        standing=standing,
        stay=stay,
        expiring=soon.get(customer.id, 0),
        ladder=[(level, _reached(levels, level, standing)) for level in levels.levels],
        next=levels.next_after(standing.level),
        entries=[(entry, _(KINDS.get(entry.kind, entry.kind))) for entry in entries],
        rights=[one for one in open_to_her if not one.right.points],
        swaps=[one for one in open_to_her if one.right.points],
        for_sale=[
            level
            for level in levels.levels
            if level.price_points and not _reached(levels, level, standing)
        ],
        worth=levels.fen_per_spent_point,
        said=SAID.get(request.query.get("said", ""), ""),
        per_point=levels.fen_per_point,
    )


def _reached(levels: Levels, level: Level, standing: Standing) -> bool:
    return levels.rank(level.name) <= levels.rank(standing.level)


@routes.post("/h5/points/level")
@allowed("points.spend")
async def buy_level(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    customer, level = await herself(request), typed(form, "level")[:20]
    command = BuyLevel(
        at=desk.work.now(),
        actor=actor_of(request),
        key=f"{key_in(form)}:{level}",
        customer_id=customer.id,
        level=level,
    )
    await desk.do(command)
    raise web.HTTPSeeOther("/h5/points?said=risen")


@routes.post(r"/h5/points/{id:\d{1,18}}/ask")
@allowed("case.file")
async def question(request: web.Request) -> web.StreamResponse:
    """This entry is wrong, she says: a case, for a person to look at."""
    desk, form = request.app[DESK], await request.post()
    customer, wanted = await herself(request), int(request.match_info["id"])
    async with desk.work.sessions.reading() as session:
        entries = await points.entries(session, customer.id, limit=SHOWN)
    entry = next((one for one in entries if one.id == wanted), None)
    if entry is None:
        raise Refusal("unknown_entry", "没有这一笔积分", status=404)
    day = entry.at.astimezone(desk.work.settings.zone)
    said = (
        f"积分有一笔不对：{day:%Y-%m-%d} {entry.delta:+d}（{KINDS.get(entry.kind, entry.kind)}）"
    )
    command = FileCase(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        customer_id=customer.id,
        text=f"{said}。{typed(form, 'why')[:200]}",
        category="price",
        severity=3,
    )
    await desk.do(command)
    raise web.HTTPSeeOther("/h5/cases?said=filed")
