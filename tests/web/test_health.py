"""Alive, ready and counted, as whoever watches over the house asks."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bot.inbound.intake import Intake
from bot.outbound.reconcile import Gap, Report, remember
from bot.store.engine import Sessions, open_engine
from bot.store.inbox import Arrival
from bot.web.desk import Desk
from bot.web.server import build


@pytest.fixture
async def opens(bot):
    """A client of a house with another database or address."""
    clients, doors = [], []

    async def opening(url: str | None = None, **settings: str) -> tuple[TestClient, Desk]:
        sessions = bot.sessions
        if url is not None:
            sessions = Sessions(open_engine(url))
            doors.append(sessions)
        found = bot.settings.model_copy(update=settings)
        work = replace(bot.work, sessions=sessions, settings=found)
        intake = Intake(sessions, bot.vault, bot.clock, nudge=lambda: None)
        desk = Desk(
            work=work,
            intake=intake,
            dispatcher=bot.dispatcher,
            wecom=None,
            official=None,
            nudge=lambda: None,
        )
        clients.append(TestClient(TestServer(build(desk))))
        await clients[-1].start_server()
        return clients[-1], desk

    yield opening
    for client in clients:
        await client.close()
    for door in doors:
        await door.close()


async def asks(client, path: str) -> tuple[int, dict]:
    answer = await client.get(path)
    return answer.status, await answer.json()


async def test_alive_and_ready_with_what_is_waiting(opens):
    client, desk = await opens()
    assert await asks(client, "/healthz") == (200, {"status": "ok"})
    await desk.intake.keep(Arrival("event", b"x"))
    assert await asks(client, "/readyz") == (200, {"status": "ok", "inbox": {"kept": 1}})


async def test_a_house_that_is_leaving_is_not_ready_but_alive(opens):
    client, desk = await opens()
    desk.leaving.set()
    assert (await asks(client, "/readyz"))[0] == 503
    assert (await asks(client, "/healthz"))[0] == 200


def a_database_that_only_reads(url: str, tmp_path) -> str:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return f"sqlite+aiosqlite:///file:{parsed.database}?mode=ro&uri=true"
    read_only = parsed.update_query_dict({"options": "-c default_transaction_read_only=on"})
    return read_only.render_as_string(hide_password=False)


async def test_a_database_that_cannot_be_written_is_not_ready(opens, database_url, tmp_path):
    client, _ = await opens(a_database_that_only_reads(database_url, tmp_path))
    status, told = await asks(client, "/readyz")
    assert (status, told["status"]) == (503, "red")
    assert "数据库不可写" in told["why"]
    assert (await asks(client, "/healthz"))[0] == 200


async def test_a_database_without_its_tables_is_not_ready(opens, tmp_path):
    client, _ = await opens(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")
    status, told = await asks(client, "/readyz")
    assert status == 503
    assert "inbox" not in told["why"]  # a reason, not a statement
    assert os.path.exists(tmp_path / "empty.db")


async def test_counts_are_told_on_this_machine_and_not_in_production(opens):
    client, desk = await opens()
    await desk.intake.keep(Arrival("event", b"x"))
    answer = await client.get("/metrics")
    assert answer.status == 200
    told = await answer.text()
    assert 'siyu_inbox_events{state="kept"} 1.0' in told
    await client.get("/no-such-page")
    asked = await (await client.get("/metrics")).text()
    assert 'siyu_http_seconds_count{route="/metrics"}' in asked
    assert "no-such-page" not in asked
    client, _ = await opens(public_url="https://siyu.example.com")
    assert (await client.get("/metrics")).status == 401


async def test_production_has_no_doors_for_developers(opens):
    client, _ = await opens(
        public_url="https://siyu.example.com", sandbox_url="http://127.0.0.1:1"
    )
    asked = {"/api/openapi.json": 401, "/metrics": 401, "/admin/_kit": 303}
    asked |= dict.fromkeys(("/sandbox", "/docs", "/debug", "/api/v1/seed", "/login/force"), 404)
    for path, expected in asked.items():
        answer = await client.get(path, allow_redirects=False)
        assert answer.status == expected, path


async def test_the_drift_of_the_last_reconciling_is_told_until_the_next(opens, bot):
    client, _ = await opens()
    report = Report()
    report.saw("follow", "missing_here", "wm1", repaired=True)
    report.saw("follow", "missing_here", "wm2", repaired=False)
    report.gaps.append(Gap("group_chats", "48002"))
    for each, told in ((report, True), (Report(), False)):
        async with bot.session() as session:
            await remember(session, each, now=bot.now)
        text = await (await client.get("/metrics")).text()
        line = 'siyu_drift_{}{{what="follow",where="missing_here"}} {}'
        assert (line.format("found", "2.0") in text) is told
        assert (line.format("mended", "1.0") in text) is told
        assert f"siyu_drift_gaps {1.0 if told else 0.0}" in text
        assert "siyu_reconciled_at_seconds 1." in text


async def test_looking_changes_nothing(opens, bot):
    client, _ = await opens()
    for path in ("/healthz", "/readyz", "/metrics"):
        await client.get(path)
    async with bot.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM task")) == 0
