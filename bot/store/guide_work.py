"""A guide's day: her customers with what makes a contact worth it, ranked, with words ready to send."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Executable,
    Integer,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.cases import Case
from bot.domain.consent import ConsentState
from bot.domain.customers import Customer, Follow, Guide, Secret
from bot.domain.delivery import GuideTask
from bot.domain.guide_work import REST, WORDS_FOR, Known, Reason, in_a_day, reason_for
from bot.domain.levels import Levels
from bot.domain.mapping import Moment
from bot.domain.offers import Coupon
from bot.domain.quotas import Limits, Used
from bot.domain.refusals import Refusal
from bot.domain.tiers import CustomerTier, PurchaseStats
from bot.store import facts, quotas
from bot.store.guide_tasks import CONTACT
from bot.store.vault import Vault

HERE = ZoneInfo("Asia/Shanghai")
BIRTHDAY = "secret.birthday"
MOST = 400
"""How many of her customers are weighed: whoever has any reason at all, the most valuable first."""


class Told(Protocol):
    @property
    def brand(self) -> Any: ...

    @property
    def levels(self) -> Levels: ...

    @property
    def limits(self) -> Limits: ...

    def render(
        self, template: str, facts: Mapping[str, Any], variant: str | None = None
    ) -> str: ...


@dataclass(frozen=True, slots=True)
class Contact:
    """One person worth contacting today."""

    customer_id: int
    ref: str
    name: str
    tier: str | None
    kind: str
    why: str
    words: str
    score: float


async def whom_to_contact(
    session: AsyncSession,
    vault: Vault,
    content: Told,
    guide_id: int,
    now: datetime,
    limit: int = 8,
) -> list[Contact]:
    """Her next best contacts, cases to answer first, with what to say to each."""
    why = await reasons(session, vault, guide_id, now, limits=content.limits, limit=limit)
    told = await facts.gather(session, vault, content, list(why), now)
    query = select(Customer.id, Customer.ref).where(Customer.id.in_(why))
    refs = dict((await session.execute(query)).all())
    return [_contact(content, i, refs[i], reason, told[i]) for i, reason in why.items()]


async def reasons(
    session: AsyncSession,
    vault: Vault,
    guide_id: int,
    now: datetime,
    *,
    limits: Limits,
    limit: int = 8,
) -> dict[int, Reason]:
    """Whom she had best contact and why, by customer, the most worth her minutes first."""
    today = now.astimezone(HERE).date()
    known = await _known(session, vault, guide_id, now, limits)
    found = [(k.customer_id, why) for k in known.values() if (why := reason_for(k, now, today))]
    return dict(in_a_day(found, minutes=limits.guides.minutes_per_day, most=limit))


def _contact(
    content: Told, customer_id: int, ref: str, reason: Reason, told: Mapping[str, Any]
) -> Contact:
    try:
        words = content.render(WORDS_FOR[reason.kind], told, told.get("tier"))
    except (Refusal, KeyError):
        words = ""  # the person counts more than the words
    name = str(told.get("称呼", "还没有称呼"))
    return Contact(
        customer_id, ref, name, told.get("tier"), reason.kind, reason.why, words, reason.score
    )


async def _known(
    session: AsyncSession, vault: Vault, guide_id: int, now: datetime, limits: Limits
) -> dict[int, Known]:
    today, brand = now.astimezone(HERE).date(), limits.brand
    bound = {
        "guide": guide_id,
        "now": now,
        "soon": now + timedelta(days=5),
        "newly": now - timedelta(days=15),
        "rested": now - REST,
        "since": now - timedelta(days=brand.promo_days),
        "most": brand.promos_in_a_row,
        "months": sorted({today.month, (today + timedelta(days=7)).month}),
    }
    rows = (await session.execute(_hers(), bound)).all()
    ids = [row.customer_id for row in rows]
    contacts = await _last_contacts(session, ids)
    birthdays = await _birthdays(session, vault, ids)
    had = await quotas.used(session, ids, at=now, limits=limits) if ids else {}
    return {
        row.customer_id: Known(
            customer_id=row.customer_id,
            followed_since=row.since,
            last_contact=max(
                filter(None, (row.last_talk_at, contacts.get(row.customer_id))), default=None
            ),
            tier=row.tier,
            rank=1.0 if row.rank is None else row.rank,
            overdue=row.overdue or 0.0,
            days_since_order=None if row.last_at is None else (now - row.last_at).days,
            usual_gap_days=_gap(row.first_at, row.last_at, row.days),
            birthday=birthdays.get(row.customer_id),
            birthday_month=row.birthday_month,
            coupon_until=row.coupon_until,
            weary=row.weary,
            answer_due=row.answer_due,
            room=brand.room(had.get(row.customer_id, Used())),
        )
        for row in rows
    }


def _gap(first: datetime | None, last: datetime | None, days: int | None) -> int | None:
    """Days between visits, as she has kept it so far; nobody has a rhythm after one visit."""
    if first is None or last is None or not days or days < 2:
        return None
    return max(1, round((last - first).days / (days - 1)))


def _at(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=Moment)


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_GUIDE: BindParameter[int] = bindparam("guide", type_=Integer)


@cache
def _hers() -> Executable:
    """Asked for every guide every day and at every look at her page, so it is built once."""
    coupon = (
        select(func.min(Coupon.expires_at))
        .where(
            Coupon.customer_id == Follow.customer_id,
            Coupon.state.in_(("held", "returned")),
            Coupon.expires_at > _at("now"),
        )
        .scalar_subquery()
    )
    answer = (
        select(func.min(Case.answer_due))
        .where(Case.customer_id == Follow.customer_id, Case.state == "open")
        .scalar_subquery()
    )
    weary = _weary()
    worth = or_(
        weary,
        answer.is_not(None),
        Customer.birthday_month.in_(bindparam("months", expanding=True)),
        coupon <= _at("soon"),
        CustomerTier.overdue >= 1.3,
        CustomerTier.tier == "核心",
        and_(Follow.since > _at("newly"), PurchaseStats.last_at.is_(None)),
    )
    return (
        select(
            Follow.customer_id,
            Follow.since,
            Follow.last_talk_at,
            Customer.birthday_month,
            CustomerTier.tier,
            CustomerTier.rank,
            CustomerTier.overdue,
            PurchaseStats.first_at,
            PurchaseStats.last_at,
            PurchaseStats.days,
            coupon.label("coupon_until"),
            answer.label("answer_due"),
            weary.label("weary"),
        )
        .join(Customer, Customer.id == Follow.customer_id)
        .outerjoin(CustomerTier, CustomerTier.customer_id == Follow.customer_id)
        .outerjoin(PurchaseStats, PurchaseStats.customer_id == Follow.customer_id)
        .where(
            Follow.guide_id == _GUIDE,
            Follow.ended_at.is_(None),
            Customer.merged_into.is_(None),
            or_(answer.is_not(None), ~_looked_at()),
            or_(answer.is_not(None), and_(~Customer.marketing_held, ~_said_no())),
            worth,
        )
        .order_by(answer.is_(None), func.coalesce(CustomerTier.rank, 1.0), Follow.customer_id)
        .limit(MOST)
    )


def _weary() -> ColumnElement[bool]:
    """Of her customers, those whose last messages were all offers."""
    hers = select(Follow.customer_id).where(Follow.guide_id == _GUIDE, Follow.ended_at.is_(None))
    return Follow.customer_id.in_(quotas.weary_among(Touch.customer_id.in_(hers)))


def _looked_at() -> ColumnElement[bool]:
    """She contacted her of late, or said that she will not."""
    return exists().where(
        GuideTask.customer_id == Follow.customer_id,
        GuideTask.guide_id == _GUIDE,
        GuideTask.kind == CONTACT,
        GuideTask.done_at > _at("rested"),
    )


def _said_no() -> ColumnElement[bool]:
    """Whoever opted out is contacted about her case only."""
    return exists().where(
        ConsentState.customer_id == Follow.customer_id,
        ConsentState.purpose == "marketing_wecom",
        ~ConsentState.granted,
    )


_LAST_CONTACTS = (
    select(Touch.customer_id, func.max(Touch.sent_at))
    .where(Touch.customer_id.in_(_IDS), Touch.sent_at.is_not(None))
    .group_by(Touch.customer_id)
)
_BIRTHDAYS = select(Secret.customer_id, Secret.birthday).where(
    Secret.customer_id.in_(_IDS), Secret.birthday.is_not(None)
)


async def _last_contacts(session: AsyncSession, ids: Sequence[int]) -> dict[int, datetime]:
    rows = await session.execute(_LAST_CONTACTS, {"ids": ids})
    return {i: at for i, at in rows if at is not None}


async def _birthdays(session: AsyncSession, vault: Vault, ids: Sequence[int]) -> dict[int, str]:
    rows = (await session.execute(_BIRTHDAYS, {"ids": ids})).all()
    await vault.load_keys(session, [i for i, _ in rows])
    return {i: vault.unseal_known(i, sealed, about=BIRTHDAY) for i, sealed in rows if sealed}


async def at_hour(
    session: AsyncSession, hour: int | None, good: Collection[int]
) -> Sequence[Guide]:
    """Guides who open their app at this hour; None: those who have no hour among the good ones."""
    none = or_(Guide.best_hour.is_(None), Guide.best_hour.not_in(good))
    hers = none if hour is None else Guide.best_hour == hour
    return (
        await session.scalars(select(Guide).where(Guide.active, hers).order_by(Guide.id))
    ).all()
