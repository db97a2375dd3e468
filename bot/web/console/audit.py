"""`/admin/audit`: every act of a person, in a chain that shows when somebody changed the past."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.store import audit, audit_trail
from bot.tongue import _
from bot.web import lists
from bot.web.console import forms, undo
from bot.web.console.frame import actor_words, shown
from bot.web.console.scopes import own_store
from bot.web.desk import DESK, Desk
from bot.web.guards import allowed
from bot.web.lists import Column, Sheet

routes = web.RouteTableDef()
ACTIONS = {
    "many_refusals": "一分钟内被拒绝多次",
    "many_views": "短时间里看了很多顾客的资料",
    "redeem_coupon": "核销券",
    "void_redemption": "撤销核销",
    "issue_coupon": "发券",
    "spend_points": "用积分",
    "put_first": "同一天撞上时先发它，或不再",
    "adjust_points": "调整积分",
    "decide_points": "批准积分调整",
    "buy_level": "积分换等级",
    "decline_coupon": "让出一张券",
    "claim_coupon": "领券",
    "join_team": "拼团",
    "turn_cycle": "定期购",
    "keep_pet": "记宠物生日",
    "forget_pet": "删宠物生日",
    "note_view": "看过一件商品",
    "enter_contest": "交照片并授权",
    "vote_in_contest": "投票",
    "withdraw_from_contest": "撤回照片授权",
    "read_contest_entry": "看过一张照片",
    "opt_out": "退订",
    "opt_in": "订阅",
    "say_life_stage": "说人生阶段",
    "change_advisor": "换专属顾问",
    "tag_customer": "打标签",
    "merge_customers": "合并顾客",
    "unmerge_customer": "拆开合并",
    "keep_apart": "不是同一位顾客",
    "propose_merge": "提出是同一位顾客",
    "publish_segment": "发布分群",
    "keep_segment_draft": "存或丢掉分群草稿",
    "publish_group_rule": "发布入群规则",
    "draft_group_plan": "存或丢掉内容日历的草稿",
    "define_group": "新建一组群",
    "switch_group": "暂停或恢复一组群",
    "draft_campaign": "建活动草稿",
    "approve_campaign": "批准活动",
    "hand_over_campaign": "交给导购",
    "pause_campaign": "暂停活动",
    "resume_campaign": "继续活动",
    "stop_campaign": "停止活动",
    "switch_sending": "紧急停止开关",
    "draft_moment": "写朋友圈",
    "approve_moment": "批准朋友圈",
    "stop_moment": "取消朋友圈",
    "push_to_tagged": "导购按标签推送",
    "finish_guide_task": "处理导购任务",
    "file_case": "登记客诉",
    "answer_case": "回应客诉",
    "own_cause": "定客诉原因谁来管",
    "escalate_case": "升级客诉",
    "close_case": "关闭客诉",
    "assign_case": "转交客诉",
    "rehearse_campaign": "预演活动",
    "try_campaign": "给自己发一条试看",
    "edit_text": "改话术",
    "define_offer": "建券",
    "switch_offer": "停发或恢复一张券",
    "change_brand": "改品牌",
    "change_limits": "改免打扰和上限",
    "change_staff": "改后台用户",
    "add_staff": "加后台用户",
    "add_till": "加收银机",
    "set_till_pin": "换收银机的 PIN",
    "revoke_till": "收回收银机",
    "publish_playbook": "发布旅程",
    "draft_playbook": "存或丢掉旅程草稿",
    "switch_playbook": "停住或接着走一条旅程",
    "note_case": "给客诉记一笔",
    "backup": "做了备份",
    "restore": "恢复备份",
    "receive_file": "收下要导入的文件",
    "run_import": "导入文件",
    "remind_guide": "提醒导购",
    "change_guide": "改导购的请假或值守",
    "export_list": "导出名单",
    "export_customer": "导出一位顾客的资料",
    "take_my_data": "顾客取走自己的资料",
    "erase_customer": "要求删除顾客资料",
    "forget_me": "顾客要求删除自己的资料",
    "keep_customer": "撤回删除",
    "stay_after_all": "顾客撤回删除",
    "erase_everybody": "要求删除全部顾客资料",
    "keep_everybody": "撤回删除全部",
    "erased": "资料删掉了",
    "choose_morning": "选几点以后收消息",
    "unmask_phone": "看完整手机号",
    "revoke_key": "收回 API 密钥",
    "subscribe": "添加 webhook",
    "unsubscribe": "删掉 webhook",
    "disable_webhook": "webhook 一直没人应，停了",
    "decide_proposal": "决定等第二个人的事",
}
WARNINGS = frozenset({"many_refusals", "many_views"})
"""What nobody meant to put on record."""
HIDDEN = {"refused", "undoes", "evidence", "before", "after"}
BATCH = 1000


@routes.get("/admin/audit", allow_head=False)
@allowed("audit.read")
async def trail(request: web.Request) -> web.StreamResponse:
    desk, query = request.app[DESK], request.query
    actor, action = query.get("actor", "")[:80], query.get("action", "")[:60]
    number = forms.page_of(request)
    checked, store = "check" in query, own_store(request)
    asked: dict[str, Any] = {"actor": actor, "action": action, "store": store}
    async with desk.work.sessions.reading() as session:
        total = await audit_trail.count(session, **asked)
    if lists.asked(request):
        return await lists.answer(request, SHEET, _rows(desk, asked), total=total)
    async with desk.work.sessions.reading() as session:
        rows = await audit_trail.page(session, number=number, **asked)
        return await shown(
            request,
            session,
            "console/audit.html",
            "audit",
            rows=rows,
            undone=await audit_trail.taken_back(session, [row.id for row in rows]),
            ways_back=await undo.ways_back(request, session, rows),
            total=total,
            page=number,
            pages=max(-(-total // audit_trail.PAGE), 1),
            broken=await audit.verify(session) if checked else None,
            checked=checked,
            asked=asked,
            known=await audit_trail.actions(session, store),
            actions=ACTIONS,
            warnings=WARNINGS,
            who=actor_words,
            detail=_detail,
            changes=changes,
            downloads=lists.downloads(request, SHEET),
            at_page=lambda n: (
                "/admin/audit?" + urlencode({"actor": actor, "action": action, "page": n})
            ),
        )


async def _rows(desk: Desk, asked: dict[str, Any]) -> AsyncIterator[Sequence[Any]]:
    """All of them, the newest first, each batch where the last one ended: new rows shift nothing."""
    below: int | None = None
    while True:
        async with desk.work.sessions.reading() as session:
            found = await audit_trail.below(session, below, **asked, limit=BATCH)
        if not found:
            return
        yield found
        below = found[-1].id


def _detail(facts: dict[str, Any]) -> str:
    told = {name: value for name, value in facts.items() if name not in HIDDEN and value}
    text = json.dumps(told, ensure_ascii=False) if told else ""
    return text if len(text) <= 300 else text[:300] + "…"


SHEET = Sheet(
    "audit",
    "操作记录",
    (
        Column("id", "编号", lambda row: row.id),
        Column("at", "时间", lambda row: row.at),
        Column("actor", "谁", lambda row: row.actor),
        Column("action", "做了什么", lambda row: _(ACTIONS.get(row.action, row.action))),
        Column("object", "对什么", lambda row: row.object),
        Column("detail", "细节", lambda row: _detail(row.detail)),
        Column("store", "门店", lambda row: row.store),
        Column("hash", "锁", lambda row: row.hash),
    ),
)


def changes(facts: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What, before and after; a field of a field stands by its own name."""
    before, after = facts.get("before"), facts.get("after")
    if before is None and after is None:
        return []
    if not isinstance(before, dict) and not isinstance(after, dict):
        return [("", _short(before), _short(after))]
    was, now = (one if isinstance(one, dict) else {} for one in (before, after))
    told: list[tuple[str, str, str]] = []
    for name in dict.fromkeys([*was, *now]):
        old, new = was.get(name), now.get(name)
        if isinstance(new, dict):
            told += [
                (part, _short((old or {}).get(part)), _short(value)) for part, value in new.items()
            ]
        elif old != new:
            told.append((name, _short(old), _short(new)))
    return told


def _short(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "、".join(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:160] + "…"
