"""So many recipients, half fans with an open window and half friends of guides: in the bot's database and in a sandbox
of their own process (`python -m tests.storm.crowd`)."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.world import World, load, moments
from bot.sandbox.clock import parse_moment
from bot.sandbox.official.windows import open_window
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.stage import Options
from bot.sandbox.world.build import fan_of, new_customer
from bot.sandbox.world.entities import Fan, Follow
from bot.sandbox.world.reading import read_world
from tests.processes import SandboxProcess, environment, free_port

START = "2026-11-20T10:00:00+08:00"
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
PER_GUIDE = 1_000
SETTINGS = {"calls_per_minute": "1000000", "calls_per_hour": "10000000"}


def fans(people: int) -> range:
    return range(1, people // 2 + 1)


def friends(people: int) -> range:
    return range(people // 2 + 1, people + 1)


def guides(people: int) -> int:
    return max(4, -(-len(friends(people)) // PER_GUIDE))


def openid(who: int) -> str:
    return f"oStormFan{who:019}"


def external(who: int) -> str:
    return f"wmStormFriend{who:019}"


def world(people: int) -> World:
    """The same people as rows of the bot's tables."""
    ids = np.arange(1, people + 1)
    fan, friend = np.array(fans(people)), np.array(friends(people))
    at = moments(np.full(people, int((NOW - timedelta(days=9)).timestamp())))
    purpose = np.where(ids <= people // 2, "marketing_official", "marketing_wecom")
    said: dict[str, Any] = {"customer_id": ids, "purpose": purpose.tolist()}
    closes = moments(np.full(len(fan), int((NOW + timedelta(hours=47)).timestamp())))
    many = guides(people)
    return World(
        {
            "guide": {"id": np.arange(1, many + 1), "active": True,
                      "userid": [f"guide{n}" for n in range(1, many + 1)],
                      "name": [f"导购{n}" for n in range(1, many + 1)]},
            "customer": {"id": ids, "ref": [f"c{n}" for n in ids.tolist()], "created_at": at,
                         "stage": "knows", "personalised": True, "marketing_held": False},
            "identity": {"customer_id": fan, "kind": "openid", "account": "", "confidence": np.ones(len(fan)),
                         "since": at[: len(fan)],
                         "value": [openid(n) for n in fan.tolist()]},
            "follow": {"customer_id": friend, "guide_id": friend % many + 1,
                       "external_userid": [external(n) for n in friend.tolist()],
                       "since": at[len(fan) :]},
            "consent_entry": {"id": ids} | said | {"action": "grant", "channel": "h5", "at": at,
                              "evidence": "{}", "actor": "customer", "previous_hash": "", "hash": ""},
            "consent_state": said | {"granted": True, "entry_id": ids, "since": at},
            "send_window": {"customer_id": fan, "channel": "official", "left": 5, "closes_at": closes,
                            "address": [openid(n) for n in fan.tolist()]},
        },
        people,
        0,
    )  # fmt: skip


def fill(url: str, people: int) -> None:
    load(url, world(people))


def _admit(sandbox: Sandbox, people: int) -> None:
    stage = sandbox.stage
    held = stage.world
    for who in fans(people):
        customer = new_customer(held, f"c{who}", f"顾客{who}")
        customer.fan = Fan(openid(who))
        held.admit(customer)
        fan = fan_of(held, customer)
        fan.subscribed, fan.subscribe_time = True, int(NOW.timestamp()) - 86_400
        held.by_openid[fan.openid] = customer
        open_window(fan, "message", stage.now())
    for who in friends(people):
        customer = new_customer(held, f"c{who}", f"顾客{who}")
        customer.external_userid = external(who)
        held.admit(customer)
        guide = held.guides[f"guide{who % guides(people) + 1}"]
        tie = Follow(guide.userid, customer.external_userid, int(NOW.timestamp()) - 9 * 86_400)
        customer.follows[guide.userid] = guide.follows[customer.external_userid] = tie


async def _serve(people: int, port: int, home: Path) -> None:
    options = Options(
        port=port,
        official_port=port + 1,
        env_file=home / "sandbox.env",
        clock=parse_moment(START),
        settings=SETTINGS,
    )
    names = [{"userid": f"guide{n}", "name": f"导购{n}"} for n in range(1, guides(people) + 1)]
    spec = read_world(None)
    told = spec.model_dump() | {"guides": names, "customers": [], "groups": [], "stores": []}
    told |= {"kf": [], "contact_ways": [], "join_ways": [], "acquisition_links": []}
    sandbox = Sandbox(options, world=type(spec).model_validate(told | {"settings": SETTINGS}))
    _admit(sandbox, people)
    await sandbox.start()
    print("sandbox ready", flush=True)
    await asyncio.Event().wait()


class Platforms(SandboxProcess):
    """The sandbox of this crowd."""

    def __init__(self, home: Path, people: int) -> None:
        port = str(free_port())
        words = [str(people), port, str(home)]
        super(SandboxProcess, self).__init__(
            "tests.storm.crowd", *words, home=home, env=environment()
        )
        self.says("sandbox ready", seconds=300)
        lines = (home / "sandbox.env").read_text(encoding="utf-8").splitlines()
        self.settings = dict(line.split("=", 1) for line in lines)
        self.url = self.settings["SIYU_WECOM_API_BASE"]


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
