"""`siyu serve`, `migrate`, `replay`."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

import click

from bot.app import open_bot, serving
from bot.cli import logs
from bot.settings import load_settings
from bot.store import inbox, tasks
from bot.store.engine import Sessions, open_engine
from bot.store.schema import migrate as bring_up
from bot.store.schema import prepare
from handlers import ROUTERS


@click.command(help="正式运行：网页、回调和后台任务")
@click.option("--role", type=click.Choice(["all", "web", "worker", "scheduler"]), default="all")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=None, type=int, help="默认 8765")
def serve(role: str, host: str, port: int | None) -> None:
    logs.to_stderr()
    asyncio.run(_serve(role, host, port))


async def _serve(role: str, host: str, port: int | None) -> None:
    settings = load_settings()
    engine = open_engine(settings.database_url)
    await prepare(engine)
    await engine.dispose()
    async with open_bot(settings, ROUTERS) as bot:
        stop = _signals()
        jobs = []
        if role != "web":
            jobs.append(
                bot.run(worker=role != "scheduler", scheduler=role in {"all", "scheduler"})
            )
        if role in {"worker", "scheduler"}:
            await _until(stop, jobs)
            return
        async with serving(bot, host=host, port=port or 8765) as bound:
            click.echo(f"✓ 正在运行：http://{host}:{bound}/admin", err=True)
            await _until(stop, jobs)


def _signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _until(stop: asyncio.Event, jobs: list[Coroutine[Any, Any, None]]) -> None:
    """Work until told to stop, or until a job fails."""
    running = [asyncio.create_task(job) for job in jobs]
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([*running, waiting], return_when=asyncio.FIRST_COMPLETED)
    failures = [job.exception() for job in running if job.done() and not job.cancelled()]
    for job in [*running, waiting]:
        job.cancel()
    await asyncio.gather(*running, waiting, return_exceptions=True)
    for failure in failures:
        if failure is not None:
            raise failure


@click.command(help="把数据库升级到最新结构")
def migrate() -> None:
    async def run() -> None:
        engine = open_engine(load_settings().database_url)
        await bring_up(engine)
        await engine.dispose()

    asyncio.run(run())
    click.echo("✓ 数据库已是最新结构", err=True)


@click.command(help="把搁置的事件放回队列，重新处理")
@click.option("--kind", default=None, help="只放回这一种，例如 order_reported")
def replay(kind: str | None) -> None:
    async def run() -> int:
        sessions = Sessions(open_engine(load_settings().database_url))
        async with sessions.begin() as session:
            count = await inbox.unpark(session, kind=kind)
            await tasks.ask(session, tasks.DRAIN)
        await sessions.close()
        return count

    click.echo(f"✓ {asyncio.run(run())} 个事件放回了队列", err=True)
