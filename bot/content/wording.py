"""The words of one message, whether a template makes them or a person wrote them by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.content.content import Content
from bot.content.templates import BYTES
from bot.domain.channels import CHANNELS
from bot.domain.facts import for_everyone
from bot.domain.refusals import Refusal


def allowed_channels(content: Content, template: str, wanted: Sequence[str] = ()) -> list[str]:
    """The channels that both the template and the campaign allow; hand-written words go anywhere."""
    known = content.templates.get(template)
    own: Sequence[str] = known.channels if known else CHANNELS
    return [name for name in CHANNELS if name in own and (not wanted or name in wanted)]


def flaw(content: Content, template: str) -> str | None:
    """What is wrong with a template before anybody's facts are known; none means hand-written."""
    return "missing_template" if template and template not in content.templates else None


def variant_for(content: Content, template: str, facts: Mapping[str, Any]) -> str | None:
    """The wording made for her tier, share class or level, if the template has one."""
    known = content.templates.get(template)
    wanted = (str(facts[name]) for name in ("tier", "share_class", "level") if facts.get(name))
    return next((name for name in wanted if known and name in known.variants), None)


def words_for(
    content: Content,
    template: str,
    facts: Mapping[str, Any],
    *,
    channel: str,
    personalised: bool = True,
) -> tuple[str, str | None]:
    """(text, variant). Who asked not to be profiled gets the wording that is the same for everybody."""
    told = dict(facts) if personalised else for_everyone(dict(facts))
    variant = variant_for(content, template, told)
    return content.render(template, told, variant, channel=channel), variant


def by_hand(
    content: Content, text: str, *, channel: str, purpose: str = "marketing", public_url: str = ""
) -> str:
    """Hand-written words as they go out: marketing names its sender and the way to refuse."""
    footer = content.brand.line_below(public_url or content.public_url)
    whole = footer.under(text.strip(), channel) if purpose == "marketing" else text.strip()
    if (size := len(whole.encode())) > BYTES[channel]:
        raise Refusal("too_long", f"这段话有 {size} 字节，最多 {BYTES[channel]}", status=422)
    return whole


def check_by_hand(content: Content, text: str) -> None:
    """Refuses hand-written words that may not be said. Braces and tags in them are plain characters."""
    if not text.strip():
        raise Refusal("missing_fact", "没有写要说的话", status=422)
    if said := content.check_text(text):
        raise Refusal("bad_words", "；".join(said), status=422)
