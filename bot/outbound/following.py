"""Cards that follow the words into her window: one debt after the other, each owed once the one before has arrived."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from bot.calls import (
    Call,
    ImageCard,
    LinkCard,
    MiniProgramCard,
    Refused,
    SendKf,
    SendOfficial,
    Sent,
)
from bot.outbound.settled import Settling, Told
from bot.store import conversations, touches
from bot.store.outbox import Debt

Message = SendKf | SendOfficial


def is_card(call: Call) -> bool:
    return isinstance(call, Message) and not (call.text or call.menu)


async def go_on(told: Sequence[Told], turn: Settling) -> None:
    """What has arrived is followed by the next; behind what has not, nobody sends the rest, and her window has
    their places again."""
    await turn.owe_many([_next(one) for one in told if _then(one) and _arrived(one)])
    back: defaultdict[int, list[int]] = defaultdict(list)
    for one in told:
        if unasked := _unasked(one):
            back[unasked].append(one.owed.touch_id or 0)
    for each, touch_ids in back.items():
        await conversations.give_back(turn.session, touch_ids, turn.now, each=each)
    lost = [one.owed.touch_id or 0 for one in told if is_card(one.call) and not _arrived(one)]
    if lost:
        await touches.settle(turn.session, lost, expected=("delivered",), reason="card_lost")


def _then(one: Told) -> int:
    return len(one.call.then) if isinstance(one.call, Message) else 0


def _arrived(one: Told) -> bool:
    return isinstance(one.outcome, Sent)


def _unasked(one: Told) -> int:
    """How many messages the platform never heard of: those behind, and this one where our own last look said no."""
    outcome = one.outcome
    itself = isinstance(outcome, Refused) and outcome.code == 0 and outcome.reason != "gave_up"
    return itself + (0 if _arrived(one) else _then(one))


def _next(one: Told) -> Debt:
    call, owed = one.call, one.owed
    if not isinstance(call, Message):
        raise TypeError("only messages into a window are followed by others")
    words, left = owed.effect.partition("#")[0], len(call.then)
    return _card(call, left), {
        "effect": f"{words}#{left}",
        "customer_id": owed.customer_id,
        "touch_id": owed.touch_id,
        "purpose": owed.purpose,
        "expires_at": owed.expires_at,
    }


def _card(call: Message, left: int) -> Call:
    card, *others = call.then
    then = tuple(others)
    if isinstance(call, SendKf):
        words = "-".join(call.msgid.split("-")[:2])
        return replace(call, msgid=f"{words}-{left}", text="", card=card, then=then)
    match card:
        case LinkCard():
            return replace(call, text="", news=card, card=None, then=then)
        case ImageCard() | MiniProgramCard():
            return replace(call, text="", news=None, card=card, then=then)
    raise TypeError("no file goes through the Official Account")
