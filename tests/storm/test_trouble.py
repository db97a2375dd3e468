"""Ten minutes in which the platform closes its APIs, fails, cuts answers and ends tokens: the real outbox, gateway and
sandbox, on the sandbox's clock."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import select

from bot.app import Bot, open_bot
from bot.calls import GetCustomer, SendAppText
from bot.domain.delivery import Owed
from bot.settings import Settings
from bot.store import outbox
from bot.store.engine import open_engine
from bot.store.schema import prepare
from handlers import ROUTERS
from tests.conftest import SECRET
from tests.processes import SandboxProcess, killed_at_the_end

DEBTS = 600
SECONDS = 600
STEP = 5
PATIENCE = 2 * 3600
"""Virtual: what may still be waiting when the trouble is over."""
TROUBLES = (
    "errcode:45009",
    "errcode:-1",
    "http:502",
    "html_502",
    "truncate:17",
    "reset",
    "empty_200",
    "apply_then_reset",
)
MOST = 1.2
GUIDES = ("WangFang", "LiNa", "ZhaoMin")
"""Nobody is written to more often than 30 times a minute: what waits for its pace is not in trouble."""
PATHS = ("/cgi-bin/message/send", "/cgi-bin/externalcontact/get")


def script(start: str) -> dict[str, object]:
    """Each trouble for its minute, and a token that lives for half of one."""
    hour, minute = (int(part) for part in start[11:16].split(":"))
    date, zone = start[:11], start[19:]
    faults: list[dict[str, object]] = [
        {
            "match": "* /cgi-bin/[!g]*",
            "at": f"{date}{hour:02}:{minute + place:02}:00{zone}",
            "for": 60,
            "do": trouble,
        }
        for place, trouble in enumerate(TROUBLES, start=1)
    ]
    return {
        "seed": 3,
        "faults": [*faults, {"match": "* /cgi-bin/[!g]*", "every": 10, "do": "revoke_token"}],
    }


async def owe_all(bot: Bot) -> None:
    now = bot.work.now()
    async with bot.work.sessions.begin() as session:
        for number in range(DEBTS):
            read = GetCustomer(external_userid=f"wmNobody{number:06}")
            told = SendAppText(
                userids=(GUIDES[number // 2 % len(GUIDES)],), text=f"第 {number} 条"
            )
            call = read if number % 2 else told
            due = now + timedelta(seconds=number * SECONDS / DEBTS)
            await outbox.owe(
                session, bot.work.vault, call, effect=f"storm:{number}", now=now, due_at=due
            )


async def left(bot: Bot) -> Counter[tuple[str, str | None]]:
    async with bot.work.sessions.reading() as session:
        rows = await session.execute(select(Owed.state, Owed.reason))
        return Counter((state, reason) for state, reason in rows.all())


async def test_ten_minutes_of_trouble_only_delay(tmp_path):
    sandbox = SandboxProcess(tmp_path, "", "--clock", "2026-11-20T10:00:00+08:00")
    with killed_at_the_end(sandbox):
        url = f"sqlite+aiosqlite:///{tmp_path / 'siyu.db'}"
        engine = open_engine(url)
        await prepare(engine)
        await engine.dispose()
        told = {name[5:].lower(): value for name, value in sandbox.settings.items()}
        settings = Settings(**told | {"database_url": url, "secret_key": SECRET})
        async with open_bot(settings, ROUTERS) as bot:
            await owe_all(bot)
            sandbox.ask("faults", script("2026-11-20T10:00:00+08:00"))
            for step in range((SECONDS + PATIENCE) // STEP):
                while await bot.sender.pay():
                    pass
                if step * STEP > SECONDS and not any(s == "owed" for s, _ in await left(bot)):
                    break
                sandbox.ask("clock", {"advance": STEP})
            ended = await left(bot)
        rows = [row for row in sandbox.rows("api") if row["path"] in PATHS]
    made, tokens = len(rows), sum(row["errcode"] == 40014 for row in rows)
    print(
        f"{made} calls for {DEBTS} debts = {made / DEBTS:.2f} ({tokens} met an ended token); {dict(ended)}"
    )
    assert {state for state, _ in ended} <= {"done", "refused", "unknown"}
    assert all(reason for (state, reason) in ended if state != "done")
    assert made <= MOST * DEBTS
