"""Everything that the console can do, a program can do: the same commands, under the same rights."""

from __future__ import annotations

import re
from pathlib import Path

import bot
from bot.events import commands
from bot.events.commands import Command
from bot.inbound.commands import matrix
from bot.web import guards, server
from bot.web.api.endpoints import ENDPOINTS
from bot.web.guards import SAFE

ROOMS = Path(bot.__file__).parent / "web"
BY_PEOPLE_ALONE = {
    "NoteContact": "the guide's own act, under her own name; no key acts as a guide",
    "TryCampaign": "sends to the author's own WeCom; a program has none",
    "EraseEverybody": "the end of the house is asked for at its own page, by people who type the brand's name",
    "KeepEverybody": "the same page takes it back",
    "ExportList": "what lists as files need; a program reads the same lists by cursor",
}
SEEN_ELSEWHERE = {
    "console.open": "the day's overview is a page made of other endpoints' lists",
}


IMPORTS = re.compile(r"^from \S+ import (?:\(.*?\)|[^\n(]*)$", re.M | re.S)


def used_in(*rooms: str) -> set[str]:
    """The commands that the code of these rooms names, beside importing them."""
    known = {
        name
        for name, kind in vars(commands).items()
        if isinstance(kind, type) and issubclass(kind, Command) and kind is not Command
    }
    files = [file for room in rooms for file in ROOMS.glob(room)]
    words = {
        word
        for file in files
        for word in re.findall(r"\w+", IMPORTS.sub("", file.read_text("utf-8")))
    }
    return words & known


def test_every_command_of_a_page_has_an_endpoint_or_a_reason():
    every = used_in("*.py", "console/*.py", "guide/*.py", "till/*.py", "customer/*.py")
    missing = every - used_in("api/*.py", "receiving.py")
    assert {name for name in missing if not of_her_own(name)} == set(BY_PEOPLE_ALONE)


def of_her_own(name: str) -> bool:
    """What only a customer or only a guide may do, on her own phone: no key acts as either."""
    return matrix()[getattr(commands, name).permission].keys() in ({"customer"}, {"guide"})


def test_every_right_that_the_console_asks_for_opens_an_endpoint_too():
    console = {
        (guards.RIGHTS[route.handler], route.method not in SAFE)
        for table in server.TABLES
        for route in table
        if getattr(route, "path", "").startswith("/admin") and route.handler in guards.RIGHTS
    }
    api = {(one.right, one.writes) for one in ENDPOINTS.values()}
    read = {right for right, _writes in api} | set(SEEN_ELSEWHERE)
    assert {right for right, writes in console if not writes} <= read
    assert {right for right, writes in console if writes} - {r for r, writes in api if writes} <= {
        "campaign.read",  # the page of acts leaves each right to the dispatcher
        "content.read",  # trying a text changes nothing
        "settings.read",  # so does a look at the connection
        "audit.read",  # so does taking an act back
        "people.erase",  # by people alone
    }
