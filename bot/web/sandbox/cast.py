"""Who can be played: a newcomer who walks in now, and one customer of each kind that the shop knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.domain.refusals import Refusal
from bot.store import roster
from bot.web.desk import Desk
from bot.web.sandbox.world import World

NEWCOMER = "林小满"
VISITOR = "visitor-"
KEPT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Persona:
    id: str
    """Her id in the sandbox; a visitor's is new to it until she acts."""
    name: str
    kind: str
    line: str

    @property
    def is_visitor(self) -> bool:
        return self.id.startswith(VISITOR)

    @property
    def colour(self) -> int:
        return sum(map(ord, self.id)) % 6


@dataclass(frozen=True, slots=True)
class Scenery:
    """What of the world hardly changes: read once in a while, for it is long."""

    personas: tuple[Persona, ...]
    kf: dict[str, str]
    """open_kfid → name."""
    account: str
    """The Official Account's original id."""
    account_name: str
    menu: list[dict[str, Any]]
    guides: dict[str, str]
    stores: dict[str, str]
    """Guide → store."""
    ways: list[dict[str, Any]]

    def visitor(self, number: int) -> Persona:
        return Persona(f"{VISITOR}{number}", NEWCOMER, "新客", "刚走进店里，还没买过")

    def known(self, who: str) -> Persona | None:
        if who.startswith(VISITOR) and who.removeprefix(VISITOR).isdecimal():
            return self.visitor(int(who.removeprefix(VISITOR)))
        return next((one for one in self.personas if one.id == who), None)

    @property
    def open_kfid(self) -> str:
        return next(iter(self.kf), "")


@dataclass(slots=True)
class Cast:
    """Keeps the scenery for a while."""

    _scenery: Scenery | None = None
    _read_at: float = field(default=0.0)

    async def scenery(self, desk: Desk, world: World) -> Scenery:
        now = desk.work.clock.monotonic()
        if self._scenery is None or now - self._read_at > KEPT_SECONDS:
            self._scenery, self._read_at = await _read(desk, world), now
        return self._scenery


CAST = web.AppKey("cast", Cast)


async def _read(desk: Desk, world: World) -> Scenery:
    state = await world.state()
    if state is None:
        raise Refusal("sandbox_away", "沙盒没有说它的世界是什么样", status=502)
    guides = state["guides"]
    names = {store["id"]: store["name"] for store in state["stores"]}
    return Scenery(
        personas=await _personas(desk, state),
        kf={one["open_kfid"]: one["name"] for one in state["kf"]},
        account=state["official"]["original_id"],
        account_name=state["official"]["name"],
        menu=state["official"]["menu"] or [],
        guides={one["userid"]: one["name"] for one in guides},
        stores={one["userid"]: names.get(one["store"], "") for one in guides},
        ways=[way for way in state["contact_ways"] if way.get("user")],
    )


async def _personas(desk: Desk, state: dict[str, Any]) -> tuple[Persona, ...]:
    by_external = {one["external_userid"]: one for one in state["customers"]}
    async with desk.work.sessions.reading() as session:
        faces = await roster.faces(session, desk.work.now())
    found = [
        Persona(by_external[face.external_userid]["id"], name, face.kind, face.line)
        for face in faces
        if (name := by_external.get(face.external_userid, {}).get("name"))
    ]
    known = {one.id for one in found}
    for one in state["customers"]:
        if len(found) >= 3:
            break
        if one["id"] not in known and not one["id"].startswith(VISITOR):
            line = "导购的好友" if one["follows"] else "还没加导购"
            found.append(Persona(one["id"], one["name"], "顾客", line))
    return tuple(found)
