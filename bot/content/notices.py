"""Texts in the fields of a notice: where no window is open, only a form that the platform approved may go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bot.content.checked import checked
from bot.content.head import Head
from bot.content.marked import ContentError, Marked, Mistake
from bot.content.templates import Spot, Template, compile_words
from bot.domain.channels import NOTICES
from bot.domain.notices import KINDS, fits, kind_of
from bot.domain.refusals import Refusal
from bot.tongue import _, listed

FILE = "notices.yaml"
Place = tuple[str, str]
"""The name of a text, and the channel."""


class FieldSpec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=20)
    """As she reads it before the words."""
    words: str = Field(min_length=1)


class NoticeSpec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    """The text it stands for."""
    channel: Literal["subscribed", "template"]
    title: str = Field(min_length=1, max_length=40)
    template_id: str = Field(pattern=r"^[\w-]{1,64}$")
    """The platform's, as the account's back office shows it."""
    page: str = Field(default="", pattern=r"^(/[^\s]*)?$")
    """Of ours, opened by a tap."""
    fields: dict[str, FieldSpec] = Field(min_length=1, max_length=10)


@dataclass(frozen=True, slots=True)
class Notice:
    spec: NoticeSpec
    fields: Mapping[str, Template]

    @property
    def bare(self) -> frozenset[str]:
        return frozenset().union(*(field.bare for field in self.fields.values()))

    def fill(self, facts: Mapping[str, Any]) -> dict[str, str]:
        """Refuses with `missing_fact` or `too_long`, as any text does: no field is empty, or cut."""
        return {name: self._said(name, facts) for name in self.fields}

    def render(self, facts: Mapping[str, Any]) -> str:
        """As she reads it."""
        said = self.fill(facts)
        lines = (f"{self.spec.fields[name].name}：{words}" for name, words in said.items())
        return "\n".join((self.spec.title, *lines))

    def _said(self, name: str, facts: Mapping[str, Any]) -> str:
        words = self.fields[name].render(facts)
        if fits(name, words):
            return words
        most = KINDS[kind_of(name) or ""][0]
        what = _(
            "通知「%(title)s」的 %(field)s 装不下「%(words)s」：最多 %(most)s 个字，形式也要对"
        )
        raise Refusal(
            "too_long" if words else "missing_fact",
            what % {"title": self.spec.title, "field": name, "words": words, "most": most},
        )


Notices = Mapping[Place, Notice]


def read_notices(marked: Marked, templates: Mapping[str, Template]) -> dict[Place, Notice]:
    """Raises ContentError with everything that is wrong in the file."""
    specs = checked(TypeAdapter(tuple[NoticeSpec, ...]), marked)
    found: dict[Place, Notice] = {}
    mistakes: list[Mistake] = []
    for number, spec in enumerate(specs):
        spot = Spot(FILE, marked.line((number,)), mistakes)
        place = (spec.text, spec.channel)
        if said := _misplaced(spec, templates, found):
            spot.note(1, *said)
        elif (notice := _made(spec, templates[spec.text], marked, number, mistakes)) is not None:
            found[place] = notice
    mistakes += [
        Mistake(f"templates/{text.name}.j2", 2, *said)
        for text in templates.values()
        for said in lacking(text, {(spec.text, spec.channel) for spec in specs})
    ]
    if mistakes:
        raise ContentError(mistakes)
    return found


def lacking(text: Template, known: Mapping[Place, Any] | set[Place]) -> Iterator[tuple[str, str]]:
    """The channels of a text that need a notice which there is not, with the mend."""
    for channel in text.channels:
        if channel in NOTICES and (text.name, channel) not in known:
            what = _("没有给 %(channel)s 写通知", channel=channel)
            yield what, _("在 notices.yaml 里给「%(name)s」写一段", name=text.name)


def _misplaced(
    spec: NoticeSpec, templates: Mapping[str, Template], found: Mapping[Place, Notice]
) -> tuple[str, str] | None:
    if (text := templates.get(spec.text)) is None:
        return _("没有模板「%(value)s」", value=spec.text), _("看看是不是写错了字")
    if spec.channel not in text.channels:
        what = _("「%(name)s」不从 %(channel)s 发", name=spec.text, channel=spec.channel)
        return what, _("在它的 channels 里加上，或删掉这一段")
    if (spec.text, spec.channel) in found:
        return _("「%(name)s」已经有一段通知", name=spec.text), _("删掉其中一个")
    return None


def _made(
    spec: NoticeSpec, text: Template, marked: Marked, number: int, mistakes: list[Mistake]
) -> Notice | None:
    before, fields = len(mistakes), {}
    for name, field in spec.fields.items():
        spot = Spot(FILE, marked.line((number, "fields", name)), mistakes)
        if kind_of(name) is None:
            known = listed(KINDS)
            spot.note(
                1,
                _("不认识字段「%(name)s」", name=name),
                _("写成类型加编号，类型有 %(known)s", known=known),
            )
        elif made := compile_words(field.words, dict(text.facts), spot):
            fields[name] = _field(text, field, made)
    notice = Notice(spec, fields)
    if len(mistakes) == before:
        _rehearse(notice, text, Spot(FILE, marked.line((number,)), mistakes))
    return notice if len(mistakes) == before else None


def _field(text: Template, field: FieldSpec, made: Any) -> Template:
    head = Head(title=field.name, purpose=text.head.purpose, channels=("page",))
    return Template(text.name, head, field.words, {}, text.facts, {"": made}, None)


def _rehearse(notice: Notice, text: Template, spot: Spot) -> None:
    try:
        notice.fill({name: fact.sample for name, fact in text.facts.items()})
    except Refusal as refusal:
        spot.note(1, refusal.words, _("写短一点，或换一个类型的字段"))
