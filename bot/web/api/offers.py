"""`/api/v1/offers`: what may be given away, made, paused and let go on."""

from __future__ import annotations

from datetime import datetime

from bot.domain.fairness import Deal, deals_of, unfair
from bot.domain.offers import OfferSpec
from bot.events.commands import DefineOffer, SwitchOffer
from bot.store import listing
from bot.web.api.bodies import Nothing, Query
from bot.web.api.endpoints import Ask, Done, Routes, Told
from bot.work.renewing import renew

routes = Routes()


class OfferTold(Told):
    key: str
    name: str
    kind: str
    value: int
    threshold_fen: int
    per_customer: int
    per_household: int
    """Together with those who gave the same phone; 0 knows no households."""
    budget_pieces: int
    issued: int
    budget_fen: int | None
    owed_fen: int
    """What pieces that are out may cost at worst."""
    starts_at: datetime
    ends_at: datetime
    state: str


class Offers(Told):
    items: list[OfferTold]


@routes.asks("GET", "/offers", "offer.read", "权益、预算和已发数量", gives=Offers)
async def offers(ask: Ask[Query]) -> Offers:
    async with ask.reading() as session:
        found = await listing.offers(session)
    return Offers(items=[OfferTold.model_validate(one) for one in found])


class OfferChecked(Told):
    most_fen: int
    """What it costs at worst, were every piece used."""
    unfair: list[str]
    """Where a better customer would pay more for the same."""


@routes.asks(
    "POST",
    "/offers/check",
    "offer.define",
    "先看：最多花多少，会不会有人付得更多",
    says=OfferSpec,
    gives=OfferChecked,
    writes=False,
)
async def check(ask: Ask[OfferSpec]) -> OfferChecked:
    spec, content = ask.said, ask.desk.work.content
    deals = deals_of(content.playbooks.values(), content.offers)
    found = unfair(content.levels, [*deals, Deal(spec.name, frozenset(), spec)])
    return OfferChecked(most_fen=spec.worst_of_all_fen, unfair=[one.in_words() for one in found])


@routes.asks("POST", "/offers", "offer.define", "建一种券", says=OfferSpec)
async def define(ask: Ask[OfferSpec]) -> Done:
    spec = ask.said.model_dump(mode="json", exclude_defaults=True)
    told = await ask.does(DefineOffer, spec=spec)
    await renew(ask.desk.work)
    return told


@routes.asks("POST", "/offers/{key}/pause", "offer.switch", "停发；发出去的照样能用")
async def pause(ask: Ask[Nothing]) -> Done:
    return await ask.does(SwitchOffer, offer=ask.named("key"), on=False)


@routes.asks("POST", "/offers/{key}/resume", "offer.switch", "接着发")
async def resume(ask: Ask[Nothing]) -> Done:
    return await ask.does(SwitchOffer, offer=ask.named("key"), on=True)
