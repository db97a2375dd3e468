"""Members who agreed before they were ours: on paper, in the shop's old system."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.inbound.imports import Wish, import_file
from bot.store import consent, customers

NOW = datetime(2026, 3, 12, 2, 24, tzinfo=UTC)
HOME = ZoneInfo("Asia/Shanghai")
MEMBERS = """会员号,姓名,营销授权,入会时间
M1,林小曼,是,2024-05-01
M2,阿宁,否,2024-06-01
M3,周可,,2024-06-01
M4,许愿,同意,
M5,何静,大概,2024-07-01
"""


@pytest.fixture
def brings(sessions, vault, tmp_path):
    async def run(content: str, name: str = "members.csv"):
        (tmp_path / name).write_text(content, encoding="utf-8")
        return await import_file(
            sessions, vault, tmp_path / name, Wish("customers", NOW, HOME, source="pos")
        )

    return run


async def agreed(sessions, vault) -> dict[str, datetime]:
    """Member number → since when she agrees, of all who do, with every chain seen to be whole."""
    found = {}
    async with sessions.begin() as session:
        for number in ("M1", "M2", "M3", "M4", "M5"):
            if (who := await customers.find(session, vault, "member_no", number)) is None:
                continue
            assert await consent.verify(session, who.id) is None
            if state := await consent.granted(session, who.id, "marketing_wecom"):
                found[number] = state.since
    return found


async def says(sessions, vault, number: str, action: str, at: datetime) -> None:
    async with sessions.begin() as session:
        who = await customers.find(session, vault, "member_no", number)
        await consent.record(
            session,
            customer_id=who.id,
            purpose="marketing_wecom",
            action=action,
            channel="kf",
            actor=f"customer:{who.ref}",
            at=at,
            evidence={"said": action},
        )


async def test_the_file_says_who_agreed_and_since_when(sessions, vault, brings):
    report = await brings(MEMBERS)
    assert (report.imported, report.rejected, report.consents) == (4, 1, 2)
    assert report.problems[0].column == "营销授权"
    assert await agreed(sessions, vault) == {
        "M1": datetime(2024, 4, 30, 16, tzinfo=UTC),
        "M4": NOW,
    }


async def test_what_she_said_since_then_stays(sessions, vault, brings):
    await brings(MEMBERS)
    await says(sessions, vault, "M1", "withdraw", NOW)
    await says(sessions, vault, "M3", "grant", NOW)
    again = await brings(MEMBERS.replace("M3,周可,,", "M3,周可,否,"), name="again.csv")
    assert again.consents == 0
    assert set(await agreed(sessions, vault)) == {"M3", "M4"}


async def test_a_consent_without_its_day_never_undoes_what_she_said_but_a_refusal_holds(
    sessions, vault, brings
):
    await brings(MEMBERS)
    await says(sessions, vault, "M4", "withdraw", NOW)
    assert (await brings(MEMBERS, name="again.csv")).consents == 0
    assert set(await agreed(sessions, vault)) == {"M1"}
    refused = "会员号,营销授权,授权时间\nM1,是,2024-05-01\nM1,否,2024-05-01\nM4,是,\n"
    assert (await brings(refused, name="refused.csv")).consents == 1
    assert await agreed(sessions, vault) == {}


async def test_a_newer_file_may_take_back_and_give_again(sessions, vault, brings):
    await brings(MEMBERS)
    await says(sessions, vault, "M2", "withdraw", NOW - timedelta(days=300))
    later = "会员号,营销授权,授权时间\nM1,否,2025-09-01\nM2,是,2025-09-01\nM2,否,2025-03-01\n"
    report = await brings(later, name="later.csv")
    assert report.consents == 2
    assert set(await agreed(sessions, vault)) == {"M2", "M4"}
