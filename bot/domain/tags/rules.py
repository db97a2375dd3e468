"""One rule of `content/tags.yaml`: what gives a tag, and what may not be a tag at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from bot.domain.refusals import Refusal
from bot.domain.segments import BadRule, parse
from bot.tongue import _

LONGEST = 30
"""Characters of a corp tag's name and of its group's."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST, pattern=r"^[^/\s]+$")]
TagName = Annotated[str, StringConstraints(pattern=r"^[^/\s]+/[^/\s]+$")]
Share = Annotated[float, Field(gt=0, le=1)]


CATEGORY = "{category}"
"""Stands for the name of whatever was bought: a tag for each category."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TagGroupSpec(Part):
    name: Name
    tags: tuple[Name, ...] = ()
    exclusive: bool = False
    mirrored: bool = True
    open: bool = False
    """Rules may make further tags in it: categories as they are sold, sources as they are named."""
    consent: Literal["life_stage"] | None = None
    """Only she herself says these, under a consent of their own: no rule gives them, and nobody by hand."""


class Heard(Part):
    """A tag for something she did: came by a code, tapped a menu, said or meant something, opened a link."""

    when: Literal["contact_way", "menu", "keyword", "intent", "link"]
    tag: TagName
    any: tuple[str, ...] = Field(min_length=1)
    """Patterns of the state, menu key, intent or link name; words that the message contains."""
    days: int | None = Field(default=None, ge=1)
    confidence: Share = 1.0


class Answered(Part):
    """A tag for what she said of herself on a form or in a quiz."""

    when: Literal["answer"]
    tag: TagName
    form: str
    field: str
    is_: str = Field(alias="is")


class PriceBand(Part):
    """From included, below not."""

    from_: int = Field(alias="from", default=0, ge=0)
    below: int | None = Field(default=None, ge=1)
    of: Literal["order", "category"] = "order"
    """Of the average paid order, in fen; or of what such things usually cost, in percent: 100 is the middle price
    of the category."""


class Habit(Part):
    """At least this share of at least so many orders."""

    share: Share
    orders: int = Field(ge=1)


class Novelty(Habit):
    """Of orders with something that had been on sale for fewer days."""

    days: int = Field(ge=1, le=365)


class Count(Part):
    least: int = Field(default=1, ge=1)
    most: int | None = Field(default=None, ge=1)


class Bought(Part):
    """A tag for how she buys; exactly one way of telling is written."""

    when: Literal["purchase"]
    tag: str = Field(pattern=r"^[^/\s]+/(\{category\}|[^/\s]+)$")
    within_days: int | None = Field(default=None, ge=1)
    category: str | None = None
    """`*` gives one tag per category that was bought; the tag is then 组/{category}."""
    orders: Count | None = None
    price: PriceBand | None = None
    with_coupon: Habit | None = None
    at_weekends: Habit | None = None
    new_items: Novelty | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = (
            self.price,
            self.with_coupon,
            self.at_weekends,
            self.new_items,
            self.category or self.orders,
        )
        if sum(way is not None for way in ways) != 1:
            raise ValueError(_("一条规则只写一种看法 — 拆成两条"))
        if (self.category == "*") != self.tag.endswith("/{category}"):
            raise ValueError(_("category 写 * 时标签要写成 组/{category} — 两处一起改"))
        return self

    @property
    def habit(self) -> Habit | None:
        return self.with_coupon or self.at_weekends or self.new_items

    @property
    def compares(self) -> bool:
        """It asks what things of a category usually cost."""
        return self.price is not None and self.price.of == "category"

    @property
    def key(self) -> str:
        """What its tags show as evidence."""
        known = self.model_dump(exclude={"when", "tag"}, exclude_none=True, by_alias=True)
        return "; ".join(f"{name}={value}" for name, value in known.items())


class Fitting(Part):
    """A tag for whoever fits a rule of the segment language: counts, absence, groups, links, whatever it can ask.

    Given and taken each night, so that what is counted within some days fades by itself."""

    when: Literal["rule"]
    tag: TagName
    rule: dict[str, Any]

    @field_validator("rule")
    @classmethod
    def _means_something(cls, rule: dict[str, Any]) -> dict[str, Any]:
        try:
            parse(rule)
        except BadRule as mistake:
            raise ValueError(
                _(
                    "的 %(path)s：%(words)s — 照着「分群规则」的写法改",
                    path=mistake.path,
                    words=mistake.words,
                )
            ) from None
        return rule

    def __hash__(self) -> int:
        return hash((self.tag, str(self.rule)))


class Weak(Part):
    """A small sign that alone says little: how often it was seen, or how long she stayed."""

    of: Literal["item", "page", "link", "intent"]
    any: tuple[str, ...] = Field(min_length=1)
    """Patterns of the item's category or sku, of the page's path, of the link's or the intent's name."""
    seconds: int = Field(default=0, ge=0, le=600)
    """Counts only as often as she stayed this long; 0 counts every time."""
    points: float = Field(default=1.0, gt=0, le=10)

    @model_validator(mode="after")
    def _can_last(self) -> Self:
        if self.of == "intent" and self.seconds:
            raise ValueError(_("一句话没有停留时长 — 去掉 seconds"))
        return self


class Counter(Part):
    """A tag for small signs that add up, each fading by half in so many days: on at one sum, off below a lower one."""

    when: Literal["counter"]
    tag: TagName
    counts: tuple[Weak, ...] = Field(min_length=1, max_length=8)
    half_life: float = Field(default=14.0, ge=1, le=90)
    """Days."""
    enters: float = Field(default=2.5, gt=0, le=1000)
    leaves: float = Field(default=1.0, gt=0, le=1000)

    @model_validator(mode="after")
    def _does_not_flutter(self) -> Self:
        if self.leaves >= self.enters:
            raise ValueError(_("摘掉的分数要比打上的低 — 把 leaves 写小一点"))
        return self


class Forbidden(Part):
    """A pattern of names that say more of a person than a shop needs to know."""

    pattern: str
    why: str
    instead: str = ""

    @field_validator("pattern")
    @classmethod
    def _readable(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error:
            raise ValueError(_("不是正确的正则表达式 — 检查括号")) from None
        return pattern


Rule = Annotated[Heard | Answered | Bought | Fitting | Counter, Field(discriminator="when")]
_RULE: TypeAdapter[Heard | Answered | Bought | Fitting | Counter] = TypeAdapter(Rule)


def rule_of(tag: str, written: Mapping[str, Any]) -> Heard | Answered | Bought | Fitting | Counter:
    """One rule as the file would have it. Raises Refusal bad_rule."""
    try:
        return _RULE.validate_python(dict(written) | {"tag": tag})
    except ValidationError as mistake:
        raise Refusal("bad_rule", said(mistake), status=422) from None


def said(mistake: ValidationError) -> str:
    """What is wrong, without the hint for those who edit files."""
    first = mistake.errors()[0]
    return str(first["msg"]).removeprefix("Value error, ").partition(" — ")[0]
