"""Messages for guides to confirm, gathered by guide and text, and made into a few mass tasks each day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Touch
from bot.domain.channels import Way
from bot.domain.quotas import Limits, Used
from bot.store import mass_tasks, touches
from bot.store.gate import Standing
from bot.store.mass_tasks import Batch
from bot.work.context import Work

AT_ONCE = 20
"""Tasks per transaction: short enough for callbacks to come between."""


@dataclass(frozen=True, slots=True)
class _Key:
    guide_id: int
    userid: str
    text: str
    purpose: str
    campaign_id: int | None


class Gathering:
    """One pass of delivery: what it has promised already, and what guides will be asked to send."""

    def __init__(self, work: Work, limits: Limits) -> None:
        self.limits = limits
        self.now: datetime = work.now()
        self._work = work
        self._batches: dict[_Key, dict[int, str]] = {}
        self._marketing: Counter[int] = Counter()
        self._mass: Counter[int] = Counter()
        self.full: frozenset[int] = frozenset()
        """Guides whose day had no place left when this pass began."""

    async def look(self, session: AsyncSession) -> None:
        since, most = self.limits.day_of(self.now)[0], self.limits.guides.tasks_per_day
        self.full = await mass_tasks.full(session, since=since, most=most)

    def promise(self, touch: Touch, way: Way, by: int = 1) -> None:
        """Count a message of this pass against the caps before anybody else can see it."""
        if touch.purpose == "marketing":
            self._marketing[touch.customer_id] += by
        if way.channel == "wecom":
            self._mass[touch.customer_id] += by

    def take_back(self, touch: Touch, way: Way) -> None:
        self.promise(touch, way, by=-1)

    def with_promised(self, standing: Standing, used: Used) -> Used:
        """What she has had, and what this pass will give her."""
        who = standing.customer_id
        return Used(
            used.in_days + self._marketing[who],
            used.in_month + self._marketing[who],
            used.mass_in_month + self._mass[who],
        )

    def add(self, touch: Touch, way: Way, text: str) -> None:
        if way.guide_id is None or way.userid is None:
            raise ValueError("a way through WeCom names its guide")
        key = _Key(way.guide_id, way.userid, text, touch.purpose, touch.campaign_id)
        self._batches.setdefault(key, {})[touch.id] = way.address

    async def hand_over(self) -> None:
        """Make the tasks, service and the many first; what a guide has no place for is routed anew."""
        order = sorted(
            self._batches.items(),
            key=lambda item: (item[0].purpose != "service", -len(item[1]), min(item[1])),
        )
        for start in range(0, len(order), AT_ONCE):
            async with self._work.sessions.begin() as session:
                for key, addresses in order[start : start + AT_ONCE]:
                    await self._make(session, key, addresses)

    async def _make(self, session: AsyncSession, key: _Key, addresses: dict[int, str]) -> None:
        now, limits = self.now, self.limits
        made = await mass_tasks.made_today(session, key.guide_id, since=limits.day_of(now)[0])
        if made >= limits.guides.tasks_per_day:
            await touches.settle(
                session,
                sorted(addresses),
                expected=("planned",),
                guide_id=None,
                reason="guide_busy",
            )
            return
        batch = Batch(
            guide_id=key.guide_id,
            userid=key.userid,
            text=key.text,
            purpose=key.purpose,
            campaign_id=key.campaign_id,
            addresses=addresses,
        )
        await mass_tasks.make(
            session, self._work.vault, batch, now=now, expires_at=limits.confirm_by(now)
        )
