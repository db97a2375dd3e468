"""The month's script: who buys, comes, asks, complains and leaves on which day, from each one's own dice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bot.demo import words
from bot.demo.agenda import Agenda
from bot.demo.cast import Person
from bot.demo.history import OrderSeen
from bot.demo.scene import Scene
from bot.demo.streams import slot, stream
from bot.demo.till import Till

IN_STORE = 0.62
SCANS_AT_TILL = 0.55
WAYS = ("till", "till", "fitting")
OPENING, CLOSING = 10, 21


class Script:
    """Plans a day at its beginning, so that the agendas stay short."""

    def __init__(
        self,
        scene: Scene,
        agenda: Agenda,
        till: Till,
        people: Sequence[Person],
        orders: Sequence[OrderSeen],
        *,
        seed: int,
    ) -> None:
        self._scene, self._agenda, self._till = scene, agenda, till
        self._people = {person.id: person for person in people}
        self._orders, self._seed = list(orders), seed
        self._friends = {person.id for person in people if person.follows}

    def plan_all(self, start: datetime, days: int) -> None:
        for number in range(days):
            self._agenda.plan(start + timedelta(days=number), self._beginning(start, number))

    def _beginning(self, start: datetime, number: int) -> Any:
        async def begin() -> None:
            day = start + timedelta(days=number)
            acts: list[dict[str, Any]] = []
            for order in self._of_day(day):
                acts += self._shop(order)
            acts += self._chats(day)
            await self._scene.act(*acts)

        return begin

    def _of_day(self, day: datetime) -> list[OrderSeen]:
        return [order for order in self._orders if day <= order.at < day + timedelta(days=1)]

    def _shop(self, order: OrderSeen) -> list[dict[str, Any]]:
        """An order at its moment; before it she may ask for her coupons, at the till she may add the guide."""
        person = self._people[order.buyer]
        dice = stream(self._seed, "order", order.order_no, order.kind)
        in_store = dice.random() < IN_STORE
        self._agenda.plan(slot(order.at), self._till.selling(order, person, in_store=in_store))
        acts = []
        if order.kind == "paid" and in_store and person.id not in self._friends:
            if dice.random() < SCANS_AT_TILL:
                self._friends.add(person.id)
                way = {"contact_way": f"{dice.choice(WAYS)}-{person.store}"}
                acts.append(self._at(order.at + timedelta(minutes=2), "add_friend", person, **way))
                if person.fan:
                    later = order.at + timedelta(minutes=dice.uniform(5, 50))
                    acts.append(
                        self._at(later, "follow_official", person, scene=f"till-{person.store}")
                    )
        elif person.kf and person.id in self._friends and dice.random() < 0.35:
            asked = order.at - timedelta(minutes=dice.uniform(3, 15))
            acts.append(self._say_kf(asked, person, dice.choice(words.COUPON)))
        return acts

    def _chats(self, day: datetime) -> list[dict[str, Any]]:
        """What people of this day write by themselves, in proportion to how many there are."""
        dice = stream(self._seed, "chats", day.date())
        friends = sorted(self._friends)
        acts = []
        for share, choose in (
            (0.005, self._asks),
            (0.003, self._asks_account),
            (0.0004, self._complains),
            (0.0006, self._opts_out),
            (0.0008, self._leaves_guide),
        ):
            for _ in range(_about(dice, len(friends) * share)):
                person = self._people[dice.choice(friends)]
                acts.append(choose(person, self._moment(day, dice), dice))
        return acts

    def _moment(self, day: datetime, dice: Random) -> datetime:
        return day + timedelta(hours=dice.uniform(OPENING - 1, CLOSING + 1))

    def _asks(self, person: Person, at: datetime, dice: Random) -> dict[str, Any]:
        return self._say_kf(at, person, dice.choice(words.QUESTIONS + words.COUPON + words.POINTS))

    def _asks_account(self, person: Person, at: datetime, dice: Random) -> dict[str, Any]:
        if not person.fan:
            return self._asks(person, at, dice)
        if dice.random() < 0.4:
            return self._at(
                at, "click_menu", person, key=dice.choice(("coupon", "points", "consent_yes"))
            )
        return self._at(at, "say_official", person, text=dice.choice(words.COUPON + words.POINTS))

    def _complains(self, person: Person, at: datetime, dice: Random) -> dict[str, Any]:
        return self._say_kf(at, person, dice.choice(words.COMPLAINTS))

    def _opts_out(self, person: Person, at: datetime, dice: Random) -> dict[str, Any]:
        return self._say_kf(at, person, dice.choice(words.OPT_OUTS))

    def _leaves_guide(self, person: Person, at: datetime, _dice: Random) -> dict[str, Any]:
        return self._at(at, "delete_guide", person, guide=person.guide)

    def _say_kf(self, at: datetime, person: Person, text: str) -> dict[str, Any]:
        return self._at(at, "say_kf", person, kf=self._scene.notes["open_kfid"], text=text)

    def _at(self, at: datetime, name: str, person: Person, **facts: Any) -> dict[str, Any]:
        return {"act": name, "customer": person.id, "at": slot(at).isoformat(), **facts}


def _about(dice: Random, expected: float) -> int:
    """A whole number whose mean is `expected`."""
    whole = int(expected)
    return whole + (dice.random() < expected - whole)
