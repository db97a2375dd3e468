"""One pass over a campaign's audience: what it knows, how its lots fall, and what was decided for each customer."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from bot.domain import channels
from bot.domain.campaigns import Campaign
from bot.domain.experiments import arm_of, in_holdout
from bot.domain.levels import Levels
from bot.domain.quotas import Limits
from bot.store.gate import Standing


class Saying(Protocol):
    """Whoever knows the words of a campaign."""

    @property
    def flaw(self) -> str | None:
        """What is wrong with them for everybody."""

    @property
    def allowed(self) -> Sequence[str]:
        """Channels that the campaign and its words allow; empty means all."""

    @property
    def notices(self) -> Mapping[str, str]:
        """By channel, the platform's forms in which they may go."""

    @property
    def personal(self) -> bool:
        """Whether it depends on the customer if there are words at all."""

    @property
    def topic(self) -> str | None:
        """What they are about, as customers can turn it off."""

    @property
    def brand(self) -> Any: ...

    @property
    def levels(self) -> Levels: ...

    def refuses(
        self,
        template: str,
        told: Mapping[str, Any],
        *,
        channel: str,
        personalised: bool,
        at: datetime,
    ) -> str | None:
        """Why this customer's text could not be made."""


CANARY_LEAD = timedelta(days=1)
"""How long the others wait for what becomes of those who go ahead."""


class Lot(NamedTuple):
    """What was decided for one customer of the audience."""

    customer_id: int
    state: str
    reason: str | None = None
    arm: str | None = None
    channel: str | None = None
    guide_id: int | None = None
    address: str | None = None
    proof: int | None = None
    template: str = ""
    due_at: datetime | None = None
    """None: when all of the campaign go."""


class Terms(NamedTuple):
    """What a campaign says that is looked at for everybody of its audience: read off its row once."""

    seed: str
    marketing: bool
    template: str
    arms: Sequence[Any]
    holdout_percent: float
    by_guide: bool
    canary_percent: float

    @classmethod
    def of(cls, campaign: Campaign) -> Terms:
        return cls(
            campaign.seed,
            campaign.purpose == "marketing",
            campaign.template,
            tuple(campaign.arms or ()),
            campaign.holdout_percent,
            campaign.holdout_by == "guide",
            campaign.canary_percent,
        )


@dataclass(slots=True)
class Drawing:
    """One pass over an audience, in order of customer ids."""

    campaign: Campaign
    limits: Limits
    now: datetime
    saying: Saying | None = None
    """None when somebody else has looked at the words."""
    after: int = 0
    found: deque[int] = field(default_factory=deque)
    """The audience behind `after`, as far as it was looked for."""
    firsts: Sequence[Any] | None = None
    """The rules of campaigns that come before this one on its day and are not planned yet."""
    left: int | None = None
    """Pieces of the offer that this pass may still promise."""
    spent: str = "out_of_stock"
    """What it means when none is left."""
    last: bool = False
    """Whether nobody is left to be found."""
    done: bool = False
    general: dict[tuple[str, str, bool], str | None] = field(default_factory=dict)
    """What was found out about words that are the same for everybody."""
    at: datetime = field(init=False)
    """When the touches are meant to go: never inside quiet hours."""
    at_last: datetime = field(init=False)
    """The same for those who wait for the canaries."""
    personal: bool = field(init=False)
    """Whether it depends on the customer if there are words at all."""
    terms: Terms = field(init=False)

    def __post_init__(self) -> None:
        quiet = self.limits.quiet_hours
        self.at = quiet.next_open(max(self.now, self.campaign.starts_at))
        self.at_last = quiet.next_open(self.at + CANARY_LEAD)
        self.personal = self.saying is not None and self.saying.personal
        self.terms = Terms.of(self.campaign)

    def template_for(self, customer_id: int) -> str:
        terms = self.terms
        if not terms.arms:
            return terms.template
        return str(terms.arms[arm_of(terms.seed, customer_id, len(terms.arms))])

    def due_for(self, customer_id: int) -> datetime:
        percent = self.terms.canary_percent
        if not percent or in_holdout(f"{self.terms.seed}:canary", customer_id, percent):
            return self.at
        return self.at_last

    def keeps_out(self, standing: Standing) -> bool:
        """Whether the lot keeps her, or everybody of her guide, out."""
        terms = self.terms
        who: int | str = standing.customer_id
        if terms.by_guide and (guide := self.guide_of(standing)) is not None:
            who = f"guide:{guide}"
        return in_holdout(terms.seed, who, terms.holdout_percent)

    def guide_of(self, standing: Standing) -> int | None:
        tie = channels.right_guide(standing.ties, now=self.at)
        return tie.guide_id if tie else None
