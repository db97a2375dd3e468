"""What a customer says of herself becomes a tag, where she lets it."""

from __future__ import annotations

from datetime import datetime

from bot.inbound.turn import Turn
from bot.store import consent, journeys, tags


async def answered(
    turn: Turn, customer_id: int, form: str, answers: dict[str, str], at: datetime
) -> bool:
    """False without her consent to profiling: then what she said gives nothing."""
    if await consent.granted(turn.session, customer_id, "profiling") is None:
        return False
    for rule in (await tags.live_book(turn.session, turn.content.tags)).answered(form, answers):
        new = await tags.put(
            turn.session,
            customer_id=customer_id,
            tag=rule.tag,
            source="answer",
            evidence={"form": form, "field": rule.field},
            now=at,
        )
        if new:
            await journeys.enter(
                turn.session,
                turn.content,
                trigger=f"tag_added:{rule.tag}",
                customer_id=customer_id,
                cause=f"tag:{rule.tag}:{turn.key}",
                now=turn.now,
            )
    return True
