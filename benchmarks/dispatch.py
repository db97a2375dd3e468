"""Personalised messages rendered, gated, sent and settled, beside a bare POST loop and one task per message on other
queues, to the same sink on this machine.

    python benchmarks/dispatch.py [--small] [--messages N] [--only sqlite|postgres]

Goals (floor → aim): .45 → 1.0 of the bare aiohttp POST loop, 3 → 8 × the best queue that keeps its tasks: arq on Redis,
or taskiq over NATS JetStream. taskiq in memory loses what it holds with its process, and is shown beside them. A queue
whose server (Debian's `redis-server`, `nats-server`) is not here is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import shutil
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import numpy as np
import world
from aiohttp import web
from kit.databases import fresh
from kit.servers import environment, free_port, running
from sqlalchemy import func, select
from taskiq import InMemoryBroker
from taskiq.acks import AcknowledgeType
from taskiq.api import run_receiver_task
from taskiq_nats import PullBasedJetStreamBroker

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


Send = Callable[[int], Awaitable[None]]


@asynccontextmanager
async def sending(url: str) -> AsyncIterator[Send]:
    """What every queue's task does: the same words to the same sink."""
    content = load_content(Settings(secret_key=SECRET).content_dir)
    async with aiohttp.ClientSession() as session:

        async def send(number: int) -> None:
            text = content.render(TEMPLATE, {"称呼": f"顾客{number}"}, channel="official")
            body = {"touser": f"o{number:027}", "msgtype": "text", "text": {"content": text}}
            async with session.post(url + PATH, json=body) as answer:
                await answer.json()

        yield send


async def taskiq_in_memory(url: str, count: int) -> float:
    broker, room = InMemoryBroker(), asyncio.Semaphore(AT_ONCE)
    async with sending(url) as send:

        async def one(number: int) -> None:
            async with room:
                await send(number)

        task = broker.register_task(one, task_name="send")
        began = time.perf_counter()
        waiting = [await task.kiq(number) for number in range(count)]
        for each in waiting:
            await each.wait_result(check_interval=0.01)
        return count / (time.perf_counter() - began)


async def taskiq_on_nats(url: str, count: int) -> float:
    """Each task is written to the stream before it is run, and acknowledged after it."""
    port = free_port()
    with TemporaryDirectory() as home:
        command = ["nats-server", "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", home]
        with running(command, port, environment()):
            return await _on_nats(f"nats://127.0.0.1:{port}", url, count)


async def _on_nats(server: str, url: str, count: int) -> float:
    broker = PullBasedJetStreamBroker([server], pull_consume_batch=AT_ONCE)
    left, over = [count], asyncio.Event()
    async with sending(url) as send:

        async def one(number: int) -> None:
            await send(number)
            left[0] -= 1
            if not left[0]:
                over.set()

        task = broker.register_task(one, task_name="send")
        await broker.startup()
        began = time.perf_counter()
        working = asyncio.create_task(
            run_receiver_task(
                broker, max_async_tasks=AT_ONCE, ack_time=AcknowledgeType.WHEN_EXECUTED
            )
        )
        for some in _parts(count, AT_ONCE):
            await asyncio.gather(*(task.kiq(number) for number in some))
        await over.wait()
        took = time.perf_counter() - began
        working.cancel()
        await asyncio.wait([working])
        await broker.shutdown()
    return count / took


async def arq_on_redis(url: str, count: int) -> float:
    arq: Any = import_module("arq")  # of the extra for benchmarks alone

    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    where = arq.connections.RedisSettings(port=port)
    with running(command, port, environment()):
        pool = await arq.create_pool(where)
        async with sending(url) as send:

            async def one(_context: Any, number: int) -> None:
                await send(number)

            began = time.perf_counter()
            for some in _parts(count, AT_ONCE):
                await asyncio.gather(*(pool.enqueue_job("send", number) for number in some))
            worker = arq.Worker(
                [arq.func(one, name="send")],
                redis_pool=pool,
                burst=True,
                max_jobs=AT_ONCE,
                poll_delay=0.01,
                handle_signals=False,
                log_results=False,
            )
            await worker.async_run()
            took = time.perf_counter() - began
            assert worker.jobs_complete == count
            await worker.close()
        return count / took


QUEUES = {
    "taskiq in memory": (taskiq_in_memory, None),
    "taskiq over NATS": (taskiq_on_nats, "nats-server"),
    "arq on Redis": (arq_on_redis, "redis-server"),
}


def _parts(count: int, size: int) -> Iterator[range]:
    return (range(start, min(start + size, count)) for start in range(0, count, size))


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
        top, best = run(bare(url, count)), 0.0
        print(f"bare POST loop {top:8,.0f}/s")
        for name, (queue, server) in QUEUES.items():
            if server and not shutil.which(server):
                print(f"a task each, {name}: left out, no {server} here")
                continue
            each = run(queue(url, count))
            best = max(best, each) if server else best
            print(f"a task each, {name:16} {each:8,.0f}/s = {each / top:.3f} of bare")
        for kind in [options.only] if options.only else ["sqlite", "postgres"]:
            with fresh(kind) as database:
                asyncio.run(world.make_tables(database))
                world.load(database, people(count))
                whole, paid = run(ours(database, url, count))
            verdict = "ok" if whole / top >= FLOOR and whole >= TIMES * best else "missed"
            beside = f"{whole / best:.2f} × the best kept queue (goal {TIMES:.0f})" if best else ""
            print(
                f"{kind:9} rendered, gated, sent, settled {whole:8,.0f}/s = {whole / top:.3f} of bare (floor {FLOOR}), "
                f"{beside}: {verdict}; from the debt on {paid:,.0f}/s"
            )


if __name__ == "__main__":
    main()
