"""Customer group chats, the codes that lead into them and the greetings in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.calls.attachments import Attachment
from bot.calls.vocabulary import Call


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
class AddGroupWelcome(Call):
    """A greeting that owners of group chats may pick in the client; at most 100 in the corp."""

    repeatable: ClassVar[bool] = False
    text: str = ""
    attachment: Attachment | None = None
    notify: bool = True
    """Tell the owners."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditGroupWelcome(Call):
    template_id: str
    text: str = ""
    attachment: Attachment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetGroupWelcome(Call):
    template_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteGroupWelcome(Call):
    template_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetChatId(Call):
    """Of the group chat in which a mini program was opened."""

    opengid: str
