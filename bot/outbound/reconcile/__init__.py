"""Callbacks are lossy and our own writes are silent: once a day the platform is asked what is so."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.outbound.reconcile.corp_tags import compare_tags
from bot.outbound.reconcile.guides import chains, compare_guides
from bot.outbound.reconcile.kf import compare_kf_accounts
from bot.outbound.reconcile.mass import compare_mass_tasks
from bot.outbound.reconcile.people import compare_customers
from bot.outbound.reconcile.report import Drift, Gap, Report
from bot.outbound.reconcile.rooms import compare_rooms
from bot.outbound.reconcile.round import Round
from bot.outbound.reconcile.ways import compare_contact_ways, compare_join_ways
from bot.store import cursors
from bot.work.context import Work

__all__ = ["Drift", "Gap", "Report", "last_report", "nightly", "reconcile", "remember"]

log = structlog.get_logger()
LAST = "reconcile:last"


async def reconcile(work: Work, *, repair: bool = True) -> Report:
    """Compare everything with WeCom and, unless told otherwise, make our picture its. Tags go before the
    follows that wear them, people before the rooms they sit in."""
    round_ = Round.begin(work, repair=repair)
    if not work.settings.wecom_corp_id:
        return round_.report
    tags = await compare_tags(round_)
    sizes = await compare_guides(round_)
    if sizes is not None:
        for chain in chains(sizes):
            await compare_customers(round_, chain, sizes, tags)
    await compare_rooms(round_, list(sizes or ()))
    await compare_contact_ways(round_)
    await compare_join_ways(round_)
    await compare_kf_accounts(round_)
    await compare_mass_tasks(round_)
    if repair:
        async with round_.turn() as turn:
            await remember(turn.session, round_.report, now=turn.now)
    return round_.report


async def nightly(work: Work) -> int:
    """Returns how many differences were mended."""
    report = await reconcile(work)
    told = {f"{what}.{where}": drift.found for (what, where), drift in report.drift.items()}
    log.info("reconciled", calls=report.calls.total(), gaps=len(report.gaps), **told)
    return report.repaired


async def remember(session: AsyncSession, report: Report, *, now: datetime) -> None:
    """For whoever asks later how far apart we were."""
    told = {"at": now.isoformat(), **report.as_json()}
    await cursors.changed(session, LAST, json.dumps(told), now=now)


async def last_report(session: AsyncSession) -> dict[str, Any] | None:
    """What the last repairing round told, with its moment."""
    told = await cursors.read(session, LAST)
    return None if told is None else dict(json.loads(told))
