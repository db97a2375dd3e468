"""`/admin/campaigns/journeys/…/edit`: a journey written step by step, kept as a draft, compared, and published."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import checking, edits
from bot.domain.content_edits import ContentEdit
from bot.domain.journeys import Playbook
from bot.domain.permissions import may, needs_second
from bot.domain.refusals import Refusal
from bot.events.commands import DraftPlaybook, PublishPlaybook, SwitchPlaybook
from bot.inbound.commands import matrix
from bot.store import content_edits, journey_steps, journeys, playbooks
from bot.tongue import _
from bot.web.console import forms, journey_form
from bot.web.console.frame import is_part, shown
from bot.web.console.journey_choices import choices, previews, slots
from bot.web.console.journey_diff import changes
from bot.web.console.journey_words import leaving, stops, trigger_words
from bot.web.console.scopes import own_store
from bot.web.desk import ACTOR, DESK
from bot.web.guards import allowed
from bot.work.renewing import renew

routes = web.RouteTableDef()
ALL = "/admin/campaigns/journeys"
PART = "/admin/campaigns/{part:journeys}"
ONE = PART + "/{key:[a-z0-9-]+}"
EITHER = "/admin/campaigns/{part:journeys|repeating}/{key:[a-z0-9-]+}"
"""Journeys and repeating campaigns are published, dropped and halted alike."""
SAYS = {"journeys": "journey", "repeating": "repeat"}
BLANK: dict[str, Any] = {
    "trigger": "friend_added",
    "entry": {"again": "never"},
    "steps": [{"wait": {"days": 1, "part": "morning"}}, {"message": {}}, {"end": True}],
}
Body = dict[str, Any]


@routes.get(f"{ALL}/-/new", allow_head=False)
@allowed("journey.draft")
async def new(request: web.Request) -> web.StreamResponse:
    async with request.app[DESK].work.sessions.reading() as session:
        rows = [row for row in await playbooks.live(session) if row.body.get("steps")]
        return await shown(request, session, "console/journey_new.html", "campaigns", rows=rows)


@routes.post(ALL)
@allowed("journey.draft")
async def begin(request: web.Request) -> web.StreamResponse:
    """Named, and begun from nothing or from another one; the next page is its steps."""
    desk, form = request.app[DESK], await request.post()
    signed = forms.signed(request, form)
    name = forms.needed(form, "name", _("先给旅程起个名字"), most=40)
    made = "j-" + hashlib.sha256(f"{name}{signed['key']}".encode()).hexdigest()[:8]
    async with desk.work.sessions.reading() as session:
        other = await playbooks.newest(session, forms.text(form, "like"))
    body = {k: v for k, v in (other.body if other else BLANK).items() if k != "key"}
    spec = {"tactic": []} | body | {"name": name}
    await desk.do(DraftPlaybook(playbook=made, spec=spec, **signed))
    raise web.HTTPSeeOther(f"{ALL}/{made}/edit")


@routes.get(f"{ONE}/edit", allow_head=False)
@allowed("journey.draft")
async def edit(request: web.Request) -> web.StreamResponse:
    async with request.app[DESK].work.sessions.reading() as session:
        live, draft = await known(request, session)
        body = draft.body if draft else _written(live)
        told = {"draft": draft, "live": live, "tried": draft is not None}
        return await _form(request, session, body, **told)


@routes.post(f"{ONE}/edit")
@allowed("journey.draft")
async def write(request: web.Request) -> web.StreamResponse:
    """A press that changes the steps answers with the form as it is then; to keep it is an act of its own."""
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        live, draft = await known(request, session)
        body = journey_form.read(form, draft.body if draft else _written(live))
        press = forms.text(form, "do", most=80)
        if press not in {"", "keep", "next"}:
            offered = await choices(desk, session)
            rules = {segment.key: segment.rule for segment in offered["segments"]}
            body, focus = journey_form.changed(body, press, form, rules)
            told = {
                "pressed": press.partition(":")[0],
                "draft": draft,
                "live": live,
                "tried": forms.text(form, "tried") == "1",
            }
            return await _form(request, session, body, focus=focus, **told)
    signed, key = forms.signed(request, form), request.match_info["key"]
    await desk.do(
        DraftPlaybook(playbook=key, spec=body, seen=forms.number(form, "seen"), **signed)
    )
    where = "draft?said=journey_kept" if press == "next" else "edit?said=journey_kept"
    raise web.HTTPSeeOther(f"{ALL}/{key}/{where}")


async def known(
    request: web.Request, session: AsyncSession
) -> tuple[Playbook | None, ContentEdit | None]:
    """What counts now, and what is being written. Raises Refusal for what is neither; what is of the other part is
    looked for there."""
    key, part = request.match_info["key"], request.match_info["part"]
    draft = (await content_edits.drafts(session, edits.PLAYBOOKS)).get(key)
    live = await playbooks.newest(session, key)
    live = live if live is not None and live.state != "retired" else None
    body = live.body if live else draft.body if draft else None
    if body is None:
        raise Refusal("unknown_playbook", _("没有这条旅程"), status=404)
    real = "repeating" if body.get("campaign") else "journeys"
    if real != part:
        raise web.HTTPSeeOther(f"/admin/campaigns/{real}/{key}/edit")
    return live, draft


def _written(live: Playbook | None) -> Body:
    return {k: v for k, v in live.body.items() if k != "key"} if live else dict(BLANK)


async def _form(
    request: web.Request, session: AsyncSession, body: Body, **about: Any
) -> web.StreamResponse:
    desk, key = request.app[DESK], request.match_info["key"]
    offered = await choices(desk, session)
    found = checking.flaws(desk.work.content, key, body) if about["tried"] else []
    page = "console/journey_form.html" if is_part(request) else "console/journey_edit.html"
    facts: dict[str, Any] = {"focus": "", "pressed": ""} | about
    return await shown(
        request,
        session,
        page,
        "campaigns",
        called=key,
        body={"steps": []} | body,
        flaws=_by_place(found),
        slots=slots(body),
        said=await previews(desk, session, body),
        **offered,
        **facts,
    )


def _by_place(found: list[checking.Flaw]) -> Mapping[str, list[checking.Flaw]]:
    places: dict[str, list[checking.Flaw]] = {}
    for one in found:
        places.setdefault(one.place, []).append(one)
    return places


@routes.get(f"{ONE}/draft", allow_head=False)
@allowed("journey.read")
async def review(request: web.Request) -> web.StreamResponse:
    """What would change, for whom, and what still keeps it from being published."""
    desk, key = request.app[DESK], request.match_info["key"]
    own_store(request)
    kind = request[ACTOR].kind
    async with desk.work.sessions.reading() as session:
        live, draft = await known(request, session)
        if draft is None:
            raise Refusal("no_draft", _("没有草稿，线上的就是最新的"), status=404)
        found = checking.flaws(desk.work.content, key, draft.body)
        spec = None if found else edits.playbook(desk.work.content, key, draft.body)
        told = await journey_steps.traffic(session, desk.work.now())
        return await shown(
            request,
            session,
            "console/journey_draft.html",
            "campaigns",
            called=key,
            live=live,
            draft=draft,
            flaws=found,
            spec=spec,
            stops=stops(spec, desk.work.content) if spec else [],
            leave=leaving(spec, desk.work.content) if spec else "",
            lines=changes(journeys.read(live) if live else None, spec, desk.work.content),
            traffic=told.get(key, journey_steps.Traffic()),
            trigger_words=trigger_words,
            may_draft=may(matrix(), "journey.draft", kind),
            may_publish=may(matrix(), "journey.define", kind),
            needs_second=needs_second(matrix(), "journey.define", kind),
        )


@routes.post(f"{EITHER}/publish")
@allowed("journey.define")
async def publish(request: web.Request) -> web.StreamResponse:
    """The draft that was looked at, and no later one."""
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        _live, draft = await known(request, session)
    if draft is None or draft.version != forms.number(form, "seen"):
        raise Refusal("draft_changed", _("这份草稿刚被别人改过，刷新看看再发布"), status=409)
    key, signed = request.match_info["key"], forms.signed(request, form)
    await desk.do(PublishPlaybook(playbook=key, spec=draft.body, **signed))
    await renew(desk.work)
    part = request.match_info["part"]
    raise web.HTTPSeeOther(f"/admin/campaigns/{part}/{key}?said={SAYS[part]}")


@routes.post(f"{EITHER}/drop")
@allowed("journey.draft")
async def drop(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    key, signed = request.match_info["key"], forms.signed(request, form)
    await desk.do(DraftPlaybook(playbook=key, spec={}, **signed))
    raise web.HTTPSeeOther(_said(request, "dropped"))


def _said(request: web.Request, act: str) -> str:
    part = request.match_info["part"]
    return f"/admin/campaigns/{part}?said={SAYS[part]}_{act}"


@routes.post(f"{EITHER}/{{act:pause|resume|withdraw}}")
@allowed("journey.define")
async def switch(request: web.Request) -> web.StreamResponse:
    """Halted, going on, or back to what the files say; one of our own ends with it."""
    desk, form, act = request.app[DESK], await request.post(), request.match_info["act"]
    key, signed = request.match_info["key"], forms.signed(request, form)
    if act == "withdraw":
        await desk.do(PublishPlaybook(playbook=key, spec={}, **signed))
        await renew(desk.work)
    else:
        await desk.do(SwitchPlaybook(playbook=key, on=act == "resume", **signed))
    raise web.HTTPSeeOther(_said(request, act))
