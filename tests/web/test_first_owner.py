"""A fresh shop: whoever sees the terminal becomes its first owner, and then nobody does."""

from __future__ import annotations

from bot.store import access
from bot.web import first_owner
from bot.web.desk import DESK

HERSELF = {"name": "店主", "password": "a-long-password", "again": "a-long-password"}


async def test_by_the_link_of_the_terminal_she_gets_in_once(bot, shop):
    link = first_owner.link(shop.server.app[DESK], "")
    stranger = shop.passer_by()
    for guess in ("guessed", "%ED%A0%80", "%00"):
        assert (await stranger.opens(f"/login/first?key={guess}")).status == 404
    face = await shop.passer_by().opens(link)
    assert "这家店还没有人" in face.text
    short = await face.sends("/login/first", **HERSELF | {"password": "short"})
    assert (short.status, "至少 10 个字符" in short.text) == (422, True)
    inside = await short.sends("/login/first", **HERSELF)
    assert inside.url == "/admin"
    assert (await stranger.opens(link)).status == 404
    async with bot.session() as session:
        actor = await access.sign_in(session, name="店主", password="a-long-password")
        assert actor.kind == "owner"
