"""Acquisition links (获客助手): each friend they bring uses up one unit that was paid for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAcquisitionLinks(Call):
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAcquisitionLink(Call):
    link_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAcquisitionLink(Call):
    repeatable: ClassVar[bool] = False
    link_name: str
    userids: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()
    skip_verify: bool = True
    priority_type: int | None = None
    """1 prefers a guide who is a friend already, 2 one of `priority_userids`."""
    priority_userids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAcquisitionLink(Call):
    link_id: str
    link_name: str | None = None
    userids: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()
    skip_verify: bool | None = None
    priority_type: int | None = None
    priority_userids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAcquisitionLink(Call):
    link_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAcquired(Call):
    """Customers that a link brought, and whether they have written."""

    link_id: str
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAcquisitionQuota(Call):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAcquisitionStatistics(Call):
    link_id: str
    start_time: int
    end_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAcquiredChat(Call):
    """By the key of an event, which lives 30 min."""

    chat_key: str
