"""The content plan of group chats: each morning the day's posts become tasks that owners confirm."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import CreateMassTask, Outcome, Refused, Sent, Unclear
from bot.domain.group_chats import GroupRule
from bot.domain.group_posts import ContentPlan
from bot.domain.quotas import Limits, read_limits
from bot.outbound.settled import Settling, settled
from bot.store import group_chats, group_posts, mass_tasks
from bot.store.mass_tasks import FIRST_LOOK
from bot.store.outbox import Claimed
from bot.work.context import Work


async def post_due(work: Work) -> int:
    """Plan today's post of every chat that has a calendar; how many were planned or held."""
    limits, now = read_limits(work.content.limits), work.now()
    async with work.sessions.reading() as session:
        rules = await group_chats.active_rules(session)
    done = 0
    for rule in rules:
        if plan := rule.settings.get("plan"):
            async with work.sessions.begin() as session:
                written = ContentPlan.model_validate(plan)
                done += await _family(session, work, rule, written, limits=limits, now=now)
    return done


async def _family(
    session: AsyncSession,
    work: Work,
    rule: GroupRule,
    plan: ContentPlan,
    *,
    limits: Limits,
    now: datetime,
) -> int:
    here = now.astimezone(limits.zone)
    due = datetime.combine(here.date(), time.fromisoformat(plan.at), limits.zone)
    if not plan.covers(here.date()) or now >= (ends := limits.confirm_by(now)):
        return 0
    done = 0
    for room in await group_chats.rooms_of(session, rule.key):
        owner = await group_posts.owner_of(session, room)
        post = plan.post(await group_posts.count(session, room.id))
        if owner is None or post.template not in work.content.templates:
            continue
        state = await group_posts.plan(
            session,
            work.vault,
            room,
            owner,
            post,
            text=work.content.render(post.template, {"group": room.name}, channel="group"),
            day=here.date(),
            due_at=max(due, now),
            expires_at=ends,
            now=now,
        )
        done += state is not None
    return done


@settled.on(CreateMassTask)
async def post_handed_over(
    call: CreateMassTask, outcome: Outcome, owed: Claimed, turn: Settling
) -> None:
    if owed.mass_task_id is None or not call.chat_ids:
        return
    match outcome:
        case Sent(answer):
            await mass_tasks.handed_over(
                turn.session,
                owed.mass_task_id,
                msgid=str(answer["msgid"]),
                failed=(),
                check_at=turn.now + FIRST_LOOK,
                now=turn.now,
            )
        case Unclear():
            # Never made twice: the owner would find the same words again in her client.
            await mass_tasks.move(
                turn.session, owed.mass_task_id, expected=("owed",), state="unknown"
            )
        case Refused(reason=reason):
            await mass_tasks.move(
                turn.session,
                owed.mass_task_id,
                expected=("owed",),
                state="refused",
                cancel_reason=reason,
            )
