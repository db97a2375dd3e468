"""What callers rely on in WeCom's answers; the rest is handed on as it came."""

from __future__ import annotations

from bot.calls import (
    AddContactWay,
    AddCorpTags,
    AddGroupWelcome,
    AddJoinWay,
    AddKfAccount,
    AddKfContactWay,
    AddMoment,
    Call,
    CreateAcquisitionLink,
    CreateMassTask,
    GetContactWay,
    GetCustomer,
    GetCustomersOf,
    GetGroupChat,
    GetJoinWay,
    GetJsTicket,
    GetKfCustomers,
    GetKfState,
    GetMassTaskMembers,
    GetMassTaskResult,
    GetTransferResult,
    ListContactWays,
    ListCorpTags,
    ListCustomers,
    ListGroupChats,
    ListGuides,
    ListKfAccounts,
    ListKfServicers,
    ListMassTasks,
    ListUnassigned,
    SyncKf,
    TransferCustomers,
    TransferGroupChats,
    UploadPicture,
)
from bot.platforms.answers import Shape

_NEXT: Shape = {"next_cursor?": str}
_TAG: Shape = {"id": str, "name": str, "order?": int, "create_time?": int}
_TAG_GROUP: Shape = {"group_id": str, "group_name": str, "order?": int, "tag": [_TAG]}
_CONTACT: Shape = {"external_userid": str, "type?": int, "gender?": int, "unionid?": str}
_FOLLOW: Shape = {"userid": str, "createtime?": int, "add_way?": int}
_MEMBER: Shape = {"userid": str, "type?": int, "join_time?": int, "join_scene?": int}
_CHAT: Shape = {"chat_id": str, "create_time?": int, "member_list": [_MEMBER]}
_MOVED: Shape = {"external_userid": str, "errcode": int}

ANSWERS: dict[type[Call], Shape] = {
    ListGuides: {"follow_user": [str]},
    ListCustomers: {"external_userid": [str]},
    GetCustomer: {"external_contact": _CONTACT, "follow_user": [_FOLLOW], **_NEXT},
    GetCustomersOf: {
        "external_contact_list": [{"external_contact": _CONTACT, "follow_info": _FOLLOW}],
        **_NEXT,
    },
    ListCorpTags: {"tag_group": [_TAG_GROUP]},
    AddCorpTags: {"tag_group": _TAG_GROUP},
    AddContactWay: {"config_id": str},
    GetContactWay: {"contact_way": {"config_id": str, "user": [str]}},
    ListContactWays: {"contact_way": [{"config_id": str}], **_NEXT},
    CreateMassTask: {"msgid": str, "fail_list": [str]},
    # The moment of making is a number in one copy of the documents and text in another.
    ListMassTasks: {"group_msg_list": [{"msgid": str, "create_time?": int}], **_NEXT},
    GetMassTaskMembers: {
        "task_list": [{"userid": str, "status": int, "send_time?": int}],
        **_NEXT,
    },
    GetMassTaskResult: {"send_list": [{"userid": str, "status": int, "send_time?": int}], **_NEXT},
    ListGroupChats: {"group_chat_list": [{"chat_id": str, "status?": int}], **_NEXT},
    GetGroupChat: {"group_chat": _CHAT},
    AddJoinWay: {"config_id": str},
    GetJoinWay: {"join_way": {"config_id": str, "chat_id_list": [str]}},
    AddGroupWelcome: {"template_id": str},
    AddMoment: {"jobid": str},
    TransferCustomers: {"customer": [_MOVED]},
    GetTransferResult: {"customer": [{"external_userid": str, "status": int}], **_NEXT},
    ListUnassigned: {"info": [{"handover_userid": str, "external_userid": str}], **_NEXT},
    TransferGroupChats: {"failed_chat_list": [{"chat_id": str, "errcode": int}]},
    CreateAcquisitionLink: {"link": {"link_id": str, "url": str}},
    GetJsTicket: {"ticket": str, "expires_in": int},
    UploadPicture: {"url": str},
    ListKfAccounts: {"account_list": [{"open_kfid": str}]},
    ListKfServicers: {"servicer_list": [{"userid?": str, "status?": int}]},
    SyncKf: {"msg_list": [{"msgid?": str}], "has_more?": int, **_NEXT},
    GetKfState: {"service_state": int},
    GetKfCustomers: {"customer_list": [{"external_userid": str}]},
    AddKfAccount: {"open_kfid": str},
    AddKfContactWay: {"url": str},
}
