"""Short links in messages lead where they should, and opening one is remembered."""

from __future__ import annotations

from sqlalchemy import select

from bot.domain.delivery import Kept, ShortLink
from tests.builders import a_link as a_link_in


async def opened(bot, shop, token: str):
    return await shop.passer_by().opens(f"/l/{token}", allow_redirects=False)


async def a_link(bot) -> str:
    async with bot.session() as session:
        return await a_link_in(session, bot, tag="上新")


async def test_a_link_leads_to_its_page(bot, shop):
    face = await opened(bot, shop, await a_link(bot))
    assert (face.status, face.headers["Location"]) == (302, "/h5")


async def test_opening_is_counted_when_the_event_is_handled(bot, shop):
    token = await a_link(bot)
    await opened(bot, shop, token)
    while await bot.dispatcher.drain(bot.sessions, bot.now):
        pass
    async with bot.session() as session:
        link = await session.get_one(ShortLink, token)
    assert (link.opens, link.opened_at) == (1, bot.now)


async def test_an_unknown_link_is_a_friendly_page_and_no_event(bot, shop):
    face = await opened(bot, shop, "0" * 24)
    assert face.status == 404
    assert "这个链接打不开了" in face.text
    async with bot.session() as session:
        assert (await session.scalars(select(Kept))).all() == []
