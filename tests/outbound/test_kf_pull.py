"""kf pages: nothing lost and nothing doubled, wherever the pull breaks off."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.calls import Sent, SyncKf, TryLater
from bot.domain.conversations import KfAccount
from bot.domain.delivery import Kept
from bot.events import KfAuthChanged, KfNudged
from bot.outbound.kf_pull import pull_due
from bot.store import tasks


def page(*msgids: str, cursor: str, more: int = 0) -> Sent:
    messages = [{"msgid": i, "open_kfid": "wk", "msgtype": "text", "origin": 3} for i in msgids]
    return Sent({"next_cursor": cursor, "has_more": more, "msg_list": messages})


@pytest.fixture
async def nudged(bot):
    await bot.receives(KfNudged(at=bot.now, open_kfid="wk", token="tok"))
    return bot


async def kept(bot) -> int:
    async with bot.session() as session:
        return await session.scalar(select(func.count(Kept.id)).where(Kept.source == "kf"))


async def account(bot) -> KfAccount:
    async with bot.session() as session:
        return await session.get_one(KfAccount, "wk")


async def test_an_empty_page_is_not_the_end(nudged):
    nudged.platform.answers(
        SyncKf, page("m1", cursor="c1", more=1), page(cursor="c2", more=1), page("m2", cursor="c3")
    )
    assert await pull_due(nudged.work) == 2
    asked = [(call.cursor, call.token) for call in nudged.platform.sent(SyncKf)]
    assert asked == [(None, "tok"), ("c1", "tok"), ("c2", "tok")]
    assert (await account(nudged)).cursor == "c3"


async def test_what_was_pulled_is_handled_at_once_not_at_the_next_look(nudged):
    nudged.platform.answers(SyncKf, page("m1", cursor="c1"))
    async with nudged.work.sessions.begin() as session:
        await tasks.take(session)
    await pull_due(nudged.work)
    async with nudged.work.sessions.begin() as session:
        assert await tasks.take(session) == [tasks.DRAIN]


async def test_a_crash_between_two_pages_loses_and_doubles_nothing(nudged):
    def dies(call: SyncKf) -> Sent:
        if call.cursor == "c1":
            raise ConnectionError
        return page("m1", cursor="c1", more=1)

    nudged.platform.answers(SyncKf, dies)
    with pytest.raises(ConnectionError):
        await pull_due(nudged.work)
    assert await pull_due(nudged.work) == 0  # the dead puller's lease still stands
    await _lease_runs_out(nudged)
    nudged.platform.answers(SyncKf, page("m2", cursor="c2"))
    assert await pull_due(nudged.work) == 1
    assert nudged.platform.sent(SyncKf)[-1].cursor == "c1"
    assert await kept(nudged) == 2


async def _lease_runs_out(bot) -> None:
    async with bot.session() as session:
        (await session.get_one(KfAccount, "wk")).lease_until = 0.0


async def test_a_page_told_twice_is_kept_once(nudged):
    nudged.platform.answers(SyncKf, page("m1", "m2", cursor=""))
    await pull_due(nudged.work)
    await nudged.receives(KfNudged(at=nudged.now, open_kfid="wk", token="again"))
    assert await pull_due(nudged.work) == 0
    assert await kept(nudged) == 2


async def test_a_nudge_during_the_pull_is_heard_after_it(nudged):
    async with nudged.session() as session:
        before = (await session.get_one(KfAccount, "wk")).nudges

    def answers(call: SyncKf) -> Sent:
        return page("m1", cursor="c1")

    nudged.platform.answers(SyncKf, answers)
    await pull_due(nudged.work)
    await nudged.receives(KfNudged(at=nudged.now, open_kfid="wk", token="tok2"))
    assert (await account(nudged)).nudges == before + 1
    await pull_due(nudged.work)
    assert nudged.platform.sent(SyncKf)[-1].token == "tok2"


async def test_without_a_callback_we_look_once_an_hour_and_without_its_token(nudged):
    await pull_due(nudged.work)
    nudged.clock.advance(minutes=59)
    assert await pull_due(nudged.work) == 0
    nudged.clock.advance(minutes=1)
    await pull_due(nudged.work)
    assert [call.token for call in nudged.platform.sent(SyncKf)] == ["tok", None]


async def test_a_busy_platform_is_asked_again_when_it_says(nudged):
    nudged.platform.answers(SyncKf, TryLater(45009, "busy", timedelta(minutes=1)))
    await pull_due(nudged.work)
    assert (await account(nudged)).next_pull_at == nudged.now + timedelta(minutes=1)


async def test_an_account_taken_from_us_is_left_alone(nudged):
    await nudged.receives(KfAuthChanged(at=nudged.now, removed=("wk",)))
    await pull_due(nudged.work)
    assert nudged.platform.sent(SyncKf) == []
