"""What hangs on a message, as a form shows it and reads it: a link, pictures, a mini program, files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from multidict import MultiMapping

from bot.content import Content, library
from bot.web.console import forms

FIELDS = {
    "link": {"title": 60, "url": 2000, "media": 200},
    "miniprogram": {"title": 30, "appid": 40, "page": 1000, "media": 200},
}
"""Of those with more than a name, what is typed, and how many characters of it."""
KINDS = {"link": "链接", "image": "图片", "miniprogram": "小程序", "file": "文档"}


def shelf(content: Content) -> dict[str, Any]:
    """What there is to choose from."""
    return {"library": library.pictures(content), "papers": library.files(content)}


def typed(kept: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The fields as they would have been filled in."""
    said: dict[str, Any] = {}
    for kind, fields in FIELDS.items():
        one = next((one for one in kept if one.get("kind") == kind), {})
        said |= {f"{kind}_{name}": one.get(name, "") for name in fields}
    for kind in ("image", "file"):
        said[kind] = [one["media"] for one in kept if one.get("kind") == kind]
    return said


def read(form: MultiMapping[Any]) -> tuple[dict[str, Any], ...]:
    """In the order in which they are shown."""
    said = [_one(form, kind) for kind in FIELDS]
    told = [one for one in said if any(one.get(name) for name in ("title", "url", "appid"))]
    for kind in ("image", "file"):
        told += [
            {"kind": kind, "media": str(name)[:200]} for name in form.getall(kind, []) if name
        ]
    return tuple(told)


def _one(form: MultiMapping[Any], kind: str) -> dict[str, Any]:
    fields = FIELDS[kind].items()
    said = {name: forms.text(form, f"{kind}_{name}", most=most) for name, most in fields}
    return {"kind": kind, **said}
