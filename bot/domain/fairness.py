"""Whether loyalty ever costs: the same basket on the same day, dearer for a better tier or level than for a lesser one.

Standing prices are held against one another: levels, and offers of repeating campaigns. What is given once for an
occasion (a welcome, a birthday, an apology, waking somebody up) is no price, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from bot.domain.levels import Levels
from bot.domain.offers import Offer, OfferSpec, yuan
from bot.domain.playbooks import PlaybookSpec
from bot.domain.pricing import price
from bot.tongue import _

TIERS = ("普通", "潜力", "核心")
"""The least first. 沉睡 is who has left: what brings her back is an occasion."""


class Deal(NamedTuple):
    """An offer that these tiers are given again and again."""

    name: str
    tiers: frozenset[str]
    offer: OfferSpec


class Unfair(NamedTuple):
    amount_fen: int
    better: str
    pays_fen: int
    lesser: str
    less_fen: int

    def in_words(self) -> str:
        return _(
            "同一单 ¥%(amount_fen)s，%(better)s要付 ¥%(pays_fen)s，%(lesser)s只付 ¥%(less_fen)s",
            amount_fen=yuan(self.amount_fen),
            better=self.better,
            pays_fen=yuan(self.pays_fen),
            lesser=self.lesser,
            less_fen=yuan(self.less_fen),
        )


def deals_of(playbooks: Iterable[PlaybookSpec], offers: Mapping[str, OfferSpec]) -> list[Deal]:
    found = []
    for spec in playbooks:
        mailing = spec.campaign
        if mailing is not None and mailing.offer is not None and mailing.offer in offers:
            found.append(deal(spec.name, mailing.segment, offers[mailing.offer]))
    return found


def deal(name: str, rule: Any, offer: OfferSpec) -> Deal:
    """This offer for whoever a rule names."""
    return Deal(name, _tiers(rule), offer)


def by_level(levels: Levels, offer: OfferSpec, amounts: Sequence[int]) -> list[list[int]]:
    """What each level pays of these amounts with the offer, the lowest level first."""
    written = _as_offer(offer)
    return [
        [price(levels, amount, level=level.name, offer=written).payable_fen for amount in amounts]
        for level in levels.levels
    ]


def unfair(levels: Levels, deals: Sequence[Deal]) -> list[Unfair]:
    """One example for every pair that is the wrong way round; empty when nobody pays for being loyal."""
    baskets = _baskets(deals)
    found = [_by_tier(levels, deals, pair, baskets) for pair in _pairs(TIERS)]
    names = [level.name for level in levels.levels]
    found += [_by_level(levels, pair, baskets) for pair in _pairs(names)]
    return [one for one in found if one is not None]


def _by_tier(
    levels: Levels, deals: Sequence[Deal], pair: tuple[str, str], baskets: Sequence[int]
) -> Unfair | None:
    lesser, better = pair
    level = levels.levels[0].name
    for amount in baskets:
        least, most = (_payable(levels, deals, tier, amount, level) for tier in pair)
        if most > least:
            return Unfair(amount, better, most, lesser, least)
    return None


def _by_level(levels: Levels, pair: tuple[str, str], baskets: Sequence[int]) -> Unfair | None:
    lesser, better = pair
    for amount in baskets:
        least, most = (price(levels, amount, level=name).payable_fen for name in pair)
        if most > least:
            return Unfair(amount, better, most, lesser, least)
    return None


def _payable(levels: Levels, deals: Sequence[Deal], tier: str, amount: int, level: str) -> int:
    """With the best of what is hers."""
    hers = [deal.offer for deal in deals if not deal.tiers or tier in deal.tiers]
    prices = [price(levels, amount, level=level, offer=_as_offer(one)) for one in hers]
    return min([amount, *(one.payable_fen for one in prices)])


def _as_offer(spec: OfferSpec) -> Offer:
    known = spec.model_dump(include={"kind", "value", "threshold_fen", "most_fen"})
    return Offer(**known, goods=[])


def _baskets(deals: Sequence[Deal]) -> list[int]:
    """Every amount at which something begins or stops to count, and some ordinary ones."""
    edges = {5_000, 9_900, 20_000, 50_000, 100_000, 300_000}
    for deal in deals:
        edges |= {deal.offer.threshold_fen, deal.offer.threshold_fen - 1}
        if deal.offer.kind == "percent" and deal.offer.most_fen:
            edges.add(deal.offer.most_fen * 100 // deal.offer.value + 100)
    return sorted(edge for edge in edges if edge > 0)


def _pairs(ranked: Sequence[str]) -> list[tuple[str, str]]:
    return list(pairwise(ranked))


def _tiers(rule: Any) -> frozenset[str]:
    """The tiers that a segment names outright; empty means that it does not ask."""
    if not isinstance(rule, dict):
        return frozenset()
    if rule.get("field") == "tier" and rule.get("op") in {"in", "eq"}:
        value = rule["value"]
        return frozenset(value if isinstance(value, list) else [value])
    named = [tiers for part in rule.get("all", ()) if (tiers := _tiers(part))]
    return frozenset.intersection(*named) if named else frozenset()
