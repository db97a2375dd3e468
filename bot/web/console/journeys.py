"""`/admin/campaigns/journeys`: each journey as steps one below the other, with the people who stand there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp import web

from bot.content import Content
from bot.domain import masks
from bot.domain.playbooks import Fork, Message, PlainStep, PlaybookSpec, Wait
from bot.domain.reasons import words
from bot.domain.refusals import Refusal
from bot.domain.segments import parse, read_back
from bot.store import journey_rehearsal, journey_steps, journeys, roster
from bot.store.insights import Span
from bot.tongue import _
from bot.web.console import spans
from bot.web.console.frame import shown
from bot.web.console.scopes import own_store
from bot.web.desk import DESK
from bot.web.guards import allowed

routes = web.RouteTableDef()
YEAR = timedelta(days=365)
TRIGGERS = {
    "friend_added": "加好友后",
    "order_paid": "下单后",
    "first_order": "第一次下单后",
    "birthday_month": "生日月开始时",
    "pet_birthday": "宠物生日前几天",
    "series_back": "看过的系列又到货时",
    "pairing": "只买过一类、另一类有合适的时",
    "tier_changed": "换了分层时",
    "tag_added": "打上标签时",
    "case_closed": "客诉关闭后",
    "coupon_expiring": "券快到期时",
    "level_reached": "升到会员等级时",
}
PARTS = {"morning": "上午", "noon": "中午", "afternoon": "下午", "evening": "傍晚"}
ENDS = {"finished": "走完了", "left": "中途离开", "holdout": "对照组，特意不发"}
ICONS = {
    "wait": "clock",
    "message": "send",
    "tag": "tags",
    "invite": "users-group",
    "guide_task": "user-circle",
    "end": "circle-check",
    "branch": "affiliate",
}


@dataclass(slots=True)
class Stop:
    """One step as it is drawn, and where it lies in the program that runs walk through."""

    number: str
    kind: str
    words: str
    ops: tuple[int, ...]
    template: str = ""
    arms: list[tuple[str, list[Stop]]] = field(default_factory=list)

    @property
    def icon(self) -> str:
        return ICONS[self.kind]


def stops(spec: PlaybookSpec, content: Content) -> list[Stop]:
    """As `bot.domain.playbooks.program` lays them out."""
    drawn, place = [], 0
    for number, step in enumerate(spec.steps, 1):
        if isinstance(step, Fork):
            stop, place = _fork(step, str(number), place, content)
        else:
            stop, place = _stop(step, str(number), place, content), place + 1
        drawn.append(stop)
    # The end is drawn anyway, with whatever else ends it.
    return drawn[:-1] if drawn and drawn[-1].kind == "end" else drawn


def _fork(step: Fork, number: str, place: int, content: Content) -> tuple[Stop, int]:
    branch = step.branch
    rule = branch.condition
    said = read_back(parse(rule)) if isinstance(rule, dict) else str(rule)
    then = list(_arm(branch.then, f"{number}a", place + 1, content))
    jump = place + 1 + len(then)
    otherwise = list(_arm(branch.otherwise, f"{number}b", jump + 1, content))
    stop = Stop(number, "branch", _("如果 %(rule)s", rule=said), (place, jump))
    stop.arms = [(_("是"), then), (_("否"), otherwise)]
    return stop, jump + 1 + len(otherwise)


def _arm(
    steps: tuple[PlainStep, ...], number: str, place: int, content: Content
) -> Iterator[Stop]:
    for offset, step in enumerate(steps):
        name = number if len(steps) == 1 else f"{number}{offset + 1}"
        yield _stop(step, name, place + offset, content)


def _stop(step: PlainStep, number: str, place: int, content: Content) -> Stop:
    kind = next(iter(step.model_fields_set))
    template = step.message.template if step.message else ""
    return Stop(number, kind, _said(step, content), (place,), template)


def _message(message: Message, content: Content) -> str:
    known = content.templates.get(message.template)
    title = known.title if known else message.template
    offer = content.offers.get(message.offer or "")
    if offer:
        return _("发消息：%(title)s，附「%(offer)s」", title=title, offer=offer.name)
    return _("发消息：%(title)s", title=title)


def _said(step: PlainStep, content: Content) -> str:
    if step.wait:
        return _wait(step.wait)
    if step.message:
        return _message(step.message, content)
    if step.tag:
        added = _("打标签：%(tags)s", tags="、".join(step.tag.add)) if step.tag.add else ""
        gone = _("去掉标签：%(tags)s", tags="、".join(step.tag.remove)) if step.tag.remove else ""
        return " ".join(filter(None, (added, gone)))
    if step.invite:
        return _("邀请进群：%(group)s", group=step.invite.group)
    if step.guide_task:
        return _("请导购联系：%(why)s", why=step.guide_task.why)
    return _("结束")


def _wait(wait: Wait) -> str:
    length = " ".join(
        filter(
            None,
            (
                _("%(n)s 天", n=wait.days) if wait.days else "",
                _("%(n)s 小时", n=wait.hours) if wait.hours else "",
            ),
        )
    )
    said = _("等 %(length)s", length=length) if length else _("等到合适的时候")
    when = wait.at or (_(PARTS[wait.part]) if wait.part else "")
    said += _("，%(when)s再走", when=when) if when else ""
    if wait.until:
        until = _(TRIGGERS.get(wait.until.split(":")[0], wait.until))
        said += _("；%(event)s马上往下走", event=until)
    return said


def trigger_words(trigger: str | None) -> str:
    kind, _colon, what = (trigger or "").partition(":")
    said = _(TRIGGERS.get(kind, kind))
    return f"{said}（{what}）" if what else said


@routes.get("/admin/campaigns/journeys", allow_head=False)
@allowed("campaign.read")
async def overview(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    own_store(request)
    async with desk.work.sessions.reading() as session:
        rows = await journeys.all_published(session)
        plays = [(row, journeys.read(row)) for row in rows]
        return await shown(
            request,
            session,
            "console/journeys.html",
            "campaigns",
            view="journeys",
            journeys=[(row, spec) for row, spec in plays if spec.steps],
            repeating=[(row, spec) for row, spec in plays if spec.campaign],
            traffic=await journey_steps.traffic(session, desk.work.now()),
            nothing=journey_steps.Traffic(),
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
        rows = await journeys.all_published(session)
        row = next((row for row in rows if row.key == request.match_info["key"]), None)
        if row is None:
            raise Refusal("unknown_playbook", _("没有这条旅程，或它停着"), status=404)
        spec = journeys.read(row)
        told = await journey_steps.traffic(session, desk.work.now())
        who = await journey_steps.travellers(session, row.key)
        names = await roster.names(session, desk.work.vault, [c.id for _run, c in who])
        drawn = stops(spec, desk.work.content)
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
            places=_places(drawn),
            trigger_words=trigger_words,
            leave=_leave(spec),
            ends=ENDS,
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
    async with desk.work.sessions.reading() as session:
        spec = await journeys.published(session, request.match_info["key"])
        if spec is None:
            raise Refusal("unknown_playbook", _("没有这条旅程，或它停着"), status=404)
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
            done=done,
            lines=done.lines(titles),
        )


def _places(drawn: list[Stop]) -> dict[int, str]:
    """The number that people read, by place in the program."""
    found: dict[int, str] = {}
    for stop in drawn:
        found |= dict.fromkeys(stop.ops, stop.number)
        for _word, arm in stop.arms:
            found |= {op: one.number for one in arm for op in one.ops}
    return found


def _leave(spec: PlaybookSpec) -> str:
    return read_back(parse(spec.leave)) if isinstance(spec.leave, dict) else ""
