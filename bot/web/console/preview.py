"""A rule shown in people before anybody relies on it: how many, whom one could reach, three faces, and the sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain import masks
from bot.domain.customers import Customer
from bot.domain.reasons import words
from bot.domain.segments import BadRule, Rule, parse, read_back
from bot.store import choices as known
from bot.store import roster, segments
from bot.store.roster import Listed
from bot.web.console import rules
from bot.web.console.frame import shown
from bot.web.console.rules import Choices, Form
from bot.web.console.scopes import within
from bot.web.desk import DESK, Desk

EVERYBODY = parse({"all": []})


@dataclass(frozen=True, slots=True)
class Question:
    """A rule as somebody is writing it, beside the one that counts now."""

    form: Form
    rule: Rule
    written: dict[str, Any]
    readable: bool = True
    nested: bool = False
    live: Mapping[str, Any] | None = None


def question(form: Form, live: Mapping[str, Any] | None, *, edited: bool) -> Question:
    """An untouched form shows the live rule; one that is nested deeper than a form is shown as it is."""
    told = rules.form_of(live) if live is not None else None
    nested = live is not None and told is None
    if told is not None and not form.rows and not edited:
        form = told
    written = dict(live) if nested and live is not None else form.written()
    try:
        return Question(form, parse(written), written, nested=nested, live=live)
    except BadRule:
        return Question(form, EVERYBODY, written, nested=nested, live=live, readable=False)


async def preview(request: web.Request, session: AsyncSession, asked: Question) -> dict[str, Any]:
    """Everything that changes with the rule, for `preview.html` and `say.html`."""
    desk = request.app[DESK]
    now, limits = desk.work.now(), desk.work.content.limits
    bounded = within(request, asked.rule)
    counted = await roster.reach(session, segments.clause(bounded, now), limits, now)
    total = sum(counted.values())
    return {
        "rows": await _with_hits(request, session, asked.form),
        "total": total,
        "everybody": await segments.count(session, within(request, EVERYBODY), now),
        "reachable": counted.pop("", 0),
        "why_not": sorted(counted.items(), key=lambda one: -one[1]),
        "faces": await _faces(desk, session, bounded),
        "said": read_back(asked.rule) if asked.readable else "",
        "diff": await _difference(desk, session, asked),
        "rule_json": json.dumps(asked.written, ensure_ascii=False),
        "mode": asked.form.mode,
        "behind": "" if asked.nested else "/admin/customers?" + urlencode(rules.pairs(asked.form)),
        "nested": asked.nested,
        "mask": masks.name,
        "words": words,
    }


async def _with_hits(
    request: web.Request, session: AsyncSession, form: Form
) -> tuple[rules.Row, ...]:
    """The rows of the form, each with how many it fits by itself or with its mistake."""
    now = request.app[DESK].work.now()
    told = []
    for row in rules.mistakes(form):
        hits = None
        if not row.mistake:
            hits = await segments.count(session, within(request, parse(row.written())), now)
        told.append(replace(row, hits=hits))
    return tuple(told)


async def _faces(desk: Desk, session: AsyncSession, rule: Rule) -> list[Listed]:
    """Three of them, spread over the years: are these the people that were meant?"""
    now, limits = desk.work.now(), desk.work.content.limits
    few = [one.id for one in await segments.sample(session, rule, now, 3)]
    return await roster.page(session, desk.work.vault, Customer.id.in_(few), limits, now)


async def _difference(
    desk: Desk, session: AsyncSession, asked: Question
) -> tuple[int, int] | None:
    if asked.live is None or not asked.readable:
        return None
    return await segments.difference(session, asked.rule, parse(asked.live), desk.work.now())


async def builder(desk: Desk, session: AsyncSession) -> dict[str, Any]:
    """What a form of conditions is made of."""
    return {
        "choices": await choices_of(desk, session),
        "groups": rules.groups(),
        "quick": rules.QUICK,
    }


async def choices_of(desk: Desk, session: AsyncSession) -> Choices:
    levels = [(one.name, one.name) for one in desk.work.content.levels.levels]
    return Choices(await known.choices(session) | {"level": levels})


async def answer(
    request: web.Request,
    session: AsyncSession,
    template: str,
    facts: dict[str, Any],
    address: str,
) -> web.Response:
    """Only what changed, for a form that was touched."""
    told = await shown(request, session, template, "", **facts)
    rows = facts["rows"]
    said = {"n": [row.hits for row in rows], "wrong": [row.mistake for row in rows]}
    told.headers["HX-Trigger"] = json.dumps({"hits": said})
    told.headers["HX-Replace-Url"] = address
    return told
