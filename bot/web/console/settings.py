"""`/admin/settings`: what is set once: brand, quiet hours and caps."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

from aiohttp import web

from bot.content.brand import OTHERS
from bot.domain.cases.clocks import ANSWER_IN, RESOLVE_IN, WARN_BEFORE
from bot.domain.permissions import may
from bot.domain.refusals import Refusal
from bot.domain.tiers import TIERS
from bot.events.commands import ChangeBrand, ChangeLimits
from bot.inbound.commands import matrix
from bot.store import audit_trail, content_edits, customers, erasing
from bot.tongue import _
from bot.web.console import forms
from bot.web.console.forms import Form
from bot.web.console.frame import shown
from bot.web.desk import ACTOR, DESK
from bot.web.guards import allowed
from bot.web.pages import ROLES
from bot.work.renewing import renew

routes = web.RouteTableDef()
BRAND = {"name": 20, "bot": 12, "hours": 60, "promise": 120}
"""Fields and their longest."""
HERO_LONGEST = 20
NUMBERS = {
    "days": ("brand", 1, 31),
    "most_in_days": ("brand", 0, 31),
    "most_in_month": ("brand", 0, 31),
    "second_person_above": ("brand", 0, 10_000_000),
    "promos_in_a_row": ("brand", 1, 20),
    "promo_days": ("brand", 1, 365),
    "segment_above": ("brand", 0, 10_000_000),
    "tasks_per_day": ("guides", 1, 20),
    "moments_per_day": ("guides", 1, 5),
    "remind_after_minutes": ("guides", 1, 1440),
    "reminders_per_day": ("guides", 0, 3),
    "minutes_per_day": ("guides", 5, 480),
}
BY_HAND = {
    "per_day": (("guide", "care", "manager", "operator", "admin"), 1, 1_000),
    "sorry_fen": (("care", "manager", "admin", "owner"), 100, 100_000),
}
"""By what is limited: the roles, how many of it the form counts as one, and its highest number."""
MOMENTS = {
    "begins": "quiet_hours",
    "ends": "quiet_hours",
    "hand_over_until": "guides",
    "confirm_until": "guides",
}


SLOTS = re.compile(r"[\s、，,;；]+")
MOST_SLOTS = 6
HOLDOUT_MOST = 20


@routes.get("/admin/settings", allow_head=False)
@allowed("settings.read")
async def overview(request: web.Request) -> web.StreamResponse:
    desk, kind = request.app[DESK], request[ACTOR].kind
    async with desk.work.sessions.reading() as session:
        return await shown(
            request,
            session,
            "console/settings.html",
            "settings",
            limits=desk.work.content.limits,
            mass=desk.work.content.limits.mass_per_month(desk.work.now()),
            edited=await content_edits.bodies(session),
            backed_up=await audit_trail.below(session, None, action="backup", limit=1),
            by_hand={name: roles for name, (roles, _unit, _most) in BY_HAND.items()},
            called=ROLES,
            clocks={"answer": ANSWER_IN, "resolve": RESOLVE_IN, "warn": WARN_BEFORE},
            may_change=may(matrix(), "settings.change", kind),
            may_limit=may(matrix(), "limits.change", kind),
            zone=desk.work.settings.timezone,
            month=desk.work.now().astimezone(desk.work.settings.zone).month,
            heroes=_heroes(request),
            erasing_all=await erasing.of_all(session),
            people=await customers.count_of(session),
            may_erase_all=may(matrix(), "people.erase", kind),
        )


def _heroes(request: web.Request) -> dict[str, str]:
    """What this month is about, for everybody else first and then by tier; empty where nothing is said apart."""
    work = request.app[DESK].work
    said = work.content.brand.hero.get(work.now().astimezone(work.settings.zone).month) or ""
    by_tier = said if isinstance(said, dict) else {OTHERS: said}
    return {name: by_tier.get(name, "") for name in (OTHERS, *TIERS)}


def _hero(request: web.Request, form: Form) -> dict[str, Any]:
    """The months with this one as the form says; nothing when it says nothing new."""
    if "hero-0" not in form:
        return {}
    names = _heroes(request)
    said = {name: forms.text(form, f"hero-{n}", most=HERO_LONGEST) for n, name in enumerate(names)}
    if said == names:
        return {}
    work = request.app[DESK].work
    month = work.now().astimezone(work.settings.zone).month
    kept = {name: words for name, words in said.items() if words}
    return {
        "hero": {str(one): hero for one, hero in work.content.brand.hero.items()}
        | {str(month): kept}
    }


@routes.post("/admin/settings/brand")
@allowed("settings.change")
async def brand(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    known = desk.work.content.brand
    said = {name: forms.text(form, name, most=most) for name, most in BRAND.items()}
    changes: dict[str, Any] = {
        name: value for name, value in said.items() if value != getattr(known, name)
    }
    changes |= _hero(request, form)
    if changes:
        await desk.do(ChangeBrand(changes=changes, **forms.signed(request, form)))
        await renew(desk.work)
    raise web.HTTPSeeOther("/admin/settings?said=settings")


@routes.post("/admin/settings/limits")
@allowed("limits.change")
async def limits(request: web.Request) -> web.StreamResponse:
    desk, form = request.app[DESK], await request.post()
    now = desk.work.content.limits.model_dump(mode="json")
    changes: dict[str, dict[str, Any]] = {}
    for part, name, value in _limits(form):
        if now[part][name] != value:
            changes.setdefault(part, {})[name] = value
    if changes:
        await desk.do(ChangeLimits(changes=changes, **forms.signed(request, form)))
        await renew(desk.work)
    raise web.HTTPSeeOther("/admin/settings?said=settings")


def _limits(form: Form) -> list[tuple[str, str, Any]]:
    """Only what the form holds, each checked for itself. Raises Refusal."""
    found: list[tuple[str, str, Any]] = []
    for name, (part, least, most) in NUMBERS.items():
        if (value := forms.number(form, name, least=least, most=most)) is not None:
            found.append((part, name, value))
    for name, part in MOMENTS.items():
        if said := forms.text(form, name, most=8):
            found.append((part, name, _moment(said)))
    if slots := SLOTS.split(forms.text(form, "slots", most=60)):
        walls = sorted({_moment(said) for said in slots if said})
        found += [("guides", "slots", walls[:MOST_SLOTS])] if walls else []
    return found


@routes.post("/admin/settings/by-hand")
@allowed("limits.change")
async def by_hand(request: web.Request) -> web.StreamResponse:
    """What each role may give away by itself; a field that is left empty changes nothing."""
    desk, form = request.app[DESK], await request.post()
    now = desk.work.content.limits.by_hand.model_dump(mode="json")
    changes: dict[str, dict[str, int]] = {}
    for name, (roles, unit, most) in BY_HAND.items():
        for role in roles:
            said = forms.number(form, f"{name}-{role}", least=0, most=most)
            if said is not None and said * unit != now[name].get(role):
                changes.setdefault(name, {})[role] = said * unit
    if changes:
        await desk.do(ChangeLimits(changes={"by_hand": changes}, **forms.signed(request, form)))
        await renew(desk.work)
    raise web.HTTPSeeOther("/admin/settings?said=settings#by-hand")


def _moment(said: str) -> str:
    try:
        return time.fromisoformat(said).replace(tzinfo=None).isoformat()
    except ValueError:
        raise Refusal("bad_moment", _("「%(said)s」不是一个时间", said=said), status=422) from None


@routes.post("/admin/settings/holdout")
@allowed("limits.change")
async def holdout(request: web.Request) -> web.StreamResponse:
    """Whom no campaign reaches, to see what all of them bring; another draw is said in so many words."""
    desk, form = request.app[DESK], await request.post()
    known, signed = desk.work.content.limits.holdout, forms.signed(request, form)
    changes: dict[str, Any] = {"percent": _share(form)}
    if forms.text(form, "again") == "1":
        changes["seed"] = f"house-{signed['at']:%Y%m%d%H%M%S}"
    if changes != {"percent": known.percent}:
        await desk.do(ChangeLimits(changes={"holdout": changes}, **signed))
        await renew(desk.work)
    raise web.HTTPSeeOther("/admin/settings?said=settings#holdout")


def _share(form: Form) -> float:
    said = forms.text(form, "percent", most=6)
    try:
        share = float(said or 0)
    except ValueError:
        share = -1
    if not 0 <= share <= HOLDOUT_MOST:
        what = _("「%(said)s」不是 0 到 %(most)s 的百分比", said=said, most=HOLDOUT_MOST)
        raise Refusal("bad_number", what, status=422)
    return round(share, 1)
