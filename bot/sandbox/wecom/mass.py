"""企业群发: the API only creates a task; each guide must confirm it, and then it goes out in her name."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.api import Body, Call, Routes, page
from bot.sandbox.errors import Refuse
from bot.sandbox.habits import answer_time
from bot.sandbox.names import fingerprint
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.content import read_content
from bot.sandbox.wecom.quota import period_of, spend
from bot.sandbox.world.entities import Follow, Guide, Message

BASE = "/cgi-bin/externalcontact"
UNSENT, SENT, NOT_FRIEND, OVER_QUOTA = 0, 1, 2, 3
OUTCOME = {SENT: "sent", NOT_FRIEND: "not_friend", OVER_QUOTA: "over_quota"}
routes = Routes()


@dataclass
class Share:
    """One guide's part of a mass task; `results` keeps the order of the request."""

    userid: str
    results: dict[str, int]  # external_userid or chat_id → status
    sent: datetime | None = None
    ignored: bool = False


@dataclass
class MassTask:
    msgid: str
    chat_type: str
    text: str
    attachments: list[dict[str, Any]]
    created: datetime
    shares: dict[str, Share]
    allow_select: bool = False
    cancelled: bool = False
    reminders: list[datetime] = field(default_factory=list)
    creator: str = ""


@dataclass
class MassRoom:
    tasks: dict[str, MassTask] = field(default_factory=dict)


def tasks(stage: Stage) -> dict[str, MassTask]:
    return stage.world.room(MassRoom).tasks


@routes.post(BASE + "/add_msg_template", empty={"fail_list": [], "msgid": ""})
def add_mass_task(stage: Stage, call: Call) -> Body:
    text, attachments = read_content(stage, call)
    kind = call.maybe("chat_type", "single") or "single"
    if kind not in ("single", "group"):
        raise Refuse(40058, "chat_type")
    shares, failed = (_group_shares if kind == "group" else _single_shares)(stage, call)
    if not shares:
        raise Refuse(41048)
    content = fingerprint(call.body)
    msgid = stage.world.names.make("msgGCAAA", 32, "mass", content)
    task = MassTask(msgid, kind, text, attachments, call.now, shares)
    task.allow_select = bool(call.body.get("allow_select"))
    tasks(stage)[msgid] = task
    for share in shares.values():
        guide = stage.world.guides[share.userid]
        guide.mass_tasks[msgid] = None
        _expect_confirmation(stage, task, guide, content)
    return {"fail_list": failed, "msgid": msgid}


def _expect_confirmation(stage: Stage, task: MassTask, guide: Guide, content: str) -> None:
    when = answer_time(
        stage.world.names, guide, task.created, "mass", content, task.created.date()
    )
    if when is not None:
        label = f"{guide.userid} confirms {task.msgid}"
        stage.agenda.plan(when, label, lambda: confirm(stage, task, guide.userid))


Shares = tuple[dict[str, Share], list[str]]


def _single_shares(stage: Stage, call: Call) -> Shares:
    ids, sender = call.items("external_userid", cap=10_000), call.maybe("sender")
    if sender:
        return _shares_of_sender(call, stage.guide(sender), ids)
    if not ids:
        raise Refuse(40058, "external_userid or sender")
    shares: dict[str, Share] = {}
    failed = []
    for external_userid in ids:
        tie = _closest(stage, external_userid)
        if tie is None:
            failed.append(external_userid)
            continue
        share = shares.setdefault(tie.userid, Share(tie.userid, {}))
        share.results[external_userid] = UNSENT
    return shares, failed


def _shares_of_sender(call: Call, guide: Guide, ids: list[str]) -> Shares:
    if ids:
        failed = [key for key in ids if key not in guide.follows]
        wanted = [key for key in ids if key in guide.follows]
    else:
        failed, groups = [], (call.body.get("tag_filter") or {}).get("group_list") or []
        wanted = [key for key, tie in guide.follows.items() if _tagged(tie, groups)]
    results = dict.fromkeys(wanted, UNSENT)
    return ({guide.userid: Share(guide.userid, results)} if results else {}), failed


def _tagged(tie: Follow, groups: list[dict[str, Any]]) -> bool:
    """Any tag inside an entry, every entry."""
    return all(not tie.tags.keys().isdisjoint(group.get("tag_list") or []) for group in groups)


def _closest(stage: Stage, external_userid: str) -> Follow | None:
    """The guide who chatted last with her, else who met her last."""
    customer = stage.world.by_external.get(external_userid)
    ties = customer.follows.values() if customer else ()
    guides = stage.world.guides
    here = [tie for tie in ties if not tie.half and guides[tie.userid].resigned is None]
    return max(here, key=lambda tie: (tie.last_chat, tie.created, tie.userid), default=None)


def _group_shares(stage: Stage, call: Call) -> Shares:
    guide = stage.guide(call.text("sender", missing=40058))
    ids = call.items("chat_id_list", cap=2000)
    groups = stage.world.groups
    owned = [chat.chat_id for chat in groups.values() if chat.owner == guide.userid]
    mine = set(owned)
    wanted = [key for key in ids if key in mine] if ids else owned
    failed = [key for key in ids if key not in mine]
    results = dict.fromkeys(wanted, UNSENT)
    return ({guide.userid: Share(guide.userid, results)} if results else {}), failed


def confirm(
    stage: Stage, task: MassTask, userid: str, *, only: list[str] | None = None
) -> dict[str, int]:
    """The guide taps 发送; what comes of it per receiver, or nothing when it was already decided."""
    share = task.shares[userid]
    if task.cancelled or share.sent or share.ignored or stage.world.guides[userid].resigned:
        return {}
    share.sent = stage.now()
    period = period_of(share.sent, stage.world.settings.mass_quota)
    deliver = _to_group if task.chat_type == "group" else _to_customer
    for receiver in share.results:
        if only is None or receiver in only:
            share.results[receiver] = deliver(stage, task, share, receiver, period)
    return dict(share.results)


def _to_customer(stage: Stage, task: MassTask, share: Share, receiver: str, period: str) -> int:
    customer = stage.external(receiver)
    tie = customer.follows.get(share.userid)
    status = NOT_FRIEND
    if tie is not None and not tie.left:
        status = SENT if spend(stage.world, receiver, period) else OVER_QUOTA
    message = Message(
        stage.now(), "wecom", share.userid, customer.id, task.text, task.attachments, task.msgid
    )
    facts = {"channel": "wecom_mass", "external_userid": receiver, "status": OUTCOME[status]}
    if status == SENT:
        stage.arrive(customer, message, **facts)
    else:
        stage.log_arrival(message, to=customer.id, **facts)
    return status


def _to_group(stage: Stage, task: MassTask, share: Share, receiver: str, period: str) -> int:
    group = stage.world.groups.get(receiver)
    if group is None:
        return NOT_FRIEND
    message = Message(
        stage.now(), "group", share.userid, receiver, task.text, task.attachments, task.msgid
    )
    if not spend(stage.world, receiver, period):
        stage.log_arrival(message, to=receiver, channel="group_mass", status=OUTCOME[OVER_QUOTA])
        return OVER_QUOTA
    stage.group_message(group, message)
    return SENT


def _task(stage: Stage, call: Call) -> MassTask:
    task = tasks(stage).get(call.text("msgid", missing=41046))
    if task is None:
        raise Refuse(41047)
    return task


@routes.post(BASE + "/get_groupmsg_list_v2", empty={"group_msg_list": [], "next_cursor": ""})
def list_tasks(stage: Stage, call: Call) -> Body:
    begin, end = call.number("start_time"), call.number("end_time")
    if not 0 <= end - begin <= 31 * 86400:
        raise Refuse(40058, "at most one month")
    kind = call.text("chat_type")
    creator, of_people = call.maybe("creator"), call.number("filter_type", 2)
    found = [
        task
        for task in tasks(stage).values()
        if task.chat_type == kind
        and begin <= task.created.timestamp() <= end
        and of_people in (2, int(bool(task.creator)))
        and creator in ("", task.creator)
    ]
    shown, following = page(call, found, default=50, cap=100)
    return {"group_msg_list": [_task_view(task) for task in shown], "next_cursor": following}


def _task_view(task: MassTask) -> dict[str, Any]:
    return {
        "msgid": task.msgid,
        "creator": task.creator,
        "create_time": int(task.created.timestamp()),
        "create_type": int(bool(task.creator)),
        "text": {"content": task.text},
        "attachments": task.attachments,
    }


@routes.post(BASE + "/get_groupmsg_task", empty={"task_list": [], "next_cursor": ""})
def task_shares(stage: Stage, call: Call) -> Body:
    task = _task(stage, call)
    shown, following = page(call, list(task.shares.values()), default=500, cap=1000)
    entries = [
        {"userid": share.userid, "status": 2, "send_time": int(share.sent.timestamp())}
        if share.sent
        else {"userid": share.userid, "status": 0}
        for share in shown
    ]
    return {"task_list": entries, "next_cursor": following}


@routes.post(BASE + "/get_groupmsg_send_result", empty={"send_list": [], "next_cursor": ""})
def send_results(stage: Stage, call: Call) -> Body:
    task = _task(stage, call)
    share = task.shares.get(call.text("userid", missing=40003))
    if share is None:
        raise Refuse(40003)
    shown, following = page(call, list(share.results.items()), default=500, cap=1000)
    name = "chat_id" if task.chat_type == "group" else "external_userid"
    entries = []
    for receiver, status in shown:
        entry: dict[str, Any] = {name: receiver, "userid": share.userid, "status": status}
        if status == SENT and share.sent:
            entry["send_time"] = int(share.sent.timestamp())
        entries.append(entry)
    return {"send_list": entries, "next_cursor": following}


@routes.post(BASE + "/remind_groupmsg_send")
def remind(stage: Stage, call: Call) -> None:
    task = _task(stage, call)
    if task.cancelled:
        raise Refuse(41093)
    task.reminders = [at for at in task.reminders if at > call.now - timedelta(hours=24)]
    if len(task.reminders) >= 3:
        raise Refuse(41094)
    task.reminders.append(call.now)
    for share in task.shares.values():
        if share.sent is None:
            text = "请尽快确认企业群发任务"
            message = Message(call.now, "app", "群发助手", share.userid, text, msgid=task.msgid)
            stage.log_arrival(message, to=share.userid, userid=share.userid, status="reminder")


@routes.post(BASE + "/cancel_groupmsg_send")
def cancel(stage: Stage, call: Call) -> None:
    task = _task(stage, call)
    if task.cancelled:
        raise Refuse(41093)
    task.cancelled = True
