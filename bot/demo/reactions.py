"""What people do because of what reached them: join a group, open a link, ask for the coupon, buy."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bot.demo.agenda import Agenda
from bot.demo.cast import Person
from bot.demo.scene import Scene
from bot.demo.streams import SLOT, slot, stream
from bot.demo.till import Till
from bot.demo.words import COUPON, OPT_IN

CODE = re.compile(r"(?<![0-9A-Z])[2-9A-HJ-NP-Z]{10}(?![0-9A-Z])")
LINK = re.compile(r"https?://\S+")
MARKETING = frozenset({"wecom_mass", "kf", "official", "group_mass"})
OPENS, JOINS, LEAKS, AGREES = 0.3, 0.4, 0.04, 0.55
BUYS = 0.05
JOINS_WHO_OPENED = 0.9
SHORT = "/l/"


class Reactions:
    """Reads the sandbox's log as it grows; every decision has its own dice, so faults do not shift others."""

    def __init__(
        self, scene: Scene, agenda: Agenda, till: Till, people: dict[str, Person], *, seed: int
    ) -> None:
        self._scene, self._agenda, self._till = scene, agenda, till
        self._people, self._seed = people, seed
        self._join_ways: dict[str, str] = {}

    async def look(self) -> None:
        """Read what is new; what people make of it, they do later."""
        for row in await self._scene.news():
            person = self._people.get(str(row.get("to")))
            if person is not None:
                await self._reached(person, row)

    async def _reached(self, person: Person, row: dict[str, Any]) -> None:
        if row.get("status", "sent") != "sent":
            return
        text = str(row.get("text") or "")
        dice = stream(
            self._seed,
            "reaction",
            person.id,
            row["channel"],
            re.sub(r"\d", "", LINK.sub("", text))[:40],
            row["t"][:10],
        )
        now = self._scene.now
        for code in CODE.findall(text):
            self._till.remember(person.id, code)
        await self._follow_links(person, row, dice, now)
        if row["channel"] == "welcome":
            await self._greeted(person, dice, now)
        elif row["channel"] in MARKETING and dice.random() < BUYS:
            await self._buys(person, dice, slot(now + timedelta(hours=dice.uniform(2, 60))))

    async def _buys(self, person: Person, dice: Random, at: datetime) -> None:
        """What is sent to many names no code: she asks for hers before she comes."""
        if self._till.plan_extra(person, at, dice) and person.kf:
            asked = (at - SLOT).isoformat()
            await self._scene.act(self.say_kf(person, dice.choice(COUPON), asked))

    async def _greeted(self, person: Person, dice: Random, now: datetime) -> None:
        if person.kf and dice.random() < AGREES:
            at = slot(now + timedelta(minutes=dice.uniform(1, 9))).isoformat()
            await self._scene.act(self.say_kf(person, OPT_IN, at))

    def say_kf(self, person: Person, text: str, at: str) -> dict[str, Any]:
        kf = self._scene.notes["open_kfid"]
        return {"act": "say_kf", "customer": person.id, "kf": kf, "text": text, "at": at}

    async def _follow_links(
        self, person: Person, row: dict[str, Any], dice: Random, now: datetime
    ) -> None:
        cards = " ".join(str(card) for card in row.get("attachments") or ())
        for url in dict.fromkeys(LINK.findall(f"{row.get('text') or ''} {cards}")):
            address = url.rstrip("。，、）)'\",}]")
            if address.startswith(self._scene.web_url + SHORT):
                if dice.random() < OPENS:
                    at = slot(now + timedelta(minutes=dice.uniform(1, 90)))
                    self._agenda.plan(at, self._opener(person, address, dice))
            elif not address.startswith(self._scene.web_url) and await self._join_way(address):
                await self._maybe_join(person, address, dice, JOINS)

    def _opener(self, person: Person, address: str, dice: Random) -> Any:
        async def open_link() -> None:
            async with self._scene.http.get(address, allow_redirects=False) as answer:
                await answer.read()
            target = answer.headers.get("Location", "/")
            if not target.startswith("/") and await self._join_way(target):
                await self._maybe_join(person, target, dice, JOINS_WHO_OPENED)

        return open_link

    async def _maybe_join(self, person: Person, address: str, dice: Random, likely: float) -> None:
        way, now = self._join_ways[address], self._scene.now
        if dice.random() < likely:
            at = slot(now + timedelta(minutes=dice.uniform(2, 240))).isoformat()
            await self._scene.act(
                {"act": "join_group", "customer": person.id, "join_way": way, "at": at}
            )
        if dice.random() < LEAKS:  # she shows the code to somebody it was not meant for
            stranger = dice.choice(sorted(self._people))
            at = slot(now + timedelta(hours=dice.uniform(5, 40))).isoformat()
            await self._scene.act(
                {"act": "join_group", "customer": stranger, "join_way": way, "at": at}
            )

    async def _join_way(self, address: str) -> str:
        """The join way behind an address, or nothing: most links lead elsewhere."""
        if address not in self._join_ways:
            state = await self._scene.state()
            ways = {way["qr_code"]: way["config_id"] for way in state.get("join_ways", [])}
            self._join_ways |= {address: "", **ways}
        return self._join_ways[address]
