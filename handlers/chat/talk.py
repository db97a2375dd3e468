"""One sentence of a customer, understood, with all that an answer may need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.calls import MenuItem
from bot.domain import wishes
from bot.domain.games import PREFIX
from bot.domain.intents import Intent
from bot.inbound.turn import Turn

GAME = "game"
"""What a game's own words mean; a tap on its menu is called by the tapped id."""
CHOICES = (
    MenuItem(id="coupon", text="我的券"),
    MenuItem(id="points", text="积分和等级"),
    MenuItem(id="order", text="我的订单"),
    MenuItem(id="return_goods", text="退换货"),
    MenuItem(id="group", text="进福利群"),
    MenuItem(id="person", text="找人工"),
)
"""Their ids are names of intents: a tap needs no guessing."""


@dataclass(frozen=True, slots=True)
class Talk:
    turn: Turn
    customer_id: int
    channel: str
    """kf or official."""
    text: str
    intent: Intent
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_guide(self) -> bool:
        return "guide" in self.facts

    @property
    def tapped(self) -> str | None:
        return self.intent.name if self.intent.name.startswith((PREFIX, wishes.PREFIX)) else None

    def say(self, template: str, **facts: object) -> str:
        told = {**self.facts, **facts}
        return self.turn.content.render(template, told, channel=self.channel)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer; with `asks` a guide is asked too, with `hands_over` a person takes the conversation."""

    text: str
    menu: tuple[MenuItem, ...] = ()
    asks: str | None = None
    """Why a guide should look, in words."""
    hands_over: bool = False
