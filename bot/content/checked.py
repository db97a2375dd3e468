"""Plain data through a pydantic model: every mistake with its line, in words people use."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.content.marked import ContentError, Marked, Mistake

T = TypeVar("T")

WORDS = {
    "missing": ("少了「{name}」", "补上这一项"),
    "extra_forbidden": ("不认识「{name}」", "删掉它，或看看是不是写错了字"),
    "string_type": ("「{name}」要写文字", "加上引号"),
    "int_type": ("「{name}」要写整数", "写一个数字，如 3"),
    "int_parsing": ("「{name}」要写整数", "写一个数字，如 3"),
    "bool_type": ("「{name}」要写 true 或 false", "改成 true 或 false"),
    "list_type": ("「{name}」要写成列表", "写成 [a, b]"),
    "tuple_type": ("「{name}」要写成列表", "写成 [a, b]"),
    "dict_type": ("「{name}」要写成“名字: 值”", "每行一对"),
    "model_type": ("「{name}」要写成“名字: 值”", "每行一对"),
}


def checked(
    adapter: TypeAdapter[T], marked: Marked, *, at: tuple[Any, ...] = (), data: Any = None
) -> T:
    """Raises ContentError naming each mistake of `data` (default: the whole file), which stands at `at`."""
    try:
        return adapter.validate_python(marked.data if data is None else data)
    except ValidationError as error:
        raise ContentError([_said(found, marked, at) for found in error.errors()]) from None


def _said(found: ErrorDetails, marked: Marked, at: tuple[Any, ...]) -> Mistake:
    path = (*at, *found["loc"])
    name = ".".join(str(part) for part in found["loc"]) or "内容"
    line = marked.line(_known(path, marked))
    if found["type"] == "value_error":
        said, _, told = str(found["ctx"]["error"]).partition(" — ")
        return Mistake(marked.file, line, f"「{name}」{said}", told or "照着同类文件改")
    what, mend = WORDS.get(found["type"], ("「{name}」不对：{msg}", "照着同类文件改"))
    return Mistake(marked.file, line, what.format(name=name, msg=_plain(found)), mend)


def _plain(found: ErrorDetails) -> str:
    if "expected" in found.get("ctx", {}):
        return f"只能写 {found['ctx']['expected']}"
    limits = {
        key: value
        for key, value in found.get("ctx", {}).items()
        if key in {"ge", "le", "gt", "lt"}
    }
    if limits:
        signs = {"ge": "不小于", "le": "不大于", "gt": "大于", "lt": "小于"}
        return "，".join(f"要{signs[key]} {value}" for key, value in limits.items())
    return str(found["msg"])


def _known(path: tuple[Any, ...], marked: Marked) -> tuple[Any, ...]:
    """Pydantic names the branches of a union in its path; the file does not."""
    kept: tuple[Any, ...] = ()
    for part in path:
        if (*kept, part) in marked.lines:
            kept = (*kept, part)
    return kept
