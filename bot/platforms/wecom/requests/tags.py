"""Corp tags, and tags on the pair guide × customer."""

from __future__ import annotations

from bot.calls import AddCorpTags, Call, DeleteCorpTags, EditCorpTag, ListCorpTags, MarkTags
from bot.platforms.form import chars, must, order, some, upto
from bot.platforms.limits import Unsendable, few, short
from bot.platforms.request import Request, post
from bot.platforms.wecom.requests.context import Build, Context

_CONTACT = "/cgi-bin/externalcontact"
_NAME = 30


def _list(call: ListCorpTags, _: Context) -> Request:
    return post(
        f"{_CONTACT}/get_corp_tag_list",
        tag_id=list(call.tag_ids) or None,
        group_id=list(call.group_ids) or None,
    )


def _add(call: AddCorpTags, _: Context) -> Request:
    names = few("names", call.names, 1000, least=1)
    return post(
        f"{_CONTACT}/add_corp_tag",
        group_id=call.group_id,
        group_name=None if call.group_id else short("group", call.group, _NAME),
        tag=[{"name": short("name", name, _NAME)} for name in names],
    )


def _delete(call: DeleteCorpTags, _: Context) -> Request:
    if not call.tag_ids and not call.group_ids:
        raise Unsendable("tag_ids")
    return post(
        f"{_CONTACT}/del_corp_tag",
        tag_id=list(call.tag_ids) or None,
        group_id=list(call.group_ids) or None,
    )


def _mark(call: MarkTags, _: Context) -> Request:
    if not call.add and not call.remove:
        raise Unsendable("add")
    return post(
        f"{_CONTACT}/mark_tag",
        userid=call.userid,
        external_userid=call.external_userid,
        add_tag=list(call.add) or None,
        remove_tag=list(call.remove) or None,
    )


TAGS: dict[type[Call], Build] = {
    ListCorpTags: _list,
    AddCorpTags: _add,
    EditCorpTag: order(
        f"{_CONTACT}/edit_corp_tag",
        some("name", "order"),
        id=must,
        name=chars(_NAME),
        order=upto(2**32 - 1),
    ),
    DeleteCorpTags: _delete,
    MarkTags: _mark,
}
