"""A town's ids become its people, whatever the order of the news."""

from __future__ import annotations

from tests.strangers import build, measure, tell


async def test_families_recycled_phones_and_two_accounts_are_told_apart(bot):
    town = build(20, seed=6)
    async with bot.session() as session:
        for news in town.news:
            await tell(session, bot.vault, news)
        score = await measure(session, bot.vault, town)
    assert score.precision >= 0.995
    assert score.recall >= 0.95
