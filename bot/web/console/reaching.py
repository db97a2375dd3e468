"""The pages about reaching, service and numbers, as one table of routes."""

from __future__ import annotations

from bot.web.console import (
    analytics,
    behind,
    campaign,
    campaign_draft,
    campaigns,
    cases,
    connect,
    content,
    contests,
    coupons,
    guide_tasks,
    journey_draft,
    journeys,
    moment,
    moments,
    repeating,
    repeating_draft,
    settings,
    staff,
)

TABLES = (
    campaigns.routes,
    campaign_draft.routes,
    campaign.routes,
    journey_draft.routes,
    journeys.routes,
    repeating_draft.routes,
    repeating.routes,
    moments.routes,
    moment.routes,
    cases.routes,
    analytics.routes,
    behind.routes,
    coupons.routes,
    content.routes,
    contests.routes,
    connect.routes,
    settings.routes,
    staff.routes,
    guide_tasks.routes,
)
