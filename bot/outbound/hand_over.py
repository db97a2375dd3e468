"""What became of handing over: tasks made or refused, messages sent, and tasks called back in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.calls import (
    CancelMassTask,
    CreateMassTask,
    Outcome,
    Refused,
    SendKf,
    SendOfficial,
    SendSubscribed,
    SendTemplate,
    Sent,
    Unclear,
)
from bot.domain.reasons import GONE, PASSING, SHUT, TO_PLAN_AGAIN, of_platform
from bot.outbound import following
from bot.outbound.settled import Settling, Told, settled
from bot.store import calling_back, customers, mass_tasks, notices, touches
from bot.store.mass_tasks import FIRST_LOOK
from bot.store.outbox import Claimed
from bot.work.context import Work

LIST_LAG = timedelta(minutes=2)
"""How long the platform's lists may not know yet of what was just done."""


@settled.on(CreateMassTask)
async def task_made(call: CreateMassTask, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    if owed.mass_task_id is None or call.chat_ids:
        return
    match outcome:
        case Sent(answer):
            await mass_tasks.handed_over(
                turn.session,
                owed.mass_task_id,
                msgid=str(answer["msgid"]),
                failed=answer.get("fail_list") or (),
                check_at=turn.now + FIRST_LOOK,
                now=turn.now,
            )
        case Unclear():
            await mass_tasks.move(
                turn.session,
                owed.mass_task_id,
                expected=("owed",),
                state="unknown",
                check_at=turn.now + LIST_LAG,
            )
        case Refused(reason=reason):
            await mass_tasks.refused(
                turn.session,
                owed.mass_task_id,
                reason=reason if reason in TO_PLAN_AGAIN else of_platform(reason),
                now=turn.now,
            )


@settled.on(CancelMassTask)
async def task_called_back(
    _call: CancelMassTask, outcome: Outcome, owed: Claimed, turn: Settling
) -> None:
    """Only now does anybody ask what was sent before: the answer decides who may be planned again."""
    if owed.mass_task_id is None:
        return
    if isinstance(outcome, Refused) and outcome.reason in {"gave_up", "kill_switch"}:
        await calling_back.failed(turn.session, owed.mass_task_id, turn.now)
        return
    await mass_tasks.move(
        turn.session,
        owed.mass_task_id,
        expected=("cancelling",),
        cancelled_at=turn.now,
        check_at=turn.now + timedelta(minutes=1),
    )


@settled.on_many(SendKf, SendOfficial, SendSubscribed, SendTemplate)
async def messages_sent(told: Sequence[Told], turn: Settling) -> None:
    """Those with one outcome are written together: a campaign sends by the thousand."""
    became: defaultdict[tuple[tuple[str, object], ...], list[int]] = defaultdict(list)
    shut: defaultdict[str, list[int]] = defaultdict(list)
    of_ours = [one for one in told if one.owed.touch_id is not None]
    await following.go_on(of_ours, turn)
    of_touches = [
        (one.owed.touch_id or 0, one.outcome) for one in of_ours if not following.is_card(one.call)
    ]
    for touch_id, outcome in of_touches:
        if isinstance(outcome, Refused) and outcome.reason in SHUT:
            shut[outcome.reason].append(touch_id)
        elif values := _became(outcome, turn.now):
            became[tuple(values.items())].append(touch_id)
    await _reroute(told, shut, turn)
    for said, touch_ids in became.items():
        await touches.settle(turn.session, touch_ids, expected=("queued",), **dict(said))


async def _reroute(told: Sequence[Told], shut: Mapping[str, list[int]], turn: Settling) -> None:
    """Nothing goes there any more: not these, which take another way, and nothing after them."""
    for one in told:
        if isinstance(one.call, SendTemplate) and _says(one.outcome, "not_following"):
            openid = one.call.openid
            await customers.gone(turn.session, kind="openid", value=openid, at=turn.now)
    if denied := shut.get("not_accepted"):
        await notices.none_left(turn.session, denied, turn.now)
    for reason, touch_ids in shut.items():
        await touches.reroute(turn.session, touch_ids, reason=reason, now=turn.now)


def _says(outcome: Outcome, reason: str) -> bool:
    return isinstance(outcome, Refused) and outcome.reason == reason


def _became(outcome: Outcome, now: datetime) -> dict[str, object]:
    match outcome:
        case Sent():
            return {"state": "delivered", "sent_at": now, "reason": None, "settled_at": now}
        case Unclear():
            return {"state": "unknown", "reason": "unknown", "settled_at": now}
        case Refused(code=code, reason=reason) if code == 0 and reason in PASSING:
            return {"state": "planned", "reason": reason}
        case Refused(code=code, reason=reason):
            said = {"state": _state(code, reason), "reason": of_platform(reason)}
            return said | {"settled_at": now}
    return {}


def _state(code: int, reason: str) -> str:
    if reason == "expired":
        return "expired"
    if code == 0 and reason != "gave_up":
        return "cancelled"  # our own last look said no
    return "not_friend" if reason in GONE else "refused"


async def withdraw_due(work: Work) -> int:
    """Every few seconds; acts of people call back by themselves, in their own transaction."""
    async with work.sessions.reading() as session:
        if not await calling_back.any_waiting(session):
            return 0
    async with work.sessions.begin() as session:
        again_at = work.content.limits.hand_over_from(work.now())
        return await calling_back.withdraw(session, work.vault, work.now(), again_at=again_at)
