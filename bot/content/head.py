"""The head of a text: what it is for, and where it may go."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.domain.channels import may_carry
from bot.domain.topics import Topic
from bot.tongue import _

# fmt: off
Channel = Literal[
    "wecom", "welcome", "kf", "official", "subscribed", "template", "group", "moment", "guide", "app", "page"
]
# fmt: on


class Head(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, max_length=40)
    purpose: Literal["marketing", "service"]
    channels: tuple[Channel, ...] = Field(min_length=1)
    tactic: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    """Whom it is written for; empty means everybody."""
    offer: bool = False
    """It cannot go without one."""
    topic: Topic | None = None
    footer: bool = True
    facts: dict[str, str] = {}
    """Facts that only this text knows, each with a sample."""

    @model_validator(mode="after")
    def _may_go(self) -> Self:
        if wrong := [one for one in self.channels if not may_carry(one, self.purpose)]:
            raise ValueError(_("从 %(channel)s 只能发服务消息 — 营销换别的渠道", channel=wrong[0]))
        return self
