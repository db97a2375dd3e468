"""Notices: forms that the platform approved, and what she answers when one asks whether a message may come."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.mapping import BigKey, Row

KINDS = {
    "thing": (20, ""),
    "number": (32, r"\d+(\.\d+)?"),
    "letter": (32, r"[A-Za-z]+"),
    "symbol": (5, r"[^\w\s]+"),
    "character_string": (32, r"[\x20-\x7e]+"),
    "time": (32, r"(\d{4}[年-]\d{1,2}[月-]\d{1,2}日? ?)?\d{1,2}:\d{2}(:\d{2})?"),
    "date": (32, r"\d{4}[年-]\d{1,2}[月-]\d{1,2}日?( \d{1,2}:\d{2})?"),
    "amount": (12, r"[^\w\s]?\d+(\.\d{1,2})?元?"),
    "phone_number": (17, r"[\d+-]+"),
    "car_number": (8, ""),
    "name": (10, ""),
    "phrase": (5, r"[\u4e00-\u9fff]+"),
}
"""By the kind in a field's name, like `thing` of `thing2`: the most characters, and their shape."""
FIELD = re.compile(r"([a-z_]+?)\d{1,2}")


def fits(field: str, value: str) -> bool:
    """Whether the platform takes this value; what does not fit is refused there as 47003."""
    most, shape = KINDS[kind] if (kind := kind_of(field)) else (0, "")
    return 0 < len(value) <= most and (not shape or re.fullmatch(shape, value) is not None)


def kind_of(field: str) -> str | None:
    found = FIELD.fullmatch(field)
    return found[1] if found and found[1] in KINDS else None


class NoticeAnswer(Row):
    """What she said when she was asked for one notice. Each yes allows one message; a no ends those before it."""

    __tablename__ = "notice_answer"
    __table_args__ = (
        Index("ix_notice_answer_customer_id_template_id", "customer_id", "template_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    """Whoever tells it again tells nothing new."""
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    openid: Mapped[str]
    template_id: Mapped[str]
    """The platform's."""
    accepted: Mapped[bool]
    at: Mapped[datetime]
    touch_id: Mapped[int | None] = mapped_column(ForeignKey("touch.id"), index=True)
    """The message that used it up."""
    ended_at: Mapped[datetime | None]
    """She took it back, or the platform says that there is none."""
