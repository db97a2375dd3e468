"""`/h5`: where the links in messages lead."""

from bot.web.customer import (
    activities,
    cases,
    contests,
    door,
    games,
    mine,
    notices,
    points,
    preferences,
    share,
    staying,
    teams,
    wallet,
)

routes = [
    *door.routes,
    *wallet.routes,
    *points.routes,
    *activities.routes,
    *teams.routes,
    *contests.routes,
    *games.routes,
    *preferences.routes,
    *notices.routes,
    *mine.routes,
    *cases.routes,
    *share.routes,
    *staying.routes,
]

__all__ = ["routes"]
