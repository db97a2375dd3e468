"""推送: a guide picks tags of her own customers, sees who can be reached, and gets a 群发 to confirm."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.customers import Guide
from bot.domain.quotas import read_limits
from bot.domain.reasons import words as reason_words
from bot.domain.refusals import Refusal
from bot.events.commands import PushToTagged
from bot.store import facts, guide_book, pushes
from bot.store.pushes import Push
from bot.tongue import _
from bot.web.desk import DESK, Desk
from bot.web.forms import all_typed, key_in, typed
from bot.web.guards import actor_of, allowed
from bot.web.guide import words
from bot.web.guide.who import guide_at
from bot.web.guide.words import Ready
from bot.web.pages import page

routes = web.RouteTableDef()
MOST_TAGS = 20


@routes.get("/guide/push")
@allowed("push.own")
async def choose(request: web.Request) -> web.StreamResponse:
    return await _form(request, request.query.getall("tag", []))


@routes.get("/guide/push/count")
@allowed("push.own")
async def count(request: web.Request) -> web.StreamResponse:
    """Whom these tags reach, while she picks."""
    desk, tags = request.app[DESK], _clean(request.query.getall("tag", []))
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        found = await _preview(desk, session, guide, tags)
        choices = await _ready(desk, session, guide, tags)
    return page(request, "guide/push_count.html", **_counted(found), ready=choices, live=True)


@routes.get("/guide/push/words")
@allowed("push.own")
async def ready(request: web.Request) -> web.StreamResponse:
    desk, wanted = request.app[DESK], request.query.get("ready", "")
    async with desk.work.sessions.reading() as session:
        chosen = await _chosen(desk, session, await guide_at(request, session), wanted)
    return page(
        request, "guide/push_words.html", chosen=chosen, text=chosen.text if chosen else ""
    )


@routes.post("/guide/push")
@allowed("push.own")
async def make(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    tags, text = _clean(all_typed(form, "tag")), typed(form, "text")
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        began = await _chosen(desk, session, guide, typed(form, "ready"))
    command = PushToTagged(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        guide_id=guide.id,
        tags=tuple(tags),
        text=text,
        offer=typed(form, "offer") or None,
        ready=began.name if began else None,
        edited=began is not None and began.text.split() != text.split(),
    )
    try:
        done = await desk.do(command)
    except Refusal as refusal:
        return await _form(request, tags, error=refusal, text=text, offer=typed(form, "offer"))
    raise web.HTTPSeeOther(f"/guide/push/{done['campaign_id']}")


@routes.get(r"/guide/push/{id:\d{1,18}}")
@allowed("push.own")
async def made(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        found = await guide_book.pushed(session, guide.id, int(request.match_info["id"]))
    if found is None:
        raise Refusal("unknown_campaign", _("没有这次推送"), status=404)
    reasons = [(_(reason_words(code)), number) for code, number in found.reasons.items()]
    return page(request, "guide/pushed.html", p=found, reasons=reasons)


async def _form(
    request: web.Request,
    tags: list[str],
    *,
    error: Refusal | None = None,
    text: str = "",
    offer: str = "",
) -> web.Response:
    desk, picked = request.app[DESK], _clean(tags)
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        groups = await guide_book.tag_counts(session, guide.id, desk.work.now())
        found = await _preview(desk, session, guide, picked)
        choices = await _ready(desk, session, guide, picked)
    footer = desk.work.content.brand.line_below(desk.work.content.public_url).mass
    return page(
        request,
        "guide/push.html",
        status=error.status if error else 200,
        error=error.words if error else "",
        groups=groups,
        picked=picked,
        ready=choices,
        chosen=None,
        text=text,
        offer=offer,
        footer=footer,
        live=False,
        **_counted(found),
    )


async def _preview(
    desk: Desk, session: AsyncSession, guide: Guide, tags: list[str]
) -> Push | None:
    """None as long as no tag is picked."""
    if not tags:
        return None
    work = desk.work
    limits = read_limits(work.content.limits)
    return await pushes.preview_push(
        session, guide.id, tags, work.now(), vault=work.vault, limits=limits
    )


def _counted(found: Push | None) -> dict[str, Any]:
    if found is None:
        return {"reachable": None, "excluded": []}
    excluded = [(_(reason_words(code)), number) for code, number in found.excluded.most_common()]
    return {"reachable": len(found.reachable), "excluded": excluded}


async def _chosen(desk: Desk, session: AsyncSession, guide: Guide, name: str) -> Ready | None:
    template = desk.work.content.templates.get(name)
    if template is None:
        return None
    choices = await _ready(desk, session, guide, list(template.head.tags))
    return next((one for one in choices if one.name == name), None)


async def _ready(desk: Desk, session: AsyncSession, guide: Guide, tags: list[str]) -> list[Ready]:
    told = await facts.of_guide(session, guide.userid)
    now = desk.work.now()
    season = desk.work.content.brand.season.get(now.astimezone(facts.HERE).month)
    known = {name: fact for name, fact in (told | {"season": season}).items() if fact}
    return words.for_many(desk.work.content, known, now, tags)


def _clean(tags: list[str]) -> list[str]:
    """Each tag once, and only what a tag looks like."""
    return [tag for tag in dict.fromkeys(tags) if "/" in tag and len(tag) <= 80][:MOST_TAGS]
