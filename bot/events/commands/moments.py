"""Moments: written, approved and called back by whoever is at the desk; guides publish them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.events.commands.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftMoment(Command):
    """A new one, or the draft of this number written anew."""

    permission = "moment.draft"
    post_id: int | None = None
    text: str = ""
    template: str = ""
    """Its words, where nobody wrote any."""
    pictures: tuple[str, ...] = ()
    link_title: str = ""
    link_url: str = ""
    cover: str = ""
    stores: tuple[str, ...] = ()
    guides: tuple[str, ...] = ()
    """Their userids; no store and no guide means every guide."""
    tags: tuple[str, ...] = ()
    """组/名, as WeCom has them; none means every friend."""
    starts_at: datetime | None = None
    within: str | None = None
    """The store that bounds the author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveMoment(Command):
    permission = "moment.approve"
    post_id: int
    expected: int | None = None
    """How many guides the preview said; refused when it is another number now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopMoment(Command):
    """What is published stays; the rest is called back."""

    permission = "moment.stop"
    post_id: int
