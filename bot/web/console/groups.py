"""`/admin/groups`: who belongs into which family of group chats, and how alive the rooms are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.group_chats import KINDS, GroupRule
from bot.domain.refusals import Refusal
from bot.domain.segments import parse, read_back
from bot.events.commands import PublishGroupRule
from bot.store import group_chats, mailings, segments
from bot.store.group_chats import Health
from bot.tongue import _
from bot.web.console import forms, rules
from bot.web.console.frame import is_part, shown
from bot.web.console.preview import answer, builder, preview, question
from bot.web.console.scopes import own_store, within
from bot.web.desk import DESK
from bot.web.guards import actor_of, allowed

routes = web.RouteTableDef()
TONES = {"健康": "g", "偏冷": "w", "危险": "r", "空群": ""}
NUMBERS = {"capacity": (2, 500), "grace_days": (0, 365), "invites_a_day": (0, 5000)}


@dataclass(frozen=True, slots=True)
class Family:
    rule: GroupRule
    eligible: int
    words: str
    rooms: list[Health]

    @property
    def members(self) -> int:
        return sum(room.members for room in self.rooms)

    @property
    def full(self) -> list[Health]:
        return [room for room in self.rooms if room.state == "full"]


@routes.get("/admin/groups", allow_head=False)
@allowed("group.read")
async def overview(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    own_store(request)
    async with desk.work.sessions.reading() as session:
        rooms = await group_chats.overview(session, desk.work.now())
        families = [
            await _family(request, session, rule, rooms)
            for rule in await group_chats.live_rules(session)
        ]
        homes = {family.rule.key for family in families}
        return await shown(
            request,
            session,
            "console/groups.html",
            "groups",
            families=families,
            strays=[room for room in rooms if room.rule_key not in homes],
            kinds=KINDS,
            tones=TONES,
            names=await mailings.guide_names(session),
        )


async def _family(
    request: web.Request, session: AsyncSession, rule: GroupRule, rooms: list[Health]
) -> Family:
    written = parse(rule.rule)
    now = request.app[DESK].work.now()
    eligible = await segments.count(session, within(request, written), now)
    mine = [room for room in rooms if room.rule_key == rule.key]
    return Family(rule, eligible, read_back(written), mine)


@routes.get("/admin/groups/{key}", allow_head=False)
@allowed("group.config")
async def edit(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        rule = await group_chats.rule_of(session, request.match_info["key"])
        if rule is None:
            raise Refusal("no_such_group", "没有这一组群", status=404)
        form = rules.read_form(request.query)
        asked = question(form, rule.rule, edited="edited" in request.query)
        facts: dict[str, Any] = await preview(request, session, asked)
        if is_part(request):
            query = [(name, value) for row in asked.form.rows for name, value in _pairs(row)]
            address = f"/admin/groups/{rule.key}?" + urlencode(
                [("edited", "1"), ("mode", asked.form.mode), *query]
            )
            return await answer(request, session, "console/rule_part.html", facts, address)
        facts |= await builder(desk, session) | {"rule": rule, "kinds": KINDS}
        return await shown(request, session, "console/group.html", "groups", **facts)


def _pairs(row: rules.Row) -> list[tuple[str, str]]:
    return [("field", row.field), ("op", row.op), ("value", row.value), ("days", row.days)]


@routes.post("/admin/groups/{key}/publish")
@allowed("group.config")
async def publish(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    if own_store(request) is not None:
        raise Refusal("forbidden", "入群规则是全店共用的，请让运营来改", status=403)
    settings = {
        name: value
        for name, (least, most) in NUMBERS.items()
        if (value := forms.number(form, name, least=least, most=most)) is not None
    }
    await desk.do(
        PublishGroupRule(
            actor=actor_of(request),
            key=forms.needed(form, "key", _("页面放太久了，请刷新后再试一次")),
            at=desk.work.now(),
            group=request.match_info["key"],
            rule=forms.rule(form),
            settings=settings,
        )
    )
    raise web.HTTPSeeOther("/admin/groups?said=group")
