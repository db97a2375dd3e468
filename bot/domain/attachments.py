"""What hangs on a message: as it is kept, and how each channel carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.calls import Card, FileCard, ImageCard, LinkCard, MiniProgramCard

Kept = dict[str, Any]
CARDS: dict[str, type[Card]] = {
    "link": LinkCard,
    "image": ImageCard,
    "miniprogram": MiniProgramCard,
    "file": FileCard,
}
MOST = 9
"""A guide's message carries so many in one piece."""
MOST_IN_A_WINDOW = 5
"""Messages, by the platforms' tables of 2025-26."""
WINDOWS = ("kf", "official")
WORDS_ALONE = dict.fromkeys((*WINDOWS, "subscribed", "template"), 1)
"""How many messages to her alone a text takes; nothing hangs on a notice."""


def cards(kept: Sequence[Mapping[str, Any]] | None) -> tuple[Card, ...]:
    return tuple(CARDS[one["kind"]](**one) for one in kept or ())


def apart(hanging: Sequence[Card], channel: str) -> tuple[list[LinkCard], tuple[Card, ...]]:
    """What stands in the words as a link, and what goes as a card: a link of 微信客服 has no card without a cover."""
    bare = [one for one in hanging if isinstance(one, LinkCard) and not one.media]
    said = bare if channel == "kf" else []
    return said, tuple(one for one in hanging if one not in said)


def needs(kept: Sequence[Mapping[str, Any]] | None) -> Mapping[str, int]:
    """How many messages of her window it takes by channel, the words being one and each card another. A window
    that cannot carry all of it is not named."""
    if not kept:
        return WORDS_ALONE
    hanging = cards(kept)
    files = any(isinstance(one, FileCard) for one in hanging)
    able = [name for name in WINDOWS if not (files and name == "official")]
    return {name: 1 + len(apart(hanging, name)[1]) for name in able}
