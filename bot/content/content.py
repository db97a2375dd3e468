"""What we say, as it is used: looked up by name and rendered many times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.content.brand import Brand
from bot.content.lint import Lint
from bot.content.notices import Notices
from bot.content.templates import Template
from bot.domain.advisors import AdvisorsFile
from bot.domain.browsing import Pairing
from bot.domain.games import Games
from bot.domain.intents import Intents
from bot.domain.knowledge import Knowledge
from bot.domain.levels import Levels
from bot.domain.menus import Menu
from bot.domain.offers import Offer, OfferSpec, in_words, last_day_words, runs_out
from bot.domain.playbooks import PlaybookSpec
from bot.domain.quotas import Limits
from bot.domain.ready_made import SegmentSpec
from bot.domain.tags import TagBook
from bot.tongue import speaking

NOBODY = AdvisorsFile()
LOCAL = "http://127.0.0.1:8765"


@dataclass(frozen=True, slots=True)
class Made:
    """What people made in the console beside the files, as far as journeys may name it."""

    families: Mapping[str, str] = field(default_factory=dict)
    """Group families: key and name."""
    tags: frozenset[str] = frozenset()


NOTHING = Made()


@dataclass(slots=True, kw_only=True)
class Content:
    """Held by many and replaced by none: an edit changes it in place, all at once."""

    dir: Path
    public_url: str = LOCAL
    brand: Brand
    lint: Lint
    templates: Mapping[str, Template]
    notices: Notices
    """By text and channel: what of it goes where only a form may."""
    playbooks: Mapping[str, PlaybookSpec]
    offers: Mapping[str, OfferSpec]
    segments: Mapping[str, SegmentSpec]
    tags: TagBook
    tiers: Mapping[str, Any]
    groups: Mapping[str, Any]
    limits: Limits
    games: Games
    intents: Intents
    levels: Levels
    menu: Menu
    knowledge: Knowledge
    pairs: tuple[Pairing, ...] = ()
    advisors: AdvisorsFile = NOBODY
    facts: Mapping[str, Any]
    """What is true for every text: brand and links."""
    made: Made = NOTHING
    filed: Content | None = None
    """As the files say it, once people have changed something in the console."""

    def become(self, other: Content) -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(other, each.name))

    @property
    def families(self) -> dict[str, str]:
        """Group families by key with their names: the files' and those that people made."""
        filed = {group["key"]: group["name"] for group in self.groups.get("groups", ())}
        return filed | dict(self.made.families)

    def knows_tag(self, tag: str) -> bool:
        return self.tags.knows(tag) or tag in self.made.tags

    def address(self, path: str) -> str:
        """A page of ours as a whole address; a whole address stays as it is."""
        return path if "://" in path else f"{self.public_url.rstrip('/')}{path}"

    def template(self, name: str) -> Template:
        """Raises KeyError for a template that there is not."""
        return self.templates[name]

    def render(
        self,
        template: str,
        facts: Mapping[str, Any],
        variant: str | None = None,
        *,
        channel: str | None = None,
    ) -> str:
        """The exact words. On `wecom` and `group`, where one text goes to many, personal facts are left out.
        Refuses (`missing_fact`, `too_long`) rather than send a hole or half a sentence."""
        told = {**self.facts, **facts}
        if notice := self.notices.get((template, channel or "")):
            return notice.render(told)
        return self.templates[template].render(told, variant, channel=channel)

    def check_text(self, text: str) -> list[str]:
        """What must not be said in a text written by hand; empty when it may go."""
        return self.lint.check(text)

    def offer_facts(self, key: str, now: datetime) -> dict[str, Any]:
        """What a text may say of an offer given now: to customers, whoever looks on."""
        with speaking("zh"):
            return self._offer_facts(key, now)

    def _offer_facts(self, key: str, now: datetime) -> dict[str, Any]:
        spec = self.offers[key]
        starts, ends = spec.span()
        known = spec.model_dump(
            include={"name", "kind", "value", "threshold_fen", "valid_days", "most_fen"}
        )
        offer = Offer(key=key, starts_at=starts, ends_at=ends, **known)
        least = f"满 {spec.threshold_fen // 100} 元可用" if spec.threshold_fen else "没有门槛"
        return {
            "offer": {
                "name": spec.name,
                "worth": in_words(offer),
                "threshold": least,
                "until": last_day_words(runs_out(offer, now)),
                "days": spec.valid_days,
            }
        }
