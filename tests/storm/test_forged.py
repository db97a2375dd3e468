"""Ten thousand callbacks that nobody may believe, against the server as it really runs."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import connect

import aiohttp
from yarl import URL

from tests.conftest import SECRET
from tests.platforms.forged import forgeries
from tests.platforms.posts import APP, CORP, KEY, Post, a_post
from tests.processes import Process, environment, free_port, killed_at_the_end, read, wait_for

MANY = 10_000
AT_ONCE = 16
TOKEN = "QDG6eKstormOnly"
ACCOUNTS = {
    "SIYU_SECRET_KEY": SECRET,
    "SIYU_WECOM_CORP_ID": CORP,
    "SIYU_WECOM_AGENT_ID": "1",
    "SIYU_WECOM_SECRET": "corp-app-key-for-storm-runs-000",
    "SIYU_WECOM_TOKEN": TOKEN,
    "SIYU_WECOM_AES_KEY": KEY,
    "SIYU_OFFICIAL_APP_ID": APP,
    "SIYU_OFFICIAL_SECRET": "fans-app-key-for-storm-runs-000",
    "SIYU_OFFICIAL_TOKEN": TOKEN,
    "SIYU_OFFICIAL_AES_KEY": KEY,
    "SIYU_WECOM_API_BASE": "http://127.0.0.1:9",
    "SIYU_OFFICIAL_API_BASE": "http://127.0.0.1:9",
}
Answer = tuple[int, tuple[tuple[str, str], ...], bytes]


def memory_mb(process: Process) -> float:
    pages = int(Path(f"/proc/{process.popen.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def rows(database: Path) -> dict[str, int]:
    """Of every table but those that grow by themselves."""
    with closing(connect(database)) as look:
        names = [
            name for (name,) in look.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {
            name: look.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for name in names
            if name not in {"tick_run", "task", "platform_token", "call_permit", "stale_callback"}
        }


async def hears(http: aiohttp.ClientSession, url: str, post: Post) -> Answer:
    async with http.post(URL(url).with_query(post.query), data=post.body) as answer:
        headers = {name: value for name, value in answer.headers.items() if name != "Date"}
        return answer.status, tuple(sorted(headers.items())), await answer.read()


async def all_heard(url: str, receiver: str, seed: int, many: int) -> Counter[tuple[str, Answer]]:
    answers: Counter[tuple[str, Answer]] = Counter()
    todo = forgeries(seed, many, receiver=receiver, now=datetime.now(UTC), token=TOKEN)
    async with aiohttp.ClientSession() as http:

        async def one() -> None:
            for how, post in todo:
                answers[how, await hears(http, url, post)] += 1

        await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return answers


async def test_ten_thousand_forgeries_change_nothing_and_learn_nothing(tmp_path):
    database, port = tmp_path / "siyu.db", free_port()
    base = f"http://127.0.0.1:{port}"
    env = environment(**ACCOUNTS, SIYU_DATABASE_URL=f"sqlite+aiosqlite:///{database}")
    server = Process("bot", "serve", "--port", str(port), home=tmp_path, env=env)
    with killed_at_the_end(server):
        server.says("正在运行")
        wait_for(lambda: read(f"{base}/readyz")[0] == 200, "a ready server")
        await all_heard(f"{base}/callback/wecom", CORP, 1, 500)  # caches are filled
        before, memory, began = rows(database), memory_mb(server), time.monotonic()
        wecom = await all_heard(f"{base}/callback/wecom", CORP, 2, MANY // 2)
        official = await all_heard(f"{base}/callback/official", APP, 3, MANY // 2)
        seconds, grown = time.monotonic() - began, memory_mb(server) - memory
        kinds = {answer for _, answer in wecom + official}
        print(
            f"{MANY} forgeries in {seconds:.0f} s, {len(kinds)} kinds of answer, +{grown:.1f} MB"
        )
        assert {answer[0] for answer in kinds} == {403}
        assert len(kinds) == 1
        assert rows(database) == before
        assert grown <= 20
        async with aiohttp.ClientSession() as http:
            genuine = a_post(
                b"<xml><MsgType>text</MsgType></xml>", token=TOKEN, at=datetime.now(UTC)
            )
            assert (await hears(http, f"{base}/callback/wecom", genuine))[0] == 200
