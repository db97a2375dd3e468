"""What people changed of the content, taken up by every process without a restart."""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.content import edits
from bot.content.content import Made
from bot.store import content_edits, group_chats, tags
from bot.work.context import Work

log = structlog.get_logger()
EVERY = 20.0
"""Seconds until the other processes speak as this one does."""


async def renew(work: Work) -> None:
    """Say from now on what the newest edits say."""
    async with work.sessions.reading() as session:
        known = await content_edits.bodies(session)
        families = await group_chats.made_by_people(session)
        made = Made(families, await tags.made_by_people(session))
    if known or work.content.filed is not None:
        for name in edits.renew(work.content, known, made):
            log.warning("content edit passed over", name=name)
    else:
        work.content.made = made


async def renewing(work: Work, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY)
        with contextlib.suppress(SQLAlchemyError, OSError):  # the next look will do
            await renew(work)
