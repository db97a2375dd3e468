"""Who may be written to by a notice: what she answered, each yes good for one message, used once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.customers import Identity
from bot.domain.delivery import Owed
from bot.domain.notices import NoticeAnswer
from bot.store import bulk
from bot.store.adding import turned
from bot.store.engine import dialect_of, upsert
from bot.store.family import family
from bot.store.gate import Standing

VERDICT_WITHIN = timedelta(days=2)
"""Later news of a message is news of none that we know."""
# A message that was never sent, or went another way in the end, has used nothing up.
_used = (
    select(Touch.id)
    .where(
        Touch.id == NoticeAnswer.touch_id,
        Touch.channel == "subscribed",
        Touch.state.in_(("queued", "delivered", "unknown")),
    )
    .correlate(NoticeAnswer)
    .exists()
)
_LEFT = (NoticeAnswer.accepted, NoticeAnswer.ended_at.is_(None), ~_used)


async def answered(
    session: AsyncSession,
    *,
    customer_id: int,
    openid: str,
    template_id: str,
    accepted: bool,
    at: datetime,
) -> None:
    """Keep her answer, told once or again, and in whatever order: a no ends every yes before it."""
    hers = (NoticeAnswer.customer_id == customer_id, NoticeAnswer.template_id == template_id)
    refused = select(func.min(NoticeAnswer.at)).where(
        *hers, ~NoticeAnswer.accepted, NoticeAnswer.at >= at
    )
    row = {
        "key": f"{openid}|{template_id}|{at.timestamp():.0f}|{accepted:d}",
        "customer_id": customer_id,
        "openid": openid,
        "template_id": template_id,
        "accepted": accepted,
        "at": at,
        "ended_at": await session.scalar(refused) if accepted else at,
    }
    await session.execute(upsert(session, NoticeAnswer).values(row).on_conflict_do_nothing())
    if not accepted:
        await _take_back(session, *hers, at=at)


async def gone(session: AsyncSession, openid: str, at: datetime) -> None:
    """She left the account: nothing that she asked for there is sent any more."""
    await _take_back(session, NoticeAnswer.openid == openid, at=at)


async def _take_back(session: AsyncSession, *hers: ColumnElement[bool], at: datetime) -> None:
    """What is about to use her yes hears so at the last look, and takes another way."""
    waiting = select(Touch.id).where(Touch.channel == "subscribed", Touch.state == "queued")
    unsent = or_(~_used, NoticeAnswer.touch_id.in_(waiting))
    ended = await session.scalars(
        update(NoticeAnswer)
        .where(
            *hers,
            NoticeAnswer.accepted,
            NoticeAnswer.ended_at.is_(None),
            NoticeAnswer.at <= at,
            unsent,
        )
        .values(ended_at=at)
        .returning(NoticeAnswer.touch_id)
        .execution_options(synchronize_session=False)
    )
    stopped = [touch_id for touch_id in ended if touch_id is not None]
    held = (Touch.id.in_(stopped), Touch.channel == "subscribed", Touch.state == "queued")
    await session.execute(update(Touch).where(*held).values(reason="not_accepted"))


async def reach(session: AsyncSession, standings: Mapping[int, Standing]) -> None:
    """Complete their standing: who follows the Official Account, and what each asked for."""
    dialect, bound = dialect_of(session), {"ids": list(standings)}
    fans = select(Identity.customer_id, Identity.value).where(
        bulk.among(dialect, Identity.customer_id, "ids"),
        Identity.kind == "openid",
        Identity.stale_at.is_(None),
    )
    for who, openid in await session.execute(fans.order_by(Identity.since), bound):
        standings[who].fan = openid
    asked = select(NoticeAnswer.customer_id, NoticeAnswer.template_id, NoticeAnswer.openid).where(
        bulk.among(dialect, NoticeAnswer.customer_id, "ids"), *_LEFT
    )
    for who, template_id, openid in await session.execute(asked, bound):
        standings[who].accepted[template_id] = openid


async def left(session: AsyncSession, customer_id: int) -> dict[str, int]:
    """The platform's form → how many messages of it she has asked for, and not had."""
    form = NoticeAnswer.template_id
    hers = (NoticeAnswer.customer_id == customer_id, *_LEFT)
    found = await session.execute(select(form, func.count()).where(*hers).group_by(form))
    return dict(found.all())


async def use(session: AsyncSession, template_id: str, touches: Mapping[int, int]) -> set[int]:
    """Take one yes of each of these customers, whom the caller has locked, for her touch, the oldest first.
    Returns who had one."""
    first = (
        select(NoticeAnswer.customer_id, func.min(NoticeAnswer.id))
        .where(
            bulk.among(dialect_of(session), NoticeAnswer.customer_id, "ids"),
            NoticeAnswer.template_id == template_id,
            *_LEFT,
        )
        .group_by(NoticeAnswer.customer_id)
    )
    found = (await session.execute(first, {"ids": list(touches)})).all()
    if found:
        taken = [{"id": answer_id, "touch_id": touches[who]} for who, answer_id in found]
        await bulk.change(session, NoticeAnswer, "id", turned(taken))
    return {who for who, _ in found}


async def none_left(session: AsyncSession, touch_ids: Sequence[int], now: datetime) -> None:
    """The platform says that she allows nothing: what she gave before these were put in debt is over."""
    used = (
        select(NoticeAnswer.customer_id, NoticeAnswer.template_id, func.max(Owed.created_at))
        .join(Owed, Owed.touch_id == NoticeAnswer.touch_id)
        .where(NoticeAnswer.touch_id.in_(touch_ids), Owed.kind == "send_subscribed")
        .group_by(NoticeAnswer.customer_id, NoticeAnswer.template_id)
    )
    for who, template_id, owed_at in (await session.execute(used)).all():
        await session.execute(
            update(NoticeAnswer)
            .where(
                NoticeAnswer.customer_id == who,
                NoticeAnswer.template_id == template_id,
                NoticeAnswer.ended_at.is_(None),
                NoticeAnswer.at <= owed_at,
            )
            .values(ended_at=now)
        )


async def failed(
    session: AsyncSession, customer_id: int, *, msgid: str, template_id: str | None, now: datetime
) -> None:
    """It was taken, and did not arrive: she has switched these messages off, or the platform could not."""
    if template_id is None:
        touch_id = await _by_msgid(session, customer_id, msgid, now)
    else:
        touch_id = await _by_form(session, customer_id, template_id, now)
    await session.execute(
        update(Touch)
        .where(Touch.id == touch_id, Touch.state.in_(("queued", "delivered")))
        .values(state="refused", reason="customer_refuses", sent_at=None, settled_at=now)
    )


async def _by_msgid(
    session: AsyncSession, customer_id: int, msgid: str, now: datetime
) -> int | None:
    debts = select(Owed.touch_id, Owed.answer, Owed.state).where(
        Owed.customer_id.in_(await family(session, customer_id)),
        Owed.kind == "send_template",
        Owed.created_at > now - VERDICT_WITHIN,
    )
    for touch_id, answer, state in await session.execute(debts.order_by(Owed.id.desc())):
        # The verdict may be faster than the answer is written.
        if state == "claimed" or str((answer or {}).get("msgid")) == msgid:
            return int(touch_id) if touch_id else None
    return None


async def _by_form(
    session: AsyncSession, customer_id: int, template_id: str, now: datetime
) -> int | None:
    """The answer to a subscribed notice names no message: it is the latest that went in this form."""
    newest = (
        select(func.max(NoticeAnswer.touch_id))
        .join(Touch, Touch.id == NoticeAnswer.touch_id)
        .where(
            NoticeAnswer.customer_id == customer_id,
            NoticeAnswer.template_id == template_id,
            Touch.state.in_(("queued", "delivered")),
        )
    )
    touch_id = await session.scalar(newest)
    spent = update(NoticeAnswer).where(NoticeAnswer.touch_id == touch_id)
    await session.execute(spent.values(ended_at=now))
    return touch_id
