"""A journey as somebody is writing it: every mistake at its step, with cause and mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.content import attaching, edits
from bot.content.checked import told
from bot.content.content import Content
from bot.content.marked import Marked
from bot.content.references import broken_in
from bot.domain.playbooks import PlaybookSpec
from bot.domain.refusals import Refusal
from bot.tongue import _

Path_ = tuple[Any, ...]
HEAD = "head"
REACHES = ("kf", "official", "subscribed", "wecom")
LABELS = {
    "name": "旅程的名字",
    "why": "为什么",
    "trigger": "什么时候开始",
    "steps": "步骤",
    "again": "多久能再进",
    "holdout_percent": "对照组",
    "days": "天数",
    "hours": "小时数",
    "part": "一天里的哪一段",
    "at": "钟点",
    "until": "等什么事",
    "template": "话术",
    "offer": "券",
    "add": "打上的标签",
    "remove": "去掉的标签",
    "group": "哪一组群",
    "kind": "请她做什么",
    "words": "现成的话",
    "due_days": "几天内",
    "if": "条件",
    "segment": "发给谁",
    "every": "多久一次",
    "weekday": "星期几",
    "dates": "哪几天",
    "lunar": "哪些节日",
    "ahead": "提前几天",
    "channels": "从哪里发",
    "lasts_days": "发几天",
    "attachments": "附件",
    "rivals": "用来比的话术",
    "metric": "看哪个指标",
    "budget_fen": "券的预算",
    "canary_percent": "先试的百分比",
    "holdout_by": "对照组怎么抽",
    "stop_when": "什么时候自己停",
}
OF_A_MONTH = "每月几号"


@dataclass(frozen=True, slots=True)
class Flaw:
    """`place` is `head`, `entry`, `exit`, `goal`, or a step: `s.3`, and in its branch `s.3.then.0`; of a repeating
    campaign the field: `template`, `calendar`."""

    place: str
    what: str
    mend: str


def flaws(content: Content, key: str, body: Mapping[str, Any]) -> list[Flaw]:
    """In the order of the page; empty when it may be published."""
    written = dict(body) | {"key": key}
    found = [*_of_form(written), *_of_names(content, key, written)]
    if not found:
        found = list(_of_offers(content, written)) or list(_as_published(content, key, body))
    return list(dict.fromkeys(found))


def _of_form(written: Mapping[str, Any]) -> Iterator[Flaw]:
    try:
        TypeAdapter(PlaybookSpec).validate_python(written)
    except ValidationError as wrong:
        for one in wrong.errors():
            where = one["loc"]
            if not _other_kind(written, where):
                yield Flaw(place_of(where), *_told(one))


def _told(found: ErrorDetails) -> tuple[str, str]:
    if found["loc"] == ("campaign", "calendar") and found["type"] == "value_error":
        return _("还没有写是哪几天"), _("至少写一天")
    return told(found, _label(found))


def _other_kind(written: Mapping[str, Any], where: Path_) -> bool:
    """A step is of one kind or of the other: what the other would have wanted is nobody's business."""
    if len(where) < 3 or where[0] != "steps":
        return False
    step = written["steps"][where[1]]
    forks = isinstance(step, dict) and "branch" in step
    return forks is not (where[2] == "Fork")


def _label(found: ErrorDetails) -> str:
    where = found["loc"]
    names = [part for part in where if isinstance(part, str) and part in LABELS]
    if where[:1] == ("campaign",) and names[-1:] == ["days"]:
        return _(OF_A_MONTH)
    return _(LABELS[names[-1]]) if names else _("这一步")


def place_of(where: Path_) -> str:
    if not where or where[0] in {"entry", "exit", "goal"}:
        return str(where[0]) if where else HEAD
    if where[0] == "campaign" and len(where) > 1:
        return str(where[1])
    if where[0] != "steps" or len(where) < 2:
        return HEAD
    for arm in ("then", "else"):
        if arm in where[:-1]:
            return f"s.{where[1]}.{arm}.{where[where.index(arm) + 1]}"
    return f"s.{where[1]}"


def _of_names(content: Content, key: str, written: Mapping[str, Any]) -> Iterator[Flaw]:
    paths = list(_paths(written, ()))
    lines = {path: number for number, path in enumerate(paths)}
    marked = Marked(f"playbooks/{key}.yaml", written, lines)
    for one in broken_in(edits.names(content), marked):
        yield Flaw(place_of(paths[one.line]), one.what, one.mend)


def _paths(data: Any, path: Path_) -> Iterator[Path_]:
    yield path
    items = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list | tuple)
        else ()
    )
    for key, value in items:
        yield from _paths(value, (*path, key))


def _of_offers(content: Content, written: Mapping[str, Any]) -> Iterator[Flaw]:
    """A text that speaks of an offer, without one."""
    if mailing := written.get("campaign"):
        for one in (mailing["template"], *mailing.get("rivals", ())):
            said = dict(mailing) | {"template": one}
            yield from _lacks_offer(content, said, "offer", _("「%(title)s」说到一张券，却没有附"))
            yield from _lacks_way(content, said)
        yield from _of_attachments(content, mailing)
    for path in _paths(written.get("steps", []), ("steps",)):
        if path[-1] != "message":
            continue
        message: Any = written
        for part in path:
            message = message[part]
        what = _("「%(title)s」说到一张券，这一步却没有附")
        yield from _lacks_offer(content, message, place_of(path), what)


def _lacks_offer(
    content: Content, message: Mapping[str, Any], place: str, what: str
) -> Iterator[Flaw]:
    text = content.templates[message["template"]]
    if text.offer and not message.get("offer"):
        yield Flaw(place, what % {"title": text.title}, _("选一张券，或换一段话术"))


def _lacks_way(content: Content, mailing: Mapping[str, Any]) -> Iterator[Flaw]:
    text = content.templates[mailing["template"]]
    if not set(mailing.get("channels") or REACHES) & set(text.channels):
        what = _("「%(title)s」不是写给这些渠道的，一个人也发不到", title=text.title)
        yield Flaw("channels", what, _("换一个渠道，或换一段话术"))


def _of_attachments(content: Content, mailing: Mapping[str, Any]) -> Iterator[Flaw]:
    """What hangs on its messages: whether there is such a thing, and a way that carries it."""
    hanging = mailing.get("attachments") or ()
    texts = (mailing["template"], *mailing.get("rivals", ()))
    try:
        kept = attaching.checked(content, hanging)
        attaching.check_ways(content, texts, mailing.get("channels") or REACHES, kept)
    except Refusal as refusal:
        yield Flaw("attachments", refusal.words, _("换一件，或去掉它"))


def _as_published(content: Content, key: str, body: Mapping[str, Any]) -> Iterator[Flaw]:
    """What only the whole shows: prices that would be unfair."""
    try:
        edits.playbook(content, key, body)
    except Refusal as refusal:
        for line in refusal.words.splitlines():
            yield Flaw(HEAD, line, _("改券的力度、分群，或换一张券"))
