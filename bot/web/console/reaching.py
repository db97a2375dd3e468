"""The pages about reaching, service and numbers, as one table of routes."""

from __future__ import annotations

from bot.web.console import campaign, campaigns, cases, journeys

TABLES = (campaigns.routes, campaign.routes, journeys.routes, cases.routes)
