"""Consent, rules, campaigns and guides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.events.aims import Aims
from bot.events.commands.command import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut(Command):
    permission = "consent.opt_out"
    customer_id: int
    purpose: str
    channel: str
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptIn(Command):
    """Only the customer's own act."""

    permission = "consent.opt_in"
    customer_id: int
    purpose: str
    channel: str
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCustomer(Command):
    permission = "tag.assign"
    customer_id: int
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskGuide(Command):
    """Somebody at a desk wants the customer's guide to get in touch with her."""

    permission = "task.ask"
    customer_id: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCustomers(Command):
    """One tag for everybody whom a rule fits; with refs, only for those of them."""

    permission = "tag.assign"
    tag: str
    rule: dict[str, Any]
    refs: tuple[str, ...] = ()
    remove: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveFile(Command):
    """A file of orders, customers or products has come whole; it is looked at, and nothing is written yet."""

    permission = "import.run"
    kind: str
    name: str
    suffix: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunImport(Command):
    """A file that was looked at is written."""

    permission = "import.run"
    import_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishSegment(Command):
    permission = "segment.create"
    name: str
    rule: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSegmentDraft(Command):
    """A rule as far as it is written; without one the draft of that name is thrown away."""

    permission = "segment.create"
    name: str
    rule: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishGroupRule(Command):
    permission = "group.config"
    group: str
    rule: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftGroupPlan(Command):
    """What a family's chats are written, as far as somebody has got: it counts nowhere, and may be wrong."""

    permission = "group.config"
    group: str
    plan: dict[str, Any]
    """Empty: nobody wants it any more."""
    seen: int | None = None
    """The number of the draft that the writer began from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineGroup(Command):
    """A family of group chats that no file describes."""

    permission = "group.config"
    spec: dict[str, Any]
    """As `bot.domain.group_chats.GroupSpec`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchGroup(Command):
    """No more invites and nobody let go, or again."""

    permission = "group.config"
    group: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftCampaign(Command):
    permission = "campaign.draft"
    name: str
    playbook: str | None = None
    segment: dict[str, Any] = field(default_factory=dict)
    template: str = ""
    text: str = ""
    offer: str | None = None
    purpose: str = "marketing"
    starts_at: datetime | None = None
    holdout_percent: int = 10
    attachments: tuple[dict[str, Any], ...] = ()
    """What hangs on the messages that guides send."""
    aims: Aims = field(default_factory=Aims)
    campaign_id: int | None = None
    """The draft that is written anew."""
    later: bool = False
    """Kept as it is: whom it is for and its words may still be missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearseCampaign(Command):
    """Count anew what it would do; changes nothing but the receipt."""

    permission = "campaign.draft"
    campaign_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TryCampaign(Command):
    """Send what one of its customers would read to the author herself."""

    permission = "campaign.draft"
    campaign_id: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveCampaign(Command):
    permission = "campaign.approve"
    campaign_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverCampaign(Command):
    permission = "campaign.start"
    campaign_id: int
    expected: int | None = None
    """The number the dry run showed; refused when it no longer holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseCampaign(Command):
    permission = "campaign.start"
    campaign_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeCampaign(Command):
    permission = "campaign.start"
    campaign_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PutFirst(Command):
    """Of two campaigns for one person on one day this one goes, or whichever is planned first."""

    permission = "campaign.start"
    campaign_id: int
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StopCampaign(Command):
    permission = "campaign.start"
    campaign_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchSending(Command):
    """The kill switch, and its release."""

    permission = "kill_switch"
    on: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushToTagged(Command):
    """A guide's own push: she is the sender, and confirms in her client."""

    permission = "push.own"
    guide_id: int
    tags: tuple[str, ...]
    text: str
    offer: str | None = None
    ready: str | None = None
    """The template whose words she began with."""
    edited: bool = False
    """Whether she changed them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishGuideTask(Command):
    permission = "task.confirm"
    task_id: int
    done: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteContact(Command):
    """A guide contacted one of her customers as was suggested, or will not."""

    permission = "task.confirm"
    customer_id: int
    about: str
    """The kind of the suggestion, as in `bot.domain.guide_work`."""
    done: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineTag(Command):
    """A tag made by a person, and the rule that gives it; without one it is given by hand."""

    permission = "tag.define"
    name: str
    rule: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireTagRule(Command):
    permission = "tag.define"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleTagDispute(Command):
    """A guide took a tag off in WeCom: keep it and mark it once more, or take it off here too."""

    permission = "tag.define"
    follow_id: int
    tag_id: int
    keep: bool
