"""What the address of the list of customers asks for: a rule, the chips above the list, its order and its page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.segments import Junction, Negation, Rule, Segment, parse
from bot.domain.tiers import TIERS
from bot.store import segments
from bot.store.roster import ORDERS, USUAL, Wanted, named
from bot.web.console import rules
from bot.web.console.preview import Question, question
from bot.web.console.rules import Form
from bot.web.console.scopes import within
from bot.web.desk import DESK

SIZES = (20, 50, 100)
SIDES = ("in", "out")
"""Whom a rule that is being changed takes in, and whom it lets go."""
REACHED = "ok"
"""Stands in an address for whom no reason keeps from marketing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address asks for."""

    rule: Question
    segment: Segment | None
    draft: Segment | None = None
    """The draft that is being written; of a rule that was never published there is nothing else."""
    tier: str = ""
    tag: str = ""
    text: str = ""
    why: str = ""
    side: str = ""
    cell: tuple[int, int] | None = None
    order: str = USUAL
    page: int = 1
    size: int = SIZES[0]

    @property
    def key(self) -> str:
        """What the rule is called; empty for a new one."""
        named = self.segment or self.draft
        return named.key if named else ""

    @property
    def form(self) -> Form:
        return self.rule.form

    @property
    def filtered(self) -> bool:
        """Whether the list shows fewer than the rule fits."""
        return bool(self.chips or self.text or self.why or self.side)

    @property
    def chips(self) -> list[dict[str, Any]]:
        """The filters above the list that the rule language can say."""
        found: list[dict[str, Any]] = []
        if self.tier:
            found.append({"field": "tier", "op": "in", "value": [self.tier]})
        if "/" in self.tag:
            found.append({"field": "tag", "op": "has", "value": [self.tag]})
        if self.cell:
            names = zip(("recency", "frequency"), self.cell, strict=True)
            found += [{"field": name, "op": "eq", "value": n} for name, n in names]
        return found

    @property
    def group(self) -> dict[str, Any]:
        """The rule with the chips: who is listed, as it can be stored."""
        parts = [] if self.rule.written == {"all": []} else [self.rule.written]
        if self.chips and "all" in self.rule.written:
            parts = list(self.rule.written["all"])
        return {"all": [*parts, *self.chips]} if self.chips else self.rule.written

    @property
    def plain(self) -> bool:
        """Everything that narrows the list can be said as a rule."""
        return not (self.text or self.why or self.side)

    def address(self, **changes: Any) -> str:
        """The same question as an address, so that it can be shared and Back works."""
        facts = [("segment", self.key)] if self.key else []
        facts += [("draft", "1")] if self.draft else []
        facts += rules.pairs(self.form)
        chosen = {
            "tier": self.tier,
            "tag": self.tag,
            "q": self.text,
            "rf": f"{self.cell[0]},{self.cell[1]}" if self.cell else "",
            "why": self.why,
            "side": self.side,
            "sort": self.order if self.order != USUAL else "",
            "size": str(self.size) if self.size != SIZES[0] else "",
            "page": str(self.page) if self.page > 1 else "",
        }
        facts += [(name, str(value)) for name, value in (chosen | changes).items() if value]
        return "/admin/customers?" + urlencode(facts)

    def sorted_by(self, column: str) -> str:
        """The address that sorts by a column; once more turns it round."""
        down = f"-{column}"
        turned = column if self.order == down else down
        return self.address(sort="" if turned == USUAL else turned, page="")


async def read(request: web.Request, session: AsyncSession) -> Asked:
    query = request.query
    key, tier, size = query.get("segment", ""), query.get("tier", ""), query.get("size", "")
    segment = await segments.published(session, key) if key else None
    live = segment.rule if segment is not None else None
    draft = await segments.draft(session, key) if key and "draft" in query else None
    begin = draft.rule if draft is not None else None
    order, page, side = query.get("sort", ""), query.get("page", "1"), query.get("side", "")
    asked = Asked(
        rule=question(rules.read_form(query), live, edited="edited" in query, begin=begin),
        segment=segment,
        draft=draft,
        tier=tier if tier in TIERS else "",
        tag=query.get("tag", ""),
        text=query.get("q", "").strip()[:80],
        why=query.get("why", "")[:40],
        side=side if side in SIDES and live is not None else "",
        cell=_cell(query.get("rf", "")),
        order=order if order.lstrip("-") in ORDERS else USUAL,
        size=int(size) if size in map(str, SIZES) else SIZES[0],
    )
    return replace(asked, page=max(int(page), 1) if page.isdecimal() and len(page) < 8 else 1)


def _cell(text: str) -> tuple[int, int] | None:
    recency, _, frequency = text.partition(",")
    if recency in "12345" and frequency in "12345" and recency and frequency:
        return int(recency), int(frequency)
    return None


def wanted(request: web.Request, asked: Asked) -> Wanted:
    """Whom the list shows."""
    why = {"": None, REACHED: ""}.get(asked.why, asked.why)
    return Wanted(rule=_listed_rule(request, asked), text=asked.text, why=why)


def listing(request: web.Request, asked: Asked) -> dict[str, Any]:
    """The same for a survey: what of the list is not the rule itself."""
    desk = request.app[DESK]
    text = asked.text
    return {
        "shown": shown_rule(asked),
        "also": named(text, desk.work.vault, desk.work.now()) if text else None,
        "why": {"": None, REACHED: ""}.get(asked.why, asked.why),
        "order": asked.order,
        "skip": (asked.page - 1) * asked.size,
        "size": asked.size,
    }


def _listed_rule(request: web.Request, asked: Asked) -> Rule:
    return within(request, shown_rule(asked))


def shown_rule(asked: Asked) -> Rule:
    """What the list shows: the rule and the chips above it."""
    rule = asked.rule.rule
    if asked.side and asked.rule.live is not None:
        live = parse(asked.rule.live)
        gone, kept = (rule, live) if asked.side == "out" else (live, rule)
        rule = Junction("", "all", (kept, Negation("", gone)))
    parts = (rule, *(parse(chip) for chip in asked.chips))
    return Junction("", "all", parts) if asked.chips else rule
