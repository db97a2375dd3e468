"""Two versions of a journey, told line by line: what stays, what goes, what is new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from bot.content import Content
from bot.domain.playbooks import Fork, PlaybookSpec
from bot.tongue import _
from bot.web.console.journey_words import again_words, rule_words, step_words, trigger_words

PURPOSES = {"marketing": "营销", "service": "服务"}


class Line(NamedTuple):
    sign: str
    """+, − or nothing."""
    words: str


def changes(
    before: PlaybookSpec | None, after: PlaybookSpec | None, content: Content
) -> list[Line]:
    """Empty when nothing differs, or nothing can be compared yet."""
    if after is None:
        return []
    return compared(_lines(before, content) if before else (), _lines(after, content))


def compared(before: Iterable[str], after: Iterable[str]) -> list[Line]:
    """Empty when nothing differs."""
    old, new = list(before), list(after)
    if old == new:
        return []
    told: list[Line] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            told += [Line("", words) for words in old[a:b]]
        else:
            told += [Line("−", words) for words in old[a:b]]
            told += [Line("+", words) for words in new[c:d]]
    return told


def _lines(spec: PlaybookSpec, content: Content) -> Iterator[str]:
    yield from _head(spec, content)
    for step in spec.steps:
        if not isinstance(step, Fork):
            yield step_words(step, content)
            continue
        yield _("如果 %(rule)s", rule=rule_words(step.branch.condition, content))
        for word, arm in ((_("符合"), step.branch.then), (_("不符合"), step.branch.otherwise)):
            for one in arm:
                yield _("　%(arm)s → %(step)s", arm=word, step=step_words(one, content))


def _head(spec: PlaybookSpec, content: Content) -> Iterator[str]:
    said = (
        _("名字：%(name)s", name=spec.name),
        _("为什么：%(why)s", why=spec.why) if spec.why else "",
        _("用途：%(what)s", what=_(PURPOSES[spec.purpose])),
        _("开始：%(when)s", when=trigger_words(spec.trigger)),
        *_ruled(_("谁能进：%(rule)s"), spec.entry.segment, content),
        _("再进：%(again)s", again=again_words(spec.entry.again)),
        *_ruled(_("这样就离开：%(rule)s"), spec.leave, content),
        *_ruled(_("目标：%(rule)s"), spec.goal, content),
        _("对照组 %(n)s%%", n=spec.holdout_percent) if spec.holdout_percent else "",
    )
    yield from filter(None, said)


def _ruled(words: str, rule: object, content: Content) -> Iterator[str]:
    if said := rule_words(rule, content):
        yield words % {"rule": said}
