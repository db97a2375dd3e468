"""A campaign's last dry run as people read it: the receipt, and one customer after the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.content.templates import ONE_FOR_MANY
from bot.domain import masks
from bot.domain.campaigns import Campaign
from bot.domain.customers import Customer
from bot.domain.facts import FACTS, for_everyone
from bot.domain.refusals import Refusal
from bot.outbound.campaigns import saying_of
from bot.store import campaigns, facts, mailings, roster
from bot.store.campaigns import Receipt
from bot.store.explain import CHANNELS
from bot.tongue import _
from bot.web.desk import Desk

TOO_MANY = 100
"""People with one guide above which her share of the whole is worth a word."""
HIDDEN_CODE = "（每人一个）"
LISTED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one customer would read."""

    number: int
    """Her place among those who may be looked at, from 1."""
    name: str
    ref: str
    tier: str
    words: str
    """Empty when the text cannot be made; then `flaw` says why."""
    flaw: str
    said: list[tuple[str, str]]
    """The facts that the text speaks of, as they are for her."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    receipt: Receipt
    at: datetime
    fresh: bool
    loads: list[tuple[str, int]]
    """Guide and people whom she would be asked to write to, the most first."""
    others: tuple[int, int]
    """How many guides are not listed, and their people."""
    channels: list[tuple[str, int]]
    sample: Sample | None
    """The first who would be written to; where nobody would, one whose words cannot be made."""
    heavy: str
    """Who would have to send too much; empty when nobody."""

    @property
    def audience(self) -> int:
        return self.receipt.audience

    @property
    def previewed(self) -> int:
        """How many can be looked at one by one."""
        return len(self.receipt.faces)

    @property
    def speechless(self) -> bool:
        """The words could be made for nobody: handing this over would reach nobody."""
        return self.sample is not None and not self.sample.words


async def rehearsed(desk: Desk, session: AsyncSession, campaign: Campaign) -> Rehearsal | None:
    """The last dry run; None before there was one."""
    if campaign.receipt is None or campaign.rehearsed_at is None:
        return None
    receipt = Receipt.read(campaign.receipt)
    return await _as_read(desk, session, campaign, receipt)


async def of_now(desk: Desk, session: AsyncSession, campaign: Campaign) -> Rehearsal:
    """A dry run of this moment that nobody keeps."""
    return await _as_read(desk, session, campaign, await _receipt(desk, session, campaign))


async def _as_read(
    desk: Desk, session: AsyncSession, campaign: Campaign, receipt: Receipt
) -> Rehearsal:
    names = await mailings.guide_names(session)
    loads = [(names.get(userid, userid), n) for userid, n in receipt.by_guide.most_common()]
    first, rest = loads[:LISTED], loads[LISTED:]
    kept = campaign.rehearsed_at is not None
    return Rehearsal(
        receipt=receipt,
        at=campaign.rehearsed_at or desk.work.now(),
        fresh=not kept or campaigns.is_fresh(campaign, desk.work.now()),
        loads=first,
        others=(len(rest), sum(n for _guide, n in rest)),
        channels=[(CHANNELS.get(name, name), n) for name, n in receipt.by_channel.most_common()],
        sample=await sample(desk, session, campaign, receipt, 1),
        heavy=_heavy(loads),
    )


@dataclass(frozen=True, slots=True)
class Played:
    receipt: Receipt
    samples: list[Sample]


async def rehearse(desk: Desk, session: AsyncSession, campaign: Campaign) -> Played:
    """A dry run of this moment that nobody keeps, with its first faces."""
    receipt = await _receipt(desk, session, campaign)
    found = [
        await sample(desk, session, campaign, receipt, n) for n in range(1, campaigns.FACES + 1)
    ]
    return Played(receipt, [one for one in found if one is not None])


async def _receipt(desk: Desk, session: AsyncSession, campaign: Campaign) -> Receipt:
    work = desk.work
    return await campaigns.dry_run(
        session,
        work.vault,
        campaign,
        limits=work.content.limits,
        now=work.now(),
        saying=saying_of(work, campaign),
    )


def _heavy(loads: list[tuple[str, int]]) -> str:
    total = sum(n for _guide, n in loads)
    name, most = loads[0] if loads else ("", 0)
    crowded = len(loads) > 1 and most > TOO_MANY and most * len(loads) > 2 * total
    return _("%(name)s一个人要发 %(people)s 人", name=name, people=most) if crowded else ""


async def sample(
    desk: Desk, session: AsyncSession, campaign: Campaign, receipt: Receipt, number: int
) -> Sample | None:
    """The n-th of them; her name masked, her code not given out yet."""
    work, limits = desk.work, desk.work.content.limits
    faces = receipt.faces or receipt.passed_over.get("missing_fact", [])
    if not 1 <= number <= len(faces):
        return None
    one = [faces[number - 1]]
    known = await facts.gather(session, work.vault, work.content, one, work.now())
    listed = await roster.page(session, work.vault, Customer.id.in_(one), limits, work.now())
    if not listed:
        return None  # merged or erased since
    told = dict(known.get(one[0], {})) | _offered(desk, campaign)
    if told.get("称呼"):
        told["称呼"] = masks.name(str(told["称呼"]))
    channel = next(iter(receipt.by_channel), "wecom")
    words, flaw = _words(desk, campaign, told, channel)
    return Sample(
        number=number,
        name=masks.name(listed[0].name),
        ref=listed[0].customer.ref,
        tier=listed[0].tier.tier if listed[0].tier else "",
        words=words,
        flaw=flaw,
        said=_said(desk, campaign, told, channel),
    )


def _said(
    desk: Desk, campaign: Campaign, told: Mapping[str, Any], channel: str
) -> list[tuple[str, str]]:
    """Which of her facts the text speaks of; where one text goes to many, none of hers does."""
    template = desk.work.content.templates.get(campaign.template)
    if template is None:
        return []
    known = for_everyone(dict(told)) if channel in ONE_FOR_MANY else told
    source = "".join(re.findall(r"{[{%].*?[%}]}", template.body, re.DOTALL))
    return [
        (fact.what, str(known[name]))
        for name, fact in FACTS.items()
        if re.search(rf"\b{name}\b", source) and isinstance(known.get(name), str | int)
    ]


def _offered(desk: Desk, campaign: Campaign) -> dict[str, Any]:
    content = desk.work.content
    if campaign.offer_key is None or campaign.offer_key not in content.offers:
        return {}
    return content.offer_facts(campaign.offer_key, desk.work.now()) | {"coupon_code": HIDDEN_CODE}


def _words(
    desk: Desk, campaign: Campaign, told: Mapping[str, Any], channel: str
) -> tuple[str, str]:
    try:
        said, _variant = saying_of(desk.work, campaign).say(
            campaign.template, told, channel=channel
        )
        return said, ""
    except Refusal as refusal:
        return "", refusal.words
    except KeyError:
        return "", _("没有这个话术")
