"""微信客服: the one channel where a program may answer a customer 1:1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.calls.attachments import Card, KfCard, MenuItem
from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class ListKfAccounts(Call):
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncKf(Call):
    open_kfid: str
    cursor: str | None = None
    token: str | None = None
    limit: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SendKf(Call):
    """Within 48 h of the customer's last message, at most 5. `msgid` is the key that makes a repeat harmless."""

    open_kfid: str
    external_userid: str
    msgid: str
    text: str = ""
    menu: tuple[MenuItem, ...] = ()
    tail: str = ""
    card: KfCard | None = None
    """Instead of words."""
    then: tuple[Card, ...] = ()
    """What follows once this has arrived: each a message and a debt of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendKfOnEvent(Call):
    """With a code of an event (welcome: 20 s, once)."""

    code: str
    msgid: str
    text: str
    menu: tuple[MenuItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GetKfState(Call):
    open_kfid: str
    external_userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeKfState(Call):
    """1 bot, 2 pool, 3 a person (`userid`), 4 ended."""

    open_kfid: str
    external_userid: str
    state: int
    userid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListKfServicers(Call):
    open_kfid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetKfCustomers(Call):
    external_userids: tuple[str, ...]
    with_context: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AddKfContactWay(Call):
    open_kfid: str
    scene: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddKfAccount(Call):
    repeatable: ClassVar[bool] = False
    name: str
    media: str
    """Its picture, by content path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateKfAccount(Call):
    open_kfid: str
    name: str = ""
    media: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteKfAccount(Call):
    open_kfid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddKfServicers(Call):
    """`result_list` tells for each one whether it was done."""

    open_kfid: str
    userids: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveKfServicers(Call):
    open_kfid: str
    userids: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GetRecommendable(Call):
    """Guides and group chats that the console allows to recommend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendGroupChat(Call):
    open_kfid: str
    external_userid: str
    chat_id: str
    wording: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRecommendation(Call):
    open_kfid: str
    external_userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendGuide(Call):
    """upgrade_service: a card that the customer must tap to add the guide."""

    open_kfid: str
    external_userid: str
    userid: str
    wording: str = ""
