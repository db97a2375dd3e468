"""WeCom: customers, tags, contact ways, welcome and mass tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from bot.calls.attachments import Attachment
from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class ListGuides(Call):
    """Members who may serve customers (get_follow_user_list)."""


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
class ListContacts(Call):
    """Everybody our guides serve, also those in group chats who are nobody's friend."""

    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkCustomer(Call):
    userid: str
    external_userid: str
    remark: str | None = None
    description: str | None = None
    company: str | None = None
    mobiles: tuple[str, ...] | None = None
    """Overwrites; empty clears."""


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
    """Of a tag or of a group; None stays as it is."""

    id: str
    name: str | None = None
    order: int | None = None
    """Larger stands first."""


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
    """Those of our app; without a span the last 90 days."""

    start_time: int | None = None
    end_time: int | None = None
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
class CloseTempChat(Call):
    userid: str
    external_userid: str


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
