"""Our app inside WeCom: messages to guides, its menu, its pages, its members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from bot.calls.attachments import LinkCard, MediaCard
from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMember(Call):
    userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAppText(Call):
    """To guides. Above 30 a minute to one member the platform drops silently with errcode 0."""

    userids: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAppMedia(Call):
    userids: tuple[str, ...]
    attachment: MediaCard


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAppLink(Call):
    """A text card: words and one link."""

    userids: tuple[str, ...]
    title: str
    description: str
    url: str
    button: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAppNews(Call):
    userids: tuple[str, ...]
    articles: tuple[LinkCard, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAppMarkdown(Call):
    """Shown inside the WeCom client only."""

    userids: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAppCard(Call):
    """A template card as the platform defines it; `card` is the body below `template_card`."""

    userids: tuple[str, ...]
    card: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAppCard(Call):
    """Once for each response_code: the button says what was done, or another card takes the place."""

    response_code: str
    replace_name: str = ""
    card: dict[str, Any] | None = None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOAuthMemberDetail(Call):
    """Only with the ticket of a sign-in that asked for private facts; 30 min."""

    user_ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetApp(Call):
    """Our app as the console has it: who sees it, its trusted domain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMembers(Call):
    department: int = 1
    with_children: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMemberIds(Call):
    """Needs the secret of the address book."""

    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDepartments(Call):
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAppMenu(Call):
    buttons: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAppMenu(Call):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAppMenu(Call):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class GetApiIps(Call):
    """From where the platform answers."""
