"""`/admin/groups/{key}/plan`: what a family of group chats is written, day by day: drafted, seen ahead, published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from aiohttp import web
from multidict import MultiMapping
from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import Content, plans
from bot.content.templates import Template
from bot.domain.content_edits import ContentEdit
from bot.domain.group_chats import GroupRule
from bot.domain.group_posts import SORTS, ContentPlan
from bot.domain.refusals import Refusal
from bot.events.commands import DraftGroupPlan, PublishGroupRule
from bot.store import content_edits, group_chats
from bot.tongue import _, listed
from bot.web.console import forms, spans
from bot.web.console.frame import is_part, shown
from bot.web.console.group_rule import shared
from bot.web.console.journey_diff import compared
from bot.web.console.scopes import own_store
from bot.web.desk import DESK
from bot.web.figures import WEEKDAYS
from bot.web.guards import allowed

routes = web.RouteTableDef()
PATH = "/admin/groups/{key}/plan"
BLANK: dict[str, Any] = {
    "weekdays": [3],
    "at": "15:00",
    "mix": ["knowledge", "play"],
    "texts": {},
}
MOST = 14
AHEAD = timedelta(days=21)
Body = dict[str, Any]


class Day(NamedTuple):
    """One post that is to come, were this the calendar from today."""

    day: date
    sort: str
    title: str
    words: str


@routes.get(PATH, allow_head=False)
@allowed("group.config")
async def edit(request: web.Request) -> web.StreamResponse:
    async with request.app[DESK].work.sessions.reading() as session:
        rule, draft = await _known(request, session)
        body = draft.body if draft else rule.settings.get("plan") or BLANK
        return await _page(request, session, body, rule=rule, draft=draft, kept=True, focus="")


async def _known(
    request: web.Request, session: AsyncSession
) -> tuple[GroupRule, ContentEdit | None]:
    rule = await group_chats.rule_of(session, request.match_info["key"])
    if rule is None:
        raise Refusal("no_such_group", "没有这一组群", status=404)
    return rule, (await content_edits.drafts(session, "groups/")).get(rule.key)


@routes.post(PATH)
@allowed("group.config")
async def write(request: web.Request) -> web.StreamResponse:
    """A press that changes the turns answers with the form as it is then; to keep it is an act of its own."""
    desk, form = request.app[DESK], await request.post()
    shared(request)
    body, press = read(form), forms.text(form, "do", most=40)
    if press not in {"", "keep"}:
        body, focus = changed(body, press, forms.text(form, "sort"))
        async with desk.work.sessions.reading() as session:
            rule, draft = await _known(request, session)
            told: dict[str, Any] = {"rule": rule, "draft": draft, "kept": False}
            return await _page(request, session, body, focus=focus, **told)
    key, signed = request.match_info["key"], forms.signed(request, form)
    await desk.do(DraftGroupPlan(group=key, plan=body, seen=forms.number(form, "seen"), **signed))
    raise web.HTTPSeeOther(f"/admin/groups/{key}/plan?said=plan_kept")


def read(form: MultiMapping[Any]) -> Body:
    days = {int(one) for one in form.getall("weekdays", []) if str(one) in "1234567"}
    mix = [str(one) for one in form.getall("mix", []) if one in SORTS][:MOST]
    texts = {sort: [str(one)[:80] for one in form.getall(f"texts.{sort}", [])] for sort in SORTS}
    return {
        "weekdays": sorted(days),
        "at": forms.text(form, "at", most=5) or "10:30",
        "mix": mix,
        "texts": {sort: names for sort, names in texts.items() if names},
    }


def changed(body: Body, press: str, sort: str) -> tuple[Body, str]:
    """After one press, and which turn to go on at; unknown presses change nothing."""
    mix = list(body["mix"])
    act, _colon, number = press.partition(":")
    place = int(number) if number.isdecimal() else -1
    if act == "add" and sort in SORTS and len(mix) < MOST:
        return body | {"mix": [*mix, sort]}, str(len(mix))
    if not 0 <= place < len(mix):
        return body, ""
    if act == "drop":
        del mix[place]
        return body | {"mix": mix}, str(min(place, len(mix) - 1))
    to = min(max(place + {"up": -1, "down": 1}.get(act, 0), 0), len(mix) - 1)
    mix.insert(to, mix.pop(place))
    return body | {"mix": mix}, f"{act}-{to}"


async def _page(
    request: web.Request, session: AsyncSession, body: Body, *, kept: bool, **about: Any
) -> web.StreamResponse:
    content, rule = request.app[DESK].work.content, about["rule"]
    found = plans.flaws(content, body)
    page = "console/group_plan_form.html" if is_part(request) else "console/group_plan.html"
    return await shown(
        request,
        session,
        page,
        "groups",
        body=body,
        kept=kept,
        flaws={one.place: one for one in reversed(found)},
        sorts=SORTS,
        weekdays=WEEKDAYS,
        texts=_texts(content),
        ahead=[] if found else list(_ahead(content, body, spans.today(request).date())),
        lines=compared(_lines(content, rule.settings.get("plan")), _lines(content, body)),
        of_all=own_store(request) is None,
        **about,
    )


def _texts(content: Content) -> list[Template]:
    """Those that a group chat may read as they stand."""
    every = sorted(content.templates.items())
    return [text for _name, text in every if "group" in text.channels and not text.head.facts]


def _ahead(content: Content, body: Body, today: date) -> Iterator[Day]:
    plan, number = ContentPlan.model_validate(body), 0
    for offset in range(AHEAD.days):
        day = today + timedelta(days=offset)
        if plan.covers(day):
            post, number = plan.post(number), number + 1
            text = content.templates[post.template]
            words = content.render(post.template, {"group": ""}, channel="group")
            yield Day(day, post.sort, text.title, words)


def _lines(content: Content, body: Mapping[str, Any] | None) -> Iterator[str]:
    if not body:
        return
    days = listed(_(WEEKDAYS[day - 1]) for day in body["weekdays"])
    yield _("%(days)s %(at)s", days=days or "—", at=body["at"])
    yield _("轮着来：%(mix)s", mix=listed(_(SORTS[sort]) for sort in body["mix"]) or "—")
    for sort in SORTS:
        for name in body["texts"].get(sort, ()):
            known = content.templates.get(name)
            title = known.title if known else name
            yield _("%(sort)s：%(title)s", sort=_(SORTS[sort]), title=title)


@routes.post(f"{PATH}/publish")
@allowed("group.config")
async def publish(request: web.Request) -> web.StreamResponse:
    """The draft that was looked at, and no later one; or no calendar any more."""
    desk, form = request.app[DESK], await request.post()
    shared(request)
    async with desk.work.sessions.reading() as session:
        rule, draft = await _known(request, session)
    ends = forms.text(form, "end") == "1"
    if not ends and (draft is None or draft.version != forms.number(form, "seen")):
        raise Refusal("draft_changed", _("这份草稿刚被别人改过，刷新看看再发布"), status=409)
    plan, signed = None if ends or draft is None else draft.body, forms.signed(request, form)
    await desk.do(PublishGroupRule(group=rule.key, rule={}, settings={"plan": plan}, **signed))
    said = "plan_ended" if plan is None else "plan"
    raise web.HTTPSeeOther(f"/admin/groups/{rule.key}/plan?said={said}")


@routes.post(f"{PATH}/drop")
@allowed("group.config")
async def drop(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    shared(request)
    key, signed = request.match_info["key"], forms.signed(request, form)
    await desk.do(DraftGroupPlan(group=key, plan={}, **signed))
    raise web.HTTPSeeOther(f"/admin/groups/{key}/plan?said=plan_dropped")
