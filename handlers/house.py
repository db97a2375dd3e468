"""How the house is set: texts, offers, brand and limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.content import edits
from bot.domain.offers import OfferSpec
from bot.domain.refusals import Refusal
from bot.events.commands import (
    ChangeBrand,
    ChangeLimits,
    DefineOffer,
    EditText,
    SwitchOffer,
)
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import content_edits, offers

router = Router()


@router.on(EditText)
async def edit_text(command: EditText, turn: Turn) -> Answer:
    """What is saved has been rehearsed on every channel it may use: a text that fails would fail at night."""
    name = f"{edits.TEXTS}{command.name}"
    known = await content_edits.bodies(turn.session)
    try:
        before = edits.source_of(turn.content.filed or turn.content, command.name, known)
    except KeyError:
        raise Refusal("missing_template", "没有这个话术", status=404) from None
    if not command.source.strip():
        await content_edits.drop(turn.session, name)
        return Answer({"name": command.name, "before": before, "after": "（恢复成文件里的）"})
    edits.template(turn.content, command.name, command.source)
    await _save(turn, name, {"source": command.source}, command)
    return Answer({"name": command.name, "before": before, "after": command.source})


async def _save(turn: Turn, name: str, body: Mapping[str, Any], command: Any) -> None:
    """Raises Refusal bad_content for what could not be used."""
    edits.laid_over(turn.content, name, body)
    await content_edits.save(turn.session, name, body, by=str(command.actor), now=turn.now)


@router.on(DefineOffer)
async def define_offer(command: DefineOffer, turn: Turn) -> Answer:
    key = str(command.spec.get("key", ""))
    if key in turn.content.offers:
        raise Refusal("offer_exists", f"已经有「{key}」这张券，换一个代号", status=409)
    await _save(turn, f"{edits.OFFERS}{key}", command.spec, command)
    spec = OfferSpec.model_validate(command.spec)
    await offers.publish_offers(turn.session, turn.vault, [spec])
    return Answer({"offer": spec.key, "after": command.spec})


@router.on(SwitchOffer)
async def switch_offer(command: SwitchOffer, turn: Turn) -> Answer:
    before = await offers.switch(turn.session, command.offer, on=command.on)
    if before is None:
        raise Refusal("unknown_offer", "没有这张券，或它已经结束", status=404)
    after = "active" if command.on else "paused"
    return Answer({"offer": command.offer, "before": before, "after": after})


@router.on(ChangeBrand)
async def change_brand(command: ChangeBrand, turn: Turn) -> Answer:
    before = turn.content.brand.model_dump(include=set(command.changes))
    known = await content_edits.bodies(turn.session)
    await _save(turn, "brand", known.get("brand", {}) | command.changes, command)
    return Answer({"name": "brand", "before": before, "after": command.changes})


@router.on(ChangeLimits)
async def change_limits(command: ChangeLimits, turn: Turn) -> Answer:
    now = turn.content.limits.model_dump(mode="json")
    before = {part: {k: now[part][k] for k in said} for part, said in command.changes.items()}
    body = now | {part: now[part] | _by_name(now[part], s) for part, s in command.changes.items()}
    await _save(turn, "limits", body, command)
    return Answer({"name": "limits", "before": before, "after": command.changes})


def _by_name(now: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What is set for each role is changed for those that are named and stays for the others."""
    return {
        name: now[name] | value if isinstance(value, Mapping) else value
        for name, value in said.items()
    }
