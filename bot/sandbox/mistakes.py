"""What is wrong in a YAML file, said with its line and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from bot.sandbox.saying import _

Place = tuple[str | int, ...]
Loose = tuple[Place, str]
WORDS = {
    "int": "这里要写整数",
    "float": "这里要写数字",
    "bool": "这里要写 true 或 false",
    "string": "这里要写文字",
    "list": "这里要写一个列表，例如 [甲, 乙]",
    "dict": "这里要写名和值，例如 {name: 甲}",
    "model": "这里要写名和值，例如 {name: 甲}",
    "too_short": "至少要有一项",
    "too_long": "项数太多了",
    "tuple": "这里要写两个数字，例如 [2, 30]",
}


class Mistakes(ValueError):
    """Every mistake of one file, each on a line of its own."""

    def __init__(self, path: Path, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        super().__init__("\n".join(f"{path}{line}" for line in self.lines))


def parse(path: Path) -> Any:
    """The file as YAML (JSON is YAML too)."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = (
            _("没有这个文件")
            if isinstance(error, FileNotFoundError)
            else _("读不了：%(error)s", error=error)
        )
        raise Mistakes(path, [f"：{why}"]) from None
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        last = max(len(text.splitlines()), 1)
        where = _(" 第 %(line)s 行", line=min(mark.line + 1, last)) if mark else ""
        words = _(
            "%(where)s：不是 YAML（%(problem)s）。检查缩进、冒号后的空格和成对的括号。",
            where=where,
            problem=error.problem,
        )
        raise Mistakes(path, [words]) from None


def told(path: Path, model: type[BaseModel], error: ValidationError) -> Mistakes:
    found = [(tuple(one["loc"]), _words(model, one)) for one in error.errors()]
    return at_lines(path, found)


def unplaced(what: str, model: type[BaseModel], error: ValidationError) -> Mistakes:
    """For what was not in a file."""
    lines = [f" {_named(tuple(one['loc']))}：{_words(model, one)}" for one in error.errors()]
    return Mistakes(Path(what), lines)


def at_lines(path: Path, found: Sequence[Loose]) -> Mistakes:
    root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    return Mistakes(
        path,
        [
            _(
                " 第 %(line)s 行 %(place)s：%(words)s",
                line=_line(root, at),
                place=_named(at),
                words=words,
            )
            for at, words in found
        ],
    )


def _named(place: Place) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.lstrip(".") or _("（整个文件）")


def _line(node: Any, place: Place) -> int:
    """As deep as the file goes: what is missing is told where it should stand."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            key, node = pair or (None, None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part] if part < len(node.value) else None
            key = node
        else:
            break
        if key is None:
            break
        line = key.start_mark.line + 1
    return line


def _words(model: type[BaseModel], error: Any) -> str:
    kind, place = str(error["type"]), tuple(error["loc"])
    if kind == "missing":
        return _("缺少这一项，补上 `%(place)s: …`", place=place[-1])
    if kind == "extra_forbidden":
        return _unknown(str(place[-1]), _fields_at(model, place[:-1]))
    if kind == "literal_error":
        return _(
            "只能是 %(expected)s，现在是 %(input)s",
            expected=_listed(error["ctx"]["expected"]),
            input=repr(error["input"]),
        )
    if kind == "value_error":
        return str(error["ctx"]["error"])
    words = next((said for name, said in WORDS.items() if kind.startswith(name)), error["msg"])
    return _("%(words)s，现在是 %(input)s", words=_(words), input=repr(error["input"]))


def _listed(expected: str) -> str:
    return expected.replace(" or ", "、").replace(", ", "、").replace("'", "")


def _unknown(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    meant = _("，是不是想写 `%(near)s`", near=near[0]) if near else ""
    return _("没有这个名字%(meant)s；这里能写：%(known)s", meant=meant, known="、".join(known))


def _fields_at(model: type[BaseModel], place: Place) -> list[str]:
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _model_in(kind: Any) -> type[BaseModel] | None:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next((found for inner in get_args(kind) if (found := _model_in(inner))), None)
