"""`siyu demo`: a shop to visit, and beside it a month that plays itself."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import shutil
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import click

from bot.cli import logs
from bot.cli.demo_report import print_report, progress_bar
from bot.cli.loop import run
from bot.cli.talk import Misused, note
from bot.demo import history, prologue
from bot.demo.month import EARLY, played, prepare
from bot.demo.scene import Scene, free_port, open_scene
from bot.tongue import _, listed, speaking
from handlers import ROUTERS

VISITORS = 160
"""Buyers of the shop that is open for a visit: enough to look around in, and there within seconds."""
DEFAULT_PORT = 8765


@click.command(help="不用任何账号，先玩一家虚构的店；再看它的一个月")
@click.option("--headless", is_flag=True, help="不开店，只把这个月演完并报告")
@click.option("--days", type=click.IntRange(1, 120), default=30, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True, help="同一个数演出同一个月")
@click.option(
    "--orders",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="换成你的订单文件",
)
@click.option(
    "--json", "to", type=click.Path(dir_okay=False, path_type=Path), help="把报告写进文件"
)
@click.option("--port", type=int, default=None, help="默认 8765，被占用时往后找一个")
def demo(
    headless: bool,
    days: int,
    seed: int,
    orders: Path | None,
    to: Path | None,
    port: int | None,
) -> int:
    logs.to_stderr(level=logging.ERROR)
    visited = not headless and sys.stdout.isatty()
    if visited:
        return run(_visited(days=days, seed=seed, orders=orders, port=port))
    home = Path(tempfile.mkdtemp(prefix="siyu-demo-"))
    try:
        report = run(_played(home, orders or history.OURS, seed=seed, days=days))
    except history.Unplayable as wrong:
        columns = listed(history.NEEDED)
        raise Misused(str(wrong), _("需要 %(columns)s 这几列", columns=columns)) from None
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if to is not None:
        written = {name: value for name, value in report.items() if name != "broken"}
        to.write_text(json.dumps(written, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print_report(report)
    return 0 if all(report["invariants"].values()) else 1


async def _played(home: Path, source: Path, *, seed: int, days: int) -> dict[str, Any]:
    gc.freeze()  # what is loaded by now stays, and need not be looked through again
    with progress_bar(days) as told, speaking("zh"):
        return await played(home, source, ROUTERS, seed=seed, days=days, told=told)


async def _visited(*, days: int, seed: int, orders: Path | None, port: int | None) -> int:
    """Open a shop, print where, and play the month in a second world beside it."""
    home = Path(tempfile.mkdtemp(prefix="siyu-shop-"))
    cut = prepare(home, history.OURS, seed=seed, days=1, most=VISITORS)
    try:
        async with AsyncExitStack() as stack:
            opening = open_scene(
                home, ROUTERS, seed=seed, start=cut.start - EARLY, port=_port(port), played=False
            )
            scene = await stack.enter_async_context(opening)
            with speaking("zh"):  # what the shop notes down, whoever looks on
                await prologue.begin(scene, cut.people, home / "history.csv")
            await scene.control("clock", {"to": cut.start.replace(hour=10, minute=24).isoformat()})
            working = asyncio.create_task(scene.bot.run())
            _say_where(scene)
            playing = asyncio.create_task(_beside(home, orders, seed=seed, days=days))
            try:
                await asyncio.wait([working, playing], return_when=asyncio.ALL_COMPLETED)
            finally:
                for task in (working, playing):
                    task.cancel()
                await asyncio.gather(working, playing, return_exceptions=True)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return 0


def _port(asked: int | None) -> int:
    """The port that was asked for, or the first free one from the default on; another one than usual is said."""
    if asked is not None:
        return asked
    found = free_port(DEFAULT_PORT)
    if found != DEFAULT_PORT:
        note(_("端口 %(taken)s 有别的程序在用，改用 %(found)s", taken=DEFAULT_PORT, found=found))
    return found


def _say_where(scene: Scene) -> None:
    click.echo(_("✓ 准备好了。数据都是虚构的，不会发给任何真人。"))
    for name, path, words in (
        (_("沙盒"), "/sandbox", _("扮演顾客聊一聊，拨快时间")),
        (_("后台"), "/admin", _("看顾客、写规则、建活动")),
        (_("导购手机"), "/guide", _("今天要联系谁、怎么说")),
        (_("收银台"), "/store/redeem", _("核销一张券")),
    ):
        click.echo(f"  {name}\t{scene.web_url}{path}\t{words}")
    click.echo(_("按 Ctrl+C 停止。想接自己的企业微信：siyu init"))
    click.echo()


async def _beside(home: Path, orders: Path | None, *, seed: int, days: int) -> None:
    """The month, in a process of its own: its world must not slow the shop that is visited."""
    to = home / "month.json"
    command = [sys.executable, "-m", "bot", "demo", "--headless", "--seed", str(seed)]
    command += ["--days", str(days), "--json", str(to)]
    command += ["--orders", str(orders)] if orders else []
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        with progress_bar(days) as told:
            while process.stderr and (line := await process.stderr.readline()):
                words = line.decode(errors="replace").split()
                if words[:1] == ["day"]:
                    told(int(words[1]))
        await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if to.exists():
        print_report(json.loads(to.read_text(encoding="utf-8")))
        click.echo(_("店还开着，按 Ctrl+C 停止。"))
