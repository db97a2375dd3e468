"""What guides make of the ready words: taken as they are, or changed, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign
from bot.domain.customers import Guide
from bot.store import campaigns
from bot.store.insights.span import Span
from bot.store.vault import Vault

MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Version:
    """What one guide said instead."""

    guide: str
    at: datetime
    text: str


@dataclass(slots=True)
class Rewording:
    template: str
    used: int = 0
    edited: int = 0
    versions: list[Version] = field(default_factory=list)
    """The newest first."""


async def rewording(session: AsyncSession, vault: Vault, span: Span) -> list[Rewording]:
    """By template, the one that is changed most first: words that everybody changes want writing anew."""
    query = (
        select(Campaign, Guide.name)
        .join(Guide, Guide.id == Campaign.pushed_by)
        .where(Campaign.ready.is_not(None), span.holds(Campaign.created_at))
        .order_by(Campaign.id.desc())
    )
    found: dict[str, Rewording] = {}
    for push, guide in await session.execute(query):
        name = str(push.ready)
        one = found.setdefault(name, Rewording(name))
        one.used += 1
        one.edited += push.edited
        text = campaigns.written(vault, push)
        if push.edited and text and len(one.versions) < MOST_SHOWN:
            one.versions.append(Version(guide, push.created_at, text))
    return sorted(found.values(), key=lambda one: (-one.edited, -one.used, one.template))
