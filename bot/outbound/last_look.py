"""The last look right before a call: consent, hold, switches, hours and caps are read once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import (
    Call,
    CreateMassTask,
    SendKf,
    SendOfficial,
    SendSubscribed,
    SendTemplate,
)
from bot.domain.campaigns import Touch
from bot.domain.delivery import Owed
from bot.domain.gate import GateFacts, decide
from bot.domain.quotas import Limits, Used
from bot.store import campaigns, gate, switches, touches
from bot.store.gate import Standing
from bot.store.vault import Vault

REACHES = (CreateMassTask, SendKf, SendOfficial, SendSubscribed, SendTemplate)
"""Calls that a customer notices."""
FOR_ALL = frozenset({"kill_switch", "paused", "stopped", "campaign_over", "quiet_hours"})
"""Reasons that are nobody's in particular: they stop a task as a whole."""


async def may_go(
    session: AsyncSession,
    owed: Owed,
    call: Call,
    now: datetime,
    *,
    vault: Vault,
    limits: Limits,
) -> str | None:
    """The reason why this call must not be made any more, or None."""
    if not isinstance(call, REACHES):
        return None
    if owed.touch_id is None and owed.mass_task_id is None:
        return await _unbound(session, owed, limits, now)
    bound = await touches.bound_to(session, touch_id=owed.touch_id, mass_task_id=owed.mass_task_id)
    if not bound:
        # A task for group chats carries no touches; one whose touches all went away has nobody to reach.
        chats = isinstance(call, CreateMassTask) and call.chat_ids
        return await _unbound(session, owed, limits, now) if chats else "empty_audience"
    if isinstance(call, CreateMassTask) and set(call.external_userids) != {
        touch.address for touch in bound
    }:
        return "audience_changed"
    return await _bound(session, bound, call, now, vault=vault, limits=limits)


async def _unbound(session: AsyncSession, owed: Owed, limits: Limits, now: datetime) -> str | None:
    if owed.purpose != "marketing":
        return None  # an answer to what she wrote herself
    if not await switches.sending(session):
        return "kill_switch"
    return "quiet_hours" if limits.quiet_hours.covers(now) else None


async def _bound(
    session: AsyncSession,
    bound: Sequence[Touch],
    call: Call,
    now: datetime,
    *,
    vault: Vault,
    limits: Limits,
) -> str | None:
    stops = await campaigns.stops(session, now)
    ids = [touch.customer_id for touch in bound]
    standings = await gate.gather(session, vault, ids, at=now, limits=limits)
    for touch in bound:
        reason = touch.reason or _reason(touch, standings, stops, limits=limits, now=now)
        if reason is not None:
            whole = reason in FOR_ALL or not isinstance(call, CreateMassTask)
            return reason if whole else "audience_changed"
    return None


def _reason(
    touch: Touch,
    standings: Mapping[int, Standing],
    stops: Mapping[int | None, str],
    *,
    limits: Limits,
    now: datetime,
) -> str | None:
    standing = standings.get(touch.customer_id)
    if standing is None:
        return "merged"
    facts = GateFacts(
        purpose=touch.purpose,
        channel=touch.channel,
        stop=stops.get(None) or stops.get(touch.campaign_id or 0),
        consents=standing.consents,
        suppressed=standing.suppressed,
        held=standing.held,
    )
    used = _without(standing.used, touch)
    return decide(replace(facts, used=used), limits, now)


def _without(used: Used, touch: Touch) -> Used:
    """The touch itself is counted as being under way; it does not stand in its own way."""
    marketing, mass = touch.purpose == "marketing", touch.channel == "wecom"
    return Used(
        used.in_days - marketing,
        used.in_month - marketing,
        used.mass_in_month - mass,
    )
