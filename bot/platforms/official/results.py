"""What became of what we sent to fans, and what they answered when asked for consent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.events import (
    ArticlePublished,
    Event,
    MassFinished,
    SubscriptionAnswered,
    TemplateFinished,
)
from bot.platforms.fields import Fields, Missing, beside, inner, maybe, need, number, several, text

_MASS_HEAD = frozenset(
    {"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "MsgID", "Status"}
    | {"TotalCount", "FilterCount", "SentCount", "ErrorCount"}
)


def _template_finished(fields: Fields, at: datetime) -> Event:
    return TemplateFinished(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        msgid=need(fields, "MsgID"),  # here, and in no other push, with a capital D
        status=need(fields, "Status"),
    )


def _mass_finished(fields: Fields, at: datetime) -> Event:
    return MassFinished(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        msgid=need(fields, "MsgID"),
        status=need(fields, "Status"),
        total=number(fields, "TotalCount") or 0,
        sent=number(fields, "SentCount") or 0,
        failed=number(fields, "ErrorCount") or 0,
        filtered=number(fields, "FilterCount") or 0,
        detail=beside(fields, _MASS_HEAD),
    )


def _published(fields: Fields, at: datetime) -> Event:
    said = inner(fields, "PublishEventInfo")
    return ArticlePublished(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        publish_id=need(said, "publish_id"),
        status=number(said, "publish_status") or 0,
        article_id=maybe(said, "article_id"),
        detail=beside(said, {"publish_id", "publish_status", "article_id"}),
    )


def _answers(fields: Fields, wrapper: str) -> list[Fields]:
    # XML wraps the list in an element of the event's name; JSON does not, and may give a bare object.
    found = several(inner(fields, wrapper) or fields, "List")
    answers: list[Fields] = [answer for answer in found if isinstance(answer, dict)]
    if not answers:
        raise Missing("List")
    return answers


_POPUP = "SubscribeMsgPopupEvent"


def _answered(wrapper: str) -> Callable[[Fields, datetime], Event]:
    def reading(fields: Fields, at: datetime) -> Event:
        answers = _answers(fields, wrapper)
        said = {
            need(answer, "TemplateId"): text(answer, "SubscribeStatusString") == "accept"
            for answer in answers
        }
        (template_id, accepted), *others = said.items()
        return SubscriptionAnswered(
            at=at,
            openid=need(fields, "FromUserName"),
            account=need(fields, "ToUserName"),
            template_id=template_id,
            accepted=accepted,
            others=dict(others),
            scene=number(answers[0], "PopupScene") or 0 if wrapper == _POPUP else None,
        )

    return reading


def _subscribed_finished(fields: Fields, at: datetime) -> Event:
    sent = _answers(fields, "SubscribeMsgSentEvent")[0]
    return TemplateFinished(
        at=at,
        openid=need(fields, "FromUserName"),
        account=need(fields, "ToUserName"),
        msgid=need(sent, "MsgID"),
        status=need(sent, "ErrorStatus"),
        template_id=maybe(sent, "TemplateId"),
        code=maybe(sent, "ErrorCode"),
    )


RESULTS: dict[str, Callable[[Fields, datetime], Event]] = {
    "TEMPLATESENDJOBFINISH": _template_finished,
    "MASSSENDJOBFINISH": _mass_finished,
    "subscribe_msg_popup_event": _answered(_POPUP),
    "subscribe_msg_change_event": _answered("SubscribeMsgChangeEvent"),
    "subscribe_msg_sent_event": _subscribed_finished,
    "PUBLISHJOBFINISH": _published,
    "FREEPUBLISHJOBFINISH": _published,  # so in older examples
}
