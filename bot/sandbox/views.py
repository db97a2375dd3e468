"""The world as JSON, for people, tests and the page."""

from __future__ import annotations

from typing import Any

from bot.sandbox.stage import Stage
from bot.sandbox.wecom.contact_ways import qr_url
from bot.sandbox.wecom.groups import opengid
from bot.sandbox.wecom.mass import OUTCOME, UNSENT, MassRoom, MassTask
from bot.sandbox.world.entities import Customer, Follow, GroupChat, Guide
from bot.sandbox.world.state import World

View = dict[str, Any]


def follow_view(world: World, tie: Follow) -> View:
    return {
        "guide": tie.userid,
        "remark": tie.remark,
        "state": tie.state,
        "since": tie.created,
        "add_way": tie.add_way,
        "tags": [world.tags[tag].name for tag in tie.tags if tag in world.tags],
        "tag_ids": [tag for tag in tie.tags if tag in world.tags],
        "personal_tags": list(tie.personal_tags),
        "half": tie.half,
        "left": tie.left,
    }


def customer_view(world: World, customer: Customer, *, full: bool = False) -> View:
    fan = customer.fan
    view: View = {
        "id": customer.id,
        "name": customer.name,
        "external_userid": customer.external_userid,
        "unionid": customer.unionid,
        "openid": fan.openid if fan else "",
        "phone": customer.phone,
        "birthday": customer.birthday,
        "follows": [follow_view(world, tie) for tie in customer.follows.values()],
        "groups": list(customer.groups),
        "fan": _fan_view(world, customer) if fan else None,
        "kf_sessions": [
            {
                "kf": kf,
                "state": session.state,
                "servicer": session.servicer,
                "sent": session.sent,
                "last_customer": session.last_customer and session.last_customer.isoformat(),
            }
            for kf, session in customer.kf_sessions.items()
        ],
    }
    if full:
        view["conversation"] = _conversation(world, customer)
    return view


def _fan_view(world: World, customer: Customer) -> View:
    fan = customer.fan
    assert fan is not None
    return {
        "subscribed": fan.subscribed,
        "subscribe_time": fan.subscribe_time,
        "remark": fan.remark,
        "tags": [world.official.tags.get(tag, "") for tag in fan.tags],
        "windows": {
            name: {"left": grant.left, "until": grant.until.isoformat()}
            for name, grant in fan.grants.items()
        },
        "consents": dict(fan.consents),
    }


def _conversation(world: World, customer: Customer) -> list[View]:
    """Her own messages and, since she joined, those of her groups."""
    messages = list(customer.conversation)
    for chat_id in customer.groups:
        group = world.groups[chat_id]
        joined = group.members[customer.external_userid].join_time
        messages += [m for m in group.messages if m.t.timestamp() >= joined]
    return [message.view() for message in sorted(messages, key=lambda message: message.t)]


def guide_view(world: World, guide: Guide, *, full: bool = False) -> View:
    tasks = world.room(MassRoom).tasks
    mine = [tasks[msgid] for msgid in guide.mass_tasks]
    pending = [
        task.msgid
        for task in mine
        if not (task.shares[guide.userid].sent or task.shares[guide.userid].ignored)
        and not task.cancelled
    ]
    view: View = {
        "userid": guide.userid,
        "name": guide.name,
        "store": guide.store,
        "confirm": {"habit": guide.confirm.habit, "minutes": list(guide.confirm.minutes)},
        "resigned": guide.resigned.isoformat() if guide.resigned else None,
        "customers": len(guide.follows),
        "pending_tasks": pending,
        "friend_requests": [
            customer
            for userid, customer in world.rooms.get("requests", {})
            if userid == guide.userid
        ],
    }
    if full:
        view["tasks"] = [mass_view(task, guide.userid) for task in mine]
        view["inbox"] = [_delivery_view(delivery) for delivery in guide.inbox]
        view["follows"] = list(guide.follows)
    return view


def _delivery_view(delivery: Any) -> View:
    card = delivery.card
    return {
        "msgid": delivery.msgid,
        "t": delivery.t.isoformat(),
        "msgtype": delivery.msgtype,
        "body": card.card if card else delivery.body,
        "task_id": card.task_id if card else "",
        "clicked": card.clicked if card else "",
        "recalled": delivery.recalled,
    }


def mass_view(task: MassTask, only: str = "") -> View:
    shares = [share for share in task.shares.values() if only in ("", share.userid)]
    return {
        "msgid": task.msgid,
        "chat_type": task.chat_type,
        "text": task.text,
        "attachments": task.attachments,
        "created": task.created.isoformat(),
        "cancelled": task.cancelled,
        "reminders": len(task.reminders),
        "shares": [
            {
                "guide": share.userid,
                "sent": share.sent.isoformat() if share.sent else None,
                "ignored": share.ignored,
                "receivers": len(share.results),
                "results": {
                    name: sum(status == code for status in share.results.values())
                    for code, name in {UNSENT: "unsent", **OUTCOME}.items()
                },
            }
            for share in shares
        ],
    }


def group_view(group: GroupChat) -> View:
    return {
        "chat_id": group.chat_id,
        "opengid": opengid(group.chat_id),
        "name": group.name,
        "owner": group.owner,
        "capacity": group.capacity,
        "notice": group.notice,
        "status": group.status,
        "members": [
            {"userid": m.userid, "type": m.type, "join_time": m.join_time, "state": m.state}
            for m in group.members.values()
        ],
        "messages": len(group.messages),
    }


def _ways(stage: Stage, ways: dict[str, View]) -> list[View]:
    return [way | {"qr_code": qr_url(stage, key)} for key, way in ways.items()]


def world_view(stage: Stage) -> View:
    world = stage.world
    return {
        "corp": {"corp_id": world.corp.corp_id, "name": world.corp.name},
        "official": {
            "app_id": world.official.app_id,
            "original_id": world.official.original_id,
            "name": world.official.name,
            "templates": world.official.templates,
            "menu": world.official.menu,
        },
        "stores": [store.model_dump() for store in world.stores],
        "guides": [guide_view(world, guide) for guide in world.guides.values()],
        "customers": [customer_view(world, customer) for customer in world.customers.values()],
        "groups": [group_view(group) for group in world.groups.values()],
        "kf": [
            {"open_kfid": kf.open_kfid, "name": kf.name, "servicers": kf.servicers}
            for kf in world.kf.values()
        ],
        "contact_ways": _ways(stage, world.contact_ways),
        "join_ways": _ways(stage, world.join_ways),
        "acquisition_links": [
            {"link_id": link.link_id, "name": link.name, "won": len(link.won)}
            for link in world.links.values()
        ],
        "tags": [
            {
                "group_id": group.id,
                "group": group.name,
                "tags": [{"id": tag.id, "name": tag.name} for tag in group.tags.values()],
            }
            for group in world.tag_groups.values()
        ],
        "mass_tasks": [mass_view(task) for task in world.room(MassRoom).tasks.values()],
        "settings": world.settings.model_dump(),
    }
