"""The one fake: a platform that does what it is told, or answers as a kind platform would."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from bot.calls import Call, Outcome, Refused, Sent, dump
from bot.platforms.limits import Unsendable
from tests.platforms import shapes

Answer = Outcome | Callable[[Any], Outcome]


class FakePlatform:
    """`answers` scripts outcomes by call type: the last one stays, earlier ones are used up in order.

    Whatever it is given is first said as the real clients say it, and held against the documents."""

    def __init__(self) -> None:
        self.performed: list[Call] = []
        self.troubles: list[str] = []
        """What the documents say against it; a test that leaves any behind fails."""
        self._script: defaultdict[type[Call], deque[Answer]] = defaultdict(deque)

    def answers(self, kind: type[Call], *answers: Answer) -> None:
        """An outcome, or a function from the call to one; several are given one after the other."""
        self._script[kind] = deque(answers)

    def sent(self, kind: type[Call]) -> list[Any]:
        """The calls of one type, in order."""
        return [call for call in self.performed if type(call) is kind]

    async def perform(self, call: Call) -> Outcome:
        self.performed.append(call)
        try:
            troubles = shapes.of_call(call)
        except Unsendable as never_left:
            return Refused(0, never_left.reason, never_left.field)
        self.troubles += troubles
        script = self._script[type(call)]
        if not script:
            return Sent(self.plausible(call))
        answer = script[0] if len(script) == 1 else script.popleft()
        return answer(call) if callable(answer) else answer

    def plausible(self, call: Call) -> dict[str, Any]:
        """What a kind platform would say."""
        answer = _ANSWERS.get(type(call).__name__)
        return answer(call) if answer else {}


def _id(call: Call, prefix: str, length: int = 32) -> str:
    """The same call always gets the same id."""
    return prefix + hashlib.sha256(repr(dump(call)).encode()).hexdigest()[: length - len(prefix)]


def _tag_group(call: Any) -> dict[str, Any]:
    tags = [
        {"id": _id(call, f"et{place}-"), "name": name, "create_time": 0, "order": 0}
        for place, name in enumerate(call.names)
    ]
    group = {"group_id": call.group_id or _id(call, "etg"), "group_name": call.group, "tag": tags}
    return {"tag_group": {"create_time": 0, "order": 0, **group}}


def _customer(call: Any) -> dict[str, Any]:
    contact = {"external_userid": call.external_userid, "name": "顾客", "type": 1, "gender": 0}
    return {"external_contact": contact, "follow_user": []}


def _contact_way(call: Any) -> dict[str, Any]:
    return {"config_id": _id(call, ""), "qr_code": f"https://wework.qpic.cn/{_id(call, '')}"}


def _join_way(call: Any) -> dict[str, Any]:
    way = {
        "config_id": call.config_id,
        "scene": 2,
        "qr_code": f"https://wework.qpic.cn/{call.config_id}",
    }
    return {"join_way": way | {"auto_create_room": 1, "chat_id_list": [], "state": ""}}


def _group_chat(call: Any) -> dict[str, Any]:
    chat = {
        "chat_id": call.chat_id,
        "name": "群",
        "owner": "zhangsan",
        "create_time": 0,
        "notice": "",
    }
    return {"group_chat": chat | {"member_list": [], "admin_list": [], "member_version": "1"}}


_ANSWERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "ListGuides": lambda call: {"follow_user": []},
    "GetMember": lambda call: {"userid": call.userid, "name": call.userid, "status": 1},
    "ListCustomers": lambda call: {"external_userid": []},
    "GetCustomer": _customer,
    "GetCustomersOf": lambda call: {"external_contact_list": [], "next_cursor": ""},
    "ListCorpTags": lambda call: {"tag_group": []},
    "AddCorpTags": _tag_group,
    "AddContactWay": _contact_way,
    "GetContactWay": lambda call: {"contact_way": {"config_id": call.config_id, "user": []}},
    "ListContactWays": lambda call: {"contact_way": [], "next_cursor": ""},
    "CreateMassTask": lambda call: {"fail_list": [], "msgid": _id(call, "msgGCAAA")},
    "ListMassTasks": lambda call: {"group_msg_list": [], "next_cursor": ""},
    "GetMassTaskMembers": lambda call: {"task_list": [], "next_cursor": ""},
    "GetMassTaskResult": lambda call: {"send_list": [], "next_cursor": ""},
    "ListGroupChats": lambda call: {"group_chat_list": [], "next_cursor": ""},
    "GetGroupChat": _group_chat,
    "AddJoinWay": lambda call: {"config_id": _id(call, "")},
    "GetJoinWay": _join_way,
    "SendAppText": lambda call: {"msgid": _id(call, "app")},
    "SendAppCard": lambda call: {"msgid": _id(call, "app"), "response_code": _id(call, "rc")},
    "UpdateAppCard": lambda call: {"invaliduser": []},
    "GetJsTicket": lambda call: {"ticket": _id(call, "tk"), "expires_in": 7200},
    "GetOAuthMember": lambda call: {"userid": call.code},
    "GetCallbackIps": lambda call: {"ip_list": ["127.0.0.1"]},
    "ListKfAccounts": lambda call: {"account_list": []},
    "SyncKf": lambda call: {"next_cursor": call.cursor or "", "has_more": 0, "msg_list": []},
    "SendKf": lambda call: {"msgid": call.msgid},
    "SendKfOnEvent": lambda call: {"msgid": call.msgid},
    "GetKfState": lambda call: {"service_state": 1, "servicer_userid": ""},
    "ListKfServicers": lambda call: {"servicer_list": []},
    "GetKfCustomers": lambda call: {"customer_list": [], "invalid_external_userid": []},
    "AddKfContactWay": lambda call: {"url": f"https://work.weixin.qq.com/kf/{_id(call, 'kfc')}"},
    "SendTemplate": lambda call: {"msgid": int(_id(call, "", 12), 16)},
    "GetFan": lambda call: {"subscribe": 1, "openid": call.openid},
    "ListFans": lambda call: {"total": 0, "count": 0, "next_openid": ""},
    "GetFans": lambda call: {
        "user_info_list": [{"subscribe": 1, "openid": o} for o in call.openids]
    },
    "CreateQrCode": lambda call: {
        "ticket": _id(call, "gQ"),
        "url": f"http://weixin.qq.com/q/{_id(call, '')}",
    },
    "GetOfficialQuota": lambda call: {
        "quota": {"daily_limit": 500_000, "used": 0, "remain": 500_000}
    },
    "GetOAuthFan": lambda call: {"openid": call.code, "scope": "snsapi_base"},
    "GetOfficialJsTicket": lambda call: {"ticket": _id(call, "tk"), "expires_in": 7200},
}
