"""Campaigns: drafted, moved from state to state, and rehearsed; the dry run draws exactly as the plan does."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import segments as rules
from bot.domain.campaigns import Campaign, Touch
from bot.domain.customers import Guide
from bot.domain.quotas import Limits
from bot.domain.reasons import words
from bot.store import audiences, segments, switches
from bot.store.drawings import Drawing, Lot, Saying
from bot.store.engine import upsert
from bot.store.touches import changed
from bot.store.vault import Vault

LASTS = timedelta(days=3)
ABOUT = "campaign.words"
FACES = 3
"""How many customers stand for all the others in a receipt."""
PREVIEWED = 500
"""So many of those who will be written to can be looked at one by one."""
FRIENDS = {"field": "follows.any", "op": "eq", "value": True}
NEARLY_ALL = 0.95
GOOD_FOR = timedelta(hours=24)
"""An older dry run is of another day: it is made again before anything is handed over."""


async def draft(session: AsyncSession, *, now: datetime, **facts: Any) -> Campaign | None:
    """A new campaign; None when its occasion was drafted before. Raises BadRule for a rule nobody can read."""
    rules.parse(facts["rule"])
    starts_at = facts.get("starts_at") or now
    columns: dict[str, Any] = {
        "purpose": "marketing",
        "template": "",
        "channels": [],
        "holdout_percent": 0,
        "holdout_by": "customer",
        "canary_percent": 0,
        "edited": False,
        "state": "draft",
        "created_at": now,
        "ends_at": starts_at + LASTS,
    } | facts
    columns["starts_at"] = starts_at
    columns.setdefault("seed", f"{columns['name']}:{starts_at.isoformat()}")
    insert = upsert(session, Campaign).values(**columns).on_conflict_do_nothing()
    campaign: Campaign | None = await session.scalar(insert.returning(Campaign))
    return campaign


async def rewrite(
    session: AsyncSession, campaign: Campaign, *, now: datetime, **facts: Any
) -> Campaign:
    """The same draft with other facts and another author; what was rehearsed or approved before is void."""
    starts_at = facts.get("starts_at") or now
    drawn: dict[str, Any] = dict.fromkeys(("offer_key", "words", "attachments"))
    drawn |= {"template": "", "channels": []}
    own = {"starts_at": starts_at, "ends_at": starts_at + LASTS, "seed": campaign.seed}
    for name, value in (drawn | facts | own).items():
        setattr(campaign, name, value)
    campaign.receipt, campaign.rehearsed_at, campaign.approved_by = None, None, None
    await session.flush()
    return campaign


def written(vault: Vault, campaign: Campaign) -> str | None:
    """The words of a person's hand, in clear."""
    return None if campaign.words is None else vault.unseal(campaign.words, about=ABOUT)


async def spares_nobody(session: AsyncSession, campaign: Campaign, now: datetime) -> bool:
    """Whether its rule, however it is written, means nearly every friend there is."""
    meant, friends = [
        await segments.count(session, rules.parse(rule), now)
        for rule in ({"all": [FRIENDS, campaign.rule]}, FRIENDS)
    ]
    return meant >= NEARLY_ALL * friends


def is_fresh(campaign: Campaign, now: datetime) -> bool:
    """Whether its dry run may be relied on."""
    return campaign.rehearsed_at is not None and now - campaign.rehearsed_at < GOOD_FOR


async def move(
    session: AsyncSession, campaign_id: int, *, expected: Sequence[str], **values: Any
) -> bool:
    """Change the state of a campaign, unless somebody was faster."""
    statement = (
        update(Campaign)
        .where(Campaign.id == campaign_id, Campaign.state.in_(expected))
        .values(**values)
    )
    return await changed(session, statement) == 1


async def due(session: AsyncSession, now: datetime) -> Sequence[Campaign]:
    """Handed over by a person, or a repeating one that was approved once for all its occasions."""
    started = or_(
        Campaign.state == "running",
        (Campaign.state == "approved") & Campaign.occasion.is_not(None),
    )
    query = select(Campaign).where(
        started, Campaign.planned_at.is_(None), Campaign.starts_at <= now
    )
    return (await session.scalars(query.order_by(Campaign.starts_at, Campaign.id))).all()


@dataclass(slots=True)
class Receipt:
    """What a campaign would do if it were handed over now."""

    at: datetime
    audience: int = 0
    planned: int = 0
    holdout: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    by_channel: Counter[str] = field(default_factory=Counter)
    by_guide: Counter[str] = field(default_factory=Counter)
    """Messages per guide who will really be asked to send them."""
    sample: list[int] = field(default_factory=list)
    """A few of the customers who will be written to."""
    passed_over: dict[str, list[int]] = field(default_factory=dict)
    """For each reason a few of those who will not."""
    faces: list[int] = field(default_factory=list)
    """The first `PREVIEWED` of those who will."""

    def add(self, lot: Lot, userids: dict[int, str]) -> None:
        self.audience += 1
        if lot.state == "holdout":
            self.holdout += 1
        elif lot.state == "excluded":
            self._pass_over(lot.customer_id, lot.reason or "unknown")
        else:
            self.planned += 1
            self.by_channel[lot.channel or ""] += 1
            if lot.guide_id is not None:
                self.by_guide[userids.get(lot.guide_id, str(lot.guide_id))] += 1
            if len(self.sample) < FACES:
                self.sample.append(lot.customer_id)
            if len(self.faces) < PREVIEWED:
                self.faces.append(lot.customer_id)

    def _pass_over(self, customer_id: int, reason: str) -> None:
        self.excluded[reason] += 1
        faces = self.passed_over.setdefault(reason, [])
        if len(faces) < FACES:
            faces.append(customer_id)

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "audience": self.audience,
            "planned": self.planned,
            "holdout": self.holdout,
            "excluded": dict(self.excluded.most_common()),
            "by_channel": dict(self.by_channel),
            "by_guide": dict(self.by_guide.most_common()),
            "sample": self.sample,
            "passed_over": self.passed_over,
        }

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Receipt:
        """As `as_kept` wrote it."""
        counted = {name: Counter(kept[name]) for name in ("excluded", "by_channel", "by_guide")}
        return cls(**(kept | counted | {"at": datetime.fromisoformat(kept["at"])}))

    def as_kept(self) -> dict[str, Any]:
        return self.as_json() | {"faces": self.faces}

    def in_words(self) -> str:
        lines = [f"人群 {self.audience} 人：将发送 {self.planned} 人，对照组 {self.holdout} 人"]
        lines += [f"  {name} 确认发送 {n} 人" for name, n in self.by_guide.most_common()]
        lines += [
            f"  不发 {n} 人：{words(code)}（如 {_numbers(self.passed_over[code])} 号顾客）"
            for code, n in self.excluded.most_common()
        ]
        if self.sample:
            lines.append(f"  会收到的，如 {_numbers(self.sample)} 号顾客")
        return "\n".join(lines)


def _numbers(customers: Sequence[int]) -> str:
    return "、".join(str(customer) for customer in customers)


async def dry_run(
    session: AsyncSession,
    vault: Vault,
    campaign: Campaign,
    *,
    limits: Limits,
    now: datetime,
    saying: Saying | None = None,
) -> Receipt:
    """The whole plan without writing it. A draft that was never stored may be rehearsed too."""
    drawing = Drawing(campaign, limits, now, saying)
    receipt = Receipt(drawing.at)
    userids = await _userids(session)
    async for lots in _chunks(session, vault, drawing):
        for lot in lots:
            receipt.add(lot, userids)
    return receipt


async def _chunks(
    session: AsyncSession, vault: Vault, drawing: Drawing
) -> AsyncIterator[list[Lot]]:
    while not drawing.done:
        yield await audiences.draw(session, vault, drawing)


async def _userids(session: AsyncSession) -> dict[int, str]:
    rows = await session.execute(select(Guide.id, Guide.userid))
    return dict(rows.all())


async def counts(session: AsyncSession, campaign_id: int) -> dict[str, dict[str, int]]:
    """Touches of a campaign by state and by reason."""
    query = (
        select(Touch.state, Touch.reason, func.count())
        .where(Touch.campaign_id == campaign_id)
        .group_by(Touch.state, Touch.reason)
    )
    states: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for state, reason, count in await session.execute(query):
        states[state] += count
        if reason:
            reasons[reason] += count
    return {"by_state": dict(states), "by_reason": dict(reasons)}


async def stops(session: AsyncSession, now: datetime) -> dict[int | None, str]:
    """Which campaigns must not send now, and why; key None is there when nothing may be sent at all."""
    found: dict[int | None, str] = {}
    if not await switches.sending(session):
        found[None] = "kill_switch"
    halted = Campaign.state.in_(("paused", "stopped"))
    rows = await session.execute(
        select(Campaign.id, Campaign.state).where(or_(halted, Campaign.ends_at <= now))
    )
    for campaign_id, state in rows:
        found[campaign_id] = state if state in {"paused", "stopped"} else "campaign_over"
    return found


async def finish(session: AsyncSession, now: datetime) -> int:
    """Close campaigns that are over: what was not sent in time never is. Returns how many were closed."""
    over = select(Campaign.id).where(
        Campaign.state.in_(("running", "paused")), Campaign.ends_at <= now
    )
    ids = (await session.scalars(over)).all()
    if not ids:
        return 0
    await session.execute(
        update(Touch)
        .where(Touch.campaign_id.in_(ids), Touch.state == "planned")
        .values(
            state="excluded",
            reason=func.coalesce(Touch.reason, "campaign_over"),
            settled_at=now,
        )
    )
    moving = select(Touch.id).where(
        Touch.campaign_id == Campaign.id, Touch.state.in_(("queued", "handed_over"))
    )
    return await changed(
        session,
        update(Campaign).where(Campaign.id.in_(ids), ~moving.exists()).values(state="finished"),
    )


async def stop(session: AsyncSession, campaign_id: int, now: datetime) -> int:
    """End what is planned; what guides hold is called back by the next withdrawal."""
    return await changed(
        session,
        update(Touch)
        .where(Touch.campaign_id == campaign_id, Touch.state == "planned")
        .values(state="cancelled", reason="stopped", settled_at=now),
    )


async def wake(session: AsyncSession, campaign_id: int | None, *, now: datetime) -> int:
    """Sending goes on, for one campaign or for all: what was put off is looked at again at once."""
    waiting = (Touch.state == "planned") & Touch.reason.in_(("paused", "kill_switch"))
    if campaign_id is not None:
        waiting &= Touch.campaign_id == campaign_id
    return await changed(session, update(Touch).where(waiting).values(due_at=now, reason=None))
