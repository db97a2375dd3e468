"""`/admin/tags/rule`: what gives a tag, with a look at who would get it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import masks
from bot.domain.refusals import Refusal
from bot.domain.tags import CATEGORY, TagBook, parts, rule_of
from bot.events.commands import DefineTag
from bot.store import roster, tags
from bot.web.console import forms, rules, tag_answer, tag_buying, tag_counter, tag_heard
from bot.web.console.frame import is_part, shown
from bot.web.console.preview import answer, builder, preview, question
from bot.web.desk import DESK
from bot.web.guards import actor_of, allowed

routes = web.RouteTableDef()
KINDS = {
    "rule": "符合一条分群规则",
    "counter": "看得多、看得久",
    "purchase": "怎么买的",
    "answer": "问卷里的回答",
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
TRIED = {"purchase": "looked", "counter": "half_life", "answer": "answer"}
"""Kind → what is there once somebody filled in the form."""
STALE = "页面放太久了，请刷新后再试一次"


@routes.get("/admin/tags/rule", allow_head=False)
@allowed("tag.define")
async def edit(request: web.Request) -> web.StreamResponse:
    work, query = request.app[DESK].work, request.query
    tag = query.get("tag", "")
    parts(tag)
    when = query.get("when", "purchase" if tag.endswith(CATEGORY) else "rule")
    if when not in KINDS:
        raise web.HTTPNotFound
    async with work.sessions.reading() as session:
        book = await tags.live_book(session, work.content.tags)
        facts: dict[str, Any] = {"tag": tag, "when": when, "kinds": _kinds(tag), "hints": HINTS}
        if when != "rule":
            facts |= _filled(request, book, tag, when)
            facts |= await _tried(request, session, tag, when)
            return await shown(request, session, "console/tag_rule.html", "tags", **facts)
        live = tags.fitting_of(book, tag)
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


def _kinds(tag: str) -> Mapping[str, str]:
    """A tag for each category comes from what is bought alone."""
    return {"purchase": KINDS["purchase"]} if tag.endswith(CATEGORY) else KINDS


def _filled(request: web.Request, book: TagBook, tag: str, when: str) -> dict[str, Any]:
    """What stands in the form: what was filled in, or the rule that counts now."""
    query, tried = request.query, TRIED.get(when, "any") in request.query
    match when:
        case "purchase":
            way = "count" if tag.endswith(CATEGORY) else query.get("of", "")
            live = tag_buying.of_rule(tags.bought_of(book, tag), way)
            filled = tag_buying.of_form(query) if tried else live
            return {"filled": filled, "sent": filled, "ways": tag_buying.WAYS}
        case "counter":
            counted = tag_counter.of_rule(tags.counter_of(book, tag))
            filled = tag_counter.of_form(query) if tried else counted
            return {"filled": filled, "sent": filled, "signs": tag_counter.SIGNS}
        case "answer":
            now = tags.answered_of(book, tag)
            said = query.get("answer", "") if tried else tag_answer.of_rule(now)
            games = request.app[DESK].work.content.games
            return {"sent": {"answer": said}, "choices": tag_answer.choices(games, now)}
    filled = (
        tag_heard.of_form(query)
        if tried
        else tag_heard.of_rule(when, tags.heard_of(book, tag, when))
    )
    return {"filled": filled, "sent": filled}


async def _tried(
    request: web.Request, session: AsyncSession, tag: str, when: str
) -> dict[str, Any]:
    """Who would get it, and a few of them; nothing before somebody asked."""
    facts: dict[str, Any] = {"would": None, "wrong": "", "looked": False, "faces": ()}
    if not request.query.get(TRIED.get(when, "any")):
        return facts
    work = request.app[DESK].work
    try:
        rule = rule_of(tag, _written(request.query, when))
    except Refusal as refusal:
        return facts | {"wrong": refusal.words}
    would = await tags.would_get(session, work.content.tags, rule, work.now())
    faces = [one.id for one in would.faces] if would else []
    limits, now = work.content.limits, work.now()
    listed = await roster.listed(session, work.vault, faces, limits, now)
    return facts | {"would": would, "looked": True, "faces": listed, "mask": masks.name}


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
    match when:
        case "rule":
            return {"when": when, "rule": forms.rule(form)}
        case "purchase":
            return tag_buying.written(tag_buying.of_form(form), forms.text(form, "tag"))
        case "counter":
            return tag_counter.written(tag_counter.of_form(form))
        case "answer":
            return tag_answer.written(form)
    return tag_heard.written(form, when)
