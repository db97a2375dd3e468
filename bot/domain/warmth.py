"""How warm it is between a customer and us: how lately both talked, and care against advertising."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp2

from bot.tongue import _

COUNTED = timedelta(days=90)
"""Messages of ours that are longer ago say nothing any more."""
HALVES = 30.0
"""Days after which a talk counts half."""
TALK, CARE = 60, 40
"""What each of the two may give."""


@dataclass(frozen=True, slots=True)
class Warmth:
    talked_at: datetime | None = None
    """When she last said something to us that we know of."""
    care: int = 0
    """Messages without an offer that reached her of late."""
    promo: int = 0
    """Messages with one."""
    promos_running: int = 0
    """How many of the newest were offers, with nothing else between."""

    def score(self, now: datetime) -> int:
        """0 to 100. Nothing sent yet is neither warm nor cold."""
        sent = self.care + self.promo
        share = self.care / sent if sent else 0.5
        return round(TALK * self._freshness(now) + CARE * share)

    def _freshness(self, now: datetime) -> float:
        if self.talked_at is None:
            return 0.0
        return exp2(-max(now - self.talked_at, timedelta()).total_seconds() / 86_400 / HALVES)

    def in_words(self, now: datetime) -> str:
        parts = [
            _("%(days)s 天前聊过", days=(now - self.talked_at).days)
            if self.talked_at
            else _("还没聊过"),
            _(
                "近 90 天问候和提醒 %(care)s 条，优惠 %(promo)s 条",
                care=self.care,
                promo=self.promo,
            ),
        ]
        return _("，").join(parts)

    def next_step(self, most_running: int) -> str:
        """What is due between us now."""
        if self.promos_running >= most_running:
            return _("最近 %(n)s 条都是优惠，先问候一句", n=self.promos_running)
        if self.promo > self.care:
            return _("优惠比问候多，下一条最好不带优惠")
        return _("可以发优惠，也可以问候")
