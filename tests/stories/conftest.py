"""Stories are told with the shop's own content and a few rights of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.content import Content
from bot.domain.levels import Levels
from bot.domain.offers import OfferSpec
from bot.domain.rights import Plan, Right
from tests.harness import Bot
from tests.stories.town import Town, open_town

AWAY = "https://siyu.example"
"""Where links in messages lead: to nobody, because stories end where a page begins."""
ANY = {"budget_pieces": 100, "per_customer": 50, "valid_days": 60}
OFFERS: list[dict[str, Any]] = [
    {"key": "flash", "kind": "amount", "value": 9900, "claimable": True, "budget_pieces": 2},
    {"key": "seat", "kind": "access", "claimable": True, "budget_pieces": 2, "queue": True},
    {"key": "try-on", "kind": "gift", "stores": ["S01"]},
    {"key": "first", "kind": "amount", "value": 3000, "first_order": True, "claimable": True},
    {"key": "visit", "kind": "exchange"},
    {"key": "card", "kind": "shipping"},
    {"key": "vip", "kind": "percent", "value": 10},
    {"key": "together", "kind": "access"},
    {"key": "plus", "kind": "amount", "value": 800},
    {"key": "team", "kind": "amount", "value": 6000, "team_size": 3, "budget_pieces": 4},
    {"key": "again", "kind": "amount", "value": 4000, "valid_days": 30},
    {"key": "special", "kind": "amount", "value": 5000, "budget_pieces": 2, "ends": "2026-03-13"},
]
RIGHTS = (
    Right(key="visit", name="上门服务", offer="visit", level="青铜", times=2, period="year"),
    Right(key="vip", name="会员价", offer="vip", month_fen=30000, period="month"),
    Right(
        key="card", name="免邮卡", offer="card", month_fen=30000, next_month=True, period="month"
    ),
    Right(key="together", name="拼团", offer="together", orders=3),
    Right(key="again", name="回购券", offer="again", orders=1, given=True),
    Right(key="plus", name="每月券", offer="plus", plan="plus", period="month"),
)


def _offer(facts: dict[str, Any]) -> OfferSpec:
    once = 1 if facts.get("claimable") else ANY["per_customer"]
    return OfferSpec(**(ANY | {"name": facts["key"], "per_customer": once} | facts))


@pytest.fixture
def shop(content) -> Content:
    """What the shop says, and a few offers and rights of these stories."""
    levels = content.levels.model_dump() | {
        "plans": (Plan(key="plus", name="PLUS", sku="PLUS-8"),),
        "rights": RIGHTS,
    }
    offers = {facts["key"]: _offer(facts) for facts in OFFERS}
    return replace(
        content, public_url=AWAY, levels=Levels(**levels), offers={**content.offers, **offers}
    )


@pytest.fixture
async def published(databases, database_url, sessions, shop, settings) -> None:
    """All of it stands in the database, as after a start of the bot: written once, then only copied."""
    if not databases.bring(database_url, "published"):
        await Bot(sessions, shop, settings).publishes()
        databases.keep(database_url, "published")


@pytest.fixture
async def town(published, sessions, shop, settings) -> AsyncIterator[Town]:
    """The bot of these stories, on Thursday 12 March 2026."""
    async with open_town(sessions, shop, settings) as town:
        yield town
        assert (town.platform.refused, town.unheard()) == ([], [])
