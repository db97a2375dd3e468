"""Erasing a person: asked for, held up by what is still open, done; and what proves it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row

COOL_OFF = timedelta(hours=23)
"""So long it can be taken back, and within a day it is done."""
COOL_OFF_FOR_ALL = timedelta(hours=24)
LOOK_AGAIN = timedelta(hours=6)
"""How often it is looked whether what holds it up is over."""
SENDING_AGAIN = timedelta(minutes=30)
"""The same for a message that is on its way."""
ORDER_OPEN_FOR = timedelta(days=15)
"""An order that nobody calls completed may come back so long after it was paid."""
ASKED, PARTLY, DONE, TAKEN_BACK = "asked", "partly", "done", "taken_back"
OPEN = (ASKED, PARTLY)


class Erasure(Row):
    """One wish to be forgotten; without a customer, everybody's."""

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    state: Mapped[str]
    """asked, partly (what is left waits for `blocks`), done or taken_back."""
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is looked at next; None when nothing is left to do."""
    gone_at: Mapped[datetime | None]
    """When everything went that nothing open needs."""
    done_at: Mapped[datetime | None]
    blocks: Mapped[list[Any]] = mapped_column(default=list)
    """What is still open: kind, what, and until when."""
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The certificate: rows per table that went or were emptied."""
