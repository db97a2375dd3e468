"""The points account of two records that become one; the entries themselves move with their rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.points import PointsAccount


async def pour(session: AsyncSession, *, kept_id: int, merged_id: int) -> dict[str, Any]:
    """Add the one account to the other; the better level stays. Returns what both were."""
    merged = await session.get(PointsAccount, merged_id, populate_existing=True)
    if merged is None:
        return {}
    kept = await session.get(PointsAccount, kept_id, populate_existing=True)
    if kept is None:
        kept = PointsAccount(customer_id=kept_id, balance=0, earned_year=0, level=merged.level)
        session.add(kept)
    before = {"kept": _said(kept), "merged": _said(merged)}
    if merged.earned_year > kept.earned_year:
        kept.level, kept.level_since = merged.level, merged.level_since
    kept.balance += merged.balance
    kept.earned_year += merged.earned_year
    merged.balance = merged.earned_year = 0
    return before | {"level": kept.level}


async def pour_back(
    session: AsyncSession, *, kept_id: int, merged_id: int, before: dict[str, Any]
) -> None:
    """What was earned and spent together since stays with the record that stood for both."""
    if not before:
        return
    kept = await session.get_one(PointsAccount, kept_id, populate_existing=True)
    merged = await session.get_one(PointsAccount, merged_id, populate_existing=True)
    own = before["merged"]
    kept.balance -= own["balance"]
    kept.earned_year = max(kept.earned_year - own["earned_year"], 0)
    merged.balance += own["balance"]
    merged.earned_year += own["earned_year"]
    if kept.level == before["level"]:
        kept.level = before["kept"]["level"]
        kept.level_since = _moment(before["kept"]["since"])


def _said(account: PointsAccount) -> dict[str, Any]:
    since = account.level_since
    return {
        "balance": account.balance,
        "earned_year": account.earned_year,
        "level": account.level,
        "since": since.isoformat() if since else None,
    }


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
