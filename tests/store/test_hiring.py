"""Colleagues: two of one name, two of one WeCom account, and the last one who owns the house."""

from __future__ import annotations

import pytest

from bot.domain.access import StaffUser
from bot.domain.refusals import Refusal
from bot.store import access, hiring
from tests.harness import START


def somebody(name: str, role: str = "owner", **facts) -> StaffUser:
    return StaffUser(name=name, role=role, created_at=START, active=True, **facts)


async def test_names_and_accounts_are_ones_own_and_somebody_always_owns_the_house(sessions):
    async with sessions.begin() as session:
        for user in (somebody("甲", userid="jia"), somebody("乙")):
            await hiring.hire(session, user, None)
        for twin in (somebody("甲"), somebody("丙", userid="jia")):
            with pytest.raises(Refusal, match="user_exists"):
                await hiring.hire(session, twin, None)
        first, second = [await access.staff_named(session, name) for name in ("甲", "乙")]
        with pytest.raises(Refusal, match="userid_taken"):
            await hiring.change(session, second, {"userid": "jia"})
        await hiring.change(session, first, {"role": "clerk", "userid": ""})
        for leaving in ({"active": False}, {"role": "clerk"}):
            with pytest.raises(Refusal, match="last_owner"):
                await hiring.change(session, second, leaving)
