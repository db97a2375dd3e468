"""Turns WeCom's decrypted callbacks into our events. The tables say which word of theirs is which class of ours."""

from __future__ import annotations

from datetime import datetime

from bot.events import (
    AcquisitionReported,
    ArchiveAgreed,
    ArchiveNotified,
    CorpTagChanged,
    CustomerAdded,
    CustomerDeleted,
    CustomerEdited,
    Event,
    GroupChatChanged,
    GroupChatCreated,
    GroupChatDismissed,
    GroupMembersJoined,
    GroupMembersLeft,
    GuideDeleted,
    KfAuthChanged,
    KfNudged,
    MemberChanged,
    TransferFailed,
    Unknown,
    UploadFinished,
)
from bot.platforms.content import read
from bot.platforms.fields import (
    Fields,
    Missing,
    beside,
    ids,
    inner,
    maybe,
    moment,
    need,
    number,
    text,
)
from bot.platforms.wecom.app_events import APP_EVENTS, Reading, message

_CHANGE_HEAD = frozenset(
    {"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event"}
    | {"ChangeType", "UserID", "NewUserID"}
)


def parse(plain: bytes, heard_at: datetime | None = None) -> Event:
    """The event of a decrypted body; one we do not know, or that lacks its ids, is Unknown. Raises Unreadable."""
    fields = read(plain)
    at = moment(fields, "CreateTime", heard_at)
    reading = _reading(fields)
    try:
        return reading(fields, at) if reading else _unknown(fields, at)
    except Missing:
        return _unknown(fields, at)


def _reading(fields: Fields) -> Reading | None:
    kind = text(fields, "MsgType")
    if kind != "event":
        return message if kind else None
    event, change = text(fields, "Event"), text(fields, "ChangeType")
    return _CHANGES.get((event, change)) or _EVENTS.get(event)


def _unknown(fields: Fields, at: datetime) -> Unknown:
    # Third-party apps are told by InfoType instead of MsgType.
    words = [text(fields, name) for name in ("MsgType", "InfoType", "Event", "ChangeType")]
    name = ".".join(word for word in words if word) or "nameless"
    return Unknown(at=at, source="wecom", name=name, fields=dict(fields))


def _added(fields: Fields, at: datetime) -> Event:
    return CustomerAdded(
        at=at,
        userid=need(fields, "UserID"),
        external_userid=need(fields, "ExternalUserID"),
        state=maybe(fields, "State"),
        welcome_code=maybe(fields, "WelcomeCode"),
        half=text(fields, "ChangeType") == "add_half_external_contact",
        link_id=maybe(fields, "LinkId"),
    )


def _edited(fields: Fields, at: datetime) -> Event:
    return CustomerEdited(
        at=at,
        userid=need(fields, "UserID"),
        external_userid=need(fields, "ExternalUserID"),
        state=maybe(fields, "State"),
    )


def _customer_deleted(fields: Fields, at: datetime) -> Event:
    return CustomerDeleted(
        at=at,
        userid=need(fields, "UserID"),
        external_userid=need(fields, "ExternalUserID"),
        by_transfer=text(fields, "Source") == "DELETE_BY_TRANSFER",
    )


def _guide_deleted(fields: Fields, at: datetime) -> Event:
    return GuideDeleted(
        at=at, userid=need(fields, "UserID"), external_userid=need(fields, "ExternalUserID")
    )


def _transfer_failed(fields: Fields, at: datetime) -> Event:
    return TransferFailed(
        at=at,
        userid=need(fields, "UserID"),
        external_userid=need(fields, "ExternalUserID"),
        reason=need(fields, "FailReason"),
    )


def _archive_agreed(fields: Fields, at: datetime) -> Event:
    return ArchiveAgreed(
        at=at,
        userid=need(fields, "UserID"),
        external_userid=need(fields, "ExternalUserID"),
        welcome_code=maybe(fields, "WelcomeCode"),
    )


def _chat_updated(fields: Fields, at: datetime) -> Event:
    detail = need(fields, "UpdateDetail")
    members = {"add_member": GroupMembersJoined, "del_member": GroupMembersLeft}
    if detail not in members:
        return GroupChatChanged(at=at, chat_id=need(fields, "ChatId"), detail=detail)
    return members[detail](
        at=at,
        chat_id=need(fields, "ChatId"),
        members=ids(inner(fields, "MemChangeList"), "Item"),
        join_scene=number(fields, "JoinScene"),
        quit_scene=number(fields, "QuitScene"),
        count=number(fields, "MemChangeCnt") or 0,
        last_version=maybe(fields, "LastMemVer"),
        version=maybe(fields, "CurMemVer"),
    )


def _tag_changed(fields: Fields, at: datetime) -> Event:
    return CorpTagChanged(
        at=at,
        change=need(fields, "ChangeType"),
        id=text(fields, "Id"),  # empty when the groups themselves were shuffled
        tag_type=maybe(fields, "TagType"),
        strategy_id=maybe(fields, "StrategyId"),
    )


def _acquisition(fields: Fields, at: datetime) -> Event:
    return AcquisitionReported(
        at=at,
        change=need(fields, "ChangeType"),
        link_id=maybe(fields, "LinkId"),
        state=maybe(fields, "State"),
        userid=maybe(fields, "UserID"),
        external_userid=maybe(fields, "ExternalUserID"),
        chat_key=maybe(fields, "ChatKey"),
        expires_at=number(fields, "ExpireTime"),
        expire_count=number(fields, "ExpireQuotaNum"),
    )


def _member_changed(fields: Fields, at: datetime) -> Event:
    return MemberChanged(
        at=at,
        userid=need(fields, "UserID"),
        change=need(fields, "ChangeType"),
        new_userid=maybe(fields, "NewUserID"),
        detail=beside(fields, _CHANGE_HEAD),
    )


def _kf_nudged(fields: Fields, at: datetime) -> Event:
    return KfNudged(at=at, open_kfid=need(fields, "OpenKfId"), token=text(fields, "Token"))


def _kf_auth(fields: Fields, at: datetime) -> Event:
    return KfAuthChanged(
        at=at, added=ids(fields, "AuthAddOpenKfId"), removed=ids(fields, "AuthDelOpenKfId")
    )


_EVENTS: dict[str, Reading] = {
    **APP_EVENTS,
    "msgaudit_notify": lambda _fields, at: ArchiveNotified(at=at),
    "upload_media_job_finish": lambda fields, at: UploadFinished(
        at=at, jobid=need(fields, "JobId")
    ),
    "change_external_tag": _tag_changed,
    "customer_acquisition": _acquisition,
    "kf_msg_or_event": _kf_nudged,
    "kf_account_auth_change": _kf_auth,
}

_CHANGES: dict[tuple[str, str], Reading] = {
    ("change_external_contact", "add_external_contact"): _added,
    ("change_external_contact", "add_half_external_contact"): _added,
    ("change_external_contact", "edit_external_contact"): _edited,
    ("change_external_contact", "del_external_contact"): _customer_deleted,
    ("change_external_contact", "del_follow_user"): _guide_deleted,
    ("change_external_contact", "transfer_fail"): _transfer_failed,
    ("change_external_contact", "msg_audit_approved"): _archive_agreed,
    ("change_external_chat", "create"): lambda fields, at: GroupChatCreated(
        at=at, chat_id=need(fields, "ChatId")
    ),
    ("change_external_chat", "dismiss"): lambda fields, at: GroupChatDismissed(
        at=at, chat_id=need(fields, "ChatId")
    ),
    ("change_external_chat", "update"): _chat_updated,
    ("change_contact", "create_user"): _member_changed,
    ("change_contact", "update_user"): _member_changed,
    ("change_contact", "delete_user"): _member_changed,
}
