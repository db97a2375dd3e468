"""What a journey's form offers: texts by scene, offers, families, conditions, and each text as it reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import Content
from bot.content.templates import Template
from bot.domain import masks
from bot.domain.playbooks import HAPPENINGS
from bot.domain.segments import BadRule, parse, read_back
from bot.domain.tiers import TIERS
from bot.store import segments
from bot.web.console import journey_form, rules
from bot.web.console.content import SCENES
from bot.web.console.journey_words import ASKED, ICONS, PARTS, TRIGGERS
from bot.web.console.preview import builder
from bot.web.console.trying import Tried, somebody, worded
from bot.web.desk import Desk

REACHES = {"wecom", "kf", "official"}
WITH_DETAIL = ("tier_changed", "tag_added", "level_reached")


class Slot(NamedTuple):
    """One rule of the form."""

    form: rules.Form
    kept: str
    """A rule that no form can show, as it travels."""
    said: str


async def choices(desk: Desk, session: AsyncSession) -> dict[str, Any]:
    content = desk.work.content
    return {
        "kinds": journey_form.KINDS,
        "plain": journey_form.PLAIN,
        "arm_words": journey_form.ARMS,
        "triggers": TRIGGERS,
        "happenings": {key: TRIGGERS[key] for key in HAPPENINGS},
        "with_detail": WITH_DETAIL,
        "parts": PARTS,
        "asked": ASKED,
        "texts": by_scene(content, _fits_journeys),
        "guide_texts": by_scene(content, lambda text: "guide" in text.channels),
        "offers": list(content.offers.values()),
        "families": list(content.families.items()),
        "tag_names": sorted({*content.tags.names(), *content.made.tags}),
        "tiers": TIERS,
        "levels": [level.name for level in content.levels.levels],
        "icons": ICONS,
        "mask": masks.name,
        "segments": await segments.all_published(session),
        "modes": rules.MODES,
        **await builder(desk, session),
    }


def _fits_journeys(text: Template) -> bool:
    """One that leads into a group chat is the invite's own."""
    return bool(REACHES & set(text.channels)) and "join_link" not in text.body


def by_scene(content: Content, fits: Any) -> list[tuple[str, list[Template]]]:
    found: dict[str, list[Template]] = {}
    for name, text in sorted(content.templates.items()):
        if fits(text):
            found.setdefault(name.partition("/")[0], []).append(text)
    return [(SCENES.get(scene, scene), texts) for scene, texts in found.items()]


def slots(body: Mapping[str, Any]) -> dict[str, Slot]:
    """Every rule of the journey, by the name that its fields begin with."""
    names = [*journey_form.SLOTS, *(f"s.{n}.if" for n in range(len(body.get("steps", []))))]
    return {name: _slot(journey_form.rule_at(body, name)) for name in names}


def _slot(rule: Any) -> Slot:
    if not rule:
        return Slot(rules.Form(), "", "")
    form = rules.form_of(rule)
    if form is None:
        return Slot(rules.Form(), json.dumps(rule, ensure_ascii=False), _said(rule))
    return Slot(rules.mistakes(form), "", _said(rule))


def _said(rule: Any) -> str:
    try:
        return read_back(parse(rule))
    except BadRule:
        return ""


async def previews(desk: Desk, session: AsyncSession, body: Mapping[str, Any]) -> dict[str, Tried]:
    """What one real customer would read at each step, by its place."""
    asked = [(place, told) for place, told in messages(body) if told.get("template")]
    if not asked:
        return {}
    who, texts = await somebody(desk, session, 1), desk.work.content.templates
    return {
        place: worded(
            desk,
            text,
            who,
            channel=next(iter(c for c in text.channels if c in REACHES), text.channels[0]),
            offer=told.get("offer"),
        )
        for place, told in asked
        if (text := texts.get(told["template"])) is not None
    }


def messages(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for n, step in enumerate(body.get("steps", [])):
        if "message" in step:
            yield f"s.{n}", step["message"]
        for arm in journey_form.ARMS:
            for m, one in enumerate(step.get("branch", {}).get(arm, [])):
                if "message" in one:
                    yield f"s.{n}.{arm}.{m}", one["message"]
