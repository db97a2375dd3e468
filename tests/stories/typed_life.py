"""What stories do with a bot whose events are put in by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.calls import SendKf
from bot.domain.offers import SHOP_ZONE
from bot.events import KfMessageReceived
from tests.builders import a_customer
from tests.harness import Bot
from tests.stories.life import Her


async def somebody(bot: Bot, name: str = "lin", **changes: Any) -> Her:
    async with bot.session() as session:
        customer = await a_customer(session, external_userid=f"wm-{name}", **changes)
    return Her(bot, customer, f"wm-{name}")


def until(bot: Bot, *day: int, hour: int = 10, minute: int = 0) -> None:
    """Let it be this hour in the shop."""
    then = datetime(*day, hour, minute, tzinfo=SHOP_ZONE)  # type: ignore[arg-type]
    bot.clock.advance(seconds=(then - bot.now).total_seconds())


async def writes(bot: Bot, her: Her, text: str, menu_id: str | None = None) -> list[SendKf]:
    """She writes to 微信客服, or taps one of its menus; what she reads back."""
    await bot.receives(
        KfMessageReceived(
            at=bot.now,
            open_kfid="wk-shop",
            external_userid=her.external_userid,
            msgid=bot.key(),
            msgtype="text",
            text=text,
            menu_id=menu_id,
        )
    )
    return [call for call in await bot.sends() if isinstance(call, SendKf)]
