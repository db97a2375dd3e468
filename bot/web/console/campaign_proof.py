"""What a campaign brought, for its page: the funnel, what its coupons cost, and each text beside those kept out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.campaigns import Campaign
from bot.domain.experiments import Lift
from bot.store import proof
from bot.web.desk import Desk

TONES = {"win": "g", "loss": "r", "open": ""}


@dataclass(frozen=True, slots=True)
class Compared:
    title: str
    """Of the text; empty for all of them together."""
    lift: Lift
    verdict: str
    tone: str


@dataclass(frozen=True, slots=True)
class Brought:
    steps: list[tuple[str, int]]
    cost_fen: int
    by_orders: bool
    """Differences are shares of people who ordered, otherwise fen a head."""
    compared: list[Compared]


async def told(session: AsyncSession, desk: Desk, campaign: Campaign) -> Brought | None:
    """Nothing before anybody was planned."""
    if campaign.planned_at is None:
        return None
    found = await proof.of(session, campaign)
    templates = desk.work.content.templates
    return Brought(
        [(words, found.funnel[key]) for key, words in proof.FUNNEL.items()],
        found.cost_fen,
        found.metric == "orders",
        [
            Compared(
                templates[name].title if name in templates else name,
                lift,
                proof.VERDICTS[proof.verdict(lift)],
                TONES[proof.verdict(lift)],
            )
            for name, lift in found.lifts.items()
        ],
    )
