"""`/admin/campaigns/journeys`: each journey as steps one below the other, with the people who stand there."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from bot.content import edits
from bot.domain import masks
from bot.domain.permissions import may
from bot.domain.reasons import words
from bot.domain.refusals import Refusal
from bot.inbound.commands import matrix
from bot.store import content_edits, journey_rehearsal, journey_steps, journeys, playbooks, roster
from bot.store.insights import Span
from bot.tongue import _
from bot.web import lists
from bot.web.console import spans
from bot.web.console.frame import shown
from bot.web.console.journey_words import leaving, places, rule_words, stops, trigger_words
from bot.web.console.scopes import own_store
from bot.web.desk import ACTOR, DESK
from bot.web.guards import allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
YEAR = timedelta(days=365)
ENDS = {"finished": "走完了", "left": "中途离开", "holdout": "对照组，特意不发"}
SHEET = Sheet(
    "journeys",
    "旅程",
    (
        Column("key", "代号", lambda one: one[0].key),
        Column("name", "旅程", lambda one: one[0].name),
        Column("trigger", "什么时候开始", lambda one: trigger_words(one[1].trigger)),
        Column("entered", "近 7 天进来", lambda one: one[2].entered),
        Column("inside", "正在走", lambda one: sum(one[2].at.values())),
        *(
            Column(state, said, lambda one, state=state: one[2].ended[state])  # type: ignore[misc]
            for state, said in ENDS.items()
        ),
    ),
)


@routes.get("/admin/campaigns/journeys", allow_head=False)
@allowed("campaign.read")
async def overview(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    own_store(request)
    async with desk.work.sessions.reading() as session:
        rows = await playbooks.live(session)
        plays = [(row, journeys.read(row)) for row in rows]
        drafts = await content_edits.drafts(session, edits.PLAYBOOKS)
        traffic = await journey_steps.traffic(session, desk.work.now())
        nothing = journey_steps.Traffic()
        if lists.asked(request):
            told = [
                (row, spec, traffic.get(row.key, nothing)) for row, spec in plays if spec.steps
            ]
            return await lists.answer(request, SHEET, lists.at_once(told), total=len(told))
        return await shown(
            request,
            session,
            "console/journeys.html",
            "campaigns",
            view="journeys",
            drafts=drafts,
            unpublished=[
                one
                for key, one in drafts.items()
                if key not in {r.key for r in rows} and "campaign" not in one.body
            ],
            may_draft=may(matrix(), "journey.draft", request[ACTOR].kind),
            journeys=[(row, spec) for row, spec in plays if spec.steps],
            traffic=traffic,
            nothing=nothing,
            downloads=lists.downloads(request, SHEET),
            trigger_words=trigger_words,
            people=spans.people,
            week=_week(request),
        )


def _week(request: web.Request) -> Span:
    day = spans.today(request).date()
    return Span(day.fromordinal(day.toordinal() - 6), day, request.app[DESK].work.settings.zone)


@routes.get(r"/admin/campaigns/journeys/{key:[a-z0-9-]+}", allow_head=False)
@allowed("campaign.read")
async def one(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    own_store(request)
    async with desk.work.sessions.reading() as session:
        row = await playbooks.newest(session, request.match_info["key"])
        if row is None or row.state == "retired":
            raise Refusal("unknown_playbook", _("没有这条旅程"), status=404)
        spec = journeys.read(row)
        if spec.campaign:
            raise web.HTTPSeeOther(f"/admin/campaigns/repeating/{row.key}")
        told = await journey_steps.traffic(session, desk.work.now())
        who = await journey_steps.travellers(session, row.key)
        names = await roster.names(session, desk.work.vault, [c.id for _run, c in who])
        drawn = stops(spec, desk.work.content)
        kind = request[ACTOR].kind
        goal = spec.goal if isinstance(spec.goal, dict) else None
        return await shown(
            request,
            session,
            "console/journey.html",
            "campaigns",
            row=row,
            spec=spec,
            stops=drawn,
            traffic=told.get(row.key, journey_steps.Traffic()),
            travellers=[(run, c, masks.name(names.get(c.id, ""))) for run, c in who],
            places=places(drawn),
            trigger_words=trigger_words,
            leave=leaving(spec, desk.work.content),
            ends=ENDS,
            goal=rule_words(goal, desk.work.content),
            arrived=await journey_steps.arrived(session, row.key, goal, desk.work.now())
            if goal
            else None,
            draft=(await content_edits.drafts(session, edits.PLAYBOOKS)).get(row.key),
            of_files=row.key in (desk.work.content.filed or desk.work.content).playbooks,
            may_draft=may(matrix(), "journey.draft", kind),
            may_switch=may(matrix(), "journey.define", kind),
            words=words,
            people=spans.people,
            week=_week(request),
        )


@routes.get(r"/admin/campaigns/journeys/{key:[a-z0-9-]+}/rehearsal", allow_head=False)
@allowed("campaign.read")
async def rehearsal(request: web.Request) -> web.StreamResponse:
    """The past year, walked through again; nothing is written."""
    desk = request.app[DESK]
    own_store(request)
    content, until = desk.work.content, spans.today(request)
    key, of_draft = request.match_info["key"], request.query.get("draft") == "1"
    async with desk.work.sessions.reading() as session:
        draft = (await content_edits.drafts(session, edits.PLAYBOOKS)).get(key)
        if of_draft and draft is not None:
            spec = edits.playbook(content, key, draft.body)
        elif (row := await playbooks.newest(session, key)) and row.state != "retired":
            spec = journeys.read(row)
        else:
            raise Refusal("unknown_playbook", _("没有这条旅程"), status=404)
        done = await journey_rehearsal.rehearse(
            session, content, spec, since=until - YEAR, until=until
        )
        titles = {name: one.title for name, one in content.templates.items()}
        return await shown(
            request,
            session,
            "console/journey_rehearsal.html",
            "campaigns",
            spec=spec,
            of_draft=of_draft and draft is not None,
            done=done,
            lines=done.lines(titles),
        )
