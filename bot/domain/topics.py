"""What a message is about: four things that a customer can turn off one by one, without leaving altogether."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Topic = Literal["news", "offers", "wishes", "groups"]
PURPOSE: Mapping[str, str] = {
    "news": "topic_news",
    "offers": "topic_offers",
    "wishes": "topic_wishes",
    "groups": "topic_groups",
}
"""Under which purpose the ledger of consents keeps her word on it; whoever never said a word gets it."""
TOPICS = tuple(PURPOSE.values())
WORDS = {
    "topic_news": "上新和搭配",
    "topic_offers": "优惠、券和积分",
    "topic_wishes": "生日和问候",
    "topic_groups": "进群和活动邀请",
}


def of_purpose(purpose: str) -> str:
    return purpose.removeprefix("topic_")


def off(consents: Mapping[str, bool], topic: str | None) -> bool:
    """Whether she turned this off."""
    return topic is not None and consents.get(PURPOSE[topic]) is False
