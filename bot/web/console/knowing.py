"""The pages about customers, as one list for the server."""

from __future__ import annotations

from bot.web.console import (
    bulk,
    customers,
    group_plan,
    group_rule,
    groups,
    imports,
    merges,
    own_data,
    person,
    person_acts,
    tag_rule,
    tags,
    tier_ladder,
)

TABLES = (
    customers.routes,
    bulk.routes,
    merges.routes,
    person.routes,
    person_acts.routes,
    own_data.routes,
    tags.routes,
    tag_rule.routes,
    tier_ladder.routes,
    groups.routes,
    group_plan.routes,
    group_rule.routes,
    imports.routes,
)
