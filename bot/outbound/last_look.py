"""The last look right before a call: consent, hold, switches, hours and caps are read once more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import (
    AddMoment,
    Call,
    CreateMassTask,
    SendKf,
    SendOfficial,
    SendSubscribed,
    SendTemplate,
)
from bot.domain.gate import GateFacts, decide
from bot.domain.quotas import Limits, Used
from bot.outbound.following import is_card
from bot.store import campaigns, gate, touches
from bot.store.gate import Standing
from bot.store.outbox import Claimed
from bot.store.touches import Bound
from bot.store.vault import Vault

REACHES = (AddMoment, CreateMassTask, SendKf, SendOfficial, SendSubscribed, SendTemplate)
"""Calls that a customer notices."""
FOR_ALL = frozenset({"kill_switch", "paused", "stopped", "campaign_over", "quiet_hours"})
"""Reasons that are nobody's in particular: they stop a task as a whole."""


@dataclass(slots=True)
class Look:
    session: AsyncSession
    now: datetime
    vault: Vault
    limits: Limits
    topic: Callable[[str, str | None], str]
    """What a message of this template, with this offer, is about."""
    stops: Mapping[int | None, str] = field(default_factory=dict)

    async def reasons(self, debts: Sequence[tuple[Claimed, Call]]) -> dict[int, str]:
        """Debt → why its call must not be made any more. Messages to one person each are looked at together."""
        reaching = [(owed, call) for owed, call in debts if isinstance(call, REACHES)]
        if not reaching:
            return {}
        self.stops = await campaigns.stops(self.session, self.now)
        found = await self.at_singles([one for one in reaching if one[0].mass_task_id is None])
        for owed, call in reaching:
            if owed.mass_task_id is not None:
                found[owed.id] = await self.at_task(owed, call)
        return {debt: reason for debt, reason in found.items() if reason is not None}

    async def at_singles(self, debts: Sequence[tuple[Claimed, Call]]) -> dict[int, str | None]:
        ids = [owed.touch_id for owed, _ in debts if owed.touch_id is not None]
        bound = {touch.id: touch for touch in await touches.under_way(self.session, ids)}
        standings = await self._standings(bound.values())
        return {owed.id: self._single(owed, call, bound, standings) for owed, call in debts}

    def _single(
        self,
        owed: Claimed,
        call: Call,
        bound: Mapping[int, Bound],
        standings: Mapping[int, Standing],
    ) -> str | None:
        if owed.touch_id is None:
            return self._unbound(owed)
        touch = bound.get(owed.touch_id)
        # A card follows words that have arrived; words wait for their call.
        if touch is None or touch.state != ("delivered" if is_card(call) else "queued"):
            return "empty_audience"
        return touch.reason or self._reason(touch, standings)

    async def at_task(self, owed: Claimed, call: Call) -> str | None:
        bound = await touches.queued_in(self.session, owed.mass_task_id or 0)
        if not bound:
            # A task for group chats carries no touches; one whose touches all went away has nobody to reach.
            chats = isinstance(call, CreateMassTask) and call.chat_ids
            return self._unbound(owed) if chats else "empty_audience"
        if isinstance(call, CreateMassTask) and set(call.external_userids) != {
            touch.address for touch in bound
        }:
            return "audience_changed"
        standings = await self._standings(bound)
        for touch in bound:
            reason = touch.reason or self._reason(touch, standings)
            if reason is not None:
                whole = reason in FOR_ALL or not isinstance(call, CreateMassTask)
                return reason if whole else "audience_changed"
        return None

    def _unbound(self, owed: Claimed) -> str | None:
        if owed.purpose != "marketing":
            return None  # an answer to what she wrote herself
        if None in self.stops:
            return self.stops[None]
        return "quiet_hours" if self.limits.quiet_hours.covers(self.now) else None

    async def _standings(self, bound: Iterable[Bound]) -> Mapping[int, Standing]:
        ids = {touch.customer_id for touch in bound}
        if not ids:
            return {}
        return await gate.gather(self.session, self.vault, ids, at=self.now, limits=self.limits)

    def _reason(self, touch: Bound, standings: Mapping[int, Standing]) -> str | None:
        standing = standings.get(touch.customer_id)
        if standing is None:
            return "merged"
        facts = GateFacts(
            purpose=touch.purpose,
            channel=touch.channel,
            stop=self.stops.get(None) or self.stops.get(touch.campaign_id or 0),
            consents=standing.consents,
            topic=self.topic(touch.template, touch.offer_key),
            suppressed=standing.suppressed,
            held=standing.held,
            kept_out=self.limits.holdout.keeps(touch.customer_id),
            used=_without(standing.used, touch),
        )
        return decide(facts, self.limits, self.now)


def _without(used: Used, touch: Bound) -> Used:
    """The touch itself is counted as being under way; it does not stand in its own way."""
    marketing, mass = touch.purpose == "marketing", touch.channel == "wecom"
    return Used(
        used.in_days - marketing,
        used.in_month - marketing,
        used.mass_in_month - mass,
    )
