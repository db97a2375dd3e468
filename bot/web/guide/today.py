"""今天: what to answer first, whom to contact and with which words, and what waits to be confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import masks
from bot.domain.customers import Guide
from bot.domain.refusals import Refusal
from bot.events.commands import AnswerCase, Command, FinishGuideTask, NoteCase, NoteContact
from bot.store import facts, guide_book, guide_tasks, guide_work, mass_tasks, moment_reach
from bot.store.customers import name_of
from bot.store.guide_tasks import Asked
from bot.tongue import _
from bot.web.desk import DESK, Desk
from bot.web.forms import key_in, midnight, typed
from bot.web.guards import actor_of, allowed
from bot.web.guide.who import guide_at, her_customer, time_left
from bot.web.leaving import leave_words
from bot.web.pages import page

routes = web.RouteTableDef()
AT_MOST = 8
DAY = timedelta(days=1)
SKIPS = ("刚聊过", "不合适", "不认识")
KINDS = {
    "case": "客诉",
    "case_news": "告诉她进展",
    "chat": "接着聊",
    "care": "问候",
    "thanks": "道谢",
    "group_remove": "请出群",
    "group_room": "建新群",
    "group_owner": "换群主",
    "group_welcome": "选欢迎语",
    "game_review": "看一眼接龙",
    "contest": "联系得奖的人",
    "hand_over": "接手顾客",
    "consent_review": "问清楚",
    "erasure": "删备注",
}
SAID = {
    "kf": "回复已经发到她的微信客服。",
    "official": "回复已经发到她的公众号消息里。",
    "guide": "现在没有可以直接发给她的窗口：这句话放进了下面的待办，请你在聊天里发给她。",
    "answered": "记下了，客诉已标为已回复。",
    "noted": "记下了，只有同事看得到。",
    "done": "记下了，这件做完了。",
    "skipped": "好的，今天不再提她。",
    "away": "记下了，好好休息。等你点的群发会收回，有别的导购的换人发。",
    "back": "欢迎回来，任务照常排给你。",
}


@dataclass(frozen=True, slots=True)
class ToDo:
    """An open task with whom it is about."""

    asked: Asked
    title: str
    name: str
    ref: str | None
    left: tuple[str, bool] | None


@routes.get("/guide", allow_head=False)
@allowed("task.read")
async def today(request: web.Request) -> web.StreamResponse:
    desk = request.app[DESK]
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        shown = await _day(desk, session, guide)
    if not all(send.seen for send in shown["sends"]):
        async with desk.work.sessions.begin() as session:
            await mass_tasks.see(session, guide.id, at=desk.work.now())
    said = SAID.get(request.query.get("said", ""), "")
    return page(
        request,
        "guide/today.html",
        guide=guide,
        said=said,
        skips=SKIPS,
        hello=_hello(desk),
        away=leave_words(guide, desk.work.now(), desk.work.settings.zone),
        today=desk.work.now().astimezone(desk.work.settings.zone).date().isoformat(),
        **shown,
    )


async def _day(desk: Desk, session: AsyncSession, guide: Guide) -> dict[str, Any]:
    work, now = desk.work, desk.work.now()
    cases = await guide_book.open_cases(session, work.vault, guide.id)
    people = await guide_work.whom_to_contact(
        session, work.vault, work.content, guide.id, now, limit=AT_MOST + len(cases)
    )
    contacts = [person for person in people if person.kind != "case"][:AT_MOST]
    todos = await _todos(desk, session, guide, {case.customer_id for case in cases})
    sends = await guide_book.waiting(session, work.vault, guide.id, now)
    posts = await moment_reach.of_guide(session, work.vault, guide.id, now)
    done = await guide_book.done_today(session, guide.id, midnight(desk))
    done += await moment_reach.published_since(session, guide.id, midnight(desk))
    left = len(cases) + len(contacts) + len(todos) + len(sends) + len(posts)
    to_chat = [one.customer_id for one in contacts] + [
        todo.asked.task.customer_id for todo in todos
    ]
    hers = await guide_book.known(session, work.vault, guide.id, [i for i in to_chat if i])
    today = midnight(desk)
    return {
        "reach": {i: person.external_userid for i, person in hers.items()},
        "brought": await guide_book.sold_between(session, guide, today - DAY, today),
        "cases": [(case, time_left(case.due, now)) for case in cases],
        "sorry": await _sorry(desk, session, [case.customer_id for case in cases]),
        "contacts": contacts,
        "todos": todos,
        "sends": sends,
        "posts": posts,
        "done": done,
        "total": done + left,
    }


async def _todos(
    desk: Desk, session: AsyncSession, guide: Guide, in_cases: set[int]
) -> list[ToDo]:
    """Her open tasks; a case that is shown already is not shown again."""
    vault, now = desk.work.vault, desk.work.now()
    open_ = [
        asked
        for asked in await guide_tasks.open_of(session, vault, guide.id)
        if asked.task.kind != "case" or asked.task.customer_id not in in_cases
    ]
    ids = [asked.task.customer_id for asked in open_ if asked.task.customer_id is not None]
    hers = await guide_book.known(session, vault, guide.id, ids)
    found = []
    for asked in open_:
        task = asked.task
        person = hers.get(task.customer_id or 0)
        name = person.name if person else ""
        if person is None and task.customer_id is not None:
            name = masks.name(await name_of(session, vault, task.customer_id))
        found.append(
            ToDo(
                asked,
                KINDS.get(task.kind, "待办"),
                name,
                person.ref if person else None,
                time_left(task.due_at, now) if task.due_at else None,
            )
        )
    return found


async def _sorry(desk: Desk, session: AsyncSession, ids: list[int]) -> dict[int, str]:
    """The first words of an answer, by customer."""
    work = desk.work
    told = await facts.gather(session, work.vault, work.content, ids, work.now())
    return {i: work.content.render("guide/case", told[i]) for i in ids}


def _hello(desk: Desk) -> str:
    hour = desk.work.now().astimezone(desk.work.settings.zone).hour
    return next(
        words
        for until, words in (
            (9, "早上好"),
            (12, "上午好"),
            (14, "中午好"),
            (18, "下午好"),
            (24, "晚上好"),
        )
        if hour < until
    )


@routes.post(r"/guide/tasks/{id:\d{1,18}}")
@allowed("task.confirm")
async def finish(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    done = typed(form, "done") == "yes"
    command = FinishGuideTask(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        task_id=int(request.match_info["id"]),
        done=done,
        reason=_why(form),
    )
    await desk.do(command)
    raise web.HTTPSeeOther(f"/guide?said={'done' if done else 'skipped'}")


@routes.post("/guide/contacts/{ref}")
@allowed("task.confirm")
async def contacted(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        customer = await her_customer(request, session, guide)
    done = typed(form, "done") == "yes"
    command = NoteContact(
        at=desk.work.now(),
        actor=actor_of(request),
        key=key_in(form),
        customer_id=customer.id,
        about=typed(form, "about")[:20],
        done=done,
        reason=_why(form),
    )
    await desk.do(command)
    raise web.HTTPSeeOther(f"/guide?said={'done' if done else 'skipped'}")


@routes.post(r"/guide/cases/{id:\d{1,18}}")
@allowed("case.act")
async def answer(request: web.Request) -> web.StreamResponse:
    told = await _on_her_case(request, AnswerCase, _("没有写要回她的话"))
    raise web.HTTPSeeOther(f"/guide?said={told.get('told') or 'answered'}")


@routes.post(r"/guide/cases/{id:\d{1,18}}/note")
@allowed("case.act")
async def note(request: web.Request) -> web.StreamResponse:
    await _on_her_case(request, NoteCase, _("没有写要记的话"))
    raise web.HTTPSeeOther("/guide?said=noted")


async def _on_her_case(
    request: web.Request, act: type[Command], nothing_said: str
) -> dict[str, Any]:
    desk, form, case_id = request.app[DESK], await request.post(), int(request.match_info["id"])
    async with desk.work.sessions.reading() as session:
        guide = await guide_at(request, session)
        mine = await guide_book.open_cases(session, desk.work.vault, guide.id)
    if case_id not in {case.id for case in mine}:
        raise Refusal("no_such_case", _("没有这条客诉，可能已经处理完了"), status=404)
    words = typed(form, "text")
    if not words:
        raise Refusal("no_words", nothing_said, status=422)
    given: dict[str, Any] = {"case_id": case_id, "text": words}
    command = act(at=desk.work.now(), actor=actor_of(request), key=key_in(form), **given)
    return await desk.do(command)


def _why(form: Any) -> str | None:
    reason = typed(form, "reason")
    return reason if reason in SKIPS else None
