"""Every table of the API's endpoints."""

from __future__ import annotations

from bot.web.api import (
    analytics,
    campaigns,
    cases,
    coupons,
    customers,
    deeds,
    groups,
    house,
    imports,
    journeys,
    offers,
    openapi,
    orders,
    points,
    rules,
    staff,
    tags,
    trail,
    webhooks,
    words,
)

TABLES = (
    customers.routes,
    deeds.routes,
    rules.routes,
    tags.routes,
    groups.routes,
    journeys.routes,
    campaigns.routes,
    analytics.routes,
    coupons.routes,
    offers.routes,
    points.routes,
    cases.routes,
    staff.routes,
    orders.routes,
    words.routes,
    house.routes,
    imports.routes,
    trail.routes,
    webhooks.routes,
    openapi.routes,
)
