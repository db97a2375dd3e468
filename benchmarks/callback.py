"""Encrypted callbacks per second on the route that `siyu serve` uses, durable, beside a bare aiohttp handler.

    python benchmarks/callback.py [--small] [--database URL]

Both servers run one after the other in a process of their own, driven by this one over 64 connections with different
messages of the same size. Ours verifies, decrypts, parses, stores with a group commit and only then answers.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from wechatpy.enterprise.crypto import WeChatCrypto

CONNECTIONS = 64
CORP, TOKEN = "ww0123456789abcdef", "benchTokenOfNoShop"
AES_KEY = base64.b64encode(bytes(range(32))).decode().rstrip("=")
PLAIN = (
    "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
    "<CreateTime>{now}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event>"
    "<ChangeType><![CDATA[edit_external_contact]]></ChangeType><UserID><![CDATA[guide]]></UserID>"
    "<ExternalUserID><![CDATA[wm{number:030}]]></ExternalUserID></xml>"
)


def requests_of(count: int) -> list[tuple[str, bytes]]:
    """Query and body of so many different sealed callbacks."""
    crypto, now, made = WeChatCrypto(TOKEN, AES_KEY, CORP), int(time.time()), []
    for number in range(count):
        plain = PLAIN.format(corp=CORP, now=now, number=number)
        sealed = crypto.encrypt_message(plain, f"n{number}", str(now))
        cipher = sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
        sign = sealed.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
        body = f"<xml><ToUserName>{CORP}</ToUserName><Encrypt><![CDATA[{cipher}]]></Encrypt></xml>"
        made.append((f"msg_signature={sign}&timestamp={now}&nonce=n{number}", body.encode()))
    return made


def bare(port: int, _url: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response()

    app = web.Application()
    app.router.add_post("/callback/wecom", answer)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


def ours(port: int, url: str) -> None:
    from bot.app import open_bot, serving
    from bot.settings import load_settings
    from bot.store.engine import open_engine
    from bot.store.schema import prepare
    from handlers import ROUTERS

    async def serve() -> None:
        settings = load_settings(
            database_url=url,
            secret_key=base64.b64encode(os.urandom(32)).decode(),
            wecom_corp_id=CORP,
            wecom_agent_id=1,
            wecom_secret="benchOnlyKeyOfNoShop",
            wecom_token=TOKEN,
            wecom_aes_key=AES_KEY,
        )
        engine = open_engine(url)
        await prepare(engine)
        await engine.dispose()
        async with open_bot(settings, ROUTERS) as bot, serving(bot, host="127.0.0.1", port=port):
            await asyncio.Event().wait()

    asyncio.run(serve())


async def drive(port: int, work: list[tuple[str, bytes]]) -> tuple[float, list[float]]:
    """Requests per second, and the latency of each in ms."""
    queue, latencies = iter(work), []
    base = f"http://127.0.0.1:{port}/callback/wecom"
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as http:
        await _up(http, base)

        async def one() -> None:
            for query, body in queue:
                began = time.perf_counter()
                async with http.post(f"{base}?{query}", data=body) as answer:
                    assert answer.status == 200, answer.status
                latencies.append((time.perf_counter() - began) * 1000)

        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
        return len(work) / (time.perf_counter() - began), latencies


async def _up(http: aiohttp.ClientSession, base: str) -> None:
    for _ in range(300):
        try:
            async with http.get(base) as answer:
                await answer.read()
                return
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)
    raise RuntimeError("the server did not come up")


def measured(server: Any, port: int, url: str, work: list[tuple[str, bytes]]) -> dict[str, float]:
    process = multiprocessing.get_context("spawn").Process(target=server, args=(port, url))
    process.start()
    try:
        rate, latencies = asyncio.run(drive(port, work))
    finally:
        process.terminate()
        process.join()
    cuts = statistics.quantiles(latencies, n=100)
    return {"per_s": round(rate), "p50_ms": round(cuts[49], 1), "p99_ms": round(cuts[98], 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    work = requests_of(2_000 if options.small else 20_000)
    with tempfile.TemporaryDirectory() as home:
        url = options.database or f"sqlite+aiosqlite:///{Path(home) / 'bench.db'}"
        limit = measured(bare, 18931, url, work)
        found = measured(ours, 18932, url, work)
    for name, row in (("bare aiohttp", limit), ("siyu, durable", found)):
        print(f"{name:16} {row['per_s']:>7} /s   p50 {row['p50_ms']} ms   p99 {row['p99_ms']} ms")
    print(f"ratio to bare    {found['per_s'] / limit['per_s']:.2f}")
    print(json.dumps({"bare": limit, "ours": found}))


if __name__ == "__main__":
    main()
