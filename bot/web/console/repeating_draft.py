"""`/admin/campaigns/repeating/…/edit`: a repeating campaign written on one page, kept, rehearsed, and published."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import Content, checking, edits
from bot.content.templates import Template
from bot.domain.aims import METRICS, UNITS
from bot.domain.permissions import may, needs_second
from bot.domain.refusals import Refusal
from bot.domain.segments import Segment
from bot.events.commands import DraftPlaybook
from bot.inbound.commands import matrix
from bot.store import journeys, segments
from bot.store.explain import CHANNELS
from bot.tongue import _
from bot.web.console import forms, hanging, repeating_form
from bot.web.console.frame import shown
from bot.web.console.journey_choices import by_scene
from bot.web.console.journey_draft import known
from bot.web.console.journey_words import rule_words
from bot.web.console.repeating import ALL, dry_run
from bot.web.console.repeating_words import FESTIVALS, changes
from bot.web.console.scopes import own_store
from bot.web.desk import ACTOR, DESK
from bot.web.figures import WEEKDAYS
from bot.web.guards import allowed

routes = web.RouteTableDef()
PART = "/admin/campaigns/{part:repeating}"
ONE = PART + "/{key:[a-z0-9-]+}"
SAME = "="
"""Chosen in place of a segment: whom it is for stays as it is."""
UNSAID = {"every": "week", "weekday": 3, "ahead": 0, "at": "10:00"}
Body = dict[str, Any]


@routes.get(f"{ALL}/-/new", allow_head=False)
@allowed("journey.draft")
async def new(request: web.Request) -> web.StreamResponse:
    async with request.app[DESK].work.sessions.reading() as session:
        return await _page(request, session, repeating_form.BLANK, flaws=[])


@routes.post(ALL)
@allowed("journey.draft")
async def begin(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    name = forms.needed(form, "name", _("先给活动起个名字"), most=40)
    signed = forms.signed(request, form)
    key = "r-" + hashlib.sha256(f"{name}{signed['key']}".encode()).hexdigest()[:8]
    return await _keep(request, key, {})


@routes.get(f"{ONE}/edit", allow_head=False)
@allowed("journey.draft")
async def edit(request: web.Request) -> web.StreamResponse:
    content, key = request.app[DESK].work.content, request.match_info["key"]
    async with request.app[DESK].work.sessions.reading() as session:
        live, draft = await known(request, session)
        body = draft.body if draft else live.body if live else {}
        flaws = checking.flaws(content, key, body) if draft else []
        return await _page(request, session, body, flaws=flaws, draft=draft, live=live)


@routes.post(f"{ONE}/edit")
@allowed("journey.draft")
async def write(request: web.Request) -> web.StreamResponse:
    async with request.app[DESK].work.sessions.reading() as session:
        live, draft = await known(request, session)
    before = draft.body if draft else live.body if live else {}
    return await _keep(request, request.match_info["key"], before)


async def _keep(request: web.Request, key: str, before: Body) -> web.StreamResponse:
    """Kept with its mistakes; when there are none, the next page is what it would do."""
    desk, form = request.app[DESK], await request.post()
    body = repeating_form.read(form, await _rule(request, form, before), before)
    seen = forms.number(form, "seen")
    told = await desk.do(
        DraftPlaybook(playbook=key, spec=body, seen=seen, **forms.signed(request, form))
    )
    where = "edit" if told["mistakes"] else "draft"
    raise web.HTTPSeeOther(f"{ALL}/{key}/{where}?said=repeat_kept")


async def _rule(request: web.Request, form: forms.Form, before: Body) -> Any:
    key = forms.text(form, "segment")
    if key == SAME:
        return before.get("campaign", {}).get("segment")
    async with request.app[DESK].work.sessions.reading() as session:
        segment = await segments.published(session, key) if key else None
    return segment.rule if segment else None


async def _page(
    request: web.Request, session: AsyncSession, body: Body, **about: Any
) -> web.StreamResponse:
    content = request.app[DESK].work.content
    live = await segments.all_published(session)
    mailing = {"template": "", "offer": ""} | body.get("campaign", {})
    facts: dict[str, Any] = {"draft": None, "live": None} | about
    return await shown(
        request,
        session,
        "console/repeating_edit.html",
        "campaigns",
        called=request.match_info.get("key", ""),
        body=body,
        mailing=mailing,
        when=UNSAID | mailing.get("calendar", {}),
        typed=repeating_form.typed(mailing),
        metrics=METRICS,
        units=UNITS,
        **hanging.shelf(content),
        wrong=_by_place(facts.pop("flaws")),
        segments=[(one, rule_words(one.rule, content)) for one in live],
        chosen=_segment_of(mailing.get("segment"), live),
        same=SAME,
        said=_said(mailing.get("segment"), content),
        texts=by_scene(content, _fits),
        rivals=[text for _scene, some in by_scene(content, _fits) for text in some],
        offers=list(content.offers.values()),
        rhythms=repeating_form.RHYTHMS,
        weekdays=WEEKDAYS,
        festivals=FESTIVALS,
        ways=[(one, CHANNELS[one]) for one in checking.REACHES],
        quiet=content.limits.quiet_hours,
        **facts,
    )


def _by_place(found: list[checking.Flaw]) -> Mapping[str, list[checking.Flaw]]:
    places: dict[str, list[checking.Flaw]] = {}
    for one in found:
        places.setdefault(one.place, []).append(one)
    return places


def _fits(text: Template) -> bool:
    """One that leads into a group chat is the invite's own."""
    reaches = set(checking.REACHES) & set(text.channels)
    return bool(reaches) and text.purpose == "marketing" and "join_link" not in text.body


def _segment_of(rule: Any, live: list[Segment]) -> str:
    """The segment that says the same now; a rule that has changed since is kept as it was."""
    if not rule:
        return ""
    return next((one.key for one in live if rule in (one.rule, one.key)), SAME)


def _said(rule: Any, content: Content) -> str:
    known_as = content.segments.get(rule) if isinstance(rule, str) else None
    return rule_words(known_as.rule if known_as else rule, content)


@routes.get(f"{ONE}/draft", allow_head=False)
@allowed("journey.read")
async def review(request: web.Request) -> web.StreamResponse:
    """What differs from what counts now, and what the next occasion would do: then it may be published."""
    desk, key = request.app[DESK], request.match_info["key"]
    content, kind = desk.work.content, request[ACTOR].kind
    own_store(request)
    async with desk.work.sessions.reading() as session:
        live, draft = await known(request, session)
        if draft is None:
            raise Refusal("no_draft", _("没有草稿，线上的就是最新的"), status=404)
        found = checking.flaws(content, key, draft.body)
        spec = None if found else edits.playbook(content, key, draft.body)
        told = await dry_run(desk, session, spec) if spec else {"receipt": None, "day": None}
        return await shown(
            request,
            session,
            "console/repeating_draft.html",
            "campaigns",
            called=key,
            live=live,
            draft=draft,
            flaws=found,
            lines=changes(journeys.read(live) if live else None, spec, content),
            may_draft=may(matrix(), "journey.draft", kind),
            may_publish=may(matrix(), "journey.define", kind),
            needs_second=needs_second(matrix(), "journey.define", kind),
            **told,
        )
