"""`/admin/moments`: posts to 朋友圈, what became of each, and the page on which one is written."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import library
from bot.content import moments as words
from bot.domain.moments import (
    LONGEST,
    MOST_PICTURES,
    REWRITABLE,
    STATES,
    TITLE_BYTES,
    MomentPost,
)
from bot.domain.permissions import may
from bot.domain.reasons import words as why
from bot.domain.refusals import Refusal
from bot.events.commands import DraftMoment
from bot.inbound.commands import matrix
from bot.store import moment_reach, shops
from bot.store.moments import ABOUT
from bot.tongue import _
from bot.web import lists
from bot.web.console import forms
from bot.web.console.forms import Form
from bot.web.console.frame import shown
from bot.web.console.scopes import own_store
from bot.web.desk import ACTOR, DESK, Desk
from bot.web.guards import allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
ONE = "/admin/moments/{id:[1-9][0-9]{0,17}}"
TONES = {
    "draft": "w",
    "approved": "b",
    "making": "b",
    "open": "g",
    "ending": "w",
    "refused": "r",
    "unknown": "r",
}
RIGHTS = {"draft": "moment.draft", "approve": "moment.approve", "stop": "moment.stop"}
SHOWN, BATCH = 30, 200
BLANK: dict[str, Any] = {
    "text": "",
    "template": "",
    "pictures": (),
    "link_title": "",
    "link_url": "",
    "cover": "",
    "stores": (),
    "guides": (),
    "tags": (),
    "starts_at": "",
}


def rights(request: web.Request) -> dict[str, bool]:
    kind = request[ACTOR].kind
    return {name: may(matrix(), right, kind) for name, right in RIGHTS.items()}


@routes.get("/admin/moments", allow_head=False)
@allowed("moment.read")
async def overview(request: web.Request) -> web.StreamResponse:
    desk, page = request.app[DESK], forms.number(request.query, "before", most=10**17)
    if lists.asked(request):
        return await lists.answer(request, SHEET, _batches(request))
    async with desk.work.sessions.reading() as session:
        posts = await moment_reach.listed(
            session, own_store(request), before=page, limit=SHOWN + 1
        )
        rows = await moment_reach.standing(session, posts[:SHOWN])
        return await shown(
            request,
            session,
            "console/moments.html",
            "moments",
            rows=[(one, first_line(desk, one.post)) for one in rows],
            older=posts[SHOWN - 1].id if len(posts) > SHOWN else None,
            rights=rights(request),
            states=STATES,
            tones=TONES,
            why=why,
            downloads=lists.downloads(request, SHEET),
        )


async def _batches(request: web.Request) -> lists.Batches:
    """The newest first, each batch where the last one ended."""
    desk, before = request.app[DESK], None
    while True:
        async with desk.work.sessions.reading() as session:
            posts = await moment_reach.listed(
                session, own_store(request), before=before, limit=BATCH
            )
            rows = await moment_reach.standing(session, posts)
        if not posts:
            return
        yield [(one, first_line(desk, one.post)) for one in rows]
        before = posts[-1].id


SHEET = Sheet(
    "moments",
    "朋友圈",
    (
        Column("id", "编号", lambda row: row[0].post.id),
        Column("line", "朋友圈", lambda row: row[1]),
        Column("state", "状态", lambda row: _(STATES[row[0].post.state])),
        Column("at", "时间", lambda row: row[0].post.due_at),
        Column("guides", "请了导购", lambda row: row[0].guides),
        Column("published", "发表了", lambda row: row[0].states["published"]),
        Column("seen", "看到", lambda row: row[0].seen),
        Column("likes", "赞", lambda row: row[0].likes),
        Column("comments", "评论", lambda row: row[0].comments),
    ),
)


def first_line(desk: Desk, post: MomentPost) -> str:
    said = moment_reach.words_of(desk.work.vault, post).splitlines()[0]
    return said if len(said) <= 40 else f"{said[:39]}…"


async def post_of(request: web.Request, session: AsyncSession) -> MomentPost:
    """One that another store wrote is as unknown as none."""
    post, store = (
        await session.get(MomentPost, int(request.match_info["id"])),
        own_store(request),
    )
    if post is None or (store is not None and post.store != store):
        raise Refusal("no_such_moment", _("没有这条朋友圈"), status=404)
    return post


@routes.get("/admin/moments/new", allow_head=False)
@allowed("moment.draft")
async def new(request: web.Request) -> web.StreamResponse:
    async with request.app[DESK].work.sessions.reading() as session:
        return await _page(request, session, BLANK, None)


@routes.get(f"{ONE}/edit", allow_head=False)
@allowed("moment.draft")
async def edit(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        post = await post_of(request, session)
        if post.state not in REWRITABLE:
            raise Refusal("wrong_state", _("这条朋友圈已经批准了，不能再改"), status=409)
        return await _page(request, session, await _typed(desk, session, post), post)


async def _typed(desk: Desk, session: AsyncSession, post: MomentPost) -> dict[str, Any]:
    """The form as it was filled in."""
    card, zone = post.card or {}, desk.work.settings.zone
    names = {tag.id: tag.full for tag in await moment_reach.corp_tags(session)}
    ahead = post.due_at > desk.work.now()
    return BLANK | {
        "text": desk.work.vault.unseal(post.text, about=ABOUT),
        "pictures": post.pictures,
        "link_title": card.get("title", ""),
        "link_url": card.get("url", ""),
        "cover": card.get("cover", ""),
        "stores": post.publishers.get("stores", ()),
        "guides": post.publishers.get("guides", ()),
        "tags": [names[one] for one in post.tag_ids if one in names],
        "starts_at": f"{post.due_at.astimezone(zone):%Y-%m-%dT%H:%M}" if ahead else "",
    }


async def _page(
    request: web.Request, session: AsyncSession, typed: dict[str, Any], post: MomentPost | None
) -> web.Response:
    content, store = request.app[DESK].work.content, own_store(request)
    stores = await shops.stores(session)
    return await shown(
        request,
        session,
        "console/moment_new.html",
        "moments",
        typed=typed,
        post=post,
        templates=words.templates(content),
        library=library.pictures(content),
        stores={code: name for code, name in stores.items() if store in {None, code}},
        guides=await shops.serving(session, store),
        tags=await moment_reach.corp_tags(session),
        limits=content.limits,
        longest=LONGEST,
        title_bytes=TITLE_BYTES,
        most_pictures=MOST_PICTURES,
    )


@routes.post("/admin/moments")
@allowed("moment.draft")
async def draft(request: web.Request) -> web.StreamResponse:
    return await _keep(request, None)


@routes.post(f"{ONE}/edit")
@allowed("moment.draft")
async def rewrite(request: web.Request) -> web.StreamResponse:
    async with request.app[DESK].work.sessions.reading() as session:
        return await _keep(request, (await post_of(request, session)).id)


async def _keep(request: web.Request, post_id: int | None) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    who = forms.text(form, "who")
    told = await desk.do(
        DraftMoment(
            **forms.signed(request, form),
            post_id=post_id,
            text=forms.text(form, "text", most=LONGEST + 1),
            template=forms.text(form, "template"),
            pictures=several(form, "pictures"),
            link_title=forms.text(form, "link_title"),
            link_url=forms.text(form, "link_url", most=1000),
            cover=forms.text(form, "cover"),
            stores=several(form, "stores") if who == "stores" else (),
            guides=several(form, "guides") if who == "guides" else (),
            tags=several(form, "tags"),
            starts_at=forms.moment(form, "starts_at", desk.work.settings.zone),
            within=own_store(request),
        )
    )
    raise web.HTTPSeeOther(f"/admin/moments/{told['post_id']}?said=moment")


def several(form: Form, name: str) -> tuple[str, ...]:
    values = form.getall(name, [])  # type: ignore[attr-defined]
    return tuple(str(one)[:200] for one in values if str(one).strip())
