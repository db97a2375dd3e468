"""A group's content calendar as somebody is writing it: every mistake with cause and mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from bot.content.checked import told
from bot.content.checking import Flaw
from bot.content.content import Content
from bot.content.marked import Marked, Mistake
from bot.content.templates import Template
from bot.domain.group_posts import IN_A_ROW, PROMOTION, SORTS, ContentPlan, always_held
from bot.domain.refusals import Refusal
from bot.tongue import _

LABELS = {
    "weekdays": "星期几",
    "at": "钟点",
    "mix": "轮着发什么",
    "texts": "用哪些话术",
}


def flaws(content: Content, body: Mapping[str, Any]) -> list[Flaw]:
    """In the order of the page; empty when it may be published."""
    found = [*_of_form(body), *_of_texts(content.templates, body), *_of_row(body)]
    return list(dict.fromkeys(found))


def in_files(templates: Mapping[str, Template], marked: Marked) -> Iterator[Mistake]:
    """The same of `groups.yaml`, in the same words. Names of texts that are not there are told for all files alike."""
    for number, group in enumerate(marked.data.get("groups", ())):
        plan = group.get("plan") or {}
        for one in (*_of_row(plan), *_of_texts(templates, _known(templates, plan))):
            place = ("groups", number, "plan", *one.place.split("."))
            yield Mistake(marked.file, marked.line(place), one.what, one.mend)


def _known(templates: Mapping[str, Template], plan: Mapping[str, Any]) -> Mapping[str, Any]:
    texts = plan.get("texts", {}).items()
    return {"texts": {sort: [one for one in names if one in templates] for sort, names in texts}}


def checked(content: Content, body: Mapping[str, Any]) -> ContentPlan:
    """Raises Refusal bad_content with every mistake."""
    if found := flaws(content, body):
        said = "\n".join(f"{one.what}。{one.mend}" for one in found)
        reason = "third_promotion" if found[0].place == "mix" else "bad_content"
        raise Refusal(reason, said, status=422)
    return ContentPlan.model_validate(dict(body))


def _of_form(body: Mapping[str, Any]) -> Iterator[Flaw]:
    if not body.get("weekdays"):
        yield Flaw("weekdays", _("一天也没有选"), _("至少选一周里的一天"))
    if not body.get("mix"):
        yield Flaw("mix", _("没有写轮着发什么"), _("至少加一样"))
    texts = body.get("texts", {})
    for sort in dict.fromkeys(body.get("mix", ())):
        if sort in SORTS and not texts.get(sort):
            what = _("轮到%(sort)s的时候没有话可发", sort=_(SORTS[sort]))
            yield Flaw(f"texts.{sort}", what, _("选一段，或不发这一样"))
    if all((body.get("weekdays"), body.get("mix"), all(map(texts.get, body.get("mix", ()))))):
        yield from _of_types(body)


def _of_types(body: Mapping[str, Any]) -> Iterator[Flaw]:
    try:
        ContentPlan.model_validate(dict(body))
    except ValidationError as wrong:
        for one in wrong.errors():
            name = str(one["loc"][0]) if one["loc"] else ""
            yield Flaw(name or "weekdays", *told(one, _(LABELS.get(name, name))))


def _of_texts(templates: Mapping[str, Template], body: Mapping[str, Any]) -> Iterator[Flaw]:
    for sort, names in body.get("texts", {}).items():
        for name in names:
            known = templates.get(name)
            if known is None:
                what = _("没有模板「%(value)s」", value=name)
                yield Flaw(f"texts.{sort}", what, _("换一段话术"))
            elif "group" not in known.channels:
                what = _("「%(title)s」不能发到群里", title=known.title)
                yield Flaw(f"texts.{sort}", what, _("换一段写给客户群的话术"))


def _of_row(body: Mapping[str, Any]) -> Iterator[Flaw]:
    mix = [sort for sort in body.get("mix", ()) if sort in SORTS]
    if always_held(mix):
        what = _(
            "连着 %(n)s 条都是%(sort)s，发到第三条就会被压下",
            n=IN_A_ROW + 1,
            sort=_(SORTS[PROMOTION]),
        )
        yield Flaw("mix", what, _("中间插一条干货或互动；转一圈回到开头也算连着"))
