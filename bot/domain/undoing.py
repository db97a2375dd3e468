"""Which act takes which act back, and in what state the first one left things: only from there is there a way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.offers import read_code
from bot.events.commands import (
    AdjustPoints,
    AssignCase,
    ChangeAdvisor,
    ChangeBrand,
    ChangeLimits,
    ChangeStaff,
    Command,
    EditText,
    KeepCustomer,
    KeepEverybody,
    PauseCampaign,
    PutFirst,
    ResumeCampaign,
    SwitchGroup,
    SwitchOffer,
    SwitchPlaybook,
    SwitchSending,
    TagCustomer,
    UnmergeCustomer,
    VoidRedemption,
)


@dataclass(frozen=True, slots=True)
class Act:
    """As the audit log tells it: what was asked for, and what it said of before and after."""

    number: int
    at: datetime
    name: str
    facts: Mapping[str, Any]

    @property
    def because(self) -> str:
        return f"撤销操作记录第 {self.number} 条"


@dataclass(frozen=True, slots=True)
class Inverse:
    command: type[Command]
    facts: Mapping[str, Any]
    kind: str = ""
    """What the things below are, as `bot.store.undoing` looks them up."""
    left: Mapping[Any, Any] = field(default_factory=dict)
    """Each thing as the act left it."""


def inverse(act: Act) -> Inverse | None:
    """None for what cannot be taken back, was refused, or changed nothing."""
    if act.facts.get("refused") or act.name not in INVERSES:
        return None
    return INVERSES[act.name](act)


def _resume(act: Act) -> Inverse | None:
    """One that waited to be handed over would not wait any more."""
    campaign = {"campaign_id": act.facts["campaign_id"]}
    if act.facts.get("before") != "running":
        return None
    return Inverse(ResumeCampaign, campaign, "campaign", {campaign["campaign_id"]: "paused"})


def _pause(act: Act) -> Inverse:
    campaign = {"campaign_id": act.facts["campaign_id"]}
    return Inverse(PauseCampaign, campaign, "campaign", {campaign["campaign_id"]: "running"})


def _put_back(act: Act) -> Inverse | None:
    before, after = act.facts.get("before"), act.facts.get("after")
    if before is None or before == after:
        return None
    campaign = act.facts["campaign_id"]
    facts = {"campaign_id": campaign, "first": before}
    return Inverse(PutFirst, facts, "first", {campaign: after})


def _switch_sending(act: Act) -> Inverse:
    facts = {"on": not act.facts["on"], "reason": act.because}
    return Inverse(SwitchSending, facts, "sending", {"sending": act.at})


def _switched(command: type[Command], name: str, **states: Any) -> Callable[[Act], Inverse | None]:
    """What is on or off, and how either is called where it is looked up."""

    def back(act: Act) -> Inverse | None:
        on, thing = act.facts["on"], act.facts[name]
        if "before" in act.facts and act.facts["before"] == act.facts["after"]:
            return None
        left = {thing: states["on" if on else "off"]}
        return Inverse(command, {name: thing, "on": not on}, name, left)

    return back


def _void(act: Act) -> Inverse:
    code = read_code(act.facts["code"])
    return Inverse(
        VoidRedemption, {"code": code, "reason": act.because}, "redemption", {code: act.at}
    )


def _keep(act: Act) -> Inverse:
    customer = act.facts["customer_id"]
    return Inverse(KeepCustomer, {"customer_id": customer}, "erasure", {customer: act.at})


def _keep_all(act: Act) -> Inverse:
    return Inverse(KeepEverybody, {}, "erasure", {None: act.at})


def _part(act: Act) -> Inverse:
    merged = act.facts["merge_id"]
    facts = {"customer_id": merged, "reason": act.because}
    return Inverse(UnmergeCustomer, facts, "merge", {merged: act.at})


def _retag(act: Act) -> Inverse | None:
    """Only what really came and went; what she wore before stays on."""
    gone, new = tuple(act.facts.get("before") or ()), tuple(act.facts.get("after") or ())
    if not gone and not new:
        return None
    customer = act.facts["customer_id"]
    left = {(customer, tag): True for tag in new} | {(customer, tag): None for tag in gone}
    facts = {"customer_id": customer, "add": gone, "remove": new}
    return Inverse(TagCustomer, facts, "tag", left)


def _advise(act: Act) -> Inverse | None:
    before, after = act.facts.get("before"), act.facts.get("after")
    if not before or before == after:
        return None
    customer = act.facts["customer_id"]
    facts = {"customer_id": customer, "userid": before}
    return Inverse(ChangeAdvisor, facts, "advisor", {customer: after})


def _assign(act: Act) -> Inverse | None:
    before, after = (act.facts.get(name, {}).get("assigned_to") for name in ("before", "after"))
    if before is None or before == after:
        return None
    case = act.facts["case_id"]
    return Inverse(AssignCase, {"case_id": case, "guide_id": before}, "case", {case: after})


def _adjust(act: Act) -> Inverse | None:
    """A large one that still waits for a second person has moved nothing."""
    if "after" not in act.facts:
        return None
    facts = {"customer_id": act.facts["customer_id"], "delta": -act.facts["delta"]}
    return Inverse(AdjustPoints, facts | {"reason": act.because})


def _set_back(command: type[Command], kind: str) -> Callable[[Act], Inverse | None]:
    def back(act: Act) -> Inverse | None:
        before, after = act.facts.get("before"), act.facts.get("after")
        return Inverse(command, {"changes": before}, kind, after) if before and after else None

    return back


def _reword(act: Act) -> Inverse | None:
    name, source = act.facts["name"], act.facts.get("source")
    if not source or not act.facts.get("before"):
        return None
    return Inverse(EditText, {"name": name, "source": act.facts["before"]}, "text", {name: source})


STAFF = {"active", "role", "userid"}


def _staff(act: Act) -> Inverse | None:
    """A password and a number are not written down, so nobody can put them back; nor is nothing a value."""
    before, after = act.facts.get("before") or {}, act.facts.get("after") or {}
    if not after or not after.keys() <= STAFF or None in before.values() or before == after:
        return None
    name = act.facts["name"]
    left = {(name, field): value for field, value in after.items()}
    return Inverse(ChangeStaff, {"name": name} | before, "staff", left)


INVERSES: Mapping[str, Callable[[Act], Inverse | None]] = {
    "adjust_points": _adjust,
    "assign_case": _assign,
    "change_advisor": _advise,
    "change_brand": _set_back(ChangeBrand, "brand"),
    "change_limits": _set_back(ChangeLimits, "limits"),
    "change_staff": _staff,
    "edit_text": _reword,
    "erase_customer": _keep,
    "erase_everybody": _keep_all,
    "merge_customers": _part,
    "pause_campaign": _resume,
    "put_first": _put_back,
    "redeem_coupon": _void,
    "resume_campaign": _pause,
    "switch_group": _switched(SwitchGroup, "group", on=False, off=True),
    "switch_offer": _switched(SwitchOffer, "offer", on="active", off="paused"),
    "switch_playbook": _switched(SwitchPlaybook, "playbook", on="published", off="paused"),
    "switch_sending": _switch_sending,
    "tag_customer": _retag,
}
"""By the kind of the act. What is not here has no act of a person that puts it back as it was."""
