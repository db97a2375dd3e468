"""What is done when: every piece of periodic work in one list, and what content brings along at the start."""

from __future__ import annotations

from datetime import time

from bot.outbound import (
    advisors,
    attribution,
    benefits,
    campaigns,
    cases,
    causes,
    contact_sync,
    contact_ways,
    deliver,
    digest,
    erasing,
    games,
    group_posts,
    group_welcomes,
    groups,
    hand_over,
    journeys,
    kf_handover,
    kf_pull,
    model_answers,
    moments,
    official_menu,
    reconcile,
    reminders,
    results,
    tag_mirror,
    tiers,
    webhooks,
)
from bot.schedule import Daily, Timetable, WhenDue
from bot.store import group_chats, offers, tags
from bot.store.playbooks import publish_playbooks
from bot.store.ready_made import publish_segments
from bot.work.context import Work

# What shares an hour is done in this order.
ENTRIES: tuple[WhenDue | Daily, ...] = (
    WhenDue("withdraw", hand_over.withdraw_due),
    WhenDue("mirror", tag_mirror.mirror),
    WhenDue("kf", kf_pull.pull_due),
    WhenDue("campaigns", campaigns.plan_due),
    WhenDue("journeys", journeys.advance_due),
    WhenDue("touches", deliver.deliver_due),
    WhenDue("results", results.results_due),
    WhenDue("results", campaigns.halt_harmful),
    WhenDue("results", hand_over.withdraw_due),
    WhenDue("reminders", reminders.remind_due),
    WhenDue("moments", moments.moments_due),
    WhenDue("cases", cases.clocks_due),
    WhenDue("webhooks", webhooks.tell_due),
    WhenDue("erasures", erasing.erase_due),
    Daily("attribution", time(3, 0), attribution.attribute_due),
    Daily("tiers", time(3, 0), tiers.retier),
    Daily("tags", time(3, 0), tag_mirror.retag_everybody),
    Daily("reconcile", time(4, 0), reconcile.nightly, long=True),
    Daily("guides' own sending", time(4, 0), results.outside_due),
    Daily("demotions", time(5, 0), groups.demote_due),
    Daily("rooms", time(5, 0), groups.tend_due),
    Daily("points that run out", time(0, 15), benefits.expire_points),
    Daily("rights of last month", time(0, 15), benefits.give_deferred),
    Daily("untold coupons", time(5, 0), benefits.take_back_untold),
    # By day only, because somebody is told; after its time nobody can come into a team anyhow.
    *(Daily(f"teams {hour}", time(hour, 0), benefits.dissolve_teams) for hour in range(9, 21)),
    Daily("tier entries", time(8, 0), journeys.tier_entries),
    Daily("birthdays", time(8, 0), journeys.birthday_entries),
    Daily("pets", time(8, 0), journeys.pet_entries),
    Daily("series back", time(8, 0), journeys.series_entries),
    Daily("pairings", time(8, 0), journeys.pairing_entries),
    Daily("expiring coupons", time(8, 0), journeys.coupon_entries),
    Daily("occasions", time(8, 0), journeys.open_campaigns),
    Daily("advisors", time(9, 30), advisors.advisors_due),
    Daily("cycles", time(9, 30), benefits.cycle_due),
    Daily("digest", time(9, 30), digest.digest_due),
    *(Daily(f"digest {hour}", time(hour), piece) for hour, piece in digest.AT_HOUR.items()),
    Daily("games", time(9, 30), games.end_due),
    Daily("group posts", time(9, 30), group_posts.post_due),
    Daily("causes", time(9, 30), causes.weekly_due),
    Daily("invites", time(10, 0), groups.invite_due),
    Daily("harm", time(12, 0), campaigns.halt_harmful),
)

SETTLERS = (contact_sync, kf_handover, model_answers)
"""Rooms that only hear what became of calls: named here, so that they are there to hear it."""


def timetable(work: Work) -> Timetable:
    return Timetable(work, ENTRIES)


async def publish(work: Work) -> None:
    """Make what content says the published versions, and owe what the platforms must know of it."""
    async with work.sessions.begin() as session:
        now = work.now()
        await tags.publish(session, work.content.tags)
        await offers.publish_offers(session, work.vault, work.content.offers.values())
        await group_chats.publish_rules(session, work.content.groups, now)
        await publish_segments(session, work.content.segments.values(), now)
        await publish_playbooks(session, work.content, now)
    await official_menu.publish(work)
    await contact_ways.open_contact_ways(work)
    await group_welcomes.publish(work)
