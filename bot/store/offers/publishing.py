"""Offers enter from content."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.offers import Offer, OfferSpec
from bot.store.engine import upsert
from bot.store.vault import Vault

_AS_WRITTEN = {
    "key",
    "name",
    "kind",
    "value",
    "threshold_fen",
    "per_customer",
    "per_household",
    "valid_days",
    "most_fen",
    "stacks",
    "first_order",
    "after_return",
    "queue",
    "team_size",
    "team_hours",
    "cycle_days",
    "needs",
    "claimable",
}

NEW = {"issued": 0, "owed_fen": 0, "state": "active"}


async def publish_offers(session: AsyncSession, vault: Vault, specs: Iterable[OfferSpec]) -> None:
    """Bring the offers up to what content says; what was issued, and a pause, stay as they are."""
    rows = [
        _columns(spec)
        | {
            "budget_pieces": spec.budget_pieces,
            "budget_fen": spec.budget_fen,
            "code_seed": vault.blind(spec.key, about="offer.code_seed"),
        }
        | NEW
        for spec in specs
    ]
    if not rows:
        return
    insert = upsert(session, Offer)
    said = insert.excluded
    kept: dict[str, Any] = {name: said[name] for name in rows[0].keys() - {"code_seed", *NEW}}
    # A budget cut below what is out already cannot take coupons back: it only stops new ones.
    for budget, out in (("budget_pieces", Offer.issued), ("budget_fen", Offer.owed_fen)):
        kept[budget] = case((out > said[budget], out), else_=said[budget])
    await session.execute(insert.on_conflict_do_update(index_elements=["key"], set_=kept), rows)


async def switch(session: AsyncSession, key: str, *, on: bool) -> str | None:
    """Give pieces of it again, or no more; its state before, None when there is nothing to switch."""
    states = ("active", "paused")
    found = await session.scalars(
        select(Offer).where(Offer.key == key, Offer.state.in_(states)).with_for_update()
    )
    offer = found.first()
    if offer is None:
        return None
    before, offer.state = offer.state, states[0 if on else 1]
    return before


def _columns(spec: OfferSpec) -> dict[str, Any]:
    starts_at, ends_at = spec.span()
    return spec.model_dump(include=_AS_WRITTEN) | {
        "stores": list(spec.stores),
        "goods": list(spec.goods),
        "piece_fen": spec.piece_fen,
        "starts_at": starts_at,
        "ends_at": ends_at,
    }
