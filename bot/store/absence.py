"""Which guides are there, and who is on leave until when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_

from bot.domain.customers import Guide


def away(at: datetime) -> ColumnElement[bool]:
    """The same as `bot.domain.channels.is_away`, of rows."""
    begun = or_(Guide.away_from.is_(None), Guide.away_from <= at)
    return and_(Guide.away_until.is_not(None), Guide.away_until > at, begun)


def serving(at: datetime) -> ColumnElement[bool]:
    return and_(Guide.active, or_(Guide.away_until.is_(None), ~away(at)))
