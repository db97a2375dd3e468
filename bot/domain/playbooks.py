"""A playbook as people write it down, and as the straight program that one customer's run walks through."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from bot.domain.repeating import LocalTime, Mailing, Part, Rule
from bot.tongue import _

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,39}$")]

TRIGGERS = (
    "friend_added",
    "order_paid",
    "first_order",
    "birthday_month",
    "pet_birthday",
    "series_back",
    "pairing",
    "tier_changed",
    "tag_added",
    "case_closed",
    "coupon_expiring",
    "level_reached",
)
Trigger = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(TRIGGERS)})(:\S+)?$")]
HAPPENINGS = (
    "friend_added",
    "order_paid",
    "first_order",
    "tag_added",
    "case_closed",
    "level_reached",
)
"""Triggers that are heard one by one at the moment, so that a run can wait for them."""
Happening = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(HAPPENINGS)})(:\S+)?$")]


class Wait(Part):
    """So many days and hours from now, then on to a part of the day; never into quiet hours. With `until`, at the
    longest: she goes on as soon as that happens."""

    days: int = Field(default=0, ge=0, le=400)
    hours: int = Field(default=0, ge=0, le=240)
    part: Literal["morning", "noon", "afternoon", "evening"] | None = None
    at: LocalTime | None = None
    until: Happening | None = None

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.until and not (self.days or self.hours):
            raise ValueError(_("等一件事也要有个期限 — 补上 days 或 hours"))
        return self


class Message(Part):
    template: str
    offer: str | None = None


class TagStep(Part):
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    days: int | None = Field(default=None, ge=1, le=3650)
    """How long it holds."""


class Invite(Part):
    group: str
    """A family of `content/groups.yaml`; its own template invites."""


class AskGuide(Part):
    kind: Literal["contact", "care", "visit", "thanks"] = "contact"
    why: str = Field(min_length=4, max_length=200)
    words: str | None = None
    """Template of the ready words."""
    due_days: int = Field(default=2, ge=0, le=30)


class PlainStep(Part):
    """One stop: exactly one of these is written."""

    wait: Wait | None = None
    message: Message | None = None
    tag: TagStep | None = None
    invite: Invite | None = None
    guide_task: AskGuide | None = None
    end: Literal[True] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError(_("每一步只写一件事 — 拆成两步"))
        return self


class Branch(Part):
    condition: Rule | str = Field(alias="if")
    then: tuple[PlainStep, ...] = ()
    otherwise: tuple[PlainStep, ...] = Field(default=(), alias="else")


class Fork(Part):
    branch: Branch


Step = PlainStep | Fork


class Entry(Part):
    segment: Rule | str | None = None
    again: Literal["never", "each_cause"] | Annotated[int, Field(ge=1, le=3650)] = "never"
    """A number: she may come again after so many days."""


class Menu(Part):
    id: str
    text: str
    url: str | None = None


class Card(Part):
    title: str = Field(max_length=42)
    description: str = Field(default="", max_length=170)
    url: str


class Greeting(Part):
    """What is said at once when somebody arrives: by channel, and by where she came from."""

    channel: Literal["wecom", "kf", "official"]
    states: tuple[str, ...] = ()
    """Contact-way states, or beginnings of them ending in `*`; none means all others."""
    template: str
    card: Card | None = None
    menu: tuple[Menu, ...] = ()


class PlaybookSpec(Part):
    key: Key
    name: str = Field(min_length=2, max_length=40)
    why: str = Field(default="", max_length=300)
    tactic: tuple[Annotated[int, Field(ge=1, le=113)], ...]
    purpose: Literal["marketing", "service"] = "marketing"
    trigger: Trigger | None = None
    campaign: Mailing | None = None
    greetings: tuple[Greeting, ...] = ()
    entry: Entry = Entry()
    leave: Rule | str | None = Field(default=None, alias="exit")
    """Checked before every step: whoever matches leaves."""
    goal: Rule | str | None = None
    """Where it leads: whoever matches has arrived, and leaves too."""
    holdout_percent: int = Field(default=0, ge=0, le=50)
    steps: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _one_start(self) -> Self:
        if (self.trigger is None) == (self.campaign is None):
            raise ValueError(_("要么写 trigger（旅程），要么写 campaign（定期活动） — 二选一"))
        if self.trigger and not (self.steps or self.greetings):
            raise ValueError(_("这条旅程什么也不做 — 写上 steps"))
        return self

    @property
    def gone(self) -> Rule | None:
        """Who goes no further: she has arrived, or it is not for her any more."""
        rules = [rule for rule in (self.leave, self.goal) if isinstance(rule, dict)]
        return {"any": rules} if len(rules) > 1 else next(iter(rules), None)


@dataclass(frozen=True, slots=True)
class Check:
    """Go on when she matches, else jump."""

    rule: Rule
    otherwise: int


@dataclass(frozen=True, slots=True)
class Jump:
    to: int


@dataclass(frozen=True, slots=True)
class End:
    pass


Op = Wait | Message | TagStep | Invite | AskGuide | Check | Jump | End


def program(spec: PlaybookSpec) -> tuple[Op, ...]:
    """The steps with their branches laid out flat: a run needs to remember one number only."""
    ops: list[Op] = []
    for step in spec.steps:
        if isinstance(step, PlainStep):
            ops.append(_op(step))
        else:
            _lay(step.branch, ops)
    return (*ops, End())


def _lay(branch: Branch, ops: list[Op]) -> None:
    if not isinstance(branch.condition, dict):
        raise TypeError(f"the rule {branch.condition!r} was not looked up before publishing")
    then = [_op(step) for step in branch.then]
    otherwise = [_op(step) for step in branch.otherwise]
    begin = len(ops) + 1
    ops.append(Check(branch.condition, begin + len(then) + 1))
    ops.extend(then)
    ops.append(Jump(begin + len(then) + 1 + len(otherwise)))
    ops.extend(otherwise)


def _op(step: PlainStep) -> Op:
    if step.end:
        return End()
    found = step.wait or step.message or step.tag or step.invite or step.guide_task
    if found is None:
        raise TypeError("a step without content")
    return found


def awaited(spec: PlaybookSpec) -> set[str]:
    """What runs of this playbook may be waiting for."""
    plain: list[PlainStep] = []
    for step in spec.steps:
        if isinstance(step, PlainStep):
            plain.append(step)
        else:
            plain += step.branch.then + step.branch.otherwise
    return {step.wait.until for step in plain if step.wait and step.wait.until}


@lru_cache(maxsize=256)
def read_published(_digest: str, body: str) -> PlaybookSpec:
    """The published body, parsed once per version."""
    return PlaybookSpec.model_validate_json(body)
