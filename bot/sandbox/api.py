"""What an API handler is given, and the table that leads a path to it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage

T = TypeVar("T")
Body = dict[str, Any]


@dataclass(frozen=True)
class Upload:
    field: str
    filename: str
    content: bytes


@dataclass(frozen=True)
class Raw:
    """An answer that is not JSON: a file or a redirect."""

    content: bytes = b""
    content_type: str = "application/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass
class Call:
    method: str
    path: str
    query: dict[str, str]
    body: Body
    now: datetime
    uploads: list[Upload] = field(default_factory=list)
    app: str = ""
    range: str = ""  # the header with which a part of a file is asked for
    notes: Body = field(default_factory=dict)  # what the log should say beside the answer

    @property
    def stamp(self) -> int:
        return int(self.now.timestamp())

    def text(self, name: str, *, missing: int = 40058) -> str:
        value = self.body.get(name, self.query.get(name))
        if value in (None, ""):
            raise Refuse(missing, f"{name} missing")
        return str(value)

    def maybe(self, name: str, default: str = "") -> str:
        value = self.body.get(name, self.query.get(name))
        return default if value is None else str(value)

    def number(self, name: str, default: int | None = None) -> int:
        value = self.body.get(name, self.query.get(name, default))
        try:
            return int(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise Refuse(40058, f"{name} should be a number") from None

    def items(self, name: str, *, cap: int, missing: int | None = None) -> list[Any]:
        value = self.body.get(name) or []
        if not isinstance(value, list) or len(value) > cap:
            raise Refuse(40058, f"{name} should be a list of at most {cap}")
        if not value and missing is not None:
            raise Refuse(missing, f"{name} missing")
        return value

    def limit(self, *, default: int, cap: int) -> int:
        wanted = self.number("limit", default) or default
        if wanted < 0:
            raise Refuse(40058, "limit")
        return min(wanted, cap)

    def offset(self) -> int:
        """Where a cursor of ours points; anything else is refused."""
        cursor = self.maybe("cursor")
        try:
            return (
                int(base64.urlsafe_b64decode(cursor).decode().removeprefix("c:")) if cursor else 0
            )
        except ValueError:
            raise Refuse(40058, "cursor") from None


def cursor_at(offset: int) -> str:
    return base64.urlsafe_b64encode(f"c:{offset}".encode()).decode()


def page(call: Call, items: Sequence[T], *, default: int, cap: int) -> tuple[list[T], str]:
    begin, size = call.offset(), call.limit(default=default, cap=cap)
    end = begin + size
    return list(islice(items, begin, end)), cursor_at(end) if end < len(items) else ""


def too_long(text: str, *, size: int, chars: bool = False) -> bool:
    return len(text if chars else text.encode()) > size


Handler = Callable[[Stage, Call], "Body | Raw | None"]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    handler: Handler
    empty: Body
    needs_token: bool = True
    exclusive: Callable[[Call], str] | None = None
    busy: int = 45033
    bare: bool = False  # the answer carries no errcode when all is well


class Routes:
    """`@routes.post("/path", empty={...})` above a handler."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def get(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        return self._add("GET", path, options)

    def post(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        return self._add("POST", path, options)

    def any(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        return self._add("*", path, options)

    def _add(self, method: str, path: str, options: Body) -> Callable[[Handler], Handler]:
        def keep(handler: Handler) -> Handler:
            self.all.append(Route(method, path, handler, options.pop("empty", {}), **options))
            return handler

        return keep


def table_of(rooms: Iterable[Routes]) -> dict[str, Route]:
    return {route.path: route for room in rooms for route in room.all}
