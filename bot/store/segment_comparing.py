"""The operators of a rule, on columns and on plain numbers alike, and ages counted in whole days."""

from __future__ import annotations

import operator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, not_

FARTHEST = 36_500
COMPARE = {
    "gte": operator.ge,
    "gt": operator.gt,
    "lte": operator.le,
    "lt": operator.lt,
    "eq": operator.eq,
    "ne": operator.ne,
}


def compare(op: str, left: Any, value: Any) -> Any:
    """`left op value`."""
    if op == "between":
        low, high = value
        return (left >= low) & (left <= high)
    return COMPARE[op](left, value)


def days_before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=max(-FARTHEST, min(days, FARTHEST)))


def age(now: datetime, moment: ColumnElement[Any], op: str, value: Any) -> ColumnElement[bool]:
    """Whole days from a moment until now, compared: a comparison of moments, so that an index may serve."""
    match op:
        case "gte":
            return moment <= days_before(now, value)
        case "gt":
            return moment <= days_before(now, value + 1)
        case "lt":
            return moment > days_before(now, value)
        case "lte":
            return moment > days_before(now, value + 1)
        case "ne":
            return not_(age(now, moment, "eq", value))
    low, high = value if op == "between" else (value, value)
    return and_(age(now, moment, "gte", low), age(now, moment, "lte", high))
