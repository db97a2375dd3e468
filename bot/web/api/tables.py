"""Every table of the API's endpoints."""

from __future__ import annotations

from bot.web.api import (
    campaigns,
    cases,
    coupons,
    customers,
    deeds,
    groups,
    openapi,
    orders,
    points,
    rules,
    staff,
    trail,
    webhooks,
)

TABLES = (
    customers.routes,
    deeds.routes,
    rules.routes,
    groups.routes,
    campaigns.routes,
    coupons.routes,
    points.routes,
    cases.routes,
    staff.routes,
    orders.routes,
    trail.routes,
    webhooks.routes,
    openapi.routes,
)
