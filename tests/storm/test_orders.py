"""A shop system sends five thousand orders within ten seconds, some of them twice, and the server dies once meanwhile:
whatever was not taken is sent again, and in the end each is there once, with its points.

STORM_ORDERS makes it smaller.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from bot.platforms.signing import sign_webhook
from tests.processes import Process, SandboxProcess, environment, free_port, wait_for

ORDERS = int(os.environ.get("STORM_ORDERS", "5000"))
SECONDS, BUYERS, TOGETHER = 10, 700, 32
TWICE = 20
"""Every so manieth is sent once more though it was taken."""
AGAIN = 0.2


def an_order(number: int) -> bytes:
    facts = {
        "event_id": f"e{number}",
        "kind": "paid",
        "order_no": f"A{number:06}",
        "at": "2026-03-12T10:20:00+08:00",
        "buyer": {"buyer_id": f"b{number % BUYERS}"},
        "amount_fen": 10_000 + number,
        "lines": [{"sku": "K1", "name": "衬衫", "quantity": 1, "amount_fen": 10_000 + number}],
    }
    return json.dumps(facts).encode()


class ShopSystem:
    """Sends each order until it is told that it was taken, as fast as it may."""

    def __init__(self, url: str, secret: str) -> None:
        self.url, self.secret, self.answers = url, secret, Counter[int]()
        self.taken = 0
        self.wrong: list[str] = []

    async def sends_all(self) -> None:
        began, room = time.monotonic(), asyncio.Semaphore(TOGETHER)
        async with aiohttp.ClientSession() as http:

            async def one(number: int) -> None:
                await asyncio.sleep(began + number * SECONDS / ORDERS - time.monotonic())
                async with room:
                    for _ in range(1 + (number % TWICE == 0)):
                        await self._until_taken(http, number)
                    self.taken += 1

            await asyncio.gather(*map(one, range(ORDERS)))

    async def _until_taken(self, http: aiohttp.ClientSession, number: int) -> None:
        while True:
            wait = await self._send(http, number)
            if wait is None:
                return
            await asyncio.sleep(wait)

    async def _send(self, http: aiohttp.ClientSession, number: int) -> float | None:
        """None once it was taken, else how long to wait."""
        raw, stamp = an_order(number), int(datetime.now(UTC).timestamp())
        headers = {
            "webhook-id": f"e{number}",
            "webhook-timestamp": str(stamp),
            "webhook-signature": sign_webhook(self.secret, f"e{number}", stamp, raw),
        }
        try:
            async with http.post(self.url, data=raw, headers=headers) as answer:
                self.answers[answer.status] += 1
                if answer.status in (200, 202):
                    return None
                if answer.status not in (429, 503):
                    self.wrong.append(f"{answer.status} {await answer.text()}"[:200])
                    return None
                return float(answer.headers["Retry-After"])
        except (TimeoutError, aiohttp.ClientError):
            self.answers[0] += 1
            return AGAIN


def test_five_thousand_orders_in_ten_seconds_all_land_and_none_twice(tmp_path):
    port, database = free_port(), tmp_path / "siyu.db"
    url = f"http://127.0.0.1:{port}"
    sandbox = SandboxProcess(tmp_path, url)
    given = sandbox.settings | {"SIYU_DATABASE_URL": f"sqlite+aiosqlite:///{database}"}
    env = environment(**given)
    env.pop("SIYU_CLOCK_FILE", None)
    running: list[Process] = [sandbox]

    def serve() -> None:
        bot = Process("bot", "serve", "--port", str(port), home=tmp_path, env=env)
        running.append(bot)
        bot.says("正在运行")

    try:
        serve()
        secret = sandbox.settings["SIYU_SHOP_WEBHOOK_SECRET"]
        shop, began = ShopSystem(f"{url}/api/v1/orders", secret), time.monotonic()
        asyncio.run(_sends_and_dies(shop, running, serve))
        sent = time.monotonic() - began
        wait_for(lambda: one(database, "SELECT count(*) FROM inbox WHERE state = 'kept'") == 0,
                 "everything to be handled", 600)  # fmt: skip
        handled = time.monotonic() - began
    finally:
        for process in running:
            process.kill()
    print(
        f"\n{ORDERS} orders taken within {sent:.1f} s, handled after {handled:.1f} s: {shop.answers}"
    )
    assert shop.wrong == []
    assert one(database, "SELECT count(*) FROM inbox WHERE state = 'parked'") == 0
    assert one(database, "SELECT count(*) FROM shop_order") == ORDERS
    assert one(database, "SELECT count(DISTINCT order_no) FROM shop_order") == ORDERS
    paid = sum(10_000 + number for number in range(ORDERS))
    assert one(database, "SELECT sum(amount_fen) FROM shop_order") == paid
    assert one(database, "SELECT sum(amount_fen) FROM order_entry") == paid
    assert one(database, "SELECT count(*) FROM order_line") == ORDERS
    assert one(database, "SELECT count(*) FROM points_entry WHERE kind = 'earn'") == ORDERS
    assert one(database, "SELECT count(*) FROM customer") == min(BUYERS, ORDERS)


async def _sends_and_dies(shop: ShopSystem, running: list[Process], serve: Any) -> None:
    sending = asyncio.create_task(shop.sends_all())
    while shop.taken < ORDERS // 2 and not sending.done():
        await asyncio.sleep(0.05)
    await asyncio.to_thread(running[-1].kill)
    await asyncio.to_thread(serve)
    await sending


def one(database: Path, query: str) -> Any:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        (found,) = connection.execute(query).fetchone()
    connection.close()
    return found
