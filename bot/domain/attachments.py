"""What a campaign hangs on its mass tasks, as it is kept with it and as the platform is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.calls import FileCard, ImageCard, LinkCard, MiniProgramCard

Kept = dict[str, Any]
CARDS: dict[str, type[LinkCard | ImageCard | MiniProgramCard | FileCard]] = {
    "link": LinkCard,
    "image": ImageCard,
    "miniprogram": MiniProgramCard,
    "file": FileCard,
}
MOST = 9


def cards(
    kept: Sequence[Mapping[str, Any]] | None,
) -> tuple[LinkCard | ImageCard | MiniProgramCard | FileCard, ...]:
    return tuple(CARDS[one["kind"]](**one) for one in kept or ())
