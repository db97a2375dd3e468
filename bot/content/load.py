"""Reads a content directory; nothing is used until all of it is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from bot.content.brand import Brand
from bot.content.checked import checked
from bot.content.lint import Lint
from bot.content.marked import ContentError, Marked, Mistake, read_file
from bot.content.references import broken_references
from bot.content.templates import Template, read_template
from bot.domain.facts import FACTS
from bot.domain.intents import IntentSpec
from bot.domain.knowledge import Entry, read_page
from bot.domain.levels import STANDARD, Levels
from bot.domain.menus import Menu
from bot.domain.offers import Offer, OfferSpec, in_words, last_day_words, runs_out
from bot.domain.playbooks import PlaybookSpec

T = TypeVar("T")
LOCAL = "http://127.0.0.1:8765"


@dataclass(frozen=True, slots=True)
class Content:
    dir: Path
    brand: Brand
    lint: Lint
    templates: Mapping[str, Template]
    playbooks: Mapping[str, PlaybookSpec]
    offers: Mapping[str, OfferSpec]
    segments: Any = field(default_factory=dict)
    tags: Any = field(default_factory=dict)
    tiers: Any = field(default_factory=dict)
    groups: Any = field(default_factory=dict)
    limits: Any = field(default_factory=dict)
    intents: tuple[IntentSpec, ...] = ()
    levels: Levels = STANDARD
    menu: Menu = field(default_factory=Menu)
    knowledge: tuple[Entry, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What is true for every text: brand and links."""
    public_url: str = LOCAL

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
        return self.templates[template].render(told, variant, channel=channel)

    def check_text(self, text: str) -> list[str]:
        """What must not be said in a text written by hand; empty when it may go."""
        return self.lint.check(text)

    def offer_facts(self, key: str, now: datetime) -> dict[str, Any]:
        """What a text may say of an offer given now."""
        spec = self.offers[key]
        starts, ends = spec.span()
        known = spec.model_dump(include={"name", "kind", "value", "threshold_fen", "valid_days"})
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


def load_content(dir: Path, *, public_url: str = "") -> Content:  # noqa: A002 - a directory is a dir
    """Raises ContentError with every mistake in every file."""
    return _Reading(Path(dir), public_url or LOCAL).read()


class _Reading:
    """One pass over the directory; a broken file does not hide the next one's mistakes."""

    def __init__(self, root: Path, public_url: str) -> None:
        self.root = root
        self.public_url = public_url
        self.mistakes: list[Mistake] = []

    def read(self) -> Content:
        brand = self._file("brand.yaml", TypeAdapter(Brand))
        lint = self._file("lint.yaml", TypeAdapter(Lint)) or Lint()
        content = Content(
            dir=self.root,
            brand=brand or _nobody(),
            lint=lint,
            templates=self._templates(brand or _nobody()),
            playbooks=self._playbooks(),
            offers={offer.key: offer for offer in self._offers()},
            intents=self._perhaps("intents.yaml", TypeAdapter(tuple[IntentSpec, ...]), ()),
            levels=self._perhaps("levels.yaml", TypeAdapter(Levels), STANDARD),
            menu=self._perhaps("menu.yaml", TypeAdapter(Menu), Menu()),
            knowledge=self._knowledge(),
            facts=(brand or _nobody()).facts(self.public_url),
            public_url=self.public_url,
            **self._others(),
        )
        self._note(lambda: broken_references(content, self.root))
        for template in content.templates.values():
            self._lint(template, lint)
        if self.mistakes:
            raise ContentError(self.mistakes)
        return content

    def _marked(self, name: str) -> Marked | None:
        path = self.root / name
        if not path.is_file():
            self.mistakes.append(Mistake(name, 1, "没有这个文件", "从安装包里的 content/ 拷一份"))
            return None
        return self._try(lambda: read_file(path, root=self.root))

    def _file(self, name: str, adapter: TypeAdapter[T]) -> T | None:
        marked = self._marked(name)
        return None if marked is None else self._try(lambda: checked(adapter, marked))

    def _perhaps(self, name: str, adapter: TypeAdapter[T], default: T) -> T:
        """A file that a brand may do without."""
        found = self._file(name, adapter) if (self.root / name).is_file() else None
        return default if found is None else found

    def _knowledge(self) -> tuple[Entry, ...]:
        pages = sorted((self.root / "knowledge").glob("*.md"))
        return tuple(e for page in pages for e in read_page(page.read_text(encoding="utf-8")))

    def _try(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except ContentError as error:
            self.mistakes.extend(error.mistakes)
            return None

    def _note(self, find: Callable[[], list[Mistake]]) -> None:
        self.mistakes.extend(find())

    def _templates(self, brand: Brand) -> dict[str, Template]:
        footer = brand.line_below(self.public_url)
        files = sorted((self.root / "templates").rglob("*.j2"))
        read = partial(read_template, root=self.root, footer=footer, facts=FACTS)
        found = [self._try(partial(read, path)) for path in files]
        return {template.name: template for template in found if template}

    def _playbooks(self) -> dict[str, PlaybookSpec]:
        found: dict[str, PlaybookSpec] = {}
        for path in sorted((self.root / "playbooks").glob("*.yaml")):
            name = path.relative_to(self.root).as_posix()
            spec = self._file(name, TypeAdapter(PlaybookSpec))
            if spec and spec.key in found:
                self.mistakes.append(
                    Mistake(name, 1, f"已经有「{spec.key}」这个打法", "换一个 key")
                )
            elif spec:
                found[spec.key] = spec
        return found

    def _offers(self) -> tuple[OfferSpec, ...]:
        return self._file("offers.yaml", TypeAdapter(tuple[OfferSpec, ...])) or ()

    def _others(self) -> dict[str, Any]:
        names = ("segments", "tags", "tiers", "groups", "limits")
        return {
            name: marked.data if marked else {}
            for name in names
            if (self.root / f"{name}.yaml").is_file()
            for marked in [self._marked(f"{name}.yaml")]
        }

    def _lint(self, template: Template, lint: Lint) -> None:
        for words in (template.body, *template.variants.values()):
            for said in lint.check(words):
                file = f"templates/{template.name}.j2"
                self.mistakes.append(Mistake(file, 1, said, "换一种说法"))


def _nobody() -> Brand:
    return Brand(name="品牌", bot="小助手", hours="", promise="", footer="", footer_mass="")
