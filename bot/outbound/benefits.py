"""What is done for coupons and points each night."""

from __future__ import annotations

from bot.store import offers
from bot.work.context import Work


async def take_back_untold(work: Work) -> int:
    """Coupons of messages that never reached anybody go back into their budgets."""
    async with work.sessions.begin() as session:
        return await offers.withdraw_untold(session, work.now())
