"""Ready words: for one customer with what they rest on, and for a push to many."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.content import Content
from bot.domain.guide_work import WORDS_FOR
from bot.domain.refusals import Refusal
from bot.tongue import _

CHOICES = 3


@dataclass(frozen=True, slots=True)
class Suggested:
    kind: str
    rests_on: str
    text: str


@dataclass(frozen=True, slots=True)
class Ready:
    """Words for a push, without the line below that is added when it goes out."""

    name: str
    title: str
    offer: str | None
    text: str
    suits: str = ""
    """The tags it is written for."""


def for_one(
    content: Content, told: Mapping[str, Any], *, held: bool, month: int
) -> list[Suggested]:
    """Up to three things to say to her, the most fitting first; only an apology while a case is open."""
    found: list[Suggested] = []
    for kind, rests_on in (
        [("case", _("她有一件反馈没处理完"))] if held else _occasions(told, month)
    ):
        try:
            text = content.render(WORDS_FOR[kind], told)
        except (Refusal, KeyError):
            continue
        if text not in {one.text for one in found}:
            found.append(Suggested(kind, rests_on, text))
    return found[:CHOICES]


def _occasions(told: Mapping[str, Any], month: int) -> Iterator[tuple[str, str]]:
    if told.get("birthday_month") == month:
        yield "birthday", _("这个月过生日")
    if "coupon_code" in told:
        yield "coupon", _("手上的券 %(when)s到期", when=told["coupon_until"])
    days = told.get("days_since_order")
    if days is None:
        yield "newcomer", _("加了好友，还没买过")
    else:
        item = told.get("last_item", "")
        bought = _("上次买了%(item)s，%(n)s 天前", item=item, n=days)
        yield "overdue", bought if item else _("上次 %(n)s 天前", n=days)
    yield "care", _("平时的问候")


def for_many(
    content: Content, told: Mapping[str, Any], now: datetime, tags: Collection[str]
) -> list[Ready]:
    """Marketing words that WeCom may carry to many and that need nothing we do not know: what is written for
    whoever wears these tags first, what is written for others not at all."""
    offers = _offers(content)
    found = []
    fitting = [
        (name, one)
        for name, one in sorted(content.templates.items())
        if not one.head.tags or set(one.head.tags) & set(tags)
    ]
    for name, template in sorted(fitting, key=lambda item: not item[1].head.tags):
        offer = offers.get(name)
        if template.purpose != "marketing" or "wecom" not in template.channels:
            continue
        if template.offer and offer is None:
            continue
        facts = dict(told) | (content.offer_facts(offer, now) if offer and template.offer else {})
        try:
            text = content.render(name, facts, channel="wecom")
        except Refusal:
            continue
        footer = f"\n\n{template.footer.mass}" if template.footer else ""
        text = text.removesuffix(footer)
        if offer is None and str(content.facts.get("wallet_link")) in text:
            continue  # it speaks of a coupon that she may not hold
        suits = "、".join(tag.split("/")[1] for tag in template.head.tags)
        found.append(Ready(name, template.title, offer if template.offer else None, text, suits))
    return found


def _offers(content: Content) -> dict[str, str]:
    """Which offer goes with which words, as the repeating campaigns say."""
    return {
        spec.campaign.template: spec.campaign.offer
        for spec in content.playbooks.values()
        if spec.campaign is not None and spec.campaign.offer
    }
