"""`/admin/tags/rule`: what gives a tag, with a look at who would get it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.refusals import Refusal
from bot.domain.tags import Bought, Counter, parts
from bot.events.commands import DefineTag
from bot.store import tags
from bot.tongue import _
from bot.web.console import forms, rules, tag_band, tag_counter
from bot.web.console.frame import is_part, shown
from bot.web.console.preview import answer, builder, preview, question
from bot.web.desk import DESK
from bot.web.guards import actor_of, allowed

routes = web.RouteTableDef()
KINDS = {
    "rule": "符合一条分群规则",
    "counter": "看得多、看得久",
    "purchase": "买东西的价位",
    "contact_way": "从某个渠道码来",
    "intent": "说了某个意思的话",
    "keyword": "话里有某个词",
    "link": "点开某个链接",
    "menu": "点了某个菜单",
}
HINTS = {
    "contact_way": "渠道码的 state，可以用 * 代表任意几个字，例如 fitting*",
    "intent": "意图的名字，例如 store_hours",
    "keyword": "词和词用顿号隔开，例如 羊毛、羊绒、针织",
    "link": "链接的名字，* 代表所有链接",
    "menu": "菜单的 key，例如 new*",
}
STALE = "页面放太久了，请刷新后再试一次"


@routes.get("/admin/tags/rule", allow_head=False)
@allowed("tag.define")
async def edit(request: web.Request) -> web.StreamResponse:
    work, query = request.app[DESK].work, request.query
    tag = query.get("tag", "")
    parts(tag)
    when = query.get("when", "rule")
    if when not in KINDS:
        raise web.HTTPNotFound
    async with work.sessions.reading() as session:
        book = await tags.live_book(session, work.content.tags)
        live = tags.fitting_of(book, tag)
        facts: dict[str, Any] = {"tag": tag, "when": when, "kinds": KINDS, "hints": HINTS}
        if when == "purchase":
            facts |= await _band(request, session, tag, tags.band_of(book, tag))
            return await shown(request, session, "console/tag_rule.html", "tags", **facts)
        if when == "counter":
            facts |= await _counted(session, tag, query, tags.counter_of(book, tag), work.now())
            return await shown(request, session, "console/tag_rule.html", "tags", **facts)
        if when != "rule":
            facts |= await _heard(session, when, query)
            return await shown(request, session, "console/tag_rule.html", "tags", **facts)
        asked = question(
            rules.read_form(query), live.rule if live else None, edited="edited" in query
        )
        facts |= await preview(request, session, asked)
        if is_part(request):
            address = "/admin/tags/rule?" + urlencode(
                [("tag", tag), ("edited", "1"), *rules.pairs(asked.form)]
            )
            return await answer(request, session, "console/rule_part.html", facts, address)
        facts |= await builder(request.app[DESK], session)
        return await shown(request, session, "console/tag_rule.html", "tags", **facts)


async def _counted(
    session: AsyncSession,
    tag: str,
    query: Mapping[str, str],
    live: Counter | None,
    now: datetime,
) -> dict[str, Any]:
    """Before anything is filled in, what counts now."""
    tried = "half_life" in query
    filled = tag_counter.of_form(query) if tried else tag_counter.of_rule(live)
    facts = {"filled": filled, "signs": tag_counter.SIGNS, "would": None, "wrong": ""}
    if tried:
        try:
            rule = tag_counter.rule_of(tag, filled)
            facts["would"] = await tags.would_count(session, rule, now)
        except Refusal as refusal:
            facts["wrong"] = refusal.words
    return facts


async def _band(
    request: web.Request, session: AsyncSession, tag: str, live: Bought | None
) -> dict[str, Any]:
    query = request.query
    tried = "of" in query
    filled = tag_band.of_form(query) if tried else tag_band.of_rule(live)
    facts: dict[str, Any] = {"filled": filled, "ways": tag_band.WAYS, "would": None, "wrong": ""}
    if tried:
        try:
            rule = Bought.model_validate(tag_band.written(filled) | {"tag": tag})
            work = request.app[DESK].work
            facts["would"] = await tags.would_hold(session, work.content.tags, rule, work.now())
        except Refusal as refusal:
            facts["wrong"] = refusal.words
    return facts


async def _heard(session: AsyncSession, when: str, query: Mapping[str, str]) -> dict[str, Any]:
    words = query.get("any", "").strip()[:400]
    patterns = tag_counter.patterns(words)
    count = await tags.would_hear(session, when, patterns) if patterns else None
    days = query.get("days", "")
    return {"any": words, "days": days if days.isdecimal() else "", "would": count}


@routes.post("/admin/tags/rule/publish")
@allowed("tag.define")
async def publish(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    when = str(form.get("when", ""))
    if when not in KINDS:
        raise Refusal("bad_rule", "规则没有读懂，请刷新页面再试一次", status=422)
    await request.app[DESK].do(
        DefineTag(
            actor=actor_of(request),
            key=forms.needed(form, "key", STALE),
            at=request.app[DESK].work.now(),
            name=forms.needed(form, "tag", STALE),
            rule=_written(form, when),
        )
    )
    raise web.HTTPSeeOther("/admin/tags?done=ruled")


def _written(form: Mapping[str, Any], when: str) -> dict[str, Any]:
    if when == "rule":
        return {"when": when, "rule": forms.rule(form)}
    if when == "purchase":
        return tag_band.written(tag_band.of_form(form))
    if when == "counter":
        return tag_counter.written(tag_counter.of_form(form))
    patterns = tag_counter.patterns(forms.needed(form, "any", _("先写听到什么才打")))
    written: dict[str, Any] = {"when": when, "any": patterns}
    if days := forms.number(form, "days", least=1, most=3650):
        written["days"] = days
    if when == "keyword":
        written["confidence"] = 0.7
    return written
