from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.domain.tokens import PlatformToken, Token
from bot.store.tokens import SqlTokens

ENDS = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@pytest.fixture
def tokens(sessions, vault) -> SqlTokens:
    return SqlTokens(sessions, vault)


async def test_an_account_without_a_token_reads_as_none(tokens):
    assert await tokens.read("wecom:a") is None
    assert await tokens.lead("wecom:a", 0, "one", 100.0, 15.0)
    assert await tokens.read("wecom:a") is None


async def test_a_token_is_kept_sealed_and_read_back(tokens, sessions):
    await tokens.lead("wecom:a", 0, "one", 100.0, 15.0)
    await tokens.write("wecom:a", 1, "t0p-secret", ENDS)
    assert await tokens.read("wecom:a") == Token(1, "t0p-secret", ENDS)
    async with sessions.reading() as session:
        assert b"t0p-secret" not in await session.scalar(select(PlatformToken.sealed))


async def test_only_one_leads_until_its_lease_is_over(tokens):
    assert await tokens.lead("wecom:a", 0, "one", 100.0, 15.0)
    assert not await tokens.lead("wecom:a", 0, "two", 114.0, 15.0)
    assert await tokens.lead("wecom:a", 0, "one", 114.0, 15.0)
    assert await tokens.lead("wecom:a", 0, "two", 130.0, 15.0)


async def test_who_saw_an_older_version_fail_does_not_lead(tokens):
    await tokens.lead("wecom:a", 0, "one", 100.0, 15.0)
    await tokens.write("wecom:a", 1, "first", ENDS)
    assert not await tokens.lead("wecom:a", 0, "two", 200.0, 15.0)
    assert await tokens.lead("wecom:a", 1, "two", 200.0, 15.0)


async def test_an_older_token_never_overwrites_a_newer_one(tokens):
    await tokens.lead("wecom:a", 0, "one", 100.0, 15.0)
    await tokens.write("wecom:a", 2, "second", ENDS)
    await tokens.write("wecom:a", 1, "first", ENDS)
    assert (await tokens.read("wecom:a")).value == "second"


async def test_accounts_do_not_share_tokens(tokens):
    await tokens.lead("wecom:a", 0, "one", 100.0, 15.0)
    assert await tokens.lead("official:b", 0, "two", 100.0, 15.0)
    await tokens.write("wecom:a", 1, "a", ENDS)
    assert await tokens.read("official:b") is None
