"""`make fuzz`: every endpoint of the OpenAPI asked by every role with what schemathesis thinks of: no answer is 5xx.

The server is ours and real, on a database of its own with two stores, roles by turns on SQLite and on PostgreSQL; it
counts what it was asked and what it said.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.content import load_content
from bot.inbound.intake import Intake
from bot.settings import Settings
from bot.store import access
from bot.store.engine import Sessions, open_engine
from bot.web.api.openapi import document
from bot.web.desk import Desk
from bot.web.server import build
from tests.databases import PostgresDatabases, SqliteFiles
from tests.harness import Bot
from tests.web.faces import Shop
from tests.web.swapping import two_sides

ROOT = Path(__file__).parents[2]
ROLES = ("owner", "admin", "operator", "care", "auditor", "manager", "integration")
DATABASES = {"sqlite": SqliteFiles, "postgres": PostgresDatabases}
SCOPES = "*:write key:read webhook:write"
SECRET = "c2l5dS1mdXp6LW9ubHktbm90LWZvci1hbnktc2hvcC0wMTIzNDU2Nzg5"
CHECKS = "not_a_server_error,content_type_conformance,response_schema_conformance"
SIDES = 2
"""Roles that are asked beside each other."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Heard:
    """What went out at the door."""

    said: Counter[int] = field(default_factory=Counter)
    by_role: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    """Of roles whose answers were not as described."""


def settings(url: str) -> Settings:
    return Settings(
        database_url=url,
        secret_key=SECRET,
        shop_webhook_secret="whsec_c2l5dS13ZWJob29rLWZvci1mdXp6LXJ1bnM=",
    )


async def main(cases: int, seed: int, roles: list[str], databases: list[str]) -> int:
    heard, began = Heard(), time.monotonic()
    told = asyncio.Semaphore(SIDES)
    examples = max(1, -(-cases * 13 // 10 // sum(map(len, document()["paths"].values()))))
    with TemporaryDirectory() as home:
        makers = {name: DATABASES[name](_folder(home, name)) for name in databases}

        async def one(place: int, role: str) -> None:
            name = databases[place % len(databases)]
            async with told:
                url = makers[name].fresh(_folder(home, f"{name}-{role}"))
                await _shop(url, Path(home), role, heard, (seed + place, examples))
                count = heard.by_role[role]
                print(
                    f"{role} ({name}): {count} cases, {time.monotonic() - began:.0f} s", flush=True
                )

        await asyncio.gather(*(one(place, role) for place, role in enumerate(roles)))
    counted = ", ".join(f"{count} × {status}" for status, count in sorted(heard.said.items()))
    print(f"{heard.said.total()} cases by {len(roles)} roles: {counted}")
    print("\n".join(heard.unlike) or "every answer as it is described")
    print("\n".join(sorted(set(heard.broken))) or "0 answers of 5xx")
    few = [role for role in roles if heard.by_role[role] < cases]
    print(f"fewer than {cases} cases: {few}" if few else f"at least {cases} cases by each role")
    return 1 if heard.broken or heard.unlike or few else 0


def _folder(home: str, name: str) -> Path:
    path = Path(home) / name
    path.mkdir(exist_ok=True)
    return path


async def _shop(url: str, home: Path, role: str, heard: Heard, how: tuple[int, int]) -> None:
    sessions = Sessions(open_engine(url))
    bot = Bot(sessions, load_content(ROOT / "content"), settings(url))
    await bot.publishes()
    intake = Intake(sessions, bot.vault, bot.clock, nudge=lambda: None)
    desk = Desk(bot.work, intake, bot.dispatcher, None, None, nudge=lambda: None)
    shop = Shop(bot, TestServer(_counted(build(desk), role, heard)))
    await shop.server.start_server()
    known = home / f"{role}.json"
    known.write_text(json.dumps(await _world(shop, role)), encoding="utf-8")
    heard.by_role[role] = 0
    try:
        await _asks(shop, role, known, heard, how)
    finally:
        await shop.closes()
        await intake.close()
        await sessions.close()


def _counted(app: web.Application, role: str, heard: Heard) -> web.Application:
    """The same application, with somebody at the door who writes down what goes out."""

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        heard.by_role[role] += 1
        try:
            answer = await handler(request)
        except web.HTTPException as answered:
            heard.said[answered.status] += 1
            raise
        except Exception as bug:
            heard.said[500] += 1
            said = f"500 {request.method} {request.path_qs}: {type(bug).__name__} {bug}"
            heard.broken.append(said[:400])
            raise
        heard.said[answer.status] += 1
        return answer

    app.middlewares.insert(0, count)
    return app


async def _world(shop: Shop, role: str) -> dict[str, list[str]]:
    """Ids that there are, by the name of their place in an address."""
    sides = await two_sides(shop, 5)
    content = shop.bot.content
    async with shop.bot.session() as session:
        await access.add_key(
            session,
            token=f"fuzz-{role}",
            role=role,
            scope="pos" if role == "integration" else SCOPES,
            store="S01" if role == "manager" else None,
            name=role,
            now=shop.bot.now,
        )
        for name in ("甲", "乙"):
            facts = {"name": name, "role": "owner", "store": None, "password": None}
            await access.add_user(session, **facts, now=shop.bot.now)
    owned = [one for side in sides for one in side.owned]
    kinds = ("campaign", "case", "order", "task", "customer")
    texts = [name.split("/") for name in content.templates]
    return {kind: [one[kind] for one in owned] for kind in kinds} | {
        "offer": list(content.offers),
        "journey": list(content.playbooks),
        "group": [group["key"] for group in content.groups["groups"]],
        "scene": ["newcomer"],
        "text": [name for scene, name in texts if scene == "newcomer"],
        "guide": ["guide-S01", "guide-S02"],
        "staff": ["甲", "乙"],
    }


async def _asks(shop: Shop, role: str, known: Path, heard: Heard, how: tuple[int, int]) -> None:
    url = f"http://127.0.0.1:{shop.server.port}"
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/api/openapi.json"),
        *("--header", f"Authorization: Bearer fuzz-{role}", "--checks", CHECKS),
        *("--phases", "coverage,fuzzing" if role == ROLES[0] else "fuzzing"),
        *("--max-examples", str(how[1]), "--seed", str(how[0])),
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
    try:
        told, _ = await program.communicate()
    finally:
        if program.returncode is None:
            program.kill()
    if program.returncode != 0:
        heard.unlike.append(f"{role}: an answer was not as described, see above")
        print(told.decode(errors="replace")[-6000:])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5000, help="by each role")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--roles", nargs="+", choices=ROLES, default=ROLES)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.cases, given.seed, list(given.roles), given.databases)))
