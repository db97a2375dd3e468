"""The people behind a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from bot.domain.campaigns import Touch
from bot.domain.customers import Customer, Guide
from bot.domain.delivery import GuideTask
from bot.domain.group_chats import GroupMember
from bot.domain.journeys import Run
from bot.domain.offers import Coupon, Offer
from bot.domain.tiers import TierMove
from bot.store.insights.cohorts import bought_again, months
from bot.store.insights.funnel import STAGES, touched
from bot.store.insights.span import Span

LIVE = ("planned", "queued", "handed_over", "delivered")
"""Touches that reached, or may still reach, somebody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """Which number was clicked: its kind, and what narrows it."""

    of: str
    facts: Mapping[str, str]
    span: Span
    now: datetime
    """In the shop's zone."""

    def number(self, name: str) -> int:
        said = self.facts.get(name, "")
        return int(said) if said.isdecimal() else 0


Who = Select[*tuple[Any, ...]]


def _touched(asked: Behind) -> Who:
    """A stage of the funnel, of all messages, or of one guide's."""
    stage = asked.facts.get("stage", "")
    fits = [asked.span.holds(Touch.due_at)]
    if asked.facts.get("guide"):
        hers = select(Guide.id).where(Guide.userid == asked.facts["guide"])
        fits = [asked.span.holds(Touch.sent_at), Touch.guide_id.in_(hers)]
    return touched(stage if stage in STAGES else "handed", *fits)


def _campaign(asked: Behind) -> Who:
    """One campaign's people by what became of her message."""
    query = select(Touch.customer_id).where(Touch.campaign_id == asked.number("id"))
    match asked.facts:
        case {"state": "opened"}:
            return query.where(Touch.opened_at.is_not(None))
        case {"state": str(state)}:
            return query.where(Touch.state == state)
        case {"reason": str(reason)}:
            return query.where(Touch.reason == reason)
    return query


def _cohort(asked: Behind) -> Who:
    bounds = months(asked.now, 8)
    rows = bought_again(bounds).subquery()
    first, later = asked.number("first"), asked.number("later")
    return select(rows.c.customer_id).where(rows.c.first == first, rows.c.later == later)


def _moved(asked: Behind) -> Who:
    before = asked.facts.get("before") or None
    query = select(TierMove.customer_id).where(asked.span.holds(TierMove.at))
    return query.where(TierMove.after == asked.facts.get("after"), TierMove.before == before)


def _room(asked: Behind) -> Who:
    query = select(GroupMember.customer_id).where(
        GroupMember.group_chat_id == asked.number("id"), GroupMember.customer_id.is_not(None)
    )
    match asked.facts.get("what"):
        case "joined":
            return query.where(asked.span.holds(GroupMember.joined_at))
        case "left":
            return query.where(asked.span.holds(GroupMember.left_at))
    return query.where(GroupMember.left_at.is_(None))


def _journey(asked: Behind) -> Who:
    """Who is on it, at one step of it, came in of late, or how she ended."""
    query = select(Run.customer_id).where(Run.playbook == asked.facts.get("key"))
    match asked.facts:
        case {"step": str(step)}:
            return query.where(Run.state == "active", Run.step == int(step or 0))
        case {"ended": str(state)}:
            return query.where(Run.state == state)
        case {"entered": _}:
            return query.where(asked.span.holds(Run.entered_at))
    return query.where(Run.state == "active")


def _offer(asked: Behind) -> Who:
    query = select(Coupon.customer_id).join(Offer, Offer.id == Coupon.offer_id)
    query = query.where(Offer.key == asked.facts.get("key"))
    state = asked.facts.get("state")
    return query.where(Coupon.state == state) if state else query


def _clash(asked: Behind) -> Who:
    """More than one message from different sources on one day."""
    source = func.coalesce(Touch.campaign_id, -Touch.run_id)
    return (
        select(Touch.customer_id)
        .where(asked.span.holds(Touch.due_at), Touch.state.in_(LIVE))
        .where(Touch.purpose == "marketing")
        .group_by(Touch.customer_id)
        .having(func.count(source.distinct()) > 1)
    )


def _task(asked: Behind) -> Who:
    """Whom a guide was asked to care for."""
    query = select(GuideTask.customer_id).join(Guide, Guide.id == GuideTask.guide_id)
    query = query.where(Guide.userid == asked.facts.get("guide"))
    query = query.where(asked.span.holds(GuideTask.created_at), GuideTask.customer_id.is_not(None))
    state = asked.facts.get("state")
    return query.where(GuideTask.state == state) if state else query


BEHIND: Mapping[str, Callable[[Behind], Who]] = {
    "touched": _touched,
    "campaign": _campaign,
    "cohort": _cohort,
    "moved": _moved,
    "room": _room,
    "journey": _journey,
    "offer": _offer,
    "clash": _clash,
    "task": _task,
}


def behind(asked: Behind) -> ColumnElement[bool]:
    """They, as a WHERE over `Customer`. Raises KeyError for a kind that there is not."""
    return Customer.id.in_(BEHIND[asked.of](asked))
