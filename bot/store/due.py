"""When each kind of waiting work next has something to do: one look for the whole house."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign, MassTask, Touch
from bot.domain.cases import Case
from bot.domain.conversations import KfAccount
from bot.domain.delivery import Kept
from bot.domain.erasure import OPEN, Erasure
from bot.domain.journeys import Run
from bot.domain.mapping import Moment
from bot.domain.moments import MomentPost
from bot.domain.tags import FollowMirror
from bot.domain.webhooks import Webhook
from bot.store import outbox

REMIND_AFTER = timedelta(hours=2)
MOST_REMINDERS = 3
LONG_AGO = literal(datetime(2000, 1, 1, tzinfo=UTC), Moment)

_QUESTIONS: dict[str, Select[Any]] = {
    "inbox": select(func.min(Kept.received_at)).where(Kept.state == "kept"),
    "outbox": outbox.first_due("owed"),
    "journeys": select(func.min(Run.due_at)).where(Run.state == "active"),
    "touches": select(func.min(Touch.due_at)).where(Touch.state == "planned"),
    "campaigns": select(func.min(Campaign.starts_at)).where(
        or_(
            Campaign.state == "running",
            and_(Campaign.state == "approved", Campaign.occasion.is_not(None)),
        ),
        Campaign.planned_at.is_(None),
    ),
    "cases": select(func.min(Case.next_check_at)).where(Case.state != "closed"),
    "webhooks": select(func.min(Webhook.look_at)).where(Webhook.state == "active"),
    "erasures": select(func.min(Erasure.due_at)).where(Erasure.state.in_(OPEN)),
    "kf": select(func.min(KfAccount.next_pull_at)),
    "results": select(func.min(MassTask.check_at)).where(
        MassTask.state.in_(("waiting", "unknown", "confirmed", "cancelling"))
    ),
    "reminders": select(func.min(func.coalesce(MassTask.reminded_at, MassTask.created_at))).where(
        MassTask.state == "waiting", MassTask.reminders < MOST_REMINDERS
    ),
    "moments": select(func.min(MomentPost.check_at)),
    "mirror": select(func.min(func.coalesce(FollowMirror.not_before, LONG_AGO))).where(
        FollowMirror.dirty, ~FollowMirror.busy
    ),
    "withdraw": select(func.min(MassTask.created_at)).where(
        MassTask.state.in_(("owed", "waiting")),
        select(Touch.id)
        .where(
            Touch.mass_task_id == MassTask.id,
            Touch.state.in_(("queued", "handed_over")),
            Touch.reason.is_not(None),
        )
        .exists(),
    ),
}


_LOOK = select(*(each.scalar_subquery().label(name) for name, each in _QUESTIONS.items()))


async def moments(session: AsyncSession) -> dict[str, datetime | None]:
    """The earliest moment per kind of work; None where nothing waits."""
    row = (await session.execute(_LOOK)).one()
    found = dict(row._mapping)
    if found["reminders"] is not None:
        found["reminders"] += REMIND_AFTER
    return found
