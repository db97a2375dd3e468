"""Greetings of group chats are brought to the platform, changed there and taken away."""

from __future__ import annotations

from bot.calls import AddGroupWelcome, DeleteGroupWelcome, EditGroupWelcome, Outcome, Refused, Sent
from bot.outbound.settled import Settling, settled
from bot.store import group_welcomes
from bot.store.outbox import Claimed
from bot.work.context import Work


async def publish(work: Work) -> int:
    async with work.sessions.begin() as session:
        return await group_welcomes.owe_due(session, work.vault, work.now())


# An unclear answer leaves nothing behind: nobody lists these templates, and a second one would be one of a hundred.
@settled.on(AddGroupWelcome)
async def added(call: AddGroupWelcome, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    if isinstance(outcome, Sent) and (template_id := outcome.answer.get("template_id")):
        await _keep(turn, owed, str(template_id), call.text)


@settled.on(EditGroupWelcome)
async def edited(call: EditGroupWelcome, outcome: Outcome, owed: Claimed, turn: Settling) -> None:
    if isinstance(outcome, Sent):
        await _keep(turn, owed, call.template_id, call.text)
    elif isinstance(outcome, Refused):  # somebody removed it there: it is made anew
        await group_welcomes.forget(turn.session, group_welcomes.family_of(owed.effect))
        await group_welcomes.owe_due(turn.session, turn.vault, turn.now)


@settled.on(DeleteGroupWelcome)
async def deleted(
    _call: DeleteGroupWelcome, outcome: Outcome, owed: Claimed, turn: Settling
) -> None:
    if isinstance(outcome, Sent | Refused):
        await group_welcomes.forget(turn.session, group_welcomes.family_of(owed.effect))


async def _keep(turn: Settling, owed: Claimed, template_id: str, text: str) -> None:
    await group_welcomes.keep(
        turn.session,
        turn.vault,
        group_welcomes.family_of(owed.effect),
        template_id=template_id,
        text=text,
        now=turn.now,
    )
