"""What stands around every page of the console: the menu of this role, and what waits for somebody."""

from __future__ import annotations

from typing import Any, NamedTuple

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.permissions import may
from bot.inbound.commands import matrix
from bot.store import today
from bot.tongue import _
from bot.web.desk import ACTOR, DESK
from bot.web.figures import WEEKDAYS
from bot.web.pages import page, role_words

SAID = {
    "agreed": "同意了，已经照原样做好。",
    "not_agreed": "没有同意，什么都没有变。",
    "segment_kept": "草稿存好了；发布以前，哪里都不用它。",
    "segment_dropped": "草稿丢掉了；线上的不变。",
    "segment": "分群已发布，从现在起大家都按这一版算。",
    "group": "入群规则已发布，明天 05:00 起按新规则邀请和提醒。",
    "plan_kept": "草稿存好了；发布以前，群里照旧。",
    "plan_dropped": "草稿丢掉了；群里照旧。",
    "plan": "内容日历已发布，明天早上起照它来。",
    "plan_ended": "不再按日历发了；群主还没点发送的那一条正在收回，已经发出去的留在群里。",
    "advisor": "换好了：从现在起由她照顾这位顾客。",
    "group_made": "这组群建好了：已经请群主建第一个客户群，建好之后开始邀请。",
    "group_off": "暂停了：不再邀请新的人，也不请谁出群；导购手里还没点发送的邀请正在收回。",
    "group_on": "恢复了：收回的邀请重新排上，明天 05:00 起接着邀请新的人。",
    "draft": "活动草稿建好了。先看预演，再决定要不要交给导购。",
    "draft_kept": "草稿存好了，谁也收不到。写完再预演。",
    "rehearsed": "重新算过了，右边是现在的数。",
    "offer_made": "券建好了，可以发了。",
    "offer_off": "不再发了，已经发出去的照样能用。",
    "offer_on": "恢复发放。",
    "guide_changed": "记下了。请假那几天不给她排任务，等她点的已经在收回，有别的导购的换人发。",
    "reminded": "已经请企业微信再提醒她一次。",
    "assigned": "转过去了，她马上会在企业微信里收到。",
    "text_saved": "保存了，从现在起发出去的都是这一版。",
    "text_back": "恢复成文件里的那一版了。",
    "journey_kept": "草稿存好了；发布以前，谁也不会走这一版。",
    "journey_dropped": "草稿丢掉了；线上的不变。",
    "journey": "旅程已发布，从现在起进来的人走这一版。",
    "journey_pause": "旅程停住了：没有人进来，走在上面的人也不往下走。",
    "journey_resume": "旅程接着走了。",
    "journey_withdraw": "这条旅程结束了，或回到文件里的那一版；走在上面的人走完她们的那一版。",
    "repeat_kept": "草稿存好了；发布以前，哪一天都照旧。",
    "repeat_dropped": "草稿丢掉了；线上的不变。",
    "repeat": "定期活动已发布，从下一次起照这一版。",
    "repeat_pause": "停住了：不再开始新的一次。已经在发的那一次，到它自己的页面停。",
    "repeat_resume": "接着办了，从下一次起；停着的时候错过的不补。",
    "repeat_withdraw": "结束了，或回到文件里的那一版；已经在发的那一次照旧。",
    "settings": "保存了，马上生效；操作记录里有改之前和之后。",
    "staff": "改好了。她要重新登录一次。",
    "till_pin": "换好了：那台收银机要用新的 PIN 再开一次。",
    "till_gone": "收回了：那台收银机马上打不开，要用就重新加一台。",
    "tried": "已经发到你的企业微信，看看手机上的样子。",
    "approved": "活动已批准，还没有交给任何人。",
    "handed": "已交给导购。她们在企业微信里点「发送」之后，顾客才会收到。",
    "moment": "草稿存好了，谁也收不到。看一眼要请几位导购，再批准。",
    "moment_approved": "批准了。到点交给企业微信，导购自己点了发表，朋友才看得到。",
    "moment_cancelled": "取消了：还没发表的正在收回，已经发表的留着，平台不让删。",
    "paused": "活动已暂停，导购还没确认的任务正在收回。",
    "resumed": "活动继续，没发的会重新安排。",
    "put_first": "同一天撞上别的活动的人，先发这一个。",
    "put_in_turn": "同一天撞上别的活动的人，谁先排好谁发。",
    "stopped": "活动已停止，不能再恢复。",
    "switched_off": "全部发送已停止，导购手里没确认的任务正在收回。",
    "switched_on": "发送已恢复，停住的消息会重新看一遍再发。",
    "looked": "记下了，大家现在看到的就是这样。",
    "erasing": "已经不再联系她，到时间自动删掉。",
    "erasing_all": "全部发送已停。24 小时以后开始删除全部顾客资料，在那以前可以撤回。",
    "undone": "撤销了，这一行和撤销它的那一行都留在记录里。",
    "kept": "撤回了，什么都没有删。停了的发送要自己打开。",
    "merged": "合成一位顾客了。弄错了可以在下面撤销，两边都会原样恢复。",
    "same": "记下了：店主或管理员会在「像是同一位顾客」里看。",
    "apart": "记下了：不是同一位，以后不会再问。",
    "unmerged": "合并已撤销，两位顾客都恢复成合并以前的样子。",
    "answered": "已回应顾客，首次回应的计时停了。",
    "given": "放进她的卡包了；没有替你发消息，请导购或客服告诉她。",
    "points": "积分调整好了，明细里写着原因。",
    "points_asked": "这么多积分要两个人：已经提交，等另一位管理员同意。",
    "cause": "记下了：星期一的汇总会写着谁在管、改完以后还有几件。",
    "filed": "记下了：计时从现在开始，她的导购已经知道。",
    "noted": "记下了，只有同事看得到。",
    "closed": "客诉已关闭，营销暂停随之解除。",
    "escalated": "已升级，负责这一级的人会马上收到通知。",
}
"""What a page says after an act was done: the address names the sentence and never carries one."""


class Entry(NamedTuple):
    key: str
    icon: str
    words: str
    address: str
    permission: str


MENU = (
    (
        "顾客",
        (
            Entry("today", "home", "今日概览", "/admin", "console.open"),
            Entry("customers", "users", "顾客与分群", "/admin/customers", "customer.list"),
            Entry("tags", "tags", "标签与等级", "/admin/tags", "tag.read"),
            Entry("groups", "users-group", "社群", "/admin/groups", "group.read"),
        ),
    ),
    (
        "触达",
        (
            Entry(
                "campaigns", "calendar-event", "活动与旅程", "/admin/campaigns", "campaign.read"
            ),
            Entry("moments", "mood-smile", "朋友圈", "/admin/moments", "moment.read"),
            Entry("content", "template", "内容与话术", "/admin/content", "content.read"),
            Entry("contests", "photo", "征集", "/admin/contests", "content.read"),
            Entry("coupons", "ticket", "优惠券", "/admin/coupons", "offer.read"),
        ),
    ),
    (
        "服务",
        (
            Entry("cases", "alert-triangle", "客诉", "/admin/cases", "case.act"),
            Entry("tasks", "trophy", "导购任务", "/admin/guide-tasks", "task.read"),
        ),
    ),
    (
        "看数",
        (Entry("analytics", "chart-histogram", "分析", "/admin/analytics", "analytics.read"),),
    ),
    (
        "系统",
        (
            Entry("connect", "plug", "接入与诊断", "/admin/connect", "settings.read"),
            Entry(
                "proposals", "shield-check", "等第二个人", "/admin/proposals", "proposal.decide"
            ),
            Entry("staff", "building-store", "人和收银机", "/admin/staff", "staff.read"),
            Entry("audit", "history", "操作记录", "/admin/audit", "audit.read"),
            Entry("settings", "settings", "设置", "/admin/settings", "settings.read"),
        ),
    ),
)
SANDBOX = Entry("sandbox", "test-pipe", "沙盒", "/sandbox", "")
PLAY = (("试一试", (SANDBOX,)),)
DEMO = (
    (
        "演示",
        (
            SANDBOX,
            Entry("guide", "device-mobile", "导购手机", "/guide", ""),
            Entry("till", "scan", "收银台", "/store/redeem", ""),
        ),
    ),
)


async def shown(
    request: web.Request,
    session: AsyncSession,
    template: str,
    active: str,
    **facts: Any,
) -> web.Response:
    """A page of the console inside its frame."""
    waiting = await today.frame(session)
    return page(request, template, active=active, **_frame(request), **waiting, **facts)


def _frame(request: web.Request) -> dict[str, Any]:
    desk = request.app[DESK]
    now = desk.work.now().astimezone(desk.work.settings.zone)
    kind = request[ACTOR].kind if ACTOR in request else "owner"
    menu = [
        (group, [one for one in entries if may(matrix(), one.permission, kind)])
        for group, entries in MENU
    ]
    return {
        "menu": [(group, entries) for group, entries in menu if entries]
        + (list(DEMO) if desk.in_demo else list(PLAY) if desk.plays else []),
        "weekday": WEEKDAYS[now.weekday()][1:],
        "flash": _(SAID.get(request.query.get("said", ""), "")),
    }


def actor_words(actor: str) -> str:
    """`owner:demo` as people say it."""
    kind, _colon, name = actor.partition(":")
    if kind == "system":
        return _("程序")
    return f"{role_words(kind)} {name if len(name) <= 16 else name[:8] + '…'}".strip()


def is_part(request: web.Request) -> bool:
    """Asked for by htmx: only what changed is wanted."""
    return "HX-Request" in request.headers
