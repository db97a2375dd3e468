"""Personalised messages rendered, gated, sent and settled, beside a bare POST loop and one task per message on
taskiq, to the same sink on this machine.

    python benchmarks/dispatch.py [--small] [--messages N] [--only sqlite|postgres]

Goals (floor → aim): .45 → 1.0 of the bare aiohttp POST loop, 3 → 8 × one task per message.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import numpy as np
import world
from aiohttp import web
from kit.databases import fresh
from kit.servers import environment, free_port, running
from sqlalchemy import func, select
from taskiq import InMemoryBroker

from bot.app import open_bot
from bot.cli.loop import run
from bot.content import load_content
from bot.domain.delivery import Owed
from bot.outbound.campaigns import plan_due
from bot.outbound.deliver import deliver_due
from bot.settings import Settings
from bot.store import campaigns
from handlers import ROUTERS

MESSAGES, SMALL = 20_000, 2_000
AT_ONCE, LANES = 50, 4
FLOOR, TIMES = 0.45, 3.0
SECRET = "YmVuY2htYXJrcyBvbmx5OiB0aGlydHktdHdvIGJ5dGVzIQ=="
NOW = world.ENDS.replace(hour=3)
TEMPLATE = "sleeping/soft"
PATH = "/cgi-bin/message/custom/send"


def people(count: int) -> world.World:
    """Fans who wrote today and agreed."""
    ids, opened = np.arange(1, count + 1), int(NOW.timestamp())
    at = world.moments(np.full(count, opened - 9 * 86_400))
    openids = [f"o{n:027}" for n in ids.tolist()]
    said: dict[str, Any] = {"customer_id": ids, "purpose": "marketing_official"}
    closes = world.moments(np.full(count, opened + int(timedelta(hours=40).total_seconds())))
    return world.World(
        {
            "customer": {"id": ids, "ref": [f"c{n}" for n in ids.tolist()], "created_at": at,
                         "stage": "knows", "personalised": True, "marketing_held": False},
            "identity": {"customer_id": ids, "kind": "openid", "account": "", "since": at,
                         "confidence": np.ones(count), "value": openids},
            "consent_entry": {"id": ids} | said | {"action": "grant", "channel": "h5", "at": at,
                              "evidence": "{}", "actor": "customer", "previous_hash": "", "hash": ""},
            "consent_state": said | {"granted": True, "entry_id": ids, "since": at},
            "send_window": {"customer_id": ids, "channel": "official", "left": 5,
                            "closes_at": closes, "address": openids},
        },
        count,
        0,
    )  # fmt: skip


async def _sink(port: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("token"):
            return web.json_response({"access_token": "bench", "expires_in": 7200})
        await request.read()
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


@contextmanager
def sink() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, __file__, "--sink", str(port)]
    with running(command, port, environment()):
        yield f"http://127.0.0.1:{port}"


async def bare(url: str, count: int) -> float:
    left = iter(range(count))
    async with aiohttp.ClientSession() as session:

        async def one_after_another() -> None:
            for number in left:
                body = {
                    "touser": f"o{number:027}",
                    "msgtype": "text",
                    "text": {"content": "你好" * 40},
                }
                async with session.post(url + PATH, json=body) as answer:
                    await answer.json()

        began = time.perf_counter()
        await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - began)


async def a_task_each(url: str, count: int) -> float:
    """The same words to the same sink, each message a task of its own in taskiq's own broker."""
    content = load_content(Settings(secret_key=SECRET).content_dir)
    broker, room = InMemoryBroker(), asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession() as session:

        async def send(number: int) -> None:
            async with room:
                text = content.render(TEMPLATE, {"称呼": f"顾客{number}"}, channel="official")
                body = {"touser": f"o{number:027}", "msgtype": "text", "text": {"content": text}}
                async with session.post(url + PATH, json=body) as answer:
                    await answer.json()

        task = broker.register_task(send, task_name="send")
        began = time.perf_counter()
        waiting = [await task.kiq(number) for number in range(count)]
        for one in waiting:
            await one.wait_result(check_interval=0.01)
        return count / (time.perf_counter() - began)


async def ours(database: str, url: str, count: int) -> tuple[float, float]:
    """From planned touches to settled ones: gate, words and debts; then claim, last look, call and settle."""
    settings = Settings(
        database_url=database,
        secret_key=SECRET,
        official_app_id="wx1234567890abcdef",
        official_secret="b3nchb3nchb3nchb3nchb3nch1234567",
        official_token="QDG6eKtoken",
        official_aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        official_api_base=url,
    )
    async with open_bot(settings, ROUTERS) as bot:
        object.__setattr__(bot.work, "clock", _Moment(bot.work.clock))
        has = {"field": "identity", "op": "has", "value": "openid"}
        async with bot.work.sessions.begin() as session:
            await campaigns.draft(session, now=NOW, name="dispatch", rule=has, template=TEMPLATE,
                                  channels=["official"], state="running", created_by="bench")  # fmt: skip
        await plan_due(bot.work)
        began = time.perf_counter()
        await deliver_due(bot.work)
        queued = time.perf_counter() - began

        async def lane() -> None:
            while await bot.sender.pay():
                pass

        await asyncio.gather(*(lane() for _ in range(LANES)))
        whole = time.perf_counter() - began
        async with bot.work.sessions.reading() as session:
            done = await session.scalar(
                select(func.count()).where(Owed.state == "done", Owed.touch_id.is_not(None))
            )
    assert done == count, f"{done} of {count} were sent"
    return count / whole, count / (whole - queued)


class _Moment:
    """Business time stands at noon; the machine's goes on."""

    def __init__(self, clock: Any) -> None:
        self.real, self.monotonic = clock.real, clock.monotonic

    def now(self) -> Any:
        return NOW


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    parser.add_argument("--sink", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.sink:
        run(_sink(options.sink))
        return
    gc.set_threshold(100_000, 50, 100)  # as every `siyu` command does
    count = SMALL if options.small else options.messages
    with sink() as url:
        top, each = run(bare(url, count)), run(a_task_each(url, count))
        print(f"bare POST loop {top:8,.0f}/s; one task per message on taskiq {each:8,.0f}/s")
        for kind in [options.only] if options.only else ["sqlite", "postgres"]:
            with fresh(kind) as database:
                asyncio.run(world.make_tables(database))
                world.load(database, people(count))
                whole, paid = run(ours(database, url, count))
            verdict = "ok" if whole / top >= FLOOR and whole / each >= TIMES else "missed"
            print(
                f"{kind:9} rendered, gated, sent, settled {whole:8,.0f}/s = {whole / top:.3f} of bare (floor {FLOOR}), "
                f"{whole / each:.2f} × a task each (goal {TIMES:.0f}): {verdict}; from the debt on {paid:,.0f}/s"
            )


if __name__ == "__main__":
    main()
