"""Light interaction in chat: votes, a weekly draw that anybody can recompute, 接龙, check-in and short questions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row
from bot.domain.offers import SHOP_ZONE
from bot.tongue import _

PREFIX = "game:"
SPACES = " \t\r\n\u3000，,：:。.!！~～"


class GameEntry(Row):
    """What one customer did in one round of a game: once, whatever she taps again."""

    __tablename__ = "game_entry"
    __table_args__ = (
        UniqueConstraint("game", "round", "customer_id"),
        Index("ix_game_entry_customer_id", "customer_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    game: Mapped[str]
    round: Mapped[str]
    """A day, a week, a question's field, or nothing where there is one round only."""
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    choice: Mapped[str]
    """What she chose, or the number on her ticket."""
    text: Mapped[bytes | None]
    """Her own words, sealed."""
    state: Mapped[str]
    """in, held until somebody has read it, won, or refused."""
    at: Mapped[datetime]


class GameRound(Row):
    """The proof of a draw, and that a round was ended once."""

    __tablename__ = "game_round"

    game: Mapped[str] = mapped_column(primary_key=True)
    round: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    """When it was ended."""
    seed: Mapped[str]
    tickets: Mapped[list[Any]]
    winners: Mapped[list[Any]]


LONGEST_SAID = 120
"""Characters of what somebody says in a 接龙."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(_Part):
    field: str = Field(pattern=r"^[a-z_]{1,20}$")
    ask: str = Field(min_length=2, max_length=80)
    choices: tuple[str, ...] = Field(min_length=2, max_length=6)


class Game(_Part):
    key: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")
    kind: Literal["vote", "lottery", "chain", "checkin", "quiz", "contest"]
    name: str = Field(min_length=2, max_length=20)
    says: tuple[str, ...] = Field(min_length=1)
    """What a customer writes to play; her words may follow."""
    ask: str = ""
    choices: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    winners: int = Field(default=0, ge=0, le=1000)
    offer: str | None = None
    """What a winner gets."""
    group: str | None = None
    """The family of group chats that reads what became of a 接龙."""
    rights: str = ""
    """What whoever enters a contest agrees to, word by word."""
    enter_until: date | None = None
    vote_until: date | None = None
    """Days count whole."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needed = {
            "vote": bool(self.choices and self.ask),
            "lottery": bool(self.winners and self.offer),
            "chain": bool(self.ask),
            "quiz": bool(self.questions),
            "contest": bool(
                self.rights
                and self.offer
                and self.winners
                and self.enter_until
                and self.vote_until
                and self.enter_until <= self.vote_until
            ),
        }
        if not needed.get(self.kind, True):
            raise ValueError(
                _(
                    "「%(name)s」没有写完：%(kind)s 缺了题目、选项或奖品",
                    name=self.name,
                    kind=self.kind,
                )
            )
        return self

    def round_at(self, now: datetime) -> str:
        day = now.astimezone(SHOP_ZONE).date()
        if self.kind == "checkin":
            return day.isoformat()
        return week_of(day) if self.kind in {"lottery", "chain"} else ""

    def takes(self, now: datetime) -> bool:
        """Whether a contest still takes pictures."""
        return self.enter_until is not None and _day(now) <= self.enter_until

    def counts(self, now: datetime) -> bool:
        """Whether a vote still counts."""
        return self.vote_until is not None and _day(now) <= self.vote_until

    def question(self, field: str) -> Question | None:
        return next((one for one in self.questions if one.field == field), None)


class Play(NamedTuple):
    """What somebody wants of a game: to see it, or to say this in it."""

    game: Game
    said: str


class GamesFile(_Part):
    """`content/games.yaml`."""

    sensitive: tuple[str, ...] = ()
    """Patterns of what a person reads before everybody does."""
    games: tuple[Game, ...] = ()


class Games:
    def __init__(self, file: GamesFile) -> None:
        self._games = {game.key: game for game in file.games}
        self._sensitive = re.compile("|".join(file.sensitive) or r"(?!)", re.IGNORECASE)

    def __len__(self) -> int:
        return len(self._games)

    def sensitive(self, text: str) -> bool:
        return self._sensitive.search(text) is not None

    def named(self, key: str) -> Game | None:
        return self._games.get(key)

    def of_kind(self, *kinds: str) -> list[Game]:
        return [game for game in self._games.values() if game.kind in kinds]

    def meant(self, text: str, menu_id: str | None = None) -> Play | None:
        """`game:key:choice` of a menu, or one of a game's words and what follows it."""
        if menu_id is not None:
            return self._tapped(menu_id)
        words = text.strip(SPACES)
        for game in self._games.values():
            for said in game.says:
                begins, rest = words[: len(said)], words[len(said) :]
                if begins == said and (not rest or rest[0] in SPACES):
                    return Play(game, rest.strip(SPACES))
        return None

    def _tapped(self, menu_id: str) -> Play | None:
        if not menu_id.startswith(PREFIX):
            return None
        key, _, said = menu_id.removeprefix(PREFIX).partition(":")
        game = self._games.get(key)
        return None if game is None else Play(game, said)


def _day(now: datetime) -> date:
    return now.astimezone(SHOP_ZONE).date()


def week_of(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def hash_of(seed: str) -> str:
    """Published before anybody takes part; the seed itself only after the draw."""
    return hashlib.sha256(seed.encode()).hexdigest()


def proof(round_: GameRound, name: str) -> str:
    """All that a draw is made of, as plain text: whoever has it can draw again."""
    head = [
        f"# {name} {round_.round}",
        f"# commit {hash_of(round_.seed)}",
        f"# seed {round_.seed}",
        f"# winners {len(round_.winners)}",
        *(f"# won {ticket}" for ticket in round_.winners),
    ]
    return "\n".join([*head, *round_.tickets, ""])


def drawn(seed: str, tickets: Iterable[str], winners: int) -> list[str]:
    """Who wins: the tickets whose SHA-256 of `seed:ticket` are lowest. Nothing else enters."""
    ranked = sorted(set(tickets), key=lambda ticket: hash_of(f"{seed}:{ticket}"))
    return ranked[:winners]


def streak(days: Sequence[str], today: date) -> int:
    """So many days in a row, up to today."""
    known, count = set(days), 0
    while (today - timedelta(days=count)).isoformat() in known:
        count += 1
    return count
