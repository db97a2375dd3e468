"""`/admin/campaigns`: the month with its clashes, the list, and the switch that stops all sending."""

from __future__ import annotations

from collections import Counter

from aiohttp import web

from bot.domain.permissions import may
from bot.domain.reasons import words
from bot.events.commands import SwitchSending
from bot.inbound.commands import matrix
from bot.store import mailings, today
from bot.tongue import _
from bot.web import lists
from bot.web.console import calendar, forms
from bot.web.console.frame import shown
from bot.web.console.scopes import own_store
from bot.web.desk import ACTOR, DESK, Desk
from bot.web.guards import allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
CAMPAIGN_STATES = {
    "unfinished": "没写完",
    "draft": "草稿",
    "approved": "已批准",
    "running": "进行中",
    "paused": "暂停",
    "finished": "结束",
    "stopped": "停止",
}
TONES = {
    "unfinished": "",
    "draft": "w",
    "approved": "b",
    "running": "g",
    "paused": "w",
    "stopped": "r",
}
RIGHTS = {
    "draft": "campaign.draft",
    "approve": "campaign.approve",
    "start": "campaign.start",
    "switch": "kill_switch",
}


def rights(request: web.Request) -> dict[str, bool]:
    kind = request[ACTOR].kind
    return {name: may(matrix(), right, kind) for name, right in RIGHTS.items()}


@routes.get("/admin/campaigns", allow_head=False)
@allowed("campaign.read")
async def overview(request: web.Request) -> web.StreamResponse:
    own_store(request)
    listed = request.query.get("view") == "list" or "state" in request.query
    if lists.asked(request) or listed:
        return await _list(request)
    async with request.app[DESK].work.sessions.reading() as session:
        return await shown(
            request,
            session,
            "console/campaigns.html",
            "campaigns",
            view="month",
            month=await calendar.month(request, session),
            undecided=await today.undecided(session),
            rights=rights(request),
            campaign_states=CAMPAIGN_STATES,
            tones=TONES,
        )


async def _list(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    state = request.query.get("state", "")
    chosen = state if state in CAMPAIGN_STATES else ""
    number = forms.page_of(request)
    async with desk.work.sessions.reading() as session:
        states: Counter[str] = await mailings.count(session)
        total = states[chosen] if chosen else sum(states.values())
    if lists.asked(request):
        return await lists.answer(request, SHEET, _rows(desk, chosen), total=total)
    async with desk.work.sessions.reading() as session:
        return await shown(
            request,
            session,
            "console/campaigns.html",
            "campaigns",
            view="list",
            mailings=await mailings.page(session, number=number, state=chosen),
            counted=states,
            state=chosen,
            page=number,
            pages=max(-(-total // mailings.PAGE), 1),
            rights=rights(request),
            downloads=lists.downloads(request, SHEET),
            campaign_states=CAMPAIGN_STATES,
            tones=TONES,
            words=words,
        )


def _rows(desk: Desk, state: str) -> lists.Batches:
    async def fetch(number: int) -> list[mailings.Mailing]:
        async with desk.work.sessions.reading() as session:
            return await mailings.page(session, number=number, state=state)

    return lists.numbered(fetch, mailings.PAGE)


SHEET = Sheet(
    "campaigns",
    "活动",
    (
        Column("id", "编号", lambda m: m.campaign.id),
        Column("name", "活动", lambda m: m.campaign.name),
        Column("state", "状态", lambda m: _(CAMPAIGN_STATES[m.campaign.state])),
        Column("starts_at", "开始", lambda m: m.campaign.starts_at),
        Column("people", "人数", lambda m: m.people),
        Column("handed_over", "交给导购", lambda m: m.states["handed_over"] + m.states["queued"]),
        Column("delivered", "已送达", lambda m: m.states["delivered"]),
        Column("opened", "点开", lambda m: m.opened),
        Column("holdout", "对照组", lambda m: m.states["holdout"]),
    ),
)


@routes.post("/admin/switch")
@allowed("kill_switch")
async def switch(request: web.Request) -> web.StreamResponse:
    """All sending, off and on."""
    desk, form = request.app[DESK], await request.post()
    on = forms.text(form, "on") == "1"
    reason = forms.needed(form, "reason", _("写一句为什么，操作记录里要看得懂"), most=120)
    await desk.do(SwitchSending(on=on, reason=reason, **forms.signed(request, form)))
    raise web.HTTPSeeOther(f"/admin/campaigns?said={'switched_on' if on else 'switched_off'}")
