"""`/admin/contests`: pictures that customers sent, looked at before anybody else sees them; votes and winners."""

from __future__ import annotations

from aiohttp import web

from bot.domain.refusals import Refusal
from bot.events.commands import ReadContestEntry
from bot.store import contests
from bot.tongue import _
from bot.web import lists
from bot.web.console import forms
from bot.web.console.frame import shown
from bot.web.customer.contests import ENTRY, KEY, contest, image
from bot.web.desk import DESK
from bot.web.guards import allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
STATES = {
    "held": "等你看",
    "in": "在展示",
    "refused": "没有展示",
    "withdrawn": "她撤回了",
    "won": "得奖",
}


@routes.get("/admin/contests", allow_head=False)
@allowed("content.read")
async def overview(request: web.Request) -> web.StreamResponse:
    work = request.app[DESK].work
    async with work.sessions.reading() as session:
        found = [
            (
                game,
                await contests.entries(session, work.vault, game, tuple(STATES)),
                await contests.tally(session, game),
                await contests.voices(session, game),
            )
            for game in work.content.games.of_kind("contest")
        ]
        if lists.asked(request):
            rows = [
                (game, entry, caption, votes[entry.id])
                for game, entries, votes, _voices in found
                for entry, caption in entries
            ]
            return await lists.answer(request, SHEET, lists.at_once(rows), total=len(rows))
        return await shown(
            request,
            session,
            "console/contests.html",
            "contests",
            found=found,
            states=STATES,
            downloads=lists.downloads(request, SHEET),
        )


SHEET = Sheet(
    "contests",
    "征集",
    (
        Column("contest", "征集", lambda row: row[0].name),
        Column("id", "编号", lambda row: row[1].id),
        Column("name", "名字", lambda row: row[2]),
        Column("state", "状态", lambda row: _(STATES[row[1].state])),
        Column("votes", "票", lambda row: row[3]),
        Column("at", "授权", lambda row: row[1].at),
        Column("withdrawn_at", "撤回", lambda row: row[1].withdrawn_at),
    ),
)


@routes.get(f"/admin/contests/{KEY}/pictures/{ENTRY}", allow_head=False)
@allowed("content.read")
async def picture(request: web.Request) -> web.StreamResponse:
    work, game = request.app[DESK].work, contest(request)
    async with work.sessions.reading() as session:
        wanted = int(request.match_info["id"])
        found = await contests.picture_of(session, work.vault, game, wanted)
    if found is None:
        raise Refusal("unknown_entry", _("没有这一张，或者它已经撤回了"), status=404)
    return image(found[0].kind, found[1])


@routes.post(f"/admin/contests/entries/{ENTRY}")
@allowed("content.edit")
async def read(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    await desk.do(
        ReadContestEntry(
            entry_id=int(request.match_info["id"]),
            fine=forms.text(form, "fine") == "1",
            **forms.signed(request, form),
        )
    )
    raise web.HTTPSeeOther("/admin/contests?said=looked")
