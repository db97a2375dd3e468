"""Reads a content directory; nothing is used until all of it is right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from bot.content import attaching, plans
from bot.content.brand import Brand
from bot.content.checked import checked
from bot.content.content import LOCAL, Content
from bot.content.lint import Lint
from bot.content.marked import ContentError, Marked, Mistake, read_file
from bot.content.notices import FILE, Notices, read_notices
from bot.content.references import Names, broken_references
from bot.content.templates import Template, read_template
from bot.domain.advisors import AdvisorsFile
from bot.domain.browsing import Pairing
from bot.domain.facts import FACTS
from bot.domain.fairness import deals_of, unfair
from bot.domain.games import Games, GamesFile
from bot.domain.group_chats import GroupsFile
from bot.domain.intents import Intents, IntentSpec
from bot.domain.knowledge import Knowledge, read_page
from bot.domain.levels import STANDARD, Levels
from bot.domain.menus import Menu
from bot.domain.offers import OfferSpec
from bot.domain.playbooks import PlaybookSpec
from bot.domain.quotas import Limits
from bot.domain.ready_made import SegmentSpec, looked_up
from bot.domain.refusals import Refusal
from bot.domain.tags import TagBook
from bot.domain.tiers import TierConfig
from bot.tongue import _

T = TypeVar("T")


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
        brand = self._file("brand.yaml", Brand) or _nobody()
        lint = self._file("lint.yaml", Lint) or Lint()
        templates = self._templates(brand)
        segments = {
            one.key: one for one in self._file("segments.yaml", tuple[SegmentSpec, ...]) or ()
        }
        offers = {one.key: one for one in self._file("offers.yaml", tuple[OfferSpec, ...]) or ()}
        tags = self._file("tags.yaml", TagBook) or TagBook()
        groups = self._groups(templates)
        playbooks = self._playbooks()
        names = Names(
            templates,
            offers,
            segments,
            frozenset(group.key for group in groups.groups),
            lambda tag: tags.knows(tag) and tag not in tags.said_by_her(),
            frozenset(one.file for one in self.mistakes),
        )
        self._for_whom(templates.values(), tags)
        self.mistakes += broken_references(names, self.root)
        self._lint(templates.values(), lint)
        notices = self._notices(templates)
        others = self._others()
        if self.mistakes:
            raise ContentError(self.mistakes)
        playbooks = {key: looked_up(one, segments) for key, one in playbooks.items()}
        self._fair(playbooks.values(), offers, others["levels"])
        made = Content(
            dir=self.root,
            public_url=self.public_url,
            brand=brand,
            lint=lint,
            templates=templates,
            notices=notices,
            playbooks=playbooks,
            offers=offers,
            segments=segments,
            tags=tags,
            groups=groups.model_dump(mode="json"),
            facts=brand.facts(self.public_url),
            **others,
        )
        return replace(
            made, playbooks={key: self._hung(made, one) for key, one in playbooks.items()}
        )

    def _hung(self, made: Content, spec: PlaybookSpec) -> PlaybookSpec:
        try:
            return attaching.hung(made, spec)
        except Refusal as refusal:
            mend = _("改 attachments，或把素材放进 content/media")
            wrong = Mistake(f"playbooks/{spec.key}.yaml", 1, refusal.words, mend)
            raise ContentError([wrong]) from None

    def _others(self) -> dict[str, Any]:
        return {
            "tiers": self._tiers(),
            "limits": self._file("limits.yaml", Limits),
            "games": Games(self._file("games.yaml", GamesFile) or GamesFile()),
            "intents": Intents(self._file("intents.yaml", tuple[IntentSpec, ...]) or ()),
            "levels": self._file("levels.yaml", Levels) or STANDARD,
            "menu": self._file("menu.yaml", Menu) or Menu(),
            "knowledge": self._knowledge(),
            "advisors": self._file("advisors.yaml", AdvisorsFile) or AdvisorsFile(),
            "pairs": self._file("pairs.yaml", tuple[Pairing, ...]) or (),
        }

    def _marked(self, name: str) -> Marked | None:
        path = self.root / name
        if not path.is_file():
            self.mistakes.append(
                Mistake(name, 1, _("没有这个文件"), _("从安装包里的 content/ 拷一份"))
            )
            return None
        return self._try(lambda: read_file(path, root=self.root))

    def _file(self, name: str, model: type[T]) -> T | None:
        marked = self._marked(name)
        return None if marked is None else self._try(lambda: checked(TypeAdapter(model), marked))

    def _try(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except ContentError as error:
            self.mistakes.extend(error.mistakes)
            return None

    def _templates(self, brand: Brand) -> dict[str, Template]:
        footer = brand.line_below(self.public_url)
        files = sorted((self.root / "templates").rglob("*.j2"))
        read = partial(read_template, root=self.root, footer=footer, facts=FACTS)
        found = [self._try(partial(read, path)) for path in files]
        return {template.name: template for template in found if template}

    def _notices(self, templates: Mapping[str, Template]) -> Notices:
        marked = self._marked(FILE)
        return (self._try(lambda: read_notices(marked, templates)) if marked else None) or {}

    def _for_whom(self, templates: Iterable[Template], tags: TagBook) -> None:
        self.mistakes += [
            Mistake(
                f"templates/{one.name}.j2",
                2,
                _("没有标签「%(tag)s」", tag=tag),
                _("在 tags.yaml 里先写上它"),
            )
            for one in templates
            for tag in one.head.tags
            if not tags.knows(tag)
        ]

    def _groups(self, templates: Mapping[str, Template]) -> GroupsFile:
        marked = self._marked("groups.yaml")
        if marked is None:
            return GroupsFile()
        read = self._try(lambda: checked(TypeAdapter(GroupsFile), marked))
        if read is not None:
            self.mistakes += plans.in_files(templates, marked)
        return read or GroupsFile()

    def _playbooks(self) -> dict[str, PlaybookSpec]:
        found: dict[str, PlaybookSpec] = {}
        for path in sorted((self.root / "playbooks").glob("*.yaml")):
            name = path.relative_to(self.root).as_posix()
            spec = self._file(name, PlaybookSpec)
            if spec and spec.key in found:
                self.mistakes.append(
                    Mistake(name, 1, _("已经有「%(key)s」这个打法", key=spec.key), _("换一个 key"))
                )
            elif spec:
                found[spec.key] = spec
        return found

    def _tiers(self) -> dict[str, float]:
        marked = self._marked("tiers.yaml")
        written = marked.data if marked and isinstance(marked.data, dict) else {}
        for name, value in written.items():
            try:
                TierConfig.read({name: value})
            except (ValueError, TypeError) as error:
                line = marked.line((name,)) if marked else 1
                self.mistakes.append(Mistake("tiers.yaml", line, str(error), _("照着样例改")))
        return dict(written)

    def _knowledge(self) -> Knowledge:
        pages = sorted((self.root / "knowledge").glob("*.md"))
        return Knowledge(
            entry for page in pages for entry in read_page(page.read_text(encoding="utf-8"))
        )

    def _fair(
        self, playbooks: Iterable[PlaybookSpec], offers: Mapping[str, OfferSpec], levels: Levels
    ) -> None:
        mend = _("常客不该付得更多：改 offers.yaml 的力度、打法的分群，或 levels.yaml 的折扣")
        found = unfair(levels, deals_of(playbooks, offers))
        if found:
            raise ContentError([Mistake("offers.yaml", 1, one.in_words(), mend) for one in found])

    def _lint(self, templates: Any, lint: Lint) -> None:
        for template in templates:
            for words in (template.body, *template.variants.values()):
                file = f"templates/{template.name}.j2"
                self.mistakes += [
                    Mistake(file, 1, said, _("换一种说法")) for said in lint.check(words)
                ]


def _nobody() -> Brand:
    return Brand(name="品牌", bot="小助手", hours="", promise="", footer="", footer_mass="")
