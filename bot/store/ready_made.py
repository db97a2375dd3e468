"""Segments that come in files: published as versions, never over what a person has changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.ready_made import SegmentSpec
from bot.store import segments

FILES = "system:files"


async def publish_segments(
    session: AsyncSession, written: Iterable[SegmentSpec], now: datetime
) -> int:
    """How many of them are published as the files say."""
    count = 0
    for spec in written:
        live = await segments.published(session, spec.key)
        if live is None or live.by == FILES:
            await segments.publish(
                session, key=spec.key, name=spec.name, rule=spec.rule, by=FILES, now=now
            )
            count += 1
    return count
