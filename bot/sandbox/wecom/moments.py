"""客户朋友圈: a task that each guide must publish herself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.api import Body, Call, Routes, page, too_long
from bot.sandbox.errors import Refuse
from bot.sandbox.habits import answer_time
from bot.sandbox.names import fingerprint
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.media import usable
from bot.sandbox.world.entities import Guide, Message

BASE = "/cgi-bin/externalcontact"
JOB_LIFETIME = timedelta(hours=24)
routes = Routes()


@dataclass
class Moment:
    moment_id: str
    text: str
    attachments: list[dict[str, Any]]
    created: datetime
    tags: list[str]
    published: dict[str, datetime | None]  # by publisher
    seen_by: dict[str, list[str]] = field(default_factory=dict)
    cancelled: bool = False
    likes: list[tuple[str, str, int]] = field(default_factory=list)  # guide, customer, when
    comments: list[tuple[str, str, int]] = field(default_factory=list)


@dataclass
class MomentRoom:
    moments: dict[str, Moment] = field(default_factory=dict)
    jobs: dict[str, tuple[str, datetime, Body]] = field(default_factory=dict)


def room(stage: Stage) -> MomentRoom:
    return stage.world.room(MomentRoom)


@routes.post(BASE + "/add_moment_task", empty={"jobid": ""})
def add_moment(stage: Stage, call: Call) -> Body:
    text = str((call.body.get("text") or {}).get("content") or "")
    attachments = call.items("attachments", cap=9)
    if not text and not attachments:
        raise Refuse(41089)
    if too_long(text, size=2000, chars=True):
        raise Refuse(45002)
    _check_attachments(stage, call, attachments)
    guides, tags, invalid = _range(stage, call)
    key = fingerprint(call.body)
    moment_id = stage.world.names.make("mom", 32, "moment", key)
    published: dict[str, datetime | None] = {guide.userid: None for guide in guides}
    moment = Moment(moment_id, text, attachments, call.now, tags, published)
    room(stage).moments[moment_id] = moment
    jobid = stage.world.names.make("job", 40, "moment-job", key)
    room(stage).jobs[jobid] = (moment_id, call.now + JOB_LIFETIME, invalid)
    for guide in guides:
        guide.moments[moment_id] = None
        _expect_publishing(stage, moment, guide, key)
    return {"jobid": jobid}


def _check_attachments(stage: Stage, call: Call, attachments: list[dict[str, Any]]) -> None:
    """Nine pictures, or one film, or one link."""
    kinds = [str(attachment.get("msgtype")) for attachment in attachments]
    if set(kinds) - {"image", "video", "link"} or (len(kinds) > 1 and set(kinds) != {"image"}):
        raise Refuse(41065)
    for kind, attachment in zip(kinds, attachments, strict=True):
        body = attachment.get(kind) or {}
        usable(stage, str(body.get("media_id") or ""), call.now)
        if kind == "link" and (not body.get("url") or too_long(body.get("title", ""), size=64)):
            raise Refuse(41065, "link")


def _range(stage: Stage, call: Call) -> tuple[list[Guide], list[str], Body]:
    wanted = call.body.get("visible_range") or {}
    people = {g.userid: g for g in stage.world.guides.values() if g.resigned is None}
    named = (wanted.get("sender_list") or {}).get("user_list") or []
    tags = (wanted.get("external_contact_list") or {}).get("tag_list") or []
    invalid = {
        "invalid_sender_list": {"user_list": [userid for userid in named if userid not in people]},
        "invalid_external_contact_list": {
            "tag_list": [t for t in tags if t not in stage.world.tags]
        },
    }
    guides = (
        [people[userid] for userid in named if userid in people]
        if named
        else list(people.values())
    )
    return guides, tags, invalid


def _expect_publishing(stage: Stage, moment: Moment, guide: Guide, key: str) -> None:
    when = answer_time(
        stage.world.names, guide, moment.created, "moment", key, moment.created.date()
    )
    if when is not None:
        label = f"{guide.userid} publishes {moment.moment_id}"
        stage.agenda.plan(when, label, lambda: publish(stage, moment, guide))


def publish(stage: Stage, moment: Moment, guide: Guide) -> int:
    """How many customers may see it."""
    if moment.cancelled or moment.published.get(guide.userid) or guide.resigned:
        return 0
    moment.published[guide.userid] = stage.now()
    wanted = set(moment.tags)
    seen = [
        external_userid
        for external_userid, tie in guide.follows.items()
        if not tie.left and (not wanted or wanted & tie.tags.keys())
    ]
    moment.seen_by[guide.userid] = seen
    for external_userid in seen:
        customer = stage.world.by_external[external_userid]
        message = Message(
            stage.now(),
            "wecom",
            guide.userid,
            customer.id,
            moment.text,
            moment.attachments,
            moment.moment_id,
        )
        stage.log_arrival(
            message, to=customer.id, channel="moment", external_userid=external_userid
        )
    return len(seen)


@routes.any(BASE + "/get_moment_task_result", empty={"status": 0, "result": {}})
def job_result(stage: Stage, call: Call) -> Body:
    moment_id, until, invalid = room(stage).jobs.get(call.text("jobid"), ("", call.now, {}))
    if until <= call.now:
        raise Refuse(40058, "jobid")
    result = {"errcode": 0, "errmsg": "ok", "moment_id": moment_id, **invalid}
    return {"status": 3, "type": "add_moment_task", "result": result}


def _moment(stage: Stage, call: Call) -> Moment:
    moment = room(stage).moments.get(call.text("moment_id", missing=41059))
    if moment is None:
        raise Refuse(41060)
    return moment


def _publisher(moment: Moment, call: Call) -> str:
    userid = call.text("userid", missing=41061)
    if userid not in moment.published:
        raise Refuse(41061)
    if moment.published[userid] is None:
        raise Refuse(41062)
    return userid


@routes.post(BASE + "/cancel_moment_task")
def cancel_moment(stage: Stage, call: Call) -> None:
    _moment(stage, call).cancelled = True


@routes.post(BASE + "/get_moment_list", empty={"moment_list": [], "next_cursor": ""})
def list_moments(stage: Stage, call: Call) -> Body:
    begin, end = call.number("start_time"), call.number("end_time")
    if not 0 <= end - begin <= 31 * 86400:
        raise Refuse(40058, "at most 30 days")
    found = [m for m in room(stage).moments.values() if begin <= m.created.timestamp() <= end]
    shown, following = page(call, found, default=20, cap=20)
    entries = [
        {
            "moment_id": moment.moment_id,
            "creator": "",
            "create_time": int(moment.created.timestamp()),
            "create_type": 0,
            "visible_type": int(not moment.tags),
            "text": {"content": moment.text},
            **_shown(moment.attachments),
        }
        for moment in shown
    ]
    return {"moment_list": entries, "next_cursor": following}


def _shown(attachments: list[dict[str, Any]]) -> dict[str, Any]:
    images = [one["image"] for one in attachments if one["msgtype"] == "image"]
    others = {one["msgtype"]: one[one["msgtype"]] for one in attachments}
    others.pop("image", None)
    return {**({"image": images} if images else {}), **others}


@routes.post(BASE + "/get_moment_task", empty={"task_list": [], "next_cursor": ""})
def moment_tasks(stage: Stage, call: Call) -> Body:
    moment = _moment(stage, call)
    shown, following = page(call, list(moment.published.items()), default=500, cap=1000)
    entries = [{"userid": userid, "publish_status": int(at is not None)} for userid, at in shown]
    return {"task_list": entries, "next_cursor": following}


@routes.post(BASE + "/get_moment_customer_list", empty={"customer_list": [], "next_cursor": ""})
def moment_customers(stage: Stage, call: Call) -> Body:
    moment = _moment(stage, call)
    userid = _publisher(moment, call)
    shown, following = page(call, moment.seen_by.get(userid, []), default=500, cap=1000)
    entries = [{"userid": userid, "external_userid": key} for key in shown]
    return {"customer_list": entries, "next_cursor": following}


@routes.post(BASE + "/get_moment_send_result", empty={"customer_list": [], "next_cursor": ""})
def moment_results(stage: Stage, call: Call) -> Body:
    moment = _moment(stage, call)
    userid = _publisher(moment, call)
    shown, following = page(call, moment.seen_by.get(userid, []), default=3000, cap=5000)
    return {"customer_list": [{"external_userid": k} for k in shown], "next_cursor": following}


@routes.post(BASE + "/get_moment_comments", empty={"comment_list": [], "like_list": []})
def moment_comments(stage: Stage, call: Call) -> Body:
    moment = _moment(stage, call)
    userid = _publisher(moment, call)
    lists = {"comment_list": moment.comments, "like_list": moment.likes}
    return {
        name: [
            {"external_userid": who, "create_time": at}
            for guide, who, at in ones
            if guide == userid
        ]
        for name, ones in lists.items()
    }
