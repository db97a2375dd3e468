"""The pages about reaching, service and numbers, as one table of routes."""

from __future__ import annotations

from bot.web.console import (
    analytics,
    behind,
    campaign,
    campaigns,
    cases,
    coupons,
    guide_tasks,
    journeys,
)

TABLES = (
    campaigns.routes,
    campaign.routes,
    journeys.routes,
    cases.routes,
    analytics.routes,
    behind.routes,
    coupons.routes,
    guide_tasks.routes,
)
