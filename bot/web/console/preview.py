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
from bot.domain.reasons import words
from bot.domain.segments import BadRule, Rule, parse, read_back
from bot.store import choices as known
from bot.store import roster, segments
from bot.store.survey import Wish, survey
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


def question(
    form: Form,
    live: Mapping[str, Any] | None,
    *,
    edited: bool,
    begin: Mapping[str, Any] | None = None,
) -> Question:
    """An untouched form shows what it begins with, the live rule where nothing else is named; a rule that asks
    what a form cannot show is shown as it is."""
    start = live if begin is None else begin
    told = rules.form_of(start) if start is not None else None
    nested = start is not None and told is None
    if told is not None and not form.parts and not edited:
        form = told
    written = dict(start) if nested and start is not None else form.written()
    try:
        return Question(form, parse(written), written, nested=nested, live=live)
    except BadRule:
        return Question(form, EVERYBODY, written, nested=nested, live=live, readable=False)


async def preview(
    request: web.Request, session: AsyncSession, asked: Question, **listing: Any
) -> dict[str, Any]:
    """Everything that changes with the rule, for `preview.html` and `say.html`. `listing` is what of a list
    beside it is asked at once, as in `Wish`."""
    work = request.app[DESK].work
    now, limits = work.now(), work.content.limits
    form = rules.mistakes(asked.form)
    compared = asked.live is not None and asked.readable
    wish = Wish(
        rule=asked.rule,
        rows=[parse(row.written()) for row in form.rows if not row.mistake],
        within=segments.clause(within(request, EVERYBODY), now),
        live=parse(asked.live) if compared else None,
        **listing,
    )
    told = await survey(session, wish, limits, now)
    hits = iter(told.hits)
    counted = rules.each(form, lambda row: row if row.mistake else replace(row, hits=next(hits)))
    return {
        "survey": told,
        "form": counted,
        "modes": rules.MODES,
        "total": told.total,
        "everybody": told.everybody,
        "reachable": told.reasons[""],
        "why_not": [(code, n) for code, n in told.reasons.most_common() if code],
        "faces": await roster.listed(session, work.vault, told.faces, limits, now),
        "said": read_back(asked.rule) if asked.readable else "",
        "diff": (told.joins, told.leaves) if compared else None,
        "rule_json": json.dumps(asked.written, ensure_ascii=False),
        "behind": "" if asked.nested else "/admin/customers?" + urlencode(rules.pairs(asked.form)),
        "nested": asked.nested,
        "mask": masks.name,
        "words": words,
    }


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
    rows = facts["form"].rows
    said = {"n": [row.hits for row in rows], "wrong": [row.mistake for row in rows]}
    told.headers["HX-Trigger"] = json.dumps({"hits": said})
    told.headers["HX-Replace-Url"] = address
    return told
