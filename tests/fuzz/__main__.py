"""`make fuzz`: every endpoint of the OpenAPI asked by every role with what schemathesis thinks of: no answer is 5xx.

The server is ours and real, on a database of its own with two stores; it counts what it was asked and what it said.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.content import load_content
from bot.domain.mapping import Row
from bot.inbound.intake import Intake
from bot.settings import Settings
from bot.store import access
from bot.store.engine import Sessions, open_engine
from bot.web.desk import Desk
from bot.web.server import build
from tests.harness import Bot
from tests.web.faces import Shop
from tests.web.swapping import two_sides

ROOT = Path(__file__).parents[2]
ROLES = ("owner", "admin", "operator", "care", "auditor", "manager", "integration")
SCOPES = "*:write key:read webhook:write"
SECRET = "c2l5dS1mdXp6LW9ubHktbm90LWZvci1hbnktc2hvcC0wMTIzNDU2Nzg5"
CHECKS = "not_a_server_error,content_type_conformance,response_schema_conformance"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def settings(home: Path) -> Settings:
    return Settings(
        database_url=f"sqlite+aiosqlite:///{home}/fuzz.db",
        secret_key=SECRET,
        shop_webhook_secret="whsec_c2l5dS13ZWJob29rLWZvci1mdXp6LXJ1bnM=",
    )


async def main(cases: int, seed: int) -> int:
    said: Counter[int] = Counter()
    broken: list[str] = []
    with TemporaryDirectory() as home:
        wanted = settings(Path(home))
        sessions = Sessions(open_engine(wanted.database_url))
        async with sessions.engine.begin() as connection:
            await connection.run_sync(Row.metadata.create_all)
        bot = Bot(sessions, load_content(ROOT / "content"), wanted)
        await bot.publishes()
        intake = Intake(sessions, bot.vault, bot.clock, nudge=lambda: None)
        desk = Desk(bot.work, intake, bot.dispatcher, None, None, nudge=lambda: None)
        shop = Shop(bot, TestServer(_counted(build(desk), said, broken)))
        await shop.server.start_server()
        known = Path(home) / "known.json"
        known.write_text(json.dumps(await _world(shop)), encoding="utf-8")
        for place, role in enumerate(ROLES):
            await _asks(shop, role, known, seed + place)
            print(f"{role}: {said.total()} cases so far", flush=True)
        await shop.closes()
        await intake.close()
        await sessions.close()
    told = ", ".join(f"{count} × {status}" for status, count in sorted(said.items()))
    print(f"{said.total()} cases by {len(ROLES)} roles: {told}")
    print("\n".join(sorted(set(broken))) or "0 answers of 5xx")
    return 1 if broken or said.total() < cases else 0


def _counted(app: web.Application, said: Counter[int], broken: list[str]) -> web.Application:
    """The same application, with somebody at the door who writes down what goes out."""

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            answer = await handler(request)
        except web.HTTPException as answered:
            said[answered.status] += 1
            raise
        except Exception as bug:
            said[500] += 1
            broken.append(
                f"500 {request.method} {request.path_qs}: {type(bug).__name__} {bug}"[:400]
            )
            raise
        said[answer.status] += 1
        return answer

    app.middlewares.insert(0, count)
    return app


async def _world(shop: Shop) -> dict[str, list[str]]:
    """Ids that there are, by the name of their place in an address."""
    sides = await two_sides(shop, 5)
    async with shop.bot.session() as session:
        for role in ROLES:
            await access.add_key(
                session,
                token=f"fuzz-{role}",
                role=role,
                scope="pos" if role == "integration" else SCOPES,
                store="S01" if role == "manager" else None,
                name=role,
                now=shop.bot.now,
            )
    owned = [one for side in sides for one in side.owned]
    kinds = ("campaign", "case", "order", "task")
    return {kind: [one[kind] for one in owned] for kind in (*kinds, "customer")}


async def _asks(shop: Shop, role: str, known: Path, seed: int) -> None:
    url = f"http://127.0.0.1:{shop.server.port}"
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/api/openapi.json"),
        *("--header", f"Authorization: Bearer fuzz-{role}", "--checks", CHECKS),
        *("--phases", "coverage,fuzzing" if role == ROLES[0] else "fuzzing"),
        *("--max-examples", "12", "--seed", str(seed)),
        *("--continue-on-failure", "--suppress-health-check", "all", "--no-shrink"),
        *("--exclude-path", "/api/v1/orders", "--request-timeout", "20", "--warnings", "off"),
        cwd=known.parent,
        env=os.environ
        | {
            "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
            "PYTHONPATH": str(ROOT),
            "SIYU_FUZZ_KNOWN": str(known),
            "NO_PROXY": "127.0.0.1",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await program.communicate()
    if program.returncode != 0:
        print(told.decode(errors="replace")[-6000:])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.cases, given.seed)))
