"""`siyu serve`, `migrate`, `replay`."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from bot.app import Bot, open_bot
from bot.cli import logs
from bot.cli.loop import run
from bot.cli.opened import opened
from bot.cli.talk import Failed, note
from bot.settings import load_settings
from bot.store import access, inbox, tasks
from bot.store.engine import open_engine
from bot.store.schema import migrate as bring_up
from bot.store.schema import prepare
from bot.tongue import _
from bot.web import first_owner, server
from bot.web.letting_in import letting_in
from handlers import ROUTERS

DEFAULT_PORT = 8765
NOTICE_SECONDS = 1.0
"""How long we still answer after saying that we are no longer ready, so that a proxy hears it first."""
INTERRUPTED = 130


@click.command(help="正式运行：网页、回调和后台任务")
@click.option(
    "--role",
    type=click.Choice(["all", "web", "worker", "scheduler"]),
    default="all",
    show_default=True,
    help="这个进程做什么；分开跑需要 PostgreSQL",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="监听的端口；不给就用 8765，被占用时往上找",
)
@click.pass_context
def serve(context: click.Context, role: str, host: str, port: int | None) -> None:
    logs.to_stderr()
    context.exit(run(_serve(role, host, port)))


async def _serve(role: str, host: str, port: int | None) -> int:
    settings = load_settings()
    engine = open_engine(settings.database_url)
    try:
        await prepare(engine)
    finally:
        await engine.dispose()
    async with open_bot(settings, ROUTERS) as bot:
        heard = _hear_signals(bot.desk.leaving)
        if role in {"worker", "scheduler"}:
            note(_("✓ 正在运行：%(what)s", what=role))
            await _work(bot, role)
        else:
            await _refuse_open_doors(bot, host)
            async with _listening(bot, host, port) as bound:
                root = f"http://{_named(host)}:{bound}"
                note(_("✓ 正在运行：%(what)s", what=f"{root}/admin"))
                await _welcome(bot, root)
                await _work(bot, role)
    note(_("已停止。"))
    return INTERRUPTED if signal.SIGINT in heard else 0


async def _work(bot: Bot, role: str) -> None:
    """Until told to stop; then what is under way is finished while the pages still answer."""
    leaving = bot.desk.leaving
    worker, scheduler = role in {"all", "worker"}, role in {"all", "scheduler"}
    await bot.run(worker=worker, scheduler=scheduler, stop=leaving)
    if role in {"all", "web"}:
        await asyncio.sleep(NOTICE_SECONDS)


def _hear_signals(stop: asyncio.Event) -> list[int]:
    """The first signal asks to stop, a second one of its kind is not waited for. Returns what was heard."""
    loop, heard = asyncio.get_running_loop(), list[int]()

    def hear(number: int) -> None:
        heard.append(number)
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, hear, number)
    return heard


async def _refuse_open_doors(bot: Bot, host: str) -> None:
    if _this_machine_only(host):
        return
    async with bot.work.sessions.reading() as session:
        if await access.users(session):
            return
    raise Failed(
        _("不能监听 %(host)s：还没有后台用户，别人能从网络上看到这个空的后台。", host=host),
        _("先添加一位负责人：siyu user add 名字 --role owner"),
    )


async def _welcome(bot: Bot, root: str) -> None:
    """A fresh shop has nobody who could let anybody in."""
    async with bot.work.sessions.reading() as session:
        nobody = not await access.users(session)
    if nobody:
        note(_("还没有店主，打开这个链接建一位：%(link)s", link=first_owner.link(bot.desk, root)))


def _this_machine_only(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _named(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@asynccontextmanager
async def _listening(bot: Bot, host: str, port: int | None) -> AsyncIterator[int]:
    async with contextlib.AsyncExitStack() as stack:
        for candidate in [port] if port else range(DEFAULT_PORT, DEFAULT_PORT + 100):
            try:
                bound = await stack.enter_async_context(
                    letting_in(server.build(bot.desk), host=host, port=candidate)
                )
            except OSError as wrong:
                _say_why(wrong, host, candidate, asked=port is not None)
                continue
            if port is None and bound != DEFAULT_PORT:
                note(
                    _(
                        "端口 %(taken)s 有别的程序在用，改用 %(found)s",
                        taken=DEFAULT_PORT,
                        found=bound,
                    )
                )
            yield bound
            return
        raise Failed(_("找不到空闲的端口。"), _("指定一个：siyu serve --port 9000"))


def _say_why(wrong: OSError, host: str, port: int, *, asked: bool) -> None:
    if wrong.errno != errno.EADDRINUSE:
        raise Failed(
            _(
                "不能监听 %(host)s:%(port)s：%(why)s",
                host=host,
                port=port,
                why=wrong.strerror,
            ),
            _("换一个地址或端口"),
        ) from None
    if asked:
        raise Failed(
            _("端口 %(port)s 已被占用。", port=port),
            _("换一个：siyu serve --port %(port)s，或先停掉占用它的程序", port=port + 1),
        ) from None


@click.command(help="把数据库升级到最新结构")
def migrate() -> None:
    async def work() -> None:
        engine = open_engine(load_settings().database_url)
        try:
            await bring_up(engine)
        finally:
            await engine.dispose()

    asyncio.run(work())
    note(_("✓ 数据库已是最新结构"))


@click.command(help="把搁置的事件放回队列，重新处理")
@click.option("--kind", default=None, help="只放回这一种，例如 order_reported")
def replay(kind: str | None) -> None:
    async def work() -> int:
        async with opened() as to, to.sessions.begin() as session:
            count = await inbox.unpark(session, kind=kind)
            await tasks.ask(session, tasks.DRAIN)
        return count

    note(_("✓ %(count)s 个事件放回了队列", count=asyncio.run(work())))
