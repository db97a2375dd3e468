"""`content/tags.yaml`: the groups, the rules that give tags, and what may not be a tag at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from bot.domain.refusals import Refusal
from bot.domain.tags.rules import (
    LONGEST,
    Answered,
    Bought,
    Counter,
    Fitting,
    Forbidden,
    Heard,
    Part,
    Rule,
    TagGroupSpec,
)
from bot.tongue import _


class TagBook(Part):
    utc_offset_hours: int = Field(default=8, ge=-12, le=14)
    """Whose weekend a purchase fell on."""
    groups: tuple[TagGroupSpec, ...] = ()
    rules: tuple[Rule, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()

    def __hash__(self) -> int:
        return self._hashed

    @cached_property
    def _hashed(self) -> int:
        """Made once: what is kept for a book is looked up with every order."""
        return hash((self.groups, self.rules, self.forbidden))

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

    def compares(self) -> bool:
        """Whether some rule asks what things of a category usually cost."""
        return any(rule.compares for rule in self.bought())

    def fitting(self) -> list[Fitting]:
        return [rule for rule in self.rules if isinstance(rule, Fitting)]

    def counted(self) -> list[Counter]:
        return [rule for rule in self.rules if isinstance(rule, Counter)]


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
