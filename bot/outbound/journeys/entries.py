"""What time itself begins: birthdays, changed tiers, coupons about to run out, and repeating campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.store import browsing, journey_entries, journeys, pets
from bot.store.browsing import Begins
from bot.work.context import Work

AT_MOST, AT_ONCE = 1000, 50
"""A day's beginnings of one kind, and those of one short transaction."""
PETS_AHEAD = timedelta(days=3)
RUNS_OUT = timedelta(days=3)


async def birthday_entries(work: Work) -> int:
    """Everybody whose birthday month has begun enters, once a year."""
    local = work.now().astimezone(work.settings.zone)
    who = journey_entries.born_in(local.month, cause=f"birthday:{local.year}")
    entered = 0
    async with work.sessions.begin() as session:
        for row in await journeys.all_published(session, "birthday_month"):
            entered += await journey_entries.enter_set(session, row, who=who, now=work.now())
    return entered


async def pet_entries(work: Work) -> int:
    """Owners of pets whose birthday comes in a few days, once a year each."""
    day = work.now().astimezone(work.settings.zone).date() + PETS_AHEAD
    entered = 0
    async with work.sessions.begin() as session:
        for row in await journeys.all_published(session, "pet_birthday"):
            entered += await journey_entries.enter_set(
                session, row, who=pets.born_on(day), now=work.now()
            )
    return entered


async def series_entries(work: Work) -> int:
    """Whoever looked at a series that has come in again."""
    async with work.sessions.reading() as session:
        begins = await browsing.back_in_stock(session, work.now(), most=AT_MOST)
    return await _begin(work, "series_back", begins)


async def pairing_entries(work: Work) -> int:
    """Whoever has bought of one kind alone while a fitting thing of the other is there."""
    entered = 0
    for pairing in work.content.pairs:
        async with work.sessions.reading() as session:
            begins = await browsing.fitting(session, pairing, work.now(), most=AT_MOST)
        entered += await _begin(work, f"pairing:{pairing.key}", begins)
    return entered


async def _begin(work: Work, trigger: str, begins: Sequence[Begins]) -> int:
    entered = 0
    for start in range(0, len(begins), AT_ONCE):
        async with work.sessions.begin() as session:
            for one in begins[start : start + AT_ONCE]:
                entered += await journeys.enter(
                    session,
                    work.content,
                    trigger=trigger,
                    customer_id=one.customer_id,
                    cause=one.cause,
                    now=work.now(),
                    facts=one.facts,
                )
    return entered


async def coupon_entries(work: Work) -> int:
    """Holders of coupons that run out within three days."""
    now = work.now()
    entered = 0
    async with work.sessions.begin() as session:
        for row in await journeys.all_published(session, "coupon_expiring"):
            who = journey_entries.holding_until(now, now + RUNS_OUT)
            entered += await journey_entries.enter_set(session, row, who=who, now=now)
    return entered


async def tier_entries(work: Work) -> int:
    """Everybody who changed tier since we looked last."""
    entered = 0
    async with work.sessions.begin() as session:
        since, newest = await journey_entries.new_moves(session, work.now())
        for row in await journeys.all_published(session):
            tier = _tier(row.trigger)
            if tier is not None and newest > since:
                who = journey_entries.moved(tier, since, newest)
                entered += await journey_entries.enter_set(session, row, who=who, now=work.now())
    return entered


def _tier(trigger: str | None) -> str | None:
    """`tier_changed:沉睡` → 沉睡; "" for any tier."""
    kind, _, tier = (trigger or "").partition(":")
    return tier if kind == "tier_changed" else None


async def open_campaigns(work: Work) -> int:
    """One campaign for each occasion of each repeating playbook; the same occasion is opened once."""
    async with work.sessions.begin() as session:
        return sum(
            [
                await journey_entries.open_near(
                    session, row, now=work.now(), zone=work.settings.zone
                )
                for row in await journeys.all_published(session)
            ]
        )
