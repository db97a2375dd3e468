"""Customers and group chats that pass from one guide to another (继承)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCustomers(Call):
    """Takes effect after 24 h unless the customer refuses; twice in 90 days at most for one customer."""

    repeatable: ClassVar[bool] = False
    handover_userid: str
    takeover_userid: str
    external_userids: tuple[str, ...]
    words: str = ""
    """What the new guide says first; only while the old one is still on the job."""
    resigned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GetTransferResult(Call):
    """Status 1 done, 2 waiting, 3 refused, 4 the new guide is full, 5 no record."""

    handover_userid: str
    takeover_userid: str
    cursor: str | None = None
    resigned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListUnassigned(Call):
    """Customers whose guide has left."""

    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferGroupChats(Call):
    """All are tried; `failed_chat_list` tells which were not moved."""

    repeatable: ClassVar[bool] = False
    chat_ids: tuple[str, ...]
    new_owner: str
    resigned: bool = False
