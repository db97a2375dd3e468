"""Guides come and go, open their app, tap their cards and finish what they were asked."""

from __future__ import annotations

from datetime import datetime

from bot.calls import UpdateAppCard
from bot.domain.customers import Guide
from bot.domain.leave import DUTIES, wrong
from bot.domain.quotas import read_limits
from bot.domain.refusals import Refusal
from bot.events import AppOpened, CardClicked, FinishGuideTask, MemberChanged, NoteContact
from bot.events.commands import AskGuide, ChangeGuide, RemindGuide
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import calling_back, customers, guide_tasks, mass_tasks, shops

router = Router()


@router.on(MemberChanged, when=lambda event: event.change == "delete_user")
async def lose_guide(event: MemberChanged, turn: Turn) -> None:
    guide = await customers.guide_by_userid(turn.session, event.userid, create=False)
    if guide is None:
        return
    guide.active = False
    await turn.session.flush()
    await guide_tasks.pass_on(turn.session, guide)
    await _call_back(turn)


async def _call_back(turn: Turn) -> int:
    """What waits for the tap of guides who are not there now."""
    again_at = turn.content.limits.hand_over_from(turn.now)
    return await calling_back.withdraw(turn.session, turn.vault, turn.now, again_at=again_at)


@router.on(MemberChanged, when=lambda event: event.change == "create_user")
async def meet_guide(event: MemberChanged, turn: Turn) -> None:
    guide = await customers.guide_by_userid(turn.session, event.userid)
    guide.active = True


@router.on(MemberChanged, when=lambda event: bool(event.new_userid))
async def rename_guide(event: MemberChanged, turn: Turn) -> None:
    guide = await customers.guide_by_userid(turn.session, event.userid)
    guide.userid = str(event.new_userid)


@router.on(AskGuide)
async def ask(command: AskGuide, turn: Turn) -> Answer:
    """Her own guide is asked; nobody writes to her in the guide's name."""
    guide = await customers.guide_of(turn.session, command.customer_id)
    if guide is None:
        raise Refusal("no_guide", "她还没有加导购，没有人可以请", status=409)
    await guide_tasks.ask(
        turn.session,
        turn.vault,
        key=f"asked:{turn.key}",
        guide_id=guide.id,
        customer_id=command.customer_id,
        kind="asked",
        why=command.why,
        now=turn.now,
    )
    return Answer({"guide": guide.userid})


@router.on(AppOpened)
async def open_app(event: AppOpened, turn: Turn) -> None:
    guide = await customers.guide_by_userid(turn.session, event.userid)
    guide.best_hour = event.at.astimezone(turn.settings.zone).hour
    await mass_tasks.see(turn.session, guide.id, at=event.at)


@router.on(CardClicked, when=lambda event: event.key.startswith("task:"))
async def finish_by_card(event: CardClicked, turn: Turn) -> None:
    """`task:<id>:done` or `task:<id>:skip`, tapped on a card."""
    _, task_id, what = event.key.split(":")
    guide = await customers.guide_by_userid(turn.session, event.userid)
    shown = "已完成" if what == "done" else "已跳过"
    try:
        await guide_tasks.finish(
            turn.session, int(task_id), done=what == "done", now=turn.now, guide_id=guide.id
        )
    except Refusal as refusal:
        shown = refusal.words
    if event.response_code:
        await turn.owe(
            UpdateAppCard(
                response_code=event.response_code,
                replace_name=shown,
                userids=(event.userid,),
            ),
            effect=f"card:{event.response_code}",
            lane="express",
        )


@router.on(FinishGuideTask)
async def finish_task(command: FinishGuideTask, turn: Turn) -> Answer:
    guide_id = None
    if command.actor.kind == "guide":
        guide_id = (await customers.guide_by_userid(turn.session, command.actor.id)).id
    task = await guide_tasks.finish(
        turn.session,
        command.task_id,
        done=command.done,
        now=turn.now,
        guide_id=guide_id,
        outcome=command.reason,
    )
    return Answer({"task": task.id, "state": task.state})


@router.on(NoteContact)
async def note_contact(command: NoteContact, turn: Turn) -> Answer:
    """Written down as a task that was asked and finished; she is left in peace for a while either way."""
    guide = await customers.guide_by_userid(turn.session, command.actor.id, create=False)
    follows = await customers.follows_of(turn.session, command.customer_id)
    tie = next((follow for follow in follows if guide and follow.guide_id == guide.id), None)
    if guide is None or tie is None:
        raise Refusal("not_yours", "她现在不是你的顾客", status=404)
    task = await guide_tasks.note(
        turn.session,
        key=f"contact:{turn.key}",
        guide_id=guide.id,
        customer_id=command.customer_id,
        why=command.about,
        state="done" if command.done else "skipped",
        outcome=command.reason,
        now=turn.now,
    )
    if command.done:
        tie.last_talk_at = turn.now
    return Answer({"task": task, "state": "done" if command.done else "skipped"})


@router.on(ChangeGuide)
async def change_guide(command: ChangeGuide, turn: Turn) -> Answer:
    guide = await _hers_to_change(command, turn)
    if command.duty is not None:
        if command.actor.kind == "guide":
            raise Refusal("forbidden", "谁值守由店里定，你可以改自己的请假", status=403)
        if command.duty and command.duty not in DUTIES:
            raise Refusal("bad_duty", "值守只有 manager、expert，或空着", status=422)
        guide.duty = command.duty or None
    if command.back:
        guide.away_from = guide.away_until = None
    elif command.away_until is not None:
        if wrong(command.away_from, command.away_until, turn.now):
            raise Refusal(
                "bad_leave", "请假要从今天或以后开始，到更晚的一天，最长一年", status=422
            )
        guide.away_from, guide.away_until = command.away_from, command.away_until
    await turn.session.flush()
    called_back = await _call_back(turn)
    said = {name: at and at.isoformat() for name, at in _leave_of(guide).items()}
    return Answer({"guide": guide.userid, "duty": guide.duty, "called_back": called_back} | said)


def _leave_of(guide: Guide) -> dict[str, datetime | None]:
    return {"away_from": guide.away_from, "away_until": guide.away_until}


async def _hers_to_change(command: ChangeGuide, turn: Turn) -> Guide:
    guide, actor = await turn.session.get(Guide, command.guide_id), command.actor
    own = actor.kind == "guide"
    if guide is not None and guide.active and (not own or actor.id == guide.userid):
        store = None if own else actor.store
        if not store or await shops.code_of(turn.session, guide.store_id) == store:
            return guide
    raise Refusal("no_such_guide", "没有这位导购，或不是你们店的", status=404)


@router.on(RemindGuide)
async def remind_guide(command: RemindGuide, turn: Turn) -> Answer:
    """By a person's hand, within what the platform allows: the fourth within a day is refused there anyway."""
    limits = read_limits(turn.content.limits)
    if limits.quiet_hours.covers(turn.now):
        raise Refusal("quiet_hours", "现在是免打扰时段，到点再提醒她")
    guide = await turn.session.get(Guide, command.guide_id)
    store = command.actor.store
    if guide is None or (store and await shops.code_of(turn.session, guide.store_id) != store):
        raise Refusal("no_such_guide", "没有这位导购，或不是你们店的", status=404)
    waiting = await mass_tasks.waiting_of(
        turn.session, guide.id, now=turn.now, most=limits.guides.reminders_per_day
    )
    if not waiting:
        raise Refusal("nothing_to_remind", "她没有等着点发送的任务，或今天提醒的次数用完了")
    for task in waiting:
        await mass_tasks.remind(turn.session, turn.vault, task, now=turn.now)
    return Answer({"guide_id": guide.id, "reminded": len(waiting)})
