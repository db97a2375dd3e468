"""请假: her own leave, said on her own page and taken back with one tap."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from bot.domain.leave import until_day
from bot.domain.refusals import Refusal
from bot.events.commands import ChangeGuide
from bot.tongue import _
from bot.web.desk import DESK
from bot.web.forms import key_in, typed
from bot.web.guards import actor_of, allowed
from bot.web.guide.who import guide_at

routes = web.RouteTableDef()


@routes.post("/guide/leave")
@allowed("guide.change")
async def leave(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
    back = bool(typed(form, "back"))
    command = ChangeGuide(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        guide_id=guide.id,
        away_until=None
        if back
        else until_day(_day(typed(form, "until")), desk.work.settings.zone),
        back=back,
    )
    await desk.do(command)
    raise web.HTTPSeeOther(f"/guide?said={'back' if back else 'away'}")


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise Refusal("bad_day", _("请选请假到哪一天"), status=422) from None
