"""Content as the files say it, with what people changed in the console laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.content import attaching
from bot.content.brand import Brand
from bot.content.checked import checked
from bot.content.content import NOTHING, Content, Made
from bot.content.marked import ContentError, Marked, Mistake
from bot.content.notices import lacking
from bot.content.references import Names, broken_in
from bot.content.templates import Template, parse_template
from bot.domain.facts import FACTS
from bot.domain.fairness import deals_of, unfair
from bot.domain.offers import OfferSpec
from bot.domain.playbooks import PlaybookSpec
from bot.domain.quotas import Limits
from bot.domain.ready_made import looked_up
from bot.domain.refusals import Refusal
from bot.tongue import _

Edits = Mapping[str, Mapping[str, Any]]
T = TypeVar("T", bound=BaseModel)
TEXTS, OFFERS, PLAYBOOKS = "texts/", "offers/", "playbooks/"


def renew(content: Content, edits: Edits, made: Made = NOTHING) -> list[str]:
    """Everybody who holds this content speaks by these edits from now on. Returns those that cannot be used any
    more: they are passed over, so that an old edit never keeps the house from starting."""
    filed = content.filed or replace(content)
    laid, unusable = replace(filed, filed=filed, made=made), []
    # The brand first: its line stands below the texts.
    for name in sorted(edits, key=lambda one: (one != "brand", one)):
        try:
            laid = laid_over(laid, name, edits[name])
        except Refusal:
            unusable.append(name)
    content.become(laid)
    return unusable


def laid_over(content: Content, name: str, body: Mapping[str, Any]) -> Content:
    """With one more edit. Raises Refusal bad_content naming what is wrong."""
    if name == "brand":
        return _branded(content, _checked(Brand, content.brand.model_dump() | dict(body)))
    if name == "limits":
        return replace(content, limits=_checked(Limits, body))
    if name.startswith(OFFERS):
        spec = _checked(OfferSpec, body)
        if spec.needs and spec.needs not in content.offers:
            raise Refusal("bad_content", _("没有权益「%(value)s」", value=spec.needs), status=422)
        return replace(content, offers={**content.offers, spec.key: spec})
    if name.startswith(PLAYBOOKS):
        play = playbook(content, name.removeprefix(PLAYBOOKS), body)
        return replace(content, playbooks={**content.playbooks, play.key: play})
    if name.startswith(TEXTS):
        text = template(content, name.removeprefix(TEXTS), str(body.get("source", "")))
        return replace(content, templates={**content.templates, text.name: text})
    raise Refusal("bad_content", _("不认识「%(name)s」", name=name), status=422)


def template(content: Content, name: str, source: str) -> Template:
    """A text as somebody is writing it. Raises Refusal bad_content with every mistake, one in a line."""
    try:
        made = parse_template(
            source,
            name=name,
            file=f"templates/{name}.j2",
            footer=content.brand.line_below(content.public_url),
            facts=FACTS,
        )
        if amiss := [Mistake(name, 2, *said) for said in lacking(made, content.notices)]:
            raise ContentError(amiss)
    except ContentError as wrong:
        said = "\n".join(
            _("第 %(line)s 行：%(what)s。%(mend)s", line=one.line, what=one.what, mend=one.mend)
            for one in wrong.mistakes
        )
        raise Refusal("bad_content", said, status=422) from None
    words = (made.body, *made.variants.values())
    if said_badly := [one for text in words for one in content.check_text(text)]:
        raise Refusal("bad_words", "\n".join(dict.fromkeys(said_badly)), status=422)
    return made


def playbook(content: Content, key: str, body: Mapping[str, Any]) -> PlaybookSpec:
    """A tactic as somebody wrote it, by the very checks of a file. Raises Refusal bad_content with every mistake."""
    written = Marked(f"playbooks/{key}.yaml", dict(body) | {"key": key})
    try:
        spec = checked(TypeAdapter(PlaybookSpec), written)
        if wrong := list(broken_in(names(content), written)):
            raise ContentError(wrong)
    except ContentError as error:
        said = "\n".join(f"{one.what}。{one.mend}" for one in error.mistakes)
        raise Refusal("bad_content", said, status=422) from None
    spec = attaching.hung(content, looked_up(spec, content.segments))
    deals = deals_of({**content.playbooks, key: spec}.values(), content.offers)
    if found := unfair(content.levels, deals):
        raise Refusal("unfair", "\n".join(one.in_words() for one in found), status=422)
    return spec


def names(content: Content) -> Names:
    """Everything that what is written may name."""
    families = frozenset(content.families)
    return Names(content.templates, content.offers, content.segments, families, content.knows_tag)


def source_of(content: Content, name: str, edits: Edits) -> str:
    """The text as it was last written: in the console, else in its file. Raises KeyError when there is none."""
    if (edit := edits.get(f"{TEXTS}{name}")) is not None:
        return str(edit["source"])
    if name not in content.templates:
        raise KeyError(name)
    return (content.dir / "templates" / f"{name}.j2").read_text(encoding="utf-8")


def head_and_words(source: str) -> tuple[str, str]:
    """What stands between the two lines of dashes, and below them."""
    _before, head, words = source.split("---\n", 2)
    return head, words.strip("\n")


def _branded(content: Content, brand: Brand) -> Content:
    line = brand.line_below(content.public_url)
    texts = {
        name: replace(text, footer=line) if text.footer else text
        for name, text in content.templates.items()
    }
    return replace(content, brand=brand, facts=brand.facts(content.public_url), templates=texts)


def _checked(model: type[T], body: Mapping[str, Any]) -> T:
    try:
        return model.model_validate(dict(body))
    except ValidationError as wrong:
        said = "；".join(
            f"{'.'.join(map(str, one['loc']))}：{one['msg']}" for one in wrong.errors()
        )
        raise Refusal("bad_content", said, status=422) from None
