"""`siyu reconcile`: hold all that we know of WeCom against WeCom, tell the drift, and mend it."""

from __future__ import annotations

import asyncio

import click

from bot.app import Bot, open_bot
from bot.calls import ListGuides, Sent
from bot.cli.opened import opened
from bot.cli.talk import Failed, Talk
from bot.outbound.reconcile import Report
from bot.outbound.reconcile import reconcile as compare
from bot.settings import load_settings
from bot.tongue import _
from handlers import ROUTERS

NOT_ALL = 1
WHAT = {
    "guide": "导购",
    "customer": "顾客",
    "follow": "好友关系",
    "profile": "顾客资料",
    "identity": "顾客换了编号",
    "tag": "企业标签",
    "mark": "顾客身上的企业标签",
    "group_chat": "客户群",
    "group_member": "群成员",
    "contact_way": "渠道活码",
    "join_way": "入群码",
    "kf_account": "客服账号",
    "mass_task": "群发任务",
    "mass_result": "群发结果",
}
WHERE = {
    "missing_here": "这边没有",
    "missing_there": "企业微信里已经没有",
    "differing": "两边不一样",
}
WHY = {
    "rate_limited": "调用太多，企业微信这会儿不回答",
    "busy": "企业微信忙",
    "lost": "回答丢了",
    "unreachable": "连不上企业微信",
    "no_permission": "应用没有权限",
    "no_such_guide": "不在应用的可见范围里",
    "not_licensed": "没有接口许可",
}


@click.command(help="和企业微信对一遍：顾客、好友、标签、群、活码、群发结果；说出差在哪里，并补上")
@click.option("--dry-run", is_flag=True, help="只说差在哪里，什么都不改")
@click.option("--json", "as_json", is_flag=True, help="只在标准输出写一份 JSON")
@click.pass_context
def reconcile(context: click.Context, dry_run: bool, as_json: bool) -> None:
    talk = Talk(as_json=as_json)
    report = asyncio.run(_reconcile(repair=not dry_run))
    _tell(talk, report)
    talk.document(report.as_json())
    context.exit(NOT_ALL if report.gaps else 0)


async def _reconcile(*, repair: bool) -> Report:
    async with opened():
        pass  # an empty database gets its tables
    async with open_bot(load_settings(), ROUTERS) as bot:
        await _ask_first(bot)
        report = await compare(bot.work, repair=repair)
        if repair:
            await _follow_up(bot)
        return report


async def _follow_up(bot: Bot) -> None:
    """What the mending made due: additions told late, codes made anew."""
    while await bot.dispatcher.drain(bot.work.sessions, bot.work.now()) or await bot.sender.pay():
        pass


async def _ask_first(bot: Bot) -> None:
    """One question before all others: what is misconfigured is said once, not for every guide."""
    if not bot.work.settings.wecom_corp_id:
        raise Failed(_("没有接入企业微信，没有可以对的。"), _("运行：siyu init"))
    outcome = await bot.work.platform.perform(ListGuides())
    if not isinstance(outcome, Sent):
        code = getattr(outcome, "code", 0)
        why = f"{outcome.reason}（{code}）" if code else outcome.reason
        raise Failed(_("企业微信没有回答：%(why)s", why=why), _("看原因和修法：siyu doctor"))


def _tell(talk: Talk, report: Report) -> None:
    for (what, where), drift in report.drift.items():
        mended = "" if report.dry else _("，补上 %(repaired)s", repaired=drift.repaired)
        examples = "、".join(drift.examples[:2]) + (" …" if drift.found > 2 else "")
        talk.say(f"  {WHAT[what]}：{WHERE[where]} {drift.found}{mended}（{examples}）")
    for gap in report.gaps:
        code = f"（{gap.code}）" if gap.code else ""
        talk.say(
            _(
                "  ! 没对成 %(what)s：%(why)s%(code)s",
                what=gap.what,
                why=_(WHY.get(gap.why, gap.why)),
                code=code,
            ),
            style="yellow",
        )
    talk.say(*_summary(report))


def _summary(report: Report) -> tuple[str, str]:
    asked = _("问了企业微信 %(count)s 次", count=report.calls.total())
    if report.gaps:
        return (
            _(
                "✗ 有 %(gaps)s 处没对成，别的对完了。%(asked)s。过一会儿再运行一次。",
                gaps=len(report.gaps),
                asked=asked,
            ),
            "red",
        )
    if not report.found:
        return _("✓ 对完了，没有漏掉的。%(asked)s。", asked=asked), "green"
    if report.dry:
        return (
            _(
                "✓ 对完了，差 %(found)s 处，什么都没改。%(asked)s。补上：siyu reconcile",
                found=report.found,
                asked=asked,
            ),
            "green",
        )
    left = report.found - report.repaired
    kept = _("，%(left)s 处要人来看", left=left) if left else ""
    return _(
        "✓ 对完了，差 %(found)s 处，补上 %(repaired)s 处%(kept)s。%(asked)s。",
        found=report.found,
        repaired=report.repaired,
        kept=kept,
        asked=asked,
    ), "green"
