"""What customers ask for in chat by a word of its own, or by a tap on what such a word has shown."""

from __future__ import annotations

from typing import NamedTuple

from bot.domain.games import SPACES, Games

PREFIX = "wish:"
WORDS = {
    "宠物生日": "pet",
    "拼团": "team",
    "定期购": "cycle",
    "跳过这一期": "skip",
    "停掉定期购": "stop",
    "让给别人": "decline",
}
"""The longest first where one begins like another."""


class Wish(NamedTuple):
    kind: str
    said: str


def meant(text: str, menu_id: str | None = None) -> Wish | None:
    """`wish:kind:what` of a menu, or one of the words and what follows it."""
    if menu_id is not None:
        if not menu_id.startswith(PREFIX):
            return None
        kind, _, said = menu_id.removeprefix(PREFIX).partition(":")
        return Wish(kind, said) if kind in WORDS.values() else None
    words = text.strip(SPACES)
    for word, kind in WORDS.items():
        rest = words[len(word) :]
        if words.startswith(word) and (not rest or rest[0] in SPACES or rest[0].isdigit()):
            return Wish(kind, rest.strip(SPACES))
    return None


def item(kind: str, said: str = "") -> str:
    """The id of a menu entry that asks for this."""
    return f"{PREFIX}{kind}:{said}"


def plays(games: Games, text: str) -> bool:
    """A game's own words, or a benefit's, are no complaint; whatever else is said beside them may be."""
    play = games.meant(text)
    if play is None:
        return meant(text) is not None
    asked = [one for question in play.game.questions for one in question.choices]
    told = play.said in {"", "开奖", "结果", *play.game.choices, *asked}
    return (
        told or play.game.kind == "chain"
    )  # what is meant for everybody is read before it is shown
