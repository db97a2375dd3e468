"""`siyu reconcile`: ask WeCom now who follows whom, and repair what callbacks did not tell."""

from __future__ import annotations

import asyncio

import click

from bot.app import Bot, open_bot
from bot.calls import ListGuides, Sent
from bot.cli.opened import opened
from bot.cli.talk import Failed, Talk
from bot.outbound.reconcile import reconcile as owe_questions
from bot.settings import load_settings
from bot.store import ties
from handlers import ROUTERS

WORDS = {
    "guides": "导购",
    "customers": "顾客",
    "follows": "好友关系",
    "ended_follows": "结束了的好友关系",
    "kf_accounts": "客服账号",
}


@click.command(help="和企业微信对一遍顾客和导购，补上漏掉的")
@click.option("--json", "as_json", is_flag=True, help="只在标准输出写一份 JSON")
def reconcile(as_json: bool) -> None:
    talk = Talk(as_json=as_json)
    before, after = asyncio.run(_reconcile())
    changes = {name: after[name] - before[name] for name in WORDS}
    for name, change in changes.items():
        if change:
            talk.say(f"  {WORDS[name]} {before[name]} → {after[name]}（{change:+d}）")
    changed = any(changes.values())
    talk.say("✓ 对完了。" if changed else "✓ 对完了，没有漏掉的。", style="green")
    talk.document({"before": before, "after": after, "changes": changes})


async def _reconcile() -> tuple[dict[str, int], dict[str, int]]:
    async with opened():
        pass  # an empty database gets its tables
    async with open_bot(load_settings(), ROUTERS) as bot:
        await _ask_first(bot)
        before = await _counted(bot)
        await owe_questions(bot.work, urgent=True)
        while await bot.sender.pay() or await bot.dispatcher.drain(
            bot.work.sessions, bot.work.now()
        ):
            pass
        return before, await _counted(bot)


async def _ask_first(bot: Bot) -> None:
    """One question outside the books: what is misconfigured is said now, not tried again for hours."""
    if not bot.work.settings.wecom_corp_id:
        raise Failed("没有接入企业微信，没有可以对的。", "运行：siyu init")
    outcome = await bot.work.platform.perform(ListGuides())
    if not isinstance(outcome, Sent):
        code = getattr(outcome, "code", 0)
        why = f"{outcome.reason}（{code}）" if code else outcome.reason
        raise Failed(f"企业微信没有回答：{why}", "看原因和修法：siyu doctor")


async def _counted(bot: Bot) -> dict[str, int]:
    async with bot.work.sessions.reading() as session:
        return await ties.counts(session)
