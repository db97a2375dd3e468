"""Moments: tasks for guides, and what became of them."""

from __future__ import annotations

from typing import Any

from bot.calls import (
    AddMoment,
    Attachment,
    Call,
    CancelMoment,
    GetMomentAudience,
    GetMomentComments,
    GetMomentJob,
    GetMomentReach,
    GetMomentTasks,
    ImageCard,
    LinkCard,
    ListMoments,
    VideoCard,
)
from bot.platforms.form import (
    Said,
    always,
    among,
    ask,
    chars,
    many,
    maybe,
    must,
    order,
    span,
    under,
)
from bot.platforms.limits import CallTooBig, Unsendable, bounded, few
from bot.platforms.request import Request, post
from bot.platforms.wecom.requests.context import Build, Context

_CONTACT = "/cgi-bin/externalcontact"
_WORDS = chars(2000)
_RANGE = under(
    sender_list=under(
        user_list=("userids", many(100_000)), department_list=("departments", many(1000))
    ),
    external_contact_list=under(tag_list=("tag_ids", many(1000))),
)
_OF_A_GUIDE: dict[str, Said] = {"moment_id": must, "userid": must}


def _add(call: AddMoment, context: Context) -> Request:
    _fitting(call)
    words = _WORDS("text", call.text)
    return post(
        f"{_CONTACT}/add_moment_task",
        text={"content": words} if words else None,
        attachments=[_attachment(card, context) for card in call.attachments] or None,
        visible_range=_RANGE[1]("", call),
    )


def _fitting(call: AddMoment) -> None:
    """Nine pictures, or one video, or one link: never two kinds."""
    kinds = {card.kind for card in few("attachments", call.attachments, 9)}
    if not call.text and not kinds:
        raise Unsendable("text")
    if kinds and kinds != {"image"} and len(call.attachments) > 1:
        raise CallTooBig("attachments", "too_many")


def _attachment(card: Attachment, context: Context) -> dict[str, Any]:
    # Here the platform takes no URLs: whatever is seen was uploaded for moments.
    if isinstance(card, ImageCard | VideoCard | LinkCard) and card.media:
        media_id = context.media[card.media]
        if not isinstance(card, LinkCard):
            return {"msgtype": card.kind, card.kind: {"media_id": media_id}}
        title, url = bounded("title", card.title, 64), must("url", card.url)
        return {"msgtype": "link", "link": {"title": title, "url": url, "media_id": media_id}}
    raise Unsendable("attachments")


MOMENTS: dict[type[Call], Build] = {
    AddMoment: _add,
    # A question, and asked as one: the documents say GET.
    GetMomentJob: ask(f"{_CONTACT}/get_moment_task_result", jobid=must),
    CancelMoment: order(f"{_CONTACT}/cancel_moment_task", moment_id=must),
    ListMoments: order(
        f"{_CONTACT}/get_moment_list",
        span("start_time", "end_time", days=30),
        start_time=must,
        end_time=must,
        creator=maybe,
        filter_type=among(0, 1, 2),
        cursor=maybe,
        limit=always(20),
    ),
    GetMomentTasks: order(
        f"{_CONTACT}/get_moment_task", moment_id=must, cursor=maybe, limit=always(1000)
    ),
    GetMomentAudience: order(
        f"{_CONTACT}/get_moment_customer_list", **_OF_A_GUIDE, cursor=maybe, limit=always(1000)
    ),
    GetMomentReach: order(
        f"{_CONTACT}/get_moment_send_result", **_OF_A_GUIDE, cursor=maybe, limit=always(5000)
    ),
    GetMomentComments: order(f"{_CONTACT}/get_moment_comments", **_OF_A_GUIDE),
}
