"""The sandbox from outside: its control API over plain HTTP, found by `--url` or by the settings."""

from __future__ import annotations

import json
import os
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import click

from bot.cli.talk import Failed, Misused
from bot.tongue import _

SECONDS = 60.0
"""Moving the clock by weeks plays everything that happens in them."""
Command = TypeVar("Command", bound=Callable[..., Any])


class Control:
    def __init__(self, url: str) -> None:
        self._base = url.rstrip("/") + "/__sandbox__/"

    def read(self, path: str, **query: str | int) -> Any:
        return json.loads(self._open(path + (f"?{urlencode(query)}" if query else ""), None))

    def rows(self, after: int, limit: int) -> Iterator[dict[str, Any]]:
        text = self._open(f"log?{urlencode({'after': after, 'limit': limit})}", None)
        yield from (json.loads(line) for line in text.splitlines())

    def ask(self, path: str, **wish: Any) -> Any:
        return json.loads(self._open(path, json.dumps(wish).encode()))

    def _open(self, path: str, body: bytes | None) -> str:
        request = urllib.request.Request(self._base + path, data=body)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=SECONDS) as answer:
                text: str = answer.read().decode()
                return text
        except urllib.error.HTTPError as refused:
            raise Failed(
                _(
                    "沙盒没有接受（%(code)s）：%(why)s",
                    code=refused.code,
                    why=refused.read(300).decode(errors="replace"),
                ),
                _("看用法：docs/sandbox.md"),
            ) from None
        except (OSError, ValueError):
            raise Failed(
                _("%(base)s 没有沙盒在运行。", base=self._base),
                _("先在另一个终端运行：siyu sandbox --env-file sandbox.env"),
            ) from None


def url_option(command: Command) -> Command:
    return click.option("--url", help="沙盒的地址；不给就用 SIYU_WECOM_API_BASE")(command)


def found(url: str | None) -> Control:
    base = url or os.environ.get("SIYU_WECOM_API_BASE") or _written()
    if not base:
        raise Misused(
            _("不知道沙盒在哪里：没有 --url，也没有设置 SIYU_WECOM_API_BASE。"),
            _("set -a; . ./sandbox.env; set +a，再运行一次"),
        )
    if not base.startswith(("http://127.0.0.1", "http://localhost")):
        raise Misused(
            _("%(base)s 不是本机上的沙盒，不会动它。", base=base), "--url http://127.0.0.1:8770"
        )
    return Control(base)


def _written() -> str:
    try:
        return str(tomllib.loads(Path("siyu.toml").read_text("utf-8")).get("wecom_api_base", ""))
    except (OSError, ValueError):
        return ""
