"""What worked: counted over people, so that every number is the length of a list that can be opened."""

from __future__ import annotations

from bot.store.insights.cohorts import Cohort, cohorts
from bot.store.insights.funnel import STAGES, Funnel, funnel, touched
from bot.store.insights.moves import moves
from bot.store.insights.people import BEHIND, Behind, behind
from bot.store.insights.rewording import Rewording, rewording
from bot.store.insights.span import Span
from bot.store.insights.teams import GuideRow, RoomRow, guides, rooms
from bot.store.insights.trend import Day, trend

__all__ = [
    "BEHIND",
    "STAGES",
    "Behind",
    "Cohort",
    "Day",
    "Funnel",
    "GuideRow",
    "Rewording",
    "RoomRow",
    "Span",
    "behind",
    "cohorts",
    "funnel",
    "guides",
    "moves",
    "rewording",
    "rooms",
    "touched",
    "trend",
]
