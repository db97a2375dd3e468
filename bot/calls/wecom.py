"""WeCom: customers, tags, welcome, mass tasks, group chats, messages to guides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from bot.calls.attachments import Attachment
from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class ListGuides(Call):
    """Members who may serve customers (get_follow_user_list)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMember(Call):
    userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCustomers(Call):
    """external_userids of one guide."""

    userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetCustomer(Call):
    external_userid: str
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetCustomersOf(Call):
    """batch/get_by_user: up to 100 guides, page by page until the cursor is empty."""

    userids: tuple[str, ...]
    cursor: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkCustomer(Call):
    userid: str
    external_userid: str
    remark: str | None = None
    description: str | None = None
    mobiles: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCorpTags(Call):
    tag_ids: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCorpTags(Call):
    """Repeating it is harmless: the group is reused and an existing name answers 40071."""

    group: str
    names: tuple[str, ...]
    group_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditCorpTag(Call):
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCorpTags(Call):
    tag_ids: tuple[str, ...] = ()
    group_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkTags(Call):
    """Tags belong to the pair guide × customer; parallel writes on one pair answer 45035."""

    userid: str
    external_userid: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddContactWay(Call):
    repeatable: ClassVar[bool] = False
    userids: tuple[str, ...]
    state: str
    remark: str = ""
    skip_verify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GetContactWay(Call):
    config_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListContactWays(Call):
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateContactWay(Call):
    config_id: str
    userids: tuple[str, ...]
    state: str
    remark: str = ""
    skip_verify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteContactWay(Call):
    config_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWelcome(Call):
    """Once, within 20 s of the event that brought the code. 41051 counts as delivered."""

    welcome_code: str
    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateMassTask(Call):
    """Makes a task that the guide must confirm; it does not send. After a lost answer ask by list, never repeat."""

    repeatable: ClassVar[bool] = False
    sender: str
    text: str
    external_userids: tuple[str, ...] = ()
    chat_ids: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    @property
    def chat_type(self) -> Literal["single", "group"]:
        return "group" if self.chat_ids else "single"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMassTasks(Call):
    chat_type: str
    start_time: int
    end_time: int
    creator: str | None = None
    cursor: str | None = None
    filter_type: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMassTaskMembers(Call):
    """Who confirmed: status 0 not yet, 2 confirmed."""

    msgid: str
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMassTaskResult(Call):
    """Per customer: 0 unsent, 1 sent, 2 not a friend, 3 over the customer's quota."""

    msgid: str
    userid: str
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindMassTask(Call):
    """At most 3 in 24 h (41094)."""

    repeatable: ClassVar[bool] = False
    msgid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMassTask(Call):
    """Stops the unconfirmed part only."""

    msgid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListGroupChats(Call):
    owners: tuple[str, ...] = ()
    cursor: str | None = None
    limit: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class GetGroupChat(Call):
    chat_id: str
    need_name: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AddJoinWay(Call):
    repeatable: ClassVar[bool] = False
    chat_ids: tuple[str, ...]
    state: str
    room_base_name: str = ""
    room_base_id: int | None = None
    """The number of the next room that the platform makes."""
    auto_create_room: bool = True
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetJoinWay(Call):
    config_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateJoinWay(Call):
    config_id: str
    chat_ids: tuple[str, ...]
    state: str
    room_base_name: str = ""
    room_base_id: int | None = None
    """The number of the next room that the platform makes."""
    auto_create_room: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteJoinWay(Call):
    config_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAppText(Call):
    """To guides. Above 30 a minute to one member the platform drops silently with errcode 0."""

    userids: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAppCard(Call):
    """A template card as the platform defines it; `card` is the body below `template_card`."""

    userids: tuple[str, ...]
    card: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAppCard(Call):
    response_code: str
    replace_name: str
    userids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallAppMessage(Call):
    msgid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetJsTicket(Call):
    """For JS-SDK signatures; `agent` asks for the app's own ticket."""

    agent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOAuthMember(Call):
    repeatable: ClassVar[bool] = False
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetCallbackIps(Call):
    pass
