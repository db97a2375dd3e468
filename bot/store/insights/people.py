"""The people behind a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from bot.domain.campaigns import MassTask, Touch
from bot.domain.customers import Customer, Follow, Guide
from bot.domain.delivery import GuideTask
from bot.domain.group_chats import GroupChat, GroupMember, Invite
from bot.domain.journeys import Run
from bot.domain.offers import Coupon, Offer
from bot.domain.orders import Order
from bot.domain.tiers import CustomerTier, TierMove
from bot.store.attribution import NET
from bot.store.insights.cohorts import bought_again, months
from bot.store.insights.funnel import STAGES, touched
from bot.store.insights.span import Span

WEEK = timedelta(days=7)
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
    stage, guide = asked.facts.get("stage", ""), asked.facts.get("guide")
    sent = asked.facts.get("sent") or (guide and stage != "ordered")
    fits = [asked.span.holds(Touch.sent_at if sent else Touch.due_at)]
    if guide:
        fits.append(Touch.guide_id.in_(_guide(guide)))
    return touched(stage if stage in STAGES else "handed", *fits)


def _guide(userid: str) -> Who:
    return select(Guide.id).where(Guide.userid == userid)


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
    """In a group chat, or in any of a family."""
    query = select(GroupMember.customer_id).where(GroupMember.customer_id.is_not(None))
    if key := asked.facts.get("key"):
        rooms = select(GroupChat.id).where(GroupChat.rule_key == key)
        query = query.where(GroupMember.group_chat_id.in_(rooms))
    else:
        query = query.where(GroupMember.group_chat_id == asked.number("id"))
    match asked.facts.get("what"):
        case "gone":
            return query.where(GroupMember.left_at > asked.now - WEEK)
        case "active":
            who = query.join(Customer, Customer.id == GroupMember.customer_id)
            lively = Customer.last_active_at > asked.now - WEEK
            return who.where(GroupMember.left_at.is_(None), lively)
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


def _invite(asked: Behind) -> Who:
    """Asked into a family and not there yet, or come by an invite into one room."""
    query = select(Invite.customer_id)
    if key := asked.facts.get("key"):
        return query.where(Invite.rule_key == key, Invite.state.in_(("eligible", "sent")))
    return query.where(Invite.group_chat_id == asked.number("id"), Invite.state == "joined")


def _offer(asked: Behind) -> Who:
    """Who has or had a coupon; by state, by her tier, or by the day she got or used it."""
    query = select(Coupon.customer_id).join(Offer, Offer.id == Coupon.offer_id)
    query = query.where(Offer.key == asked.facts.get("key"))
    match asked.facts:
        case {"state": str(state)}:
            return query.where(Coupon.state == state)
        case {"tier": str(tier)}:
            hers = CustomerTier.customer_id == Coupon.customer_id
            return query.join(CustomerTier, hers).where(CustomerTier.tier == tier)
        case {"what": "given"}:
            return query.where(asked.span.holds(Coupon.issued_at), Coupon.state != "waiting")
        case {"what": "used"}:
            return query.where(asked.span.holds(Coupon.redeemed_at), Coupon.state == "redeemed")
    return query


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


def _asked(asked: Behind) -> Who:
    """In what a guide was asked for, or did of it: whom to care for, and mass tasks to confirm."""
    guide, done = _guide(asked.facts.get("guide", "")), asked.facts.get("done")
    cares = select(GuideTask.customer_id).where(
        GuideTask.guide_id.in_(guide),
        GuideTask.customer_id.is_not(None),
        asked.span.holds(GuideTask.created_at),
        GuideTask.state == "done" if done else GuideTask.state != "withdrawn",
    )
    sends = select(Touch.customer_id).join(MassTask, MassTask.id == Touch.mass_task_id)
    sends = sends.where(MassTask.guide_id.in_(guide), asked.span.holds(MassTask.created_at))
    said = MassTask.confirmed_at.is_not(None) if done else MassTask.msgid.is_not(None)
    her = or_(Customer.id.in_(cares), Customer.id.in_(sends.where(said)))
    return select(Customer.id).where(her)


def _waiting(asked: Behind) -> Who:
    """In mass tasks that no guide, or not this one, has confirmed yet."""
    query = select(Touch.customer_id).join(MassTask, MassTask.id == Touch.mass_task_id)
    query = query.where(MassTask.state == "waiting", MassTask.group_chat_id.is_(None))
    guide = asked.facts.get("guide")
    return query.where(MassTask.guide_id.in_(_guide(guide))) if guide else query


def _bought(asked: Behind) -> Who:
    """Paid for something in these days and kept some of it."""
    return select(Order.customer_id).where(asked.span.holds(Order.paid_at), NET > 0)


def _advised(asked: Behind) -> Who:
    hers = Follow.guide_id.in_(_guide(asked.facts.get("guide", "")))
    return select(Follow.customer_id).where(
        hers, Follow.ended_at.is_(None), Follow.advises_since.is_not(None)
    )


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
    "asked": _asked,
    "waiting": _waiting,
    "bought": _bought,
    "advised": _advised,
    "invite": _invite,
}


def behind(asked: Behind) -> ColumnElement[bool]:
    """They, as a WHERE over `Customer`. Raises KeyError for a kind that there is not."""
    return Customer.id.in_(BEHIND[asked.of](asked))
