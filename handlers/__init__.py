"""What we do when something happens. The order of ROUTERS is who hears first, and who may speak first."""

from __future__ import annotations

from handlers import (
    access,
    approvals,
    campaigns,
    cases,
    chat,
    consent,
    contacts,
    group_chats,
    guides,
    journeys,
    links,
    offers,
    orders,
    points,
    pushes,
    rights,
    segments,
    tag_rules,
    tags,
    tiers,
    webhooks,
    welcome,
)

ROUTERS = (
    contacts.router,
    welcome.router,
    orders.router,
    tiers.router,
    tags.router,
    chat.router,  # opens the window through which a case is told of
    consent.router,
    cases.router,
    offers.router,
    points.router,
    rights.router,
    group_chats.router,
    journeys.router,
    campaigns.router,
    approvals.router,
    pushes.router,
    guides.router,
    segments.router,
    tag_rules.router,
    links.router,
    access.router,
    webhooks.router,
)
