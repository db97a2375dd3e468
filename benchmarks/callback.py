"""Encrypted callbacks per second on the route that `siyu serve` uses, durable, beside a bare aiohttp handler and peers.

    python benchmarks/callback.py [--small] [--without-peers]

Every server runs alone in a process of its own, driven over 64 raw connections with different messages of the same
size. The peers (WeRoBot, wechatpy with Flask, npm co-wechat) decrypt, parse and answer with a sealed reply; they are
installed under the temporary folder, never here. Ours, on SQLite (synchronous=FULL) and on PostgreSQL with its own
default durability:

  kept      WeCom: verified, decrypted, parsed, stored under its digest in a group commit, and only then answered
  handled   the same events kept and handled by the real handlers: people, ties, tags and journeys written, debts owed
  answered  Official Account: kept as above, handled by the real handlers, and answered with a sealed reply
  lived     WeCom with everything in one process until the inbox is empty: handled as above, debts paid to a platform
            that knows nobody, first steps of journeys taken

Keeping is also held against a server that counts and logs nothing.

"per core" divides by the CPU time of the server's process, so that it does not depend on who else is busy. The bare
handler runs before and after every other; each is held against the mean of its two neighbours.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import peers
from kit import databases
from kit.load import drive, post
from kit.servers import ROOT, cpu_seconds, environment, free_port, running
from wechatpy.crypto import WeChatCrypto
from wechatpy.enterprise.crypto import WeChatCrypto as WeComCrypto
from wechatpy.utils import WeChatSigner

CONNECTIONS, TURNS = 64, 8
HERE = Path(__file__).parent / "peers"
SILENT = str(Path(__file__).parent / "kit" / "silent.py")
CORP, APP, TOKEN = "ww0123456789abcdef", "wx0123456789abcdef", "benchTokenOfNoShop"
AES_KEY = base64.b64encode(bytes(range(32))).decode().rstrip("=")
ADDED = (
    "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>"
    "<CreateTime>{now}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event>"
    "<ChangeType><![CDATA[add_external_contact]]></ChangeType><UserID><![CDATA[guide]]></UserID>"
    "<ExternalUserID><![CDATA[wm{number:030}]]></ExternalUserID></xml>"
)
ASKED = (
    "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><FromUserName><![CDATA[o{number:027}]]></FromUserName>"
    "<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[请问这件衣服有没有别的颜色，什么时候到货]]></Content><MsgId>{number:018}</MsgId></xml>"
)
OURS = {
    "SIYU_SECRET_KEY": base64.b64encode(bytes(range(7, 39))).decode(),
    "SIYU_WECOM_CORP_ID": CORP,
    "SIYU_WECOM_AGENT_ID": "1",
    "SIYU_WECOM_SECRET": "benchOnlyKeyOfNoShop",
    "SIYU_WECOM_TOKEN": TOKEN,
    "SIYU_WECOM_AES_KEY": AES_KEY,
    "SIYU_WECOM_API_BASE": "http://127.0.0.1:9",
    "SIYU_OFFICIAL_APP_ID": APP,
    "SIYU_OFFICIAL_SECRET": "benchOnlyKeyOfNoFans",
    "SIYU_OFFICIAL_TOKEN": TOKEN,
    "SIYU_OFFICIAL_AES_KEY": AES_KEY,
    "SIYU_OFFICIAL_API_BASE": "http://127.0.0.1:9",
}
THEIRS = {"PEER_TOKEN": TOKEN, "PEER_KEY": AES_KEY, "PEER_APP": APP, "NODE_ENV": "production"}
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    per_s: float
    per_core: float
    p50: float
    p99: float

    def shown(self, limit: Row) -> str:
        return (
            f"{self.name:34}{self.per_s:>8,.0f}{self.per_core:>10,.0f}{self.p50:>9.1f}{self.p99:>9.1f}"
            f"{self.per_s / limit.per_s:>9.3f}{self.per_core / limit.per_core:>9.3f}"
        )


def fans(path: str, many: int) -> list[bytes]:
    """Different sealed messages of different fans."""
    return _sealed(path, WeChatCrypto(TOKEN, AES_KEY, APP), ASKED, many)


def customers(path: str, many: int, *, at: float | None = None) -> list[bytes]:
    """Different sealed events of different customers, of this moment unless it is said."""
    return _sealed(path, WeComCrypto(TOKEN, AES_KEY, CORP), ADDED, many, at=at)


def _sealed(
    path: str, crypto: Any, form: str, many: int, *, at: float | None = None
) -> list[bytes]:
    now, made = str(int(at or time.time())), []
    for _ in range(many):
        number = next(_numbers)
        nonce, plain = f"n{number}", form.format(corp=CORP, now=now, number=number)
        sealed = crypto.encrypt_message(plain, nonce, now)
        cipher = sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
        sign = sealed.split("<MsgSignature><![CDATA[")[1].split("]]>")[0]
        signer = WeChatSigner()
        signer.add_data(TOKEN, now, nonce)
        query = f"signature={signer.signature}&timestamp={now}&nonce={nonce}&encrypt_type=aes&msg_signature={sign}"
        body = f"<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[{cipher}]]></Encrypt></xml>"
        made.append(post(f"{path}?{query}", body.encode()))
    return made


def measured(name: str, pid: int, port: int, work: list[bytes], *, until: Any = None) -> Row:
    warm = len(work) // 10
    drive(port, work[:warm], connections=CONNECTIONS)
    before, began = cpu_seconds(pid), time.perf_counter()
    result = drive(port, work[warm:], connections=CONNECTIONS)
    if until is not None:
        until()
    spent, seconds = cpu_seconds(pid) - before, time.perf_counter() - began
    if set(result.statuses) != {200}:
        raise SystemExit(f"{name} answered {dict(result.statuses)}")
    many = len(work) - warm
    return Row(name, many / seconds, many / spent, result.percentile(0.5), result.percentile(0.99))


def bare(many: int) -> Row:
    port = free_port()
    with running([sys.executable, str(HERE / "bare.py"), str(port)], port, {}) as pid:
        return measured("bare aiohttp", pid, port, fans("/callback", many))


def theirs(many: int) -> Iterator[Row]:
    if python := peers.python():
        gunicorn = [str(python), "-m", "gunicorn", "--chdir", str(HERE), "flask_wechatpy:app"]
        for name, command in (
            (
                "WeRoBot, tornado",
                lambda port: [str(python), str(HERE / "werobot_server.py"), port],
            ),
            (
                "wechatpy + Flask, gunicorn",
                lambda port: [*gunicorn, "--threads", "8", "-b", f"127.0.0.1:{port}"],
            ),
        ):
            yield _peer(name, command, many)
    if place := peers.node():
        yield _peer(
            "npm co-wechat, koa",
            lambda port: ["node", str(HERE / "cowechat.cjs"), port, str(place)],
            many,
        )


def _peer(name: str, command: Any, many: int) -> Row:
    port = free_port()
    with running(command(str(port)), port, THEIRS) as pid:
        return measured(name, pid, port, fans("/callback", many))


@contextmanager
def ours(
    url: str, role: str, *, program: Sequence[str] = ("-m", "bot"), **more: str
) -> Iterator[tuple[int, int]]:
    port = free_port()
    command = [sys.executable, *program, "serve", "--role", role, "--port", str(port)]
    with (
        tempfile.TemporaryDirectory() as home,
        running(command, port, OURS | {"SIYU_DATABASE_URL": url, "HOME": home} | more) as pid,
    ):
        yield pid, port


def house(kind: str, many: int) -> Iterator[Row]:
    with databases.fresh(kind) as url, ours(url, "web") as (pid, port):
        kept = measured(f"siyu kept, {kind}", pid, port, customers("/callback/wecom", many))
        yield kept
        yield handled(kind, url, kept)
        work = fans("/callback/official", many // 4)
        yield measured(f"siyu answered, {kind}", pid, port, work)
    with (
        strangers() as base,
        databases.fresh(kind) as url,
        ours(url, "all", SIYU_WECOM_API_BASE=base) as (pid, port),
    ):
        work = customers("/callback/wecom", many // 4)
        yield measured(f"siyu lived, {kind}", pid, port, work, until=lambda: _drained(port))


def watched(kind: str, many: int) -> str:
    """What is left of keeping once it is counted and logged; in turns, for the machine changes its speed."""
    spent: Counter[bool] = Counter()
    with (
        databases.fresh(kind) as one,
        databases.fresh(kind) as another,
        ours(one, "web") as loud,
        ours(another, "web", program=[SILENT]) as silent,
    ):
        for _ in range(TURNS):
            for pid, port in (loud, silent):
                row = measured("", pid, port, customers("/callback/wecom", many // 5))
                spent[pid == silent[0]] += 1 / row.per_core
    return (
        f"{'':34}{spent[True] / spent[False]:>18.3f} of keeping without logs and metrics, per core"
    )


def handled(kind: str, url: str, kept: Row) -> Row:
    """What was kept is handled by one drain of its own, beside the server; its time comes on top of keeping."""
    command = [sys.executable, str(HERE.parent / "kit" / "draining.py")]
    env = environment(**OURS, SIYU_DATABASE_URL=url)
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    done, seconds, spent = json.loads(told.stdout.splitlines()[-1])
    per_s = 1 / (1 / kept.per_s + seconds / done)
    per_core = 1 / (1 / kept.per_core + spent / done)
    return Row(f"siyu handled, {kind}", per_s, per_core, kept.p50, kept.p99)


@contextmanager
def strangers() -> Iterator[str]:
    port = free_port()
    with running([sys.executable, str(HERE.parent / "kit" / "strangers.py"), str(port)], port, {}):
        yield f"http://127.0.0.1:{port}"


def _drained(port: int) -> None:
    while _inbox(port).get("kept"):
        time.sleep(0.2)  # whoever asks more often measures his own asking


def _inbox(port: int) -> dict[str, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30) as answer:
        return dict(json.load(answer)["inbox"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--without-peers", action="store_true")
    options = parser.parse_args()
    many = 3_000 if options.small else 20_000
    os.chdir(ROOT)
    limit = bare(many)
    print(f"{'':34}{'/s':>8}{'/s core':>10}{'p50 ms':>9}{'p99 ms':>9}{'bare':>9}{'bare/core':>10}")
    print(limit.shown(limit))
    best = 0.0
    rows = () if options.without_peers else theirs(many // 2)
    for row in chain(rows, house("sqlite", many), house("postgresql", many)):
        before, limit = limit, bare(many)
        beside = _between(before, limit)
        print(row.shown(beside), flush=True)
        if not row.name.startswith("siyu"):
            best = max(best, row.per_core / beside.per_core)
        elif best and "kept" in row.name:
            times = row.per_core / beside.per_core / best
            print(f"{'':34}{times:>18.1f} x the best peer's, per core")
    for kind in ("sqlite", "postgresql"):
        print(watched(kind, many), flush=True)


def _between(before: Row, after: Row) -> Row:
    """What the bare handler would have made meanwhile: a shared machine changes its speed within minutes."""
    return Row(
        before.name,
        (before.per_s + after.per_s) / 2,
        (before.per_core + after.per_core) / 2,
        before.p50,
        before.p99,
    )


if __name__ == "__main__":
    main()
