"""What guides and servicers did, counted per day from the world's own state."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.api import Body, Call, Routes
from bot.sandbox.clock import SHANGHAI
from bot.sandbox.errors import Refuse
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.kf_desk import FROM_CUSTOMER, FROM_SERVICER, account_of
from bot.sandbox.world.entities import Guide, KfAccount

DAY = 86400
routes = Routes()


def _days(call: Call, *, most: int) -> Iterable[int]:
    """The Shanghai days asked for, up to yesterday."""
    begin, end = call.number("start_time"), call.number("end_time")
    if end < begin or end - begin > most * DAY or begin < call.stamp - 180 * DAY:
        raise Refuse(40058, "start_time, end_time")
    local = datetime.fromtimestamp(begin, UTC).astimezone(SHANGHAI)
    first = int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())
    today = call.now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    return range(first, min(end + 1, int(today.timestamp())), DAY)


@routes.post("/cgi-bin/externalcontact/get_user_behavior_data", empty={"behavior_data": []})
def behaviour(stage: Stage, call: Call) -> Body:
    userids, parties = call.items("userid", cap=100), call.items("partyid", cap=100)
    if not userids and not parties:
        raise Refuse(40058, "userid or partyid")
    guides = [stage.guide(str(userid)) for userid in userids]
    guides += [guide for guide in stage.world.guides.values() if guide.department in parties]
    return {"behavior_data": [_behaviour(stage, guides, day) for day in _days(call, most=30)]}


def _behaviour(stage: Stage, guides: list[Guide], day: int) -> dict[str, Any]:
    names = {guide.userid for guide in guides}
    lines = [
        line
        for guide in guides
        for key in guide.follows
        for line in stage.world.by_external[key].conversation
        if line.channel == "wecom" and day <= line.t.timestamp() < day + DAY
    ]
    sent = [line for line in lines if line.sender in names]
    asked = {(line.to, line.sender) for line in lines if line.to in names}
    answered = asked & {(line.sender, line.to) for line in sent}
    added = [
        tie for guide in guides for tie in guide.follows.values() if day <= tie.created < day + DAY
    ]
    share = round(100 * len(answered) / len(asked), 2) if asked else 0.0
    return {
        "stat_time": day,
        "chat_cnt": len(asked | {(line.sender, line.to) for line in sent}),
        "message_cnt": len(sent),
        "reply_percentage": share,
        "avg_reply_time": 0,
        "negative_feedback_cnt": sum(tie.left for tie in added),
        "new_apply_cnt": len(added),
        "new_contact_cnt": len(added),
    }


def _records(account: KfAccount, day: int, origin: int) -> list[dict[str, Any]]:
    records = (one for one in account.records if one["origin"] == origin)
    return [one for one in records if day <= one["send_time"] < day + DAY]


@routes.post("/cgi-bin/kf/get_corp_statistic", empty={"statistic_list": []})
def kf_figures(stage: Stage, call: Call) -> Body:
    open_kfid = call.maybe("open_kfid")
    accounts = [account_of(stage, open_kfid)] if open_kfid else list(stage.world.kf.values())
    return {"statistic_list": [_kf_day(accounts, day) for day in _days(call, most=31)]}


def _kf_day(accounts: list[KfAccount], day: int) -> dict[str, Any]:
    said = [one for account in accounts for one in _records(account, day, FROM_CUSTOMER)]
    people = {(one["open_kfid"], one["external_userid"]) for one in said}
    figures = {
        "session_cnt": len(people),
        "customer_cnt": len({external_userid for _, external_userid in people}),
        "customer_msg_cnt": len(said),
        "upgrade_service_customer_cnt": 0,
        "msg_rejected_customer_cnt": 0,
        "ai_session_reply_cnt": 0,
        "ai_transfer_rate": 0.0,
        "ai_knowledge_hit_rate": 0.0,
    }
    return {"stat_time": day, "statistic": figures}


@routes.post("/cgi-bin/kf/get_servicer_statistic", empty={"statistic_list": []})
def servicer_figures(stage: Stage, call: Call) -> Body:
    open_kfid, servicer = call.maybe("open_kfid"), call.maybe("servicer_userid")
    accounts = [account_of(stage, open_kfid)] if open_kfid else list(stage.world.kf.values())
    days = _days(call, most=31)
    return {"statistic_list": [_servicer_day(accounts, servicer, day) for day in days]}


def _servicer_day(accounts: list[KfAccount], servicer: str, day: int) -> dict[str, Any]:
    served = [
        one
        for account in accounts
        for one in _records(account, day, FROM_SERVICER)
        if servicer in ("", one["servicer_userid"])
    ]
    people = {one["external_userid"] for one in served}
    said = [
        one
        for account in accounts
        for one in _records(account, day, FROM_CUSTOMER)
        if one["external_userid"] in people
    ]
    figures = {
        "session_cnt": len(people),
        "customer_cnt": len(people),
        "customer_msg_cnt": len(said),
        "reply_rate": 1.0 if people else 0.0,
        "satisfaction_investgate_cnt": 0,
        "upgrade_service_customer_cnt": 0,
        "upgrade_service_member_invite_cnt": 0,
        "upgrade_service_member_customer_cnt": 0,
        "upgrade_service_groupchat_invite_cnt": 0,
        "upgrade_service_groupchat_customer_cnt": 0,
        "msg_rejected_customer_cnt": 0,
    }
    return {"stat_time": day, "statistic": figures}
