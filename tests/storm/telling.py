"""What `siyu explain` says of somebody and a campaign, held against the sandbox's log by code of its own.

The log tells who was named in which task, who tapped, what arrived, who came, left and refused. Of the database only
the registers are read: whose an address is, which task or campaign a number names, what the consent ledger holds.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from bot.demo.check import read_log
from bot.demo.check.evidence import SHANGHAI, Evidence, Row, moment
from bot.settings import load_settings
from bot.store.engine import Sessions, open_engine
from bot.store.explain import explain
from bot.store.vault import Vault

PAIRS = 200
DAY, WEEK, MONTH = (timedelta(days=days) for days in (1, 7, 31))
FRESH = timedelta(minutes=75)
"""What arrived so short before the end need not have been asked about."""
CLOSE = timedelta(seconds=2)
REACHED = "sent"
FAILED = ("not_friend", "over_quota")
REFUSING = ("退订", "td", "t", "取消订阅", "不要再发", "stop")
Told: TypeAlias = dict[str, Any]
Pair: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """One task that named her, as the log has it."""

    msgid: str
    sender: str
    at: datetime
    marketing: bool


class Log(Evidence):
    """The evidence, and what of it concerns one person and one campaign."""

    def __init__(self, home: Path) -> None:
        super().__init__(home / "siyu.db", read_log(home / "sandbox.log"))
        told = yaml.safe_load((home / "world.yaml").read_text(encoding="utf-8"))
        self.world = {row["id"]: row for row in told["customers"]}
        self.guides = {row["userid"]: row["name"] for row in told["guides"]}

    @cached_property
    def campaigns(self) -> dict[int, Row]:
        rows = self.ask("SELECT * FROM campaign WHERE planned_at IS NOT NULL")
        return {row["id"]: dict(row) for row in rows}

    @cached_property
    def people(self) -> dict[int, list[str]]:
        """Person → her names in the world."""
        found: dict[int, list[str]] = defaultdict(list)
        for row in self.ask("SELECT customer_id, value FROM identity WHERE kind = 'buyer_id'"):
            found[self.survivors[row["customer_id"]]].append(row["value"])
        return found

    @cached_property
    def campaign_of(self) -> dict[str, int]:
        """msgid → campaign; messages through a window carry their touch in it."""
        tasks = self.ask("SELECT msgid, campaign_id FROM mass_task WHERE msgid IS NOT NULL")
        return {row["msgid"]: row["campaign_id"] for row in tasks}

    def named(self, row: Row) -> int | None:
        if row["channel"] == "wecom_mass":
            return self.campaign_of.get(row["msgid"])
        touch = self.touch_of(row)
        return None if touch is None else touch["campaign_id"]

    @cached_property
    def came(self) -> dict[int, list[Row]]:
        """Person → every message that tried to reach her, and how it went."""
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self.arrivals:
            address = row.get("external_userid") or row.get("openid")
            if row["channel"] in ("wecom_mass", "kf", "official") and address in self.persons:
                found[self.persons[str(address)]].append(row)
        return found

    @cached_property
    def tasks(self) -> dict[int, list[Asked]]:
        found: dict[int, list[Asked]] = defaultdict(list)
        for row in self.calls:
            msgid = (row.get("response") or {}).get("msgid")
            if not (row["path"].endswith("/add_msg_template") and row.get("applied") and msgid):
                continue
            asked = row["request"]
            promotes = self.purposes.get(msgid) != "service"
            task = Asked(msgid, asked["sender"], moment(row["t"]), promotes)
            for address in asked.get("external_userid") or ():
                found[self.persons[address]].append(task)
        return found

    @cached_property
    def stopped(self) -> dict[str, datetime]:
        """msgid → when the platform took its cancellation."""
        return {
            row["request"]["msgid"]: moment(row["t"])
            for row in self.calls
            if row["path"].endswith("/cancel_groupmsg_send") and row.get("applied")
        }

    def friend_at(self, person: int, at: datetime) -> bool:
        return any(self._friends(name, at) for name in self.people[person])

    def _friends(self, name: str, at: datetime) -> set[str]:
        hers = {tie["guide"] for tie in self.world.get(name, {}).get("follows", ())}
        for row in self._acts[name]:
            if moment(row["t"]) > at or not row["result"].get("ok"):
                continue
            if row["act"] == "add_friend":
                hers.add(row["result"]["userid"])
            elif row["act"] == "delete_guide":
                hers.discard(row["args"]["guide"])
        return hers

    @cached_property
    def _acts(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.acts:
            found[str((row.get("args") or {}).get("customer"))].append(row)
        return found

    def refused_before(self, person: int, at: datetime) -> bool:
        said = [row for name in self.people[person] for row in self._acts[name]]
        return any(moment(row["t"]) <= at and _refuses(row["args"]) for row in said)

    def granted(self, person: int, at: datetime) -> Counter[str]:
        """How often she agreed to each purpose until then, as the ledger has it."""
        return Counter(row["purpose"] for row in self._ledger[person] if moment(row["at"]) <= at)

    @cached_property
    def _ledger(self) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        grants = "SELECT customer_id, purpose, at FROM consent_entry WHERE action IN ('grant', 'resume')"
        for row in self.ask(grants):
            found[self.survivors[row["customer_id"]]].append(row)
        return found

    def promoted(self, person: int, since: datetime, until: datetime) -> int:
        """Promotions that reached her in a span, or were on their way to her."""
        heard = {one.key for one in self._heard[person] if since <= one.at <= until}
        waiting = {
            f"wecom_mass|{task.msgid}"
            for task in self.tasks[person]
            if task.marketing and since <= task.at <= until
        }
        return len(heard | waiting)

    @cached_property
    def _heard(self) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        for one in self.marketing:
            if one.address in self.persons:
                found[self.persons[one.address]].append(one)
        return found


def _refuses(args: Row) -> bool:
    said = str(args.get("text", "")).strip().casefold()
    return said in REFUSING or args.get("key") == "consent_no"


@dataclass(frozen=True, slots=True)
class Reading:
    """One person and one campaign, as the log has them, beside what she is told."""

    log: Log
    person: int
    campaign: Row
    told: Told

    @property
    def tries(self) -> list[Row]:
        hers = self.log.came[self.person]
        return [row for row in hers if self.log.named(row) == self.campaign["id"]]

    @property
    def asked(self) -> list[Asked]:
        named = self.log.campaign_of
        hers = self.log.tasks[self.person]
        return [task for task in hers if named.get(task.msgid) == self.campaign["id"]]

    @property
    def at(self) -> datetime:
        return moment(self.told["settled_at"] or self.told["planned_at"])

    def wrong(self) -> str | None:
        """What the log does not bear out; None when it agrees."""
        state = self.told["state"]
        reached = [row for row in self.tries if row.get("status", REACHED) == REACHED]
        if state == "delivered":
            return self._as_delivered(reached)
        if reached and not self._may_be_unknown(state, reached[-1]):
            return f"{state}, but it arrived at {reached[-1]['t']}"
        if state in FAILED:
            return None if any(row.get("status") == state for row in self.tries) else "no such try"
        if state in ("handed_over", "expired", "cancelled"):
            return self._as_handed_over()
        if any(task.msgid not in self.log.stopped for task in self.asked):
            return f"{state}, but a task names her"
        return self._as_left_out(state, self.told["reason"])

    def _may_be_unknown(self, state: str, row: Row) -> bool:
        fresh = self.log.end - moment(row["t"]) < FRESH
        return state == "unknown" or (state in ("queued", "handed_over") and fresh)

    def _as_delivered(self, reached: Sequence[Row]) -> str | None:
        if len(reached) != 1:
            return f"delivered, and {len(reached)} arrived"
        (row,) = reached
        if abs(moment(self.told["sent_at"]) - moment(row["t"])) > CLOSE:
            return f"sent at {self.told['sent_at']}, arrived at {row['t']}"
        channel = row["channel"].removesuffix("_mass")
        guide = self.log.guides.get(row["sender"])
        said = self.told["channel"], self.told["guide"]
        return None if said == (channel, guide) else f"by {said}, but it was {(channel, guide)}"

    def _as_handed_over(self) -> str | None:
        """With a guide, or with one until its time was over or somebody changed her mind."""
        state, at = self.told["state"], self.told["handed_over_at"]
        if at is None:
            return None if state == "cancelled" and not self.asked else "no task is told of"
        said = self.log.guides, self.told["guide"]
        hers = [task for task in self.asked if said[0].get(task.sender) == said[1]]
        if not hers:
            return f"{state} with {said[1]}, whom nobody asked for her"
        ended = any(task.msgid in self.log.stopped for task in hers)
        return None if ended == (state != "handed_over") else f"{state}, cancelled: {ended}"

    def _as_left_out(self, state: str, reason: str | None) -> str | None:
        if state == "not_in_audience":
            return None if not self.tries else "not in the audience, but tried"
        if state == "holdout":
            return None if self._lot() else "kept out without a lot"
        shown = self._shown(str(reason))
        if shown is None:
            return f"nothing in the log speaks of {reason}"
        return None if shown else f"{reason} is not what the log shows"

    def _lot(self) -> bool:
        """The lot as it is written down, drawn once more."""
        (row,) = self.log.ask("SELECT customer_id FROM touch WHERE id = ?", self.told["touch_id"])
        hers = f"{self.campaign['seed']}:{row['customer_id']}".encode()
        lot = int.from_bytes(hashlib.sha256(hers).digest()[:8], "big") % 10_000
        return lot < self.campaign["holdout_percent"] * 100

    def _shown(self, reason: str) -> bool | None:
        """Whether the log bears the reason out; None for one that nobody taught us to look for."""
        look = SHOWN.get(reason)
        return None if look is None else look(self.log, self.person, self.at)


def _not_agreed(log: Log, person: int, at: datetime) -> bool:
    granted = log.granted(person, at)
    return not (granted["marketing_wecom"] and granted["marketing_official"])


def _capped(log: Log, person: int, at: datetime) -> bool:
    month = at.astimezone(SHANGHAI).replace(day=1, hour=0, minute=0, second=0)
    return log.promoted(person, at - WEEK, at + WEEK) > 0 or log.promoted(person, month, at) >= 4


SHOWN: dict[str, Callable[[Log, int, datetime], bool]] = {
    "no_consent": _not_agreed,
    "opted_out": Log.refused_before,
    "no_channel": lambda log, person, at: not log.friend_at(person, at),
    "clash": lambda log, person, at: log.promoted(person, at - DAY, at + DAY) > 0,
    "brand_cap": _capped,
    "promo_in_a_row": lambda log, person, at: log.promoted(person, at - MONTH, at) >= 3,
}
"""What the log must show where somebody got nothing, by the reason that is told."""


async def answers(home: Path, pairs: Iterable[Pair]) -> dict[Pair, list[Told]]:
    """What explain tells of each pair; a campaign is told of once, and a guide's push to others not at all."""
    lines = (home / "sandbox.env").read_text(encoding="utf-8").splitlines()
    env = dict(line.removeprefix("SIYU_").split("=", 1) for line in lines if "=" in line)
    given = {name.lower(): value for name, value in env.items()}
    settings = load_settings(**given | {"database_url": f"sqlite+aiosqlite:///{home / 'siyu.db'}"})
    sessions, vault = Sessions(open_engine(settings.database_url)), Vault(settings.key)
    found: dict[Pair, list[Told]] = {}
    try:
        for person, campaign in pairs:
            async with sessions.reading() as session:
                told = (await explain(session, vault, person)).as_json()["messages"]
            found[person, campaign] = [
                one for one in told if one["kind"] != "journey" and one["id"] == campaign
            ]
    finally:
        await sessions.close()
    return found


def chosen(log: Log, *, seed: int, pairs: int = PAIRS) -> list[Pair]:
    """As many pairs of all there are, and as many of those with a message, where most of what can be wrong is."""
    everybody, campaigns = sorted(log.people), sorted(log.campaigns)
    touched = sorted(
        {
            (log.survivors[row["customer_id"]], row["campaign_id"])
            for row in log.ask(
                "SELECT customer_id, campaign_id FROM touch WHERE campaign_id IS NOT NULL"
            )
            if row["campaign_id"] in log.campaigns
        }
    )
    chance = random.Random(f"{seed}:telling")
    anybody = [(chance.choice(everybody), chance.choice(campaigns)) for _ in range(pairs)]
    return anybody + chance.sample(touched, min(pairs, len(touched)))


async def disagreements(
    home: Path, *, seed: int, pairs: int = PAIRS
) -> tuple[Counter[str], list[str]]:
    """What was told how often, and every answer that the log does not bear out."""
    with Log(home) as log:
        told = await answers(home, chosen(log, seed=seed, pairs=pairs))
        return Counter(_said(one) for one in told.values()), list(_held_against(log, told))


async def noticed(home: Path, pairs: Iterable[Pair]) -> list[str]:
    """The same for pairs of one's own choice."""
    with Log(home) as log:
        return list(_held_against(log, await answers(home, pairs)))


def _held_against(log: Log, told: dict[Pair, list[Told]]) -> Iterator[str]:
    for (who, campaign), said in told.items():
        if why := _against(log, (who, campaign), said):
            yield f"customer {who}, campaign {campaign}: {why}"


def _said(told: Sequence[Told]) -> str:
    return " ".join(filter(None, (told[0]["state"], told[0]["reason"]))) if told else "nothing"


def _against(log: Log, pair: Pair, told: Sequence[Told]) -> str | None:
    person, campaign = pair[0], log.campaigns[pair[1]]
    if len(told) == 1:
        return Reading(log, person, campaign, told[0]).wrong()
    (row,) = log.ask("SELECT created_at FROM customer WHERE id = ?", person)
    hers = campaign["pushed_by"] is None and campaign["planned_at"] >= row["created_at"]
    if told or hers:
        return f"told {len(told)} times"
    silent = Reading(log, person, campaign, {})
    return "nothing is told, but something was tried" if silent.tries else None
