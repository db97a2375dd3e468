"""Plain data through a pydantic model: every mistake with its line, in words people use."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.content.marked import ContentError, Marked, Mistake
from bot.tongue import _

T = TypeVar("T")

WORDS = {
    "missing": ("少了「%(name)s」", "补上这一项"),
    "extra_forbidden": ("不认识「%(name)s」", "删掉它，或看看是不是写错了字"),
    "string_type": ("「%(name)s」要写文字", "加上引号"),
    "int_type": ("「%(name)s」要写整数", "写一个数字，如 3"),
    "int_parsing": ("「%(name)s」要写整数", "写一个数字，如 3"),
    "date_type": ("「%(name)s」要写日期", "写成 2026-11-11"),
    "date_parsing": ("「%(name)s」要写日期", "写成 2026-11-11"),
    "date_from_datetime_parsing": ("「%(name)s」要写日期", "写成 2026-11-11"),
    "bool_type": ("「%(name)s」要写 true 或 false", "改成 true 或 false"),
    "list_type": ("「%(name)s」要写成列表", "写成 [a, b]"),
    "tuple_type": ("「%(name)s」要写成列表", "写成 [a, b]"),
    "dict_type": ("「%(name)s」要写成“名字: 值”", "每行一对"),
    "string_too_short": ("「%(name)s」写得太短", "多写几个字"),
    "string_too_long": ("「%(name)s」写得太长", "删掉一些字"),
    "string_pattern_mismatch": ("「%(name)s」的写法不对", "照着旁边的例子改"),
    "model_type": ("「%(name)s」要写成“名字: 值”", "每行一对"),
}
SIGNS = {
    "ge": "要不小于 %(value)s",
    "le": "要不大于 %(value)s",
    "gt": "要大于 %(value)s",
    "lt": "要小于 %(value)s",
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
    name = ".".join(str(part) for part in found["loc"]) or _("内容")
    return Mistake(marked.file, marked.line(_known(path, marked)), *told(found, name))


def told(found: ErrorDetails, name: str) -> tuple[str, str]:
    """What is wrong with what is called this, and how to mend it."""
    if found["type"] == "value_error":
        said, _sign, mend = str(found["ctx"]["error"]).partition(" — ")
        return _("「%(name)s」%(said)s", name=name, said=said), mend or _("照着同类文件改")
    if found["type"] not in WORDS:
        what = _("「%(name)s」不对：%(why)s", name=name, why=_plain(found))
        return what, _("照着同类文件改")
    what, mend = WORDS[found["type"]]
    return _(what, name=name), _(mend)


def _plain(found: ErrorDetails) -> str:
    if "expected" in found.get("ctx", {}):
        return _("只能写 %(expected)s", expected=found["ctx"]["expected"])
    limits = {
        key: value
        for key, value in found.get("ctx", {}).items()
        if key in {"ge", "le", "gt", "lt"}
    }
    if limits:
        return _("，").join(_(SIGNS[key], value=value) for key, value in limits.items())
    return str(found["msg"])


def _known(path: tuple[Any, ...], marked: Marked) -> tuple[Any, ...]:
    """Pydantic names the branches of a union in its path; the file does not."""
    kept: tuple[Any, ...] = ()
    for part in path:
        if (*kept, part) in marked.lines:
            kept = (*kept, part)
    return kept
