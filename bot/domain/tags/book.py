"""`content/tags.yaml`: the groups, the rules that give tags, and what may not be a tag at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
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


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TagGroupSpec(_Part):
    name: Name
    tags: tuple[Name, ...] = ()
    exclusive: bool = False
    mirrored: bool = True
    open: bool = False
    """Rules may make further tags in it: categories as they are sold, sources as they are named."""
    consent: Literal["life_stage"] | None = None
    """Only she herself says these, under a consent of their own: no rule gives them, and nobody by hand."""


class Heard(_Part):
    """A tag for something she did: came by a code, tapped a menu, said or meant something, opened a link."""

    when: Literal["contact_way", "menu", "keyword", "intent", "link"]
    tag: TagName
    any: tuple[str, ...] = Field(min_length=1)
    """Patterns of the state, menu key, intent or link name; words that the message contains."""
    days: int | None = Field(default=None, ge=1)
    confidence: Share = 1.0


class Answered(_Part):
    """A tag for what she said of herself on a form or in a quiz."""

    when: Literal["answer"]
    tag: TagName
    form: str
    field: str
    is_: str = Field(alias="is")


class PriceBand(_Part):
    """Of the average paid order, in fen; from included, below not."""

    from_: int = Field(alias="from", default=0, ge=0)
    below: int | None = Field(default=None, ge=1)


class Habit(_Part):
    """At least this share of at least so many orders."""

    share: Share
    orders: int = Field(ge=1)


class Novelty(Habit):
    """Of orders with something that had been on sale for fewer days."""

    days: int = Field(ge=1, le=365)


class Count(_Part):
    least: int = Field(default=1, ge=1)
    most: int | None = Field(default=None, ge=1)


class Bought(_Part):
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
    def key(self) -> str:
        """What its tags show as evidence."""
        known = self.model_dump(exclude={"when", "tag"}, exclude_none=True, by_alias=True)
        return "; ".join(f"{name}={value}" for name, value in known.items())


class Fitting(_Part):
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


class Forbidden(_Part):
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


Rule = Annotated[Heard | Answered | Bought | Fitting, Field(discriminator="when")]


class TagBook(_Part):
    utc_offset_hours: int = Field(default=8, ge=-12, le=14)
    """Whose weekend a purchase fell on."""
    groups: tuple[TagGroupSpec, ...] = ()
    rules: tuple[Rule, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name in self.names():
            if said := self.too_precise(name):
                raise ValueError(
                    _(
                        "里的「%(name)s」不能作标签：%(why)s — 换成「%(instead)s」这样的说法",
                        name=name,
                        why=said.why,
                        instead=said.instead,
                    )
                )
        for rule in self.rules:
            group, name = parts(rule.tag)
            if self.own(group):
                raise ValueError(_("里的「%(tag)s」只由顾客自己说 — 去掉这条规则", tag=rule.tag))
            if not (self.knows(rule.tag) or (self.opens(group) and name == "{category}")):
                raise ValueError(_("里没有「%(tag)s」 — 先在 groups 里写上它", tag=rule.tag))
        return self

    def names(self) -> Iterator[str]:
        return (f"{group.name}/{tag}" for group in self.groups for tag in group.tags)

    def knows(self, tag: str) -> bool:
        return tag in set(self.names())

    def opens(self, group: str) -> bool:
        return any(each.name == group and each.open for each in self.groups)

    def own(self, group: str) -> bool:
        """Whether its tags are the customer's own word."""
        return any(each.name == group and each.consent for each in self.groups)

    def said_by_her(self) -> list[str]:
        return [
            f"{group.name}/{tag}" for group in self.groups if group.consent for tag in group.tags
        ]

    def too_precise(self, tag: str) -> Forbidden | None:
        _, name = parts(tag)
        return next((each for each in self.forbidden if re.search(each.pattern, name)), None)

    def check(self, tag: str) -> None:
        """Raises Refusal when a person may not give this tag: too_precise or unknown_tag."""
        if said := self.too_precise(tag):
            instead = _("，可以用「%(instead)s」", instead=said.instead) if said.instead else ""
            raise Refusal(
                "too_precise",
                _(
                    "「%(tag)s」不能作标签：%(why)s%(instead)s",
                    tag=tag,
                    why=said.why,
                    instead=instead,
                ),
                status=422,
            )
        if self.own(parts(tag)[0]):
            raise Refusal(
                "her_own_word",
                _("「%(tag)s」只能由顾客自己在「消息偏好」里说", tag=tag),
                status=422,
            )
        if not self.knows(tag) and not self.opens(parts(tag)[0]):
            raise Refusal("unknown_tag", _("没有「%(tag)s」这个标签", tag=tag), status=422)

    def heard(self, when: str, what: str) -> list[Heard]:
        """The rules that such an act fulfils."""
        rules = (rule for rule in self.rules if isinstance(rule, Heard) and rule.when == when)
        return [rule for rule in rules if matches(rule, what)]

    def answered(self, form: str, answers: dict[str, str]) -> list[Answered]:
        return [
            rule
            for rule in self.rules
            if isinstance(rule, Answered)
            and rule.form == form
            and answers.get(rule.field) == rule.is_
        ]

    def bought(self) -> list[Bought]:
        return [rule for rule in self.rules if isinstance(rule, Bought)]

    def fitting(self) -> list[Fitting]:
        return [rule for rule in self.rules if isinstance(rule, Fitting)]


def parts(tag: str) -> tuple[str, str]:
    """`组/名` → the group and the name. Raises Refusal bad_tag."""
    group, slash, name = tag.partition("/")
    if not (group and slash and name) or "/" in name:
        raise Refusal("bad_tag", _("「%(tag)s」要写成 组/标签", tag=tag), status=422)
    if max(len(group), len(name)) > LONGEST:
        raise Refusal(
            "bad_tag",
            _("「%(tag)s」太长，组和标签各最多 %(most)s 字", tag=tag, most=LONGEST),
            status=422,
        )
    return group, name


def matches(rule: Heard, what: str) -> bool:
    if rule.when == "keyword":
        return any(word in what for word in rule.any)
    return any(fnmatchcase(what, pattern) for pattern in rule.any)
