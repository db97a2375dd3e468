"""`/admin/guide-tasks`: what guides were asked, did and skipped: to see who needs help."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.leave import DUTIES, from_day, until_day
from bot.domain.permissions import may
from bot.domain.segments import parse, read_back
from bot.events.commands import ChangeGuide, RemindGuide
from bot.inbound.commands import matrix
from bot.store import advisors, guide_board, shops
from bot.tongue import _
from bot.web import lists
from bot.web.console import forms, spans, times
from bot.web.console.frame import shown
from bot.web.console.scopes import own_store
from bot.web.desk import ACTOR, DESK
from bot.web.guards import allowed
from bot.web.leaving import leave_words
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()


def took(length: timedelta | None) -> str:
    return times.span_words(length) if length is not None else "—"


SHEET = Sheet(
    "guide-tasks",
    "导购任务",
    (
        Column("guide", "导购", lambda row: row.guide.name),
        Column("store", "门店", lambda row: row.store),
        Column("asked", "请她做的", lambda row: row.asked),
        Column("done", "做了", lambda row: row.states["done"]),
        Column("skipped", "跳过", lambda row: row.states["skipped"]),
        Column("open", "还没做", lambda row: row.states["open"]),
        Column("late", "过了时间", lambda row: row.late),
        Column(
            "response_minutes",
            "中位响应（分钟）",
            lambda row: round(row.response.total_seconds() / 60) if row.response else None,
        ),
        Column("waiting_people", "等她点发送的人", lambda row: row.people),
    ),
)


@routes.get("/admin/guide-tasks", allow_head=False)
@allowed("task.read")
async def overview(request: web.Request) -> web.StreamResponse:
    work = request.app[DESK].work
    name, span = spans.chosen(request)
    most = work.content.limits.guides.reminders_per_day
    async with work.sessions.reading() as session:
        rows = await guide_board.board(
            session, span, work.now(), store=own_store(request), reminders=most
        )
        if lists.asked(request):
            return await lists.answer(request, SHEET, lists.at_once(rows), total=len(rows))
        return await shown(
            request,
            session,
            "console/guide_tasks.html",
            "tasks",
            rows=rows,
            span=span,
            chosen=name,
            spans=spans.SPANS,
            span_words=spans.words(span),
            quiet=work.content.limits.quiet_hours.covers(work.now()),
            may_change=may(matrix(), "guide.change", request[ACTOR].kind),
            duties=DUTIES,
            away_words=lambda guide: leave_words(guide, work.now(), work.settings.zone),
            may_remind=may(matrix(), "task.remind", request[ACTOR].kind),
            took=took,
            advisers=await _advisers(request, session),
            advice=work.content.advisors,
            advice_rule=read_back(parse(work.content.advisors.rule)),
            skips=lambda code: _(code or "没说原因"),
            people=spans.people,
            downloads=lists.downloads(request, SHEET),
        )


async def _advisers(
    request: web.Request, session: AsyncSession
) -> list[tuple[str, str, int, Sequence[str]]]:
    """Each guide's name and userid, how many she looks after, what she knows best; the busiest first."""
    known = await advisors.candidates(session)
    skills = request.app[DESK].work.content.advisors.skills
    rows = [
        (guide.name, guide.userid, known[guide.id].load, skills.get(guide.userid, ()))
        for guide, _place in await shops.serving(session, own_store(request))
        if guide.id in known
    ]
    return sorted(rows, key=lambda row: (-row[2], row[0]))


@routes.post("/admin/guide-tasks/{id:[1-9][0-9]{0,17}}/remind")
@allowed("task.remind")
async def remind(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    signed = forms.signed(request, form)
    await request.app[DESK].do(RemindGuide(guide_id=int(request.match_info["id"]), **signed))
    raise web.HTTPSeeOther("/admin/guide-tasks?said=reminded")


@routes.post("/admin/guide-tasks/{id:[1-9][0-9]{0,17}}/change")
@allowed("guide.change")
async def change(request: web.Request) -> web.StreamResponse:
    """Her leave by whole days, the end of it, or whom she stands in for: whatever the form says."""
    form, desk = await request.post(), request.app[DESK]
    zone, first, last = desk.work.settings.zone, forms.day(form, "from"), forms.day(form, "until")
    command = ChangeGuide(
        guide_id=int(request.match_info["id"]),
        away_from=from_day(first, zone) if first else None,
        away_until=until_day(last, zone) if last else None,
        back="back" in form,
        duty=forms.text(form, "duty", most=20) if "duty" in form else None,
        **forms.signed(request, form),
    )
    await desk.do(command)
    raise web.HTTPSeeOther("/admin/guide-tasks?said=guide_changed")
