"""The options of the sandbox process; what it needs is loaded when it runs, so that help is quick."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bot.sandbox.clock import parse_moment
from bot.sandbox.ports import DEFAULT_PORT, free_pair
from bot.sandbox.saying import _

FILE = click.Path(path_type=Path, dir_okay=False)


class Moment(click.ParamType[datetime]):
    name = "时刻"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:
        try:
            return parse_moment(str(value))
        except ValueError:
            self.fail(
                _("%(value)s 不是时刻，要写成 2026-11-20T10:00:00+08:00 这样。", value=value),
                param,
                ctx,
            )


class Pair(click.ParamType[tuple[str, str]]):
    name = "名=值"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, str]:
        name, equals, given = str(value).partition("=")
        if not equals:
            self.fail(
                _("%(value)s 要写成 名=值，例如 official_mode=plain。", value=value), param, ctx
            )
        return name, given


@click.command(help="本机上的企业微信、公众号和微信客服；Ctrl+C 停止。用法见 docs/sandbox.md")
@click.option("--port", type=int, help="企业微信的端口，公众号用下一个（默认 8770）")
@click.option(
    "--world", type=FILE, metavar="文件", help="谁在这个世界里（YAML）；不写就是青禾衣坊"
)
@click.option("--faults", type=FILE, metavar="文件", help="什么时候出什么错（YAML）")
@click.option(
    "--set",
    "settings",
    type=Pair(),
    multiple=True,
    metavar="名=值",
    help="改一项 settings，可以写几个",
)
@click.option("--seed", type=int, default=1, show_default=True, help="编号和习惯都由它决定")
@click.option("--callback-base", default="", metavar="网址", help="回调发到 网址/callback/…")
@click.option("--env-file", type=FILE, metavar="文件", help="写出指向这里的 SIYU_… 设置")
@click.option(
    "--clock", type=Moment(), metavar="时刻", help="从这个时刻起停着；不写就跟着真实时间走"
)
@click.option("--log", type=FILE, metavar="文件", help="日志，每行一个 JSON")
@click.pass_context
def sandbox(context: click.Context, /, port: int | None, settings: Any, **given: Any) -> None:
    from bot.sandbox.mistakes import Mistakes
    from bot.sandbox.sandbox import serve
    from bot.sandbox.stage import Options

    if port is None:
        port = free_pair()
        if port != DEFAULT_PORT:
            click.echo(
                _("端口 %(taken)s 已被占用，改用 %(port)s", taken=DEFAULT_PORT, port=port),
                err=True,
            )
    try:
        with contextlib.suppress(KeyboardInterrupt):
            # Not uvloop: it lets in one caller a turn, and a turn with a thousand callers takes a second.
            asyncio.run(serve(Options(port=port, settings=dict(settings), **given)))
    except OSError as error:
        click.echo(_("✗ 无法监听端口 %(port)s：%(error)s", port=port, error=error), err=True)
        context.exit(1)
    except Mistakes as error:
        click.echo(f"✗ {error}", err=True)
        context.exit(1)
