"""What a template may do: say facts, choose by comparing them, and use six filters. Nothing else parses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.domain.facts import Fact
from bot.tongue import _, listed

LONGEST_SOURCE = 6000
MOST_NODES = 300
HERE = ZoneInfo("Asia/Shanghai")

ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.If,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Const,
    nodes.Filter,
    nodes.Test,
)


def yuan(fen: int) -> str:
    """1990 → ¥19.9"""
    whole, rest = divmod(abs(int(fen)), 100)
    cents = f".{rest:02d}".rstrip("0").rstrip(".") if rest else ""
    return f"{'-' if fen < 0 else ''}¥{whole:,}{cents}"


def day(moment: datetime | date | str) -> str:
    if isinstance(moment, str):
        return moment
    local = moment.astimezone(HERE) if isinstance(moment, datetime) else moment
    return f"{local.month} 月 {local.day} 日"


def short(text: str, longest: int = 20) -> str:
    return text if len(text) <= longest else f"{text[: max(0, longest - 1)]}…"


def joined(values: Sequence[Any] | str) -> str:
    return values if isinstance(values, str) else "、".join(str(value) for value in values)


def number(value: float) -> str:
    return f"{value:,}"


def environment() -> ImmutableSandboxedEnvironment:
    env = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    default = env.filters["default"]
    defined = env.tests["defined"]
    env.globals.clear()
    env.filters.clear()
    env.tests.clear()
    env.filters.update(
        default=default, yuan=yuan, day=day, short=short, listed=joined, number=number
    )
    env.tests["defined"] = defined
    return env


def breaches(tree: nodes.Template, facts: dict[str, Fact]) -> Iterator[tuple[int, str, str]]:
    """(line, what, mend) of everything in the template that a text has no need of."""
    for count, node in enumerate(_walk(tree)):
        if count > MOST_NODES:
            yield 1, _("写得太复杂"), _("拆成几个模板")
            return
        line = getattr(node, "lineno", None) or 1
        if not isinstance(node, ALLOWED):
            yield (
                line,
                _("模板里不能用 %(name)s", name=type(node).__name__),
                _("只能写事实、if 和六个过滤器"),
            )
        elif said := _said_of(node, facts):
            yield line, *said


def _walk(tree: nodes.Node) -> Iterator[nodes.Node]:
    waiting: list[nodes.Node] = [tree]
    while waiting:
        node = waiting.pop(0)
        yield node
        waiting.extend(node.iter_child_nodes())


def _said_of(node: nodes.Node, facts: dict[str, Fact]) -> tuple[str, str] | None:
    match node:
        case nodes.Name(name=name) if name not in facts:
            return _("没有「%(name)s」这个事实", name=name), _nearest(name, list(facts))
        case nodes.Getattr(node=nodes.Name(name=name), attr=attr):
            parts = facts[name].parts if name in facts else ()
            return (
                None
                if attr in parts
                else (
                    _("「%(name)s」里没有「%(attr)s」", name=name, attr=attr),
                    _nearest(attr, list(parts)),
                )
            )
        case nodes.Getattr(attr=attr):
            return _("不能这样取「%(attr)s」", attr=attr), _("只能写 事实.部分，一层")
        case nodes.Test(name=name) if name != "defined":
            return _("不能用 is %(name)s", name=name), _("只能写 is defined")
        case nodes.Filter(name=name, kwargs=kwargs, dyn_args=more, dyn_kwargs=named):
            return _said_of_filter(name, plain=not (kwargs or more or named))
    return None


def _said_of_filter(name: str, *, plain: bool) -> tuple[str, str] | None:
    if name not in FILTERS:
        return _("没有过滤器「%(name)s」", name=name), _(
            "可以用 %(known)s", known=" ".join(FILTERS)
        )
    return (
        None
        if plain
        else (_("过滤器「%(name)s」的写法不对", name=name), _("只写值，如 short(12)"))
    )


FILTERS = ("default", "yuan", "day", "short", "listed", "number")


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return (
        _("是不是「%(close)s」？", close=close[0])
        if close
        else _("可以用 %(known)s", known=listed(known) or "—")
    )
