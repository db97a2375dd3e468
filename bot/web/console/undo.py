"""撤销 in `/admin/audit`: the inverse of an act, sent as any page sends it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.audit import AuditRow
from bot.domain.permissions import asks
from bot.domain.refusals import Refusal
from bot.domain.undoing import Act, Inverse, inverse
from bot.inbound.commands import matrix
from bot.store import audit_trail, undoing
from bot.store.offers import open_token
from bot.tongue import _
from bot.web.console import forms
from bot.web.console.scopes import own_store
from bot.web.desk import DESK, Desk
from bot.web.guards import actor_of, allowed

routes = web.RouteTableDef()
AGREED = "decide_proposal"


async def ways_back(
    request: web.Request, session: AsyncSession, rows: Sequence[AuditRow]
) -> dict[int, Inverse]:
    """By the number of a row what takes it back now, where this person may."""
    role = actor_of(request).kind
    found = {
        number: way
        for number, way in (await _inverses(request.app[DESK], session, rows)).items()
        if asks(matrix(), way.command.permission, role)
    }
    gone = await audit_trail.taken_back(session, found) if found else set()
    found = {number: way for number, way in found.items() if number not in gone}
    return await _still(request.app[DESK], session, found)


async def _inverses(
    desk: Desk, session: AsyncSession, rows: Sequence[AuditRow]
) -> dict[int, Inverse]:
    """What was agreed to by a second person is the act that the first one asked for."""
    agreed = [row.detail["proposal_id"] for row in rows if row.action == AGREED]
    asked = await undoing.proposed(session, agreed) if agreed else {}
    ways = {}
    for row in rows:
        name, facts = row.action, dict(row.detail)
        if name == AGREED:
            proposal = asked.get(facts["proposal_id"])
            if proposal is None or not facts.get("agreed"):
                continue
            name, facts = proposal.kind, proposal.body | facts
        facts |= _code(desk, facts)
        way = inverse(Act(row.id, row.at, name, facts))
        if way is not None:
            ways[row.id] = way
    return ways


def _code(desk: Desk, facts: Mapping[str, Any]) -> dict[str, str]:
    """A till that read a code from a phone told what it read, which is good for a minute."""
    if "code" not in facts:
        return {}
    code, _fresh = open_token(desk.work.vault, facts["code"], desk.work.now())
    return {"code": code or facts["code"]}


async def _still(
    desk: Desk, session: AsyncSession, ways: Mapping[int, Inverse]
) -> dict[int, Inverse]:
    """Those whose things stand as they were left: one look for each kind of thing."""
    things: dict[str, set[Hashable]] = {}
    for way in ways.values():
        things.setdefault(way.kind, set()).update(way.left)
    states = {kind: await _states(desk, session, kind, each) for kind, each in things.items()}
    return {
        number: way
        for number, way in ways.items()
        if all(
            _like(states[way.kind].get(thing), left) == left for thing, left in way.left.items()
        )
    }


async def _states(
    desk: Desk, session: AsyncSession, kind: str, things: set[Hashable]
) -> Mapping[Any, Any]:
    content = desk.work.content
    settings = {"brand": content.brand, "limits": content.limits}
    if kind in settings:
        said: dict[str, Any] = settings[kind].model_dump(mode="json")
        return said
    return await undoing.stand(session, kind, things) if things else {}


def _like(now: Any, left: Any) -> Any:
    """As much of what stands as the act spoke of."""
    if isinstance(left, Mapping) and isinstance(now, Mapping):
        return {name: _like(now.get(name), each) for name, each in left.items()}
    return now


@routes.post("/admin/audit/{id:[1-9][0-9]{0,17}}/undo")
@allowed("audit.read")
async def undo(request: web.Request) -> web.StreamResponse:
    """The dispatcher says whether she may, whether it takes two, and that nobody was faster."""
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        row = await audit_trail.by_id(session, int(request.match_info["id"]), own_store(request))
        if row is None:
            raise Refusal("unknown_row", _("没有这一条记录"), status=404)
        ways = await _inverses(desk, session, [row])
        done = await audit_trail.taken_back(session, [row.id])
        if not done and not await _still(desk, session, ways):
            words = _("撤销不了：没有能撤回它的操作，或者后来又变过了。请到它自己的页面上改")
            raise Refusal("no_way_back", words, status=409)
    way = ways[row.id]
    signed = forms.signed(request, form)
    await desk.do(way.command(**way.facts, undoes=row.id, **signed))
    raise web.HTTPSeeOther("/admin/audit?said=undone")
