"""Moments (客户朋友圈): tasks that guides confirm, as with mass tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.calls.attachments import Attachment
from bot.calls.vocabulary import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMoment(Call):
    """Makes a task by way of a job; guides publish it themselves. Without guides or departments all are asked."""

    repeatable: ClassVar[bool] = False
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    """Up to 9 pictures, or one video, or one link with a cover."""
    userids: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()
    tag_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMomentJob(Call):
    """What became of `AddMoment`: status 1 started, 2 being made, 3 done. A jobid lives 24 h."""

    jobid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMoment(Call):
    """Stops what is not published yet."""

    moment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMoments(Call):
    start_time: int
    end_time: int
    creator: str | None = None
    filter_type: int = 2
    """0 of the corp, 1 of a guide, 2 both."""
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMomentTasks(Call):
    """Who published: status 0 not yet, 1 published."""

    moment_id: str
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMomentAudience(Call):
    """Customers whom a guide's moment may be shown to."""

    moment_id: str
    userid: str
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMomentReach(Call):
    """Customers whom it was shown to."""

    moment_id: str
    userid: str
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMomentComments(Call):
    """Who commented and who liked; the platform keeps the words to itself."""

    moment_id: str
    userid: str
