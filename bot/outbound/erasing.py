"""Erasures whose time has come: what names her is looked for and emptied, then the inventory is walked."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from bot.domain.erasure import DONE, LOOK_AGAIN, PARTLY, SENDING_AGAIN, Erasure
from bot.store import audit, consent, erasing, exporting, journeys
from bot.store.engine import Sessions
from bot.store.erasing import PLACES
from bot.store.inventory import Person
from bot.store.vault import Vault
from bot.work.context import Work

CROWD = 100
"""People erased in one transaction, when it is about everybody."""
BY = "system:siyu"
Counts = dict[str, int]


class House(NamedTuple):
    """What erasing needs; a command has no more than this."""

    sessions: Sessions
    vault: Vault
    now: datetime


async def erase_due(work: Work) -> int:
    """How many were looked at."""
    return await erase_all_due(House(work.sessions, work.vault, work.now()))


async def erase_all_due(house: House) -> int:
    seen = 0
    while True:
        async with house.sessions.begin() as session:
            wish = await erasing.due(session, house.now)
        if wish is None:
            break
        await (_everybody(house, wish) if wish.customer_id is None else _one(house, wish))
        seen += 1
    if seen:
        await house.sessions.wipe_traces()
    return seen


async def _one(house: House, wish: Erasure) -> None:
    assert wish.customer_id is not None
    async with house.sessions.reading() as session:
        her = await exporting.person(session, wish.customer_id)
        wanted = await erasing.needles(session, house.vault, her)
    busy, counts = await _emptied(house, wanted)
    async with house.sessions.begin() as session:
        blocks = await erasing.blocks(session, her.ids, house.now)
        if busy:
            blocks.append({"kind": "sending", "what": str(busy), "until": None})
        counts["papers"] = await erasing.sweep(session, wanted)
        if not blocks:
            await consent.seal_off(session, house.vault, wish.customer_id, at=house.now)
        counts |= await erasing.walk(session, her, last=not blocks)
        if not blocks:
            await erasing.finished(session, her, house.now)
        mine = await session.get_one(Erasure, wish.id)
        _settle(mine, blocks, counts, house.now)
        await audit.append(
            session,
            at=house.now,
            actor=BY,
            action="erased",
            subject=f"customer_id:{wish.customer_id}",
            detail={"state": mine.state, "blocks": blocks, "counts": counts},
        )
    for one in her.ids:
        house.vault.forget(one)


def _settle(wish: Erasure, blocks: list[erasing.Block], counts: Counts, now: datetime) -> None:
    wish.gone_at = wish.gone_at or now
    wish.blocks = blocks
    known = dict(wish.counts)
    wish.counts = {name: known.get(name, 0) + counts.get(name, 0) for name in {*known, *counts}}
    if not blocks:
        wish.state, wish.due_at, wish.done_at = DONE, None, now
        return
    soon = any(one["kind"] == "sending" for one in blocks)
    wish.state, wish.due_at = PARTLY, now + (SENDING_AGAIN if soon else LOOK_AGAIN)


async def _emptied(house: House, wanted: frozenset[str] | None) -> tuple[int, Counts]:
    """Bodies under the house key that name her, emptied; those still under way are counted only."""
    busy, counts = 0, dict[str, int]()
    for place in PLACES:
        after: int | None = 0
        while after is not None:
            async with house.sessions.reading() as session:
                found = await erasing.look(session, house.vault, place, after=after, wanted=wanted)
            if found.settled:
                async with house.sessions.begin() as session:
                    await erasing.empty(session, house.vault, place, found.settled)
            busy += found.busy
            counts[place.table.name] = counts.get(place.table.name, 0) + len(found.settled)
            after = found.last
    return busy, counts


async def _everybody(house: House, wish: Erasure) -> None:
    """All people, crowd by crowd, whatever is open; sending was turned off when it was asked for."""
    total, after = dict[str, int](), 0
    _busy, total = await _emptied(house, None)
    while True:
        async with house.sessions.begin() as session:
            crowd = await erasing.everybody(session, after, CROWD)
            if not crowd:
                break
            after = crowd[-1][0]
            them = Person([number for number, _ in crowd], [ref for _, ref in crowd])
            for number in them.ids:
                await consent.suppress(
                    session, house.vault, number, reason=consent.ERASED, at=house.now
                )
                await journeys.leave(session, number, reason="gone")
            counts = await erasing.walk(session, them, last=True)
            await erasing.finished(session, them, house.now)
        for number in them.ids:
            house.vault.forget(number)
        total = {name: total.get(name, 0) + counts.get(name, 0) for name in {*total, *counts}}
    async with house.sessions.begin() as session:
        total["papers"] = await erasing.sweep(session, None)
        _settle(await session.get_one(Erasure, wish.id), [], total, house.now)
        await audit.append(
            session, at=house.now, actor=BY, action="erased", subject="everybody", detail=total
        )
