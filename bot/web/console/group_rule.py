"""`/admin/groups/…`: one family of group chats, made, changed and paused beside the people it means."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.group_chats import KINDS, GroupRule
from bot.domain.refusals import Refusal
from bot.events.commands import DefineGroup, PublishGroupRule, SwitchGroup
from bot.store import group_chats, shops
from bot.tongue import _
from bot.web.console import forms, rules
from bot.web.console.frame import is_part, shown
from bot.web.console.preview import answer, builder, preview, question
from bot.web.console.scopes import own_store
from bot.web.desk import DESK
from bot.web.guards import allowed
from bot.work.renewing import renew

routes = web.RouteTableDef()
NUMBERS = {
    "capacity": (2, 500),
    "grace_days": (0, 365),
    "invites_a_day": (0, 5000),
    "priority": (1, 1000),
    "invite_days": (1, 90),
    "max_groups_per_person": (1, 20),
    "round": (1, 99),
}
PLACES = {"": "全品牌一组", "store": "每家门店各一组", "city": "每个城市各一组"}
WORDS = {"owner": 64, "room_base_name": 30, "name": 12, "welcome": 200}


class Starter(NamedTuple):
    """A family to begin with."""

    kind: str
    name: str
    why: str
    rule: Mapping[str, Any]
    numbers: Mapping[str, int]


STARTERS = {
    "benefit": Starter(
        "benefit",
        "福利群",
        "所有好友都能进，一周两三次福利先在这里发。",
        {"all": [{"field": "follows.any", "op": "eq", "value": True}]},
        {"capacity": 200, "grace_days": 90, "invites_a_day": 200, "priority": 40},
    ),
    "interest": Starter(
        "interest",
        "兴趣群",
        "喜欢同一样东西的人聚在一起：挑、穿、洗、收。",
        {
            "any": [
                {"field": "tag", "op": "has", "value": []},
                {"field": "orders.category", "op": "has", "value": [], "within_days": 365},
            ]
        },
        {"capacity": 200, "grace_days": 60, "invites_a_day": 100, "priority": 25},
    ),
    "vip": Starter(
        "vip",
        "VIP 群",
        "花得最多的那些人：新款早一天看，有人专门答话。",
        {
            "all": [
                {"field": "tier", "op": "in", "value": ["核心"]},
                {"field": "case.open", "op": "eq", "value": False},
            ]
        },
        {"capacity": 100, "grace_days": 30, "invites_a_day": 50, "priority": 15},
    ),
}


def shared(request: web.Request) -> None:
    """Raises Refusal for whoever has one store only."""
    if own_store(request) is not None:
        raise Refusal("forbidden", "入群规则是全店共用的，请让运营来改", status=403)


@routes.get("/admin/groups/-/new", allow_head=False)
@allowed("group.config")
async def new(request: web.Request) -> web.StreamResponse:
    key = request.query.get("starter", "benefit")
    starter = STARTERS.get(key) or STARTERS["benefit"]
    path, address = "/admin/groups/-/new", [("starter", key)]
    return await _builder(request, starter.rule, path, address, starter=starter)


@routes.get("/admin/groups/{key}", allow_head=False)
@allowed("group.config")
async def edit(request: web.Request) -> web.StreamResponse:
    async with request.app[DESK].work.sessions.reading() as session:
        rule = await _live(request, session)
    return await _builder(request, rule.rule, f"/admin/groups/{rule.key}", [], rule=rule)


async def _live(request: web.Request, session: AsyncSession) -> GroupRule:
    rule = await group_chats.rule_of(session, request.match_info["key"])
    if rule is None:
        raise Refusal("no_such_group", "没有这一组群", status=404)
    return rule


async def _builder(
    request: web.Request,
    begin: Mapping[str, Any],
    path: str,
    kept: list[tuple[str, str]],
    **about: Any,
) -> web.StreamResponse:
    """The rule beside its people; what is compared is the version that counts, a new family has none."""
    desk, live = request.app[DESK], about.get("rule")
    if live is None:
        shared(request)
    edited = "edited" in request.query
    async with desk.work.sessions.reading() as session:
        around = await builder(desk, session)
        form = rules.read_form(request.query)
        if live is None and not edited:
            form = _filled(rules.form_of(begin) or form, around["choices"])
        asked = question(form, live.rule if live else None, edited=edited)
        facts: dict[str, Any] = await preview(request, session, asked)
        if is_part(request):
            address = f"{path}?" + urlencode([*kept, ("edited", "1"), *rules.pairs(asked.form)])
            return await answer(request, session, "console/rule_part.html", facts, address)
        facts |= around | {"rule": None, "starter": None} | about
        return await shown(
            request,
            session,
            "console/group.html",
            "groups",
            path=path,
            kept=kept,
            kinds=KINDS,
            starters=STARTERS,
            places=PLACES,
            guides=await shops.serving(session),
            of_all=own_store(request) is None,
            **facts,
        )


def _filled(form: rules.Form, choices: rules.Choices) -> rules.Form:
    """Where a starter leaves the value open, the first one that this shop has."""
    return rules.each(
        form,
        lambda row: (
            row if row.value else replace(row, value=rules.new_row(row.field, choices).value)
        ),
    )


@routes.post("/admin/groups")
@allowed("group.config")
async def define(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    shared(request)
    signed = forms.signed(request, form)
    name = forms.needed(form, "name", _("先给这组群起个名字"), most=12)
    spec = _written(form) | {
        "key": "c-" + hashlib.sha256(f"{name}{signed['key']}".encode()).hexdigest()[:8],
        "kind": forms.needed(form, "kind", _("先选是哪一种群")),
        "per": forms.text(form, "per", most=5) or None,
        "rule": forms.rule(form),
    }
    await desk.do(DefineGroup(spec=spec | {"name": name}, **signed))
    await renew(desk.work)
    raise web.HTTPSeeOther("/admin/groups?said=group_made")


@routes.post("/admin/groups/{key}/publish")
@allowed("group.config")
async def publish(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    shared(request)
    group, rule = request.match_info["key"], forms.rule(form)
    signed = forms.signed(request, form)
    await desk.do(PublishGroupRule(group=group, rule=rule, settings=_written(form), **signed))
    await renew(desk.work)
    raise web.HTTPSeeOther("/admin/groups?said=group")


def _written(form: forms.Form) -> dict[str, Any]:
    """What was filled in; what was left empty stays as it is."""
    numbers = {
        name: forms.number(form, name, least=least, most=most)
        for name, (least, most) in NUMBERS.items()
    }
    words = {name: forms.text(form, name, most=most) or None for name, most in WORDS.items()}
    return {name: value for name, value in (numbers | words).items() if value is not None}


@routes.post("/admin/groups/{key}/{act:pause|resume}")
@allowed("group.config")
async def switch(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    shared(request)
    on = request.match_info["act"] == "resume"
    group, signed = request.match_info["key"], forms.signed(request, form)
    await desk.do(SwitchGroup(group=group, on=on, **signed))
    raise web.HTTPSeeOther(f"/admin/groups?said={'group_on' if on else 'group_off'}")
