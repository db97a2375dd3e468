"""A token that the platform keeps revoking, under many processes: how often it is fetched, and what callers notice.

    python benchmarks/tokens.py [--small] [--database sqlite|postgresql] [--processes N] [--in-flight N]

Eight processes keep 200 calls in flight each, through the real gateway and tokens shared in the database, while the
sandbox revokes the token twenty times. Promised: at most one fetch per revocation, every call succeeds, none is sent
more than twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import sys
import tempfile
import urllib.request
from collections import Counter
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from kit import databases
from kit.servers import free_port, running

from bot.calls import ListGuides, Sent
from bot.clock import Clock
from bot.platforms.accounts import WecomAccount
from bot.platforms.gateway import open_gateway
from bot.platforms.request import Request
from bot.store.engine import Sessions, open_engine
from bot.store.schema import prepare
from bot.store.tokens import SqlTokens
from bot.store.vault import Vault

SENT: ContextVar[list[str]] = ContextVar("SENT")


async def caller(
    account: WecomAccount, url: str, in_flight: int, era: Any, settled: Any
) -> dict[str, Any]:
    """Calls, failures with their reasons, and how often a call was sent again."""
    told: dict[str, Any] = {"calls": 0, "failed": Counter(), "repeated": 0, "most": 0}
    told["eras"] = set()

    async def pace(_account: str, request: Request) -> None:
        SENT.get().append(request.path)

    ages: Counter[int] = Counter()
    """Calls under way, by the number of revocations at their start."""

    async def keep_calling(perform: Any) -> None:
        while (born := era.value) >= 0:
            ages[born] += 1
            sent: list[str] = []
            SENT.set(sent)
            outcome = await perform(ListGuides())
            again = max(len(sent) - 1, 0)
            told["calls"] += 1
            ages[born] -= 1
            if born not in told["eras"] and not any(ages[age] for age in ages if age < born):
                told["eras"].add(born)
                settled.release()
            if not isinstance(outcome, Sent):
                told["failed"][type(outcome).__name__, getattr(outcome, "reason", "")] += 1
                await asyncio.sleep(
                    0.1
                )  # what is held back returns at once, and would never let go of the loop
            told["repeated"] += again
            told["most"] = max(told["most"], again)

    sessions = Sessions(open_engine(url))
    async with open_gateway(
        wecom=account,
        official=None,
        tokens=SqlTokens(sessions, Vault(bytes(range(32)))),
        clock=Clock(),
        load_media=lambda _name: b"",
        pace=pace,
    ) as gateway:
        SENT.set([])
        await gateway.perform(ListGuides())
        await asyncio.gather(*(keep_calling(gateway.perform) for _ in range(in_flight)))
    await sessions.close()
    return told


def process(account: WecomAccount, url: str, in_flight: int, signals: Any) -> None:
    era, settled, results = signals
    results.put(asyncio.run(caller(account, url, in_flight, era, settled)))


def control(base: str, path: str, wish: Any) -> Any:
    asked = urllib.request.Request(f"{base}/__sandbox__/{path}", data=json.dumps(wish).encode())
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.loads(answer.read())


def fetches(base: str) -> int:
    with urllib.request.urlopen(f"{base}/__sandbox__/log", timeout=60) as answer:
        rows = (json.loads(line) for line in answer)
        return sum(row.get("path") == "/cgi-bin/gettoken" for row in rows)


def played(account: WecomAccount, url: str, options: argparse.Namespace) -> dict[str, Any]:
    spawn = multiprocessing.get_context("spawn")
    era, settled, results = signals = spawn.Value("i", 0), spawn.Semaphore(0), spawn.Queue()
    work = [
        spawn.Process(target=process, args=(account, url, options.in_flight, signals), daemon=True)
        for _ in range(options.processes)
    ]
    for one in work:
        one.start()
    # Every call under way at a revocation comes back before the next: one that met two would rightly wait.
    for _ in range(options.revocations):
        _all(settled, work)
        control(account.api_base, "act", {"act": "revoke_token", "app": "wecom"})
        era.value += 1
    _all(settled, work)
    era.value = -1
    told = [results.get(timeout=60) for _ in work]
    for one in work:
        one.join()
    return {
        "calls": sum(part["calls"] for part in told),
        "repeated": sum(part["repeated"] for part in told),
        "most": max(part["most"] for part in told),
        "failed": sum((part["failed"] for part in told), Counter()),
    }


def _all(settled: Any, work: list[Any]) -> None:
    for _ in work:
        if not settled.acquire(timeout=120):
            raise SystemExit("no call came back for two minutes")


async def empty(url: str) -> None:
    engine = open_engine(url)
    await prepare(engine)
    await engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--processes", type=int)
    parser.add_argument("--in-flight", type=int)
    options = parser.parse_args()
    options.processes = options.processes or (2 if options.small else 8)
    options.in_flight = options.in_flight or (50 if options.small else 200)
    options.revocations = 5 if options.small else 20
    with tempfile.TemporaryDirectory() as home, databases.fresh(options.database) as url:
        asyncio.run(empty(url))
        env, port = Path(home) / "env", free_port()
        command = [
            sys.executable,
            "-m",
            "bot.sandbox",
            "--port",
            str(port),
            "--env-file",
            str(env),
        ]
        for limit in ("calls_per_minute", "calls_per_hour"):  # it is tokens that we measure
            command += ["--set", f"{limit}=100000000"]
        with running(command, port, {}):
            lines = dict(line.split("=", 1) for line in env.read_text().splitlines())
            account = WecomAccount(
                corp_id=lines["SIYU_WECOM_CORP_ID"],
                agent_id=int(lines["SIYU_WECOM_AGENT_ID"]),
                secret=lines["SIYU_WECOM_SECRET"],
                api_base=lines["SIYU_WECOM_API_BASE"],
            )
            told = played(account, url, options)
            fetched = fetches(account.api_base) - 1  # the first is no answer to a revocation
    print(
        f"{options.processes} processes x {options.in_flight} in flight, {options.revocations} revocations, "
        f"{options.database}: {told['calls']:,} calls, {told['failed'].total()} failed, {told['repeated']:,} repeated "
        f"(none more than {told['most']} times), {fetched} fetches = {fetched / options.revocations:.2f} per revocation"
    )
    for reason, many in told["failed"].items():
        print(f"  {many} x {reason}")
    kept = fetched <= options.revocations and not told["failed"] and told["most"] <= 1
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
