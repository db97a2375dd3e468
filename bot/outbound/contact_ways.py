"""Contact ways that were configured but have no code yet are opened at the platform, once each."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calls import AddContactWay, GetContactWay, ListContactWays, Outcome, Sent, Unclear
from bot.outbound.settled import Settling, settled
from bot.store import contact_ways, outbox
from bot.store.contact_ways import Opening
from bot.store.outbox import Claimed
from bot.work.context import Work

LONGEST_REMARK = 30


async def open_contact_ways(work: Work) -> int:
    async with work.sessions.begin() as session:
        owed = [await _open(session, work, way) for way in await contact_ways.unopened(session)]
    return len([each for each in owed if each is not None])


async def _open(session: AsyncSession, work: Work, way: Opening) -> int | None:
    return await outbox.owe(
        session,
        work.vault,
        AddContactWay(userids=way.userids, state=way.state, remark=way.label[:LONGEST_REMARK]),
        effect=f"contact-way:{way.state}",
        now=work.now(),
    )


@settled.on(AddContactWay)
async def keep_code(call: AddContactWay, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    match outcome:
        case Sent(answer):
            await contact_ways.opened(
                turn.session,
                call.state,
                config_id=answer["config_id"],
                qr_code=answer.get("qr_code"),
            )
        case Unclear():
            # It may have been made: another one would be a second code for the same source.
            await turn.owe(ListContactWays(), effect=f"contact-ways:{owed.id}")


@settled.on(ListContactWays)
async def look_into(
    _call: ListContactWays, outcome: Outcome, owed: Claimed, turn: Settling
) -> None:
    if not isinstance(outcome, Sent):
        return
    listed = [way["config_id"] for way in outcome.answer.get("contact_way", ())]
    for config_id in await contact_ways.unknown_among(turn.session, listed):
        await turn.owe(
            GetContactWay(config_id=config_id), effect=f"contact-way-of:{owed.id}:{config_id}"
        )
    if cursor := outcome.answer.get("next_cursor"):
        await turn.owe(ListContactWays(cursor=cursor), effect=f"{owed.effect}:{cursor}")


@settled.on(GetContactWay)
async def recognise(call: GetContactWay, outcome: Outcome, _owed: Claimed, turn: Settling) -> None:
    if not isinstance(outcome, Sent):
        return
    way = outcome.answer["contact_way"]
    if way.get("state"):
        await contact_ways.opened(
            turn.session,
            way["state"],
            config_id=call.config_id,
            qr_code=way.get("qr_code"),
        )
