"""YAML that remembers where everything stood, so that a mistake can be shown by its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

from bot.tongue import _

BIGGEST = 256 * 1024


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    file: str
    line: int
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what} — {self.mend}"


class ContentError(Exception):
    """Everything that is wrong in the content, at once."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = sorted(set(mistakes))
        super().__init__("\n".join(map(str, self.mistakes)))


@dataclass(frozen=True, slots=True)
class Marked:
    """Plain data, and the line of each path in it."""

    file: str
    data: Any
    lines: Mapping[tuple[Any, ...], int] = field(default_factory=dict)

    def line(self, path: tuple[Any, ...]) -> int:
        """The line of this path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Plain(yaml.composer.Composer, yaml.CSafeLoader):
    """Without YAML 1.1's traps: `21:00` is a text, `on` is a word, and nothing refers to anything else.

    libyaml reads, which is ten times as fast; what is composed of it passes by us.
    """

    def __init__(self, text: str) -> None:
        yaml.composer.Composer.__init__(self)
        yaml.CSafeLoader.__init__(self, text)

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        if self.check_event(yaml.AliasEvent):
            asked: Any = self
            mark = asked.peek_event().start_mark
            raise yaml.composer.ComposerError(None, None, _("这里不能用 * 引用"), mark)
        node: Node | None = super().compose_node(parent, index)
        return node


_Plain.yaml_implicit_resolvers = {
    first: [
        (tag, regexp)
        for tag, regexp in found
        if not tag.endswith((":bool", ":int", ":float", ":timestamp"))
    ]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Plain.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789")
)
_Plain.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^-?[0-9]+\.[0-9]+$"), list("-0123456789")
)


@lru_cache(maxsize=512)
def read_marked(text: str, *, file: str, first_line: int = 1) -> Marked:
    """The same for the same text. Raises ContentError when this is not YAML that we read."""
    if len(text) > BIGGEST:
        raise ContentError(
            [
                Mistake(
                    file,
                    1,
                    _("文件太大"),
                    _("拆成几个不超过 %(size)s KB 的文件", size=BIGGEST // 1024),
                )
            ]
        )
    loader = _Plain(text)
    lines: dict[tuple[Any, ...], int] = {}
    try:
        node = loader.get_single_node()
        data = {} if node is None else loader.construct_document(node)
        if node is not None:
            _note(node, (), lines, _Place(file, first_line, loader))
    except yaml.MarkedYAMLError as error:
        _not_yaml(error, file, first_line)
    except RecursionError:
        raise ContentError([Mistake(file, 1, _("嵌套太深"), _("少套几层"))]) from None
    finally:
        loader.dispose()
    return Marked(file, data, lines)


def read_file(path: Path, *, root: Path) -> Marked:
    file = path.relative_to(root).as_posix()
    try:
        return read_marked(path.read_text(encoding="utf-8"), file=file)
    except UnicodeDecodeError:
        raise ContentError(
            [Mistake(file, 1, _("不是 UTF-8 文字"), _("用 UTF-8 编码另存一次"))]
        ) from None


@dataclass(frozen=True, slots=True)
class _Place:
    file: str
    first_line: int
    loader: _Plain


def _note(
    node: Node, path: tuple[Any, ...], lines: dict[tuple[Any, ...], int], place: _Place
) -> None:
    lines.setdefault(path, node.start_mark.line + place.first_line)
    if isinstance(node, SequenceNode):
        for number, item in enumerate(node.value):
            _note(item, (*path, number), lines, place)
    if isinstance(node, MappingNode):
        for key, value in node.value:
            name = place.loader.construct_object(key, deep=True)
            here = key.start_mark.line + place.first_line
            if (*path, name) in lines:
                raise ContentError(
                    [
                        Mistake(
                            place.file,
                            here,
                            _("「%(name)s」写了两次", name=name),
                            _("删掉其中一个"),
                        )
                    ]
                )
            lines[(*path, name)] = here
            _note(value, (*path, name), lines, place)


def _not_yaml(error: yaml.MarkedYAMLError, file: str, first_line: int) -> NoReturn:
    mark = error.problem_mark or error.context_mark
    line = first_line + (mark.line if mark else 0)
    what = _("读不懂这一行：%(problem)s", problem=error.problem or "YAML")
    raise ContentError([Mistake(file, line, what, _("看看缩进、冒号后的空格和引号"))]) from None
