"""What a group chat is written: dry goods, benefits and interaction by turns, and never a third promotion in a row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.domain.repeating import LocalTime
from bot.tongue import _

Sort = Literal["knowledge", "benefit", "play"]
SORTS = {"knowledge": "干货", "benefit": "福利", "play": "互动"}
PROMOTION: Sort = "benefit"
IN_A_ROW = 2
THIRD = "third_promotion"


class Post(NamedTuple):
    sort: Sort
    template: str


class ContentPlan(BaseModel):
    """The calendar of one family of group chats."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weekdays: tuple[int, ...] = Field(min_length=1)
    """1 is Monday; one post on each."""
    at: LocalTime = "10:30"
    mix: tuple[Sort, ...] = Field(min_length=1)
    """The ratio: posts take these by turns."""
    texts: dict[Sort, tuple[str, ...]]
    """Templates of each sort, taken by turns too."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not set(self.weekdays) <= set(range(1, 8)):
            raise ValueError(_("weekdays 写 1 到 7，1 是星期一 — 改成 1 到 7"))
        if without := [sort for sort in self.mix if not self.texts.get(sort)]:
            name = _(SORTS[without[0]])
            raise ValueError(
                _("mix 里有%(sort)s，texts 里却没有它的话术 — 给它写一段，或不发这一样", sort=name)
            )
        return self

    def covers(self, day: date) -> bool:
        return day.isoweekday() in self.weekdays

    def post(self, number: int) -> Post:
        """The one that comes after so many others."""
        sort = self.mix[number % len(self.mix)]
        rounds, place = divmod(number, len(self.mix))
        before = rounds * self.mix.count(sort) + self.mix[:place].count(sort)
        return Post(sort, self.texts[sort][before % len(self.texts[sort])])


def always_held(mix: Sequence[str]) -> bool:
    """Whether posts that take these by turns, round after round, come to a third promotion in a row."""
    row = 0
    for sort in (*mix, *mix, *mix):
        row = row + 1 if sort == PROMOTION else 0
        if row > IN_A_ROW:
            return True
    return False


def why_held(sort: str, before: Sequence[str]) -> str | None:
    """`before`: the sorts of what this chat got, the newest first. Two promotions are not followed by a third."""
    row = list(before[:IN_A_ROW])
    many = len(row) == IN_A_ROW and set(row) == {PROMOTION}
    return THIRD if sort == PROMOTION and many else None
