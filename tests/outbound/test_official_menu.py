"""The menu is published when it changed, and only then."""

from __future__ import annotations

from dataclasses import replace

from bot.calls import CreateMenu
from bot.domain.menus import Button, Menu
from bot.outbound import official_menu


async def test_the_menu_is_published_once(bot):
    assert [await official_menu.publish(bot.work) for _ in range(2)] == [1, 0]
    (call,) = await bot.sends()
    assert isinstance(call, CreateMenu)
    assert len(call.buttons) <= 3


async def test_a_menu_changed_back_is_published_again(bot):
    other = replace(bot.content, menu=Menu(buttons=(Button(name="人工", type="click", key="p"),)))
    for content in (bot.content, other, bot.content):
        await official_menu.publish(replace(bot.work, content=content))
        bot.clock.advance(seconds=1)
    assert len(await bot.sends()) == 3
