"""A campaign played through without writing anything: the receipt that people read before they hand it over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import wording
from bot.domain import masks
from bot.domain.campaigns import Campaign
from bot.domain.customers import Customer
from bot.domain.refusals import Refusal
from bot.store import campaigns, facts, mailings, roster
from bot.store.campaigns import Receipt
from bot.store.explain import CHANNELS
from bot.web.desk import Desk

TOO_MANY = 100
"""People with one guide above which her share of the whole is worth a word."""
HIDDEN_CODE = "（每人一个）"


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    ref: str
    tier: str
    words: str
    """Empty when the text cannot be made; then `flaw` says why."""
    flaw: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    receipt: Receipt
    loads: list[tuple[str, int]]
    """Guide and people whom she would be asked to write to, the most first."""
    others: tuple[int, int]
    """How many guides are not listed, and their people."""
    channels: list[tuple[str, int]]
    samples: list[Sample]
    heavy: str
    """Who would have to send too much; empty when nobody."""

    @property
    def audience(self) -> int:
        return self.receipt.audience

    @property
    def speechless(self) -> bool:
        """The words could be made for nobody: handing this over would reach nobody."""
        return bool(self.samples) and not any(sample.words for sample in self.samples)


async def rehearse(desk: Desk, session: AsyncSession, campaign: Campaign) -> Rehearsal:
    work = desk.work
    receipt = await campaigns.dry_run(
        session,
        work.vault,
        campaign,
        limits=work.content.limits,
        now=work.now(),
        saying=wording.saying(
            work.content,
            campaign,
            written=campaigns.written(work.vault, campaign),
            public_url=work.settings.public_url,
        ),
    )
    names = await mailings.guide_names(session)
    loads = [(names.get(userid, userid), n) for userid, n in receipt.by_guide.most_common()]
    first, rest = loads[:8], loads[8:]
    return Rehearsal(
        receipt=receipt,
        loads=first,
        others=(len(rest), sum(n for _, n in rest)),
        channels=[(CHANNELS.get(name, name), n) for name, n in receipt.by_channel.most_common()],
        samples=await _samples(desk, session, campaign, receipt),
        heavy=_heavy(loads),
    )


def _heavy(loads: list[tuple[str, int]]) -> str:
    total = sum(n for _, n in loads)
    name, most = loads[0] if loads else ("", 0)
    crowded = len(loads) > 1 and most > TOO_MANY and most * len(loads) > 2 * total
    return f"{name}一个人要发 {most} 人" if crowded else ""


async def _samples(
    desk: Desk, session: AsyncSession, campaign: Campaign, receipt: Receipt
) -> list[Sample]:
    """What a few of them would read; names masked, codes not given out yet. When nobody would, whose words fail."""
    work, limits = desk.work, desk.work.content.limits
    faces = receipt.sample or receipt.passed_over.get("missing_fact", [])
    channel = next(iter(receipt.by_channel), "wecom")
    known = await facts.gather(session, work.vault, work.content, faces, work.now())
    who = Customer.id.in_(faces)
    listed = await roster.page(session, work.vault, who, limits, work.now())
    told = []
    for one in listed:
        hers = dict(known.get(one.customer.id, {})) | _offered(desk, campaign)
        if hers.get("称呼"):
            hers["称呼"] = masks.name(str(hers["称呼"]))
        words, flaw = _words(desk, campaign, hers, channel)
        tier = one.tier.tier if one.tier else ""
        told.append(Sample(masks.name(one.name), one.customer.ref, tier, words, flaw))
    return told


def _offered(desk: Desk, campaign: Campaign) -> dict[str, Any]:
    content = desk.work.content
    if campaign.offer_key is None or campaign.offer_key not in content.offers:
        return {}
    return content.offer_facts(campaign.offer_key, desk.work.now()) | {"coupon_code": HIDDEN_CODE}


def _words(
    desk: Desk, campaign: Campaign, told: Mapping[str, Any], channel: str
) -> tuple[str, str]:
    work = desk.work
    try:
        if (written := campaigns.written(work.vault, campaign)) is not None:
            return wording.by_hand(
                work.content, written, channel=channel, public_url=work.settings.public_url
            ), ""
        return wording.words_for(work.content, campaign.template, told, channel=channel)[0], ""
    except Refusal as refusal:
        return "", refusal.words
    except KeyError:
        return "", "没有这个话术"
