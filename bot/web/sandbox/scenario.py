"""A visitor's session as a file: what she did and when, and what she heard. Played again, it is a test."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.offers import ALPHABET, CODE_LENGTH
from bot.domain.refusals import Refusal
from bot.web.sandbox.phone import URL

LONGEST = timedelta(days=60)
MOST_STEPS = 300
PERSONAL = ("customer", "name")
CODE = re.compile(rf"(?<![A-Z0-9])[{ALPHABET}]{{{CODE_LENGTH}}}(?![A-Z0-9])")
DIGITS = re.compile(r"\d[\d,.:]*")
HERS = frozenset(
    {
        *("add_friend", "delete_guide", "say_guide", "view_link"),
        *("enter_kf", "say_kf", "follow_official", "unfollow_official", "say_official"),
        *("click_menu", "join_group", "leave_group", "say_group", "pay"),
    }
)


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    after: int = Field(ge=0, le=int(LONGEST.total_seconds()))
    """Seconds since the first step."""
    act: str
    facts: dict[str, str] = {}


class Scenario(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    siyu_scenario: int = Field(default=1, ge=1, le=1)
    starts: str = Field(pattern=r"^\d\d:\d\d$")
    """Time of day of the first step: quiet hours must fall as they did."""
    steps: tuple[Step, ...] = Field(min_length=1, max_length=MOST_STEPS)
    lasts: int = Field(ge=0, le=int(LONGEST.total_seconds()))
    hears: tuple[tuple[str, str], ...] = ()
    """Channel and text of every line that reached her; codes, links and numbers left open."""


@dataclass(frozen=True, slots=True)
class Verdict:
    heard: int
    matched: int
    missing: tuple[str, ...]
    surplus: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not self.missing and not self.surplus


def recorded(
    acts: Iterable[Mapping[str, Any]], view: Mapping[str, Any], now: datetime
) -> Scenario:
    """`acts` are rows of the sandbox's log; raises Refusal nothing_done."""
    mine = [row for row in acts if row["result"].get("ok") and _is_hers(row, view)]
    if not mine:
        raise Refusal("nothing_done", "还没有做过什么，先说一句话再存")
    begun = datetime.fromisoformat(mine[0]["t"])
    shown = links_of(view)
    steps = [
        Step(after=_seconds(begun, row["t"]), act=row["act"], facts=_portable(row, shown))
        for row in mine[:MOST_STEPS]
    ]
    lasts = max(0, int((now - begun).total_seconds()))
    return Scenario(
        starts=f"{begun:%H:%M}", steps=tuple(steps), lasts=lasts, hears=tuple(heard(view))
    )


def read(text: str) -> Scenario:
    """Raises Refusal not_a_scenario."""
    try:
        return Scenario.model_validate(json.loads(text))
    except (ValueError, ValidationError):
        words = "这不是沙盒存下来的文件，或者被改坏了"
        raise Refusal("not_a_scenario", words, status=422) from None


def heard(view: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What reached her, in a form that is the same on another day and for another visitor."""
    lines = [line for line in view.get("conversation", ()) if line["from"] != view["id"]]
    return [(line["channel"], _open(line["text"])) for line in lines]


def compare(expected: Sequence[tuple[str, str]], told: Sequence[tuple[str, str]]) -> Verdict:
    """Line by line, whatever their order: two channels may answer in either."""
    left, missing = list(told), []
    for line in expected:
        if line in left:
            left.remove(line)
        else:
            missing.append(line[1])
    matched = len(expected) - len(missing)
    return Verdict(len(told), matched, tuple(missing), tuple(text for _, text in left))


def links_of(view: Mapping[str, Any]) -> list[str]:
    """Every link she was shown, in order: a token is somebody's own, its place is not."""
    lines = view.get("conversation", ())
    found = [url for line in lines for url in URL.findall(line["text"])]
    found += [
        one["link"]["url"]
        for line in lines
        for one in line["attachments"]
        if one.get("msgtype") == "link"
    ]
    return list(dict.fromkeys(found))


def facts_for(step: Step, shown: Sequence[str]) -> dict[str, str]:
    """The step's facts for whoever plays it now."""
    facts = dict(step.facts)
    if (place := facts.pop("link", "")) and int(place) < len(shown):
        facts["url"] = shown[int(place)]
    return facts


def _is_hers(row: Mapping[str, Any], view: Mapping[str, Any]) -> bool:
    if row["act"] in HERS:
        return bool(row["args"].get("customer") == view["id"])
    sent = {line["msgid"] for line in view.get("conversation", ())} - {""}
    return row["act"] == "confirm_task" and row["args"].get("msgid") in sent


def _portable(row: Mapping[str, Any], shown: Sequence[str]) -> dict[str, str]:
    """Without what belongs to this visitor alone."""
    facts = {name: str(value) for name, value in row["args"].items() if name not in PERSONAL}
    if row["act"] == "confirm_task":
        del facts["msgid"]
    if facts.get("url") in shown:
        facts["link"] = str(shown.index(facts.pop("url")))
    return facts


def _seconds(begun: datetime, at: str) -> int:
    return int((datetime.fromisoformat(at) - begun).total_seconds())


def _open(text: str) -> str:
    return DIGITS.sub("#", CODE.sub("#", URL.sub("#", text)))
