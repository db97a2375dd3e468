"""A small shop's day with everything in it, recorded over the real sandbox and the real bot, all faults on.

`python -m tests.demo.evidence HOME` plays it in a process of its own: what it writes to stderr is the bot's own log.
"""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.cli import logs
from bot.demo import history, words
from bot.demo.agenda import Agenda
from bot.demo.cast import Person, cast
from bot.demo.history import OrderSeen
from bot.demo.plans import Script
from bot.demo.play import play, settle
from bot.demo.prologue import begin
from bot.demo.reactions import Reactions
from bot.demo.scene import FAULTS, Scene, open_scene
from bot.demo.till import Till
from bot.demo.world import shop, write_world
from handlers import ROUTERS

SEED = 7
CUSTOMERS = 60
FRIENDS = 0.72
"""More of them than in the demo: a small shop's day leaves less to chance."""
DAYS = 2
"""The shop's history ends so many days before the file does; one of them is played."""
TROUBLE = 4
"""So many times as often as in the demo: a day is short."""
ZONE = ZoneInfo("Asia/Shanghai")
TELLING = (
    "我搬到梧桐里八十八号了，衬衫寄到那里",
    "我的手机换成13788886666了，有新款吗",
    "我女儿叫程小雨，她穿什么尺码的连衣裙",
    "我的订单寄错了，收件人应该是魏向前",
    "梧桐里八十八号的快递破损，裙子脏了，非常生气",
    "不要再发了，我是程小雨的妈妈",
)
"""What a stranger must not read in our files: places, phones, names inside of what people say."""
PIECES = ("梧桐里", "13788886666", "程小雨", "魏向前")


def small_shop(home: Path, *, seed: int = SEED) -> tuple[list[Person], list[OrderSeen], datetime]:
    """Few buyers of the order file, its newest ones first; writes the world, the history and the orders."""
    with history.open_text(history.OURS) as text:
        rows = list(csv.DictReader(text))
    newest = {row["customer_id"]: row["paid_at"] for row in rows}
    chosen = sorted(newest, key=lambda buyer: (newest[buyer], buyer), reverse=True)[:CUSTOMERS]
    cut = home / "orders.csv"
    with cut.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, list(rows[0]))
        table.writeheader()
        table.writerows(row for row in rows if row["customer_id"] in chosen)
    before = home / "history.csv"
    orders, buyers, start = history.split(cut, ZONE, days=DAYS, before=before)
    known = {line.split(",")[0] for line in before.read_text(encoding="utf-8").splitlines()[1:]}
    guides = [(guide["userid"], guide["store"]) for guide in shop()["guides"]]
    people = cast(buyers, guides, seed=seed, start=start, known_before=known, friends=FRIENDS)
    write_world(home / "world.yaml", people)
    return people, orders, start


class Day:
    """What a short day would leave to luck: everybody comes, asks, agrees, complains, leaves and buys."""

    def __init__(self, scene: Scene, people: list[Person], start: datetime) -> None:
        self._scene, self._start, self._people = scene, start, people
        self._friends = [p for p in people if p.follows and p.consents]
        self._strangers = [p for p in people if not p.follows]

    async def acts(self) -> list[dict[str, Any]]:
        state = await self._scene.state()
        chat_id = state["groups"][0]["chat_id"]
        said = [
            self._kf(9, 20 + n, person, text)
            for n, (person, text) in enumerate(
                zip(self._friends, words.COUPON + words.POINTS, strict=False)
            )
        ]
        fans = [p for p in self._friends[8:] if p.fan]
        for person in fans[:6]:
            said.append(self._at(9, 30, "click_menu", person, key="consent_yes"))
            said.append(self._at(9, 31, "say_official", person, text="我的券"))
        for n, person in enumerate(self._friends[-3:]):
            said.append(self._kf(10, 20 + n, person, words.OPT_OUTS[n]))
        for n, person in enumerate(self._friends[-9:-5]):  # after the day's messages have come
            said.append(self._kf(19, 40 + n, person, words.OPT_OUTS[n]))
        said.append(self._kf(9, 40, self._friends[-4], words.COMPLAINTS[0]))
        said.append(
            self._at(13, 0, "delete_guide", self._friends[-5], guide=self._friends[-5].guide)
        )
        for n, (person, text) in enumerate(zip(self._friends[3:], TELLING, strict=False)):
            said.append(self._kf(14, n, person, text))
        for n, person in enumerate(self._friends[:3]):
            said.append(self._at(12, n, "join_group", person, chat_id=chat_id))
        for n, person in enumerate(self._strangers[:5]):
            said.append(self._at(11, 10 * n, "add_friend", person, guide=person.guide))
        return said

    def _kf(self, hour: int, minute: int, person: Person, text: str) -> dict[str, Any]:
        kf = self._scene.notes["open_kfid"]
        return self._at(hour, minute, "say_kf", person, kf=kf, text=text)

    def _at(
        self, hour: int, minute: int, act: str, person: Person, **facts: Any
    ) -> dict[str, Any]:
        at = self._start + timedelta(hours=hour, minutes=minute)
        return {"act": act, "customer": person.id, "at": at.isoformat(), **facts}

    def plan_tills(self, agenda: Agenda, till: Till) -> None:
        """Whoever has seen a code by the afternoon buys with it; one of them brings it back."""
        at = self._start + timedelta(hours=15)

        async def everybody_buys() -> None:
            for n, person in enumerate(p for p in self._people if till.codes[p.id]):
                paid = OrderSeen(person.id, f"QHT{n:04}", at, "paid", 68000 + n)
                await till.selling(paid, person, in_store=True)()
                if n == 0:
                    back = OrderSeen(person.id, paid.order_no, at, "refunded", paid.amount_fen)
                    await till.report(back, person, in_store=True)

        agenda.plan(at, everybody_buys)


async def trouble(scene: Scene) -> None:
    faults = json.loads(FAULTS.read_text(encoding="utf-8"))
    more = [rule | {"p": rule["p"] * TROUBLE} if "p" in rule else rule for rule in faults]
    await scene.control("faults", {"seed": SEED, "faults": more})


async def record(home: Path) -> None:
    people, orders, start = small_shop(home)
    end = start + timedelta(days=1)
    async with open_scene(home, ROUTERS, seed=SEED, start=start - timedelta(hours=2)) as scene:
        key = await begin(scene, people, home / "history.csv")
        agenda = Agenda()
        till = Till(scene, agenda, key)
        reactions = Reactions(scene, agenda, till, {p.id: p for p in people}, seed=SEED)
        Script(scene, agenda, till, people, orders, seed=SEED).plan_all(start, 1)
        day = Day(scene, people, start)
        day.plan_tills(agenda, till)
        await trouble(scene)
        await scene.act(*await day.acts())
        await play(scene, agenda, reactions, until=end, progress=lambda _now: None)
        await settle(scene, until=end + timedelta(hours=12))
    planted = {"names": [p.name for p in people], "phones": [p.phone for p in people]}
    planted |= {"said": [*TELLING, *PIECES]}
    (home / "planted.json").write_text(json.dumps(planted, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    logs.to_stderr()
    asyncio.run(record(Path(sys.argv[1])))
