"""The words of one message, whether a template makes them or a person wrote them by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any, NamedTuple

from bot.calls import Card
from bot.content.brand import Brand
from bot.content.content import Content
from bot.content.templates import BYTES, ONE_FOR_MANY
from bot.domain.attachments import apart, cards
from bot.domain.campaigns import Campaign
from bot.domain.channels import CHANNELS, NOTICES
from bot.domain.facts import for_everyone
from bot.domain.levels import Levels
from bot.domain.refusals import Refusal
from bot.domain.topics import Topic
from bot.tongue import _


def allowed_channels(content: Content, template: str, wanted: Sequence[str] = ()) -> list[str]:
    """The channels that both the template and the campaign allow; hand-written words go anywhere."""
    known = content.templates.get(template)
    own = known.channels if known else [name for name in CHANNELS if name not in NOTICES]
    return [name for name in CHANNELS if name in own and (not wanted or name in wanted)]


def notices(content: Content, template: str) -> dict[str, str]:
    """By channel, the platform's forms that this text may go in."""
    places = ((channel, content.notices.get((template, channel))) for channel in NOTICES)
    return {channel: notice.spec.template_id for channel, notice in places if notice}


def topic(content: Content, template: str, offer: str | None = None) -> Topic:
    """What a message is about; words by hand are news, or what they offer."""
    known = content.templates.get(template)
    if known is not None and known.head.topic is not None:
        return known.head.topic
    return "offers" if offer or (known is not None and known.offer) else "news"


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


class Form(NamedTuple):
    """A notice as the platform takes it."""

    template_id: str
    data: dict[str, str]
    page: str


def form_for(
    content: Content,
    template: str,
    facts: Mapping[str, Any],
    *,
    channel: str,
    personalised: bool = True,
) -> Form | None:
    """What `words_for` says, where a channel takes forms only."""
    if (notice := content.notices.get((template, channel))) is None:
        return None
    told = dict(facts) if personalised else for_everyone(dict(facts))
    page = content.address(notice.spec.page) if notice.spec.page else ""
    return Form(notice.spec.template_id, notice.fill({**content.facts, **told}), page)


def by_hand(
    content: Content, text: str, *, channel: str, purpose: str = "marketing", public_url: str = ""
) -> str:
    """Hand-written words as they go out: marketing names its sender and the way to refuse."""
    footer = content.brand.line_below(public_url or content.public_url)
    return _fitting(
        footer.under(text.strip(), channel) if purpose == "marketing" else text.strip(), channel
    )


def _fitting(whole: str, channel: str) -> str:
    if (size := len(whole.encode())) > BYTES[channel]:
        raise Refusal(
            "too_long",
            _("这段话有 %(size)s 字节，最多 %(bytes)s", size=size, bytes=BYTES[channel]),
            status=422,
        )
    return whole


def check_by_hand(content: Content, text: str) -> None:
    """Refuses hand-written words that may not be said. Braces and tags in them are plain characters."""
    if not text.strip():
        raise Refusal("missing_fact", "没有写要说的话", status=422)
    if said := content.check_text(text):
        raise Refusal("bad_words", "；".join(said), status=422)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What one campaign says, before anybody is written to."""

    content: Content
    templates: Sequence[str]
    """More than one when they are tried against each other."""
    offer: str | None
    written: str | None
    """Words of a person's hand, in clear."""
    purpose: str
    public_url: str
    allowed: Sequence[str]
    cards: Sequence[Card] = ()
    """What hangs on them."""

    @property
    def flaw(self) -> str | None:
        return next(filter(None, (flaw(self.content, name) for name in self.templates)), None)

    @property
    def notices(self) -> Mapping[str, str]:
        """Of texts that are tried against each other, only forms that all of them share: one permission, one test."""
        first, *others = (notices(self.content, name) for name in self.templates)
        return {
            channel: form
            for channel, form in first.items()
            if all(other.get(channel) == form for other in others)
        }

    @property
    def topic(self) -> Topic:
        return topic(self.content, self.templates[0], self.offer)

    @property
    def brand(self) -> Brand:
        return self.content.brand

    @property
    def levels(self) -> Levels:
        return self.content.levels

    @property
    def personal(self) -> bool:
        """Whether it depends on the customer if there are words at all."""
        known = [self.content.templates.get(name) for name in self.templates]
        said = frozenset().union(*(template.bare for template in known if template))
        forms = (self.content.notices.get(each) for each in product(self.templates, self.allowed))
        said = said.union(*(form.bare for form in forms if form))
        needed = said - self.content.facts.keys() - (_GIVEN if self.offer else set())
        # On a channel of one text for many the facts of a person are never said at all.
        mass = ONE_FOR_MANY.issuperset(self.allowed)
        return bool(for_everyone(dict.fromkeys(needed)) if mass else needed)

    def refuses(
        self,
        template: str,
        told: Mapping[str, Any],
        *,
        channel: str,
        personalised: bool,
        at: datetime,
    ) -> str | None:
        """Why this customer's text could not be made, by the very steps that make it."""
        known = dict(told) | self._offered(at)
        try:
            self.say(template, known, channel=channel, personalised=personalised)
        except Refusal as refusal:
            return refusal.reason
        return None

    def say(
        self, template: str, told: Mapping[str, Any], *, channel: str, personalised: bool = True
    ) -> tuple[str, str | None]:
        """(text, variant), with the links below it that are no card on this channel. Raises Refusal."""
        if self.written is None:
            text, variant = words_for(
                self.content, template, told, channel=channel, personalised=personalised
            )
        else:
            variant = None
            text = by_hand(
                self.content,
                self.written,
                channel=channel,
                purpose=self.purpose,
                public_url=self.public_url,
            )
        links = [f"{one.title}：{one.url}" for one in apart(self.cards, channel)[0]]
        return (_fitting("\n".join([text, *links]), channel) if links else text), variant

    def _offered(self, at: datetime) -> dict[str, Any]:
        """A coupon that nobody holds yet, as long as the real one will be."""
        if self.offer is None:
            return {}
        known = self.offer in self.content.offers
        return (self.content.offer_facts(self.offer, at) if known else {}) | {"coupon_code": CODE}


_GIVEN = {"offer", "coupon_code"}
CODE = "X" * 10


def saying(
    content: Content, campaign: Campaign, *, written: str | None, public_url: str
) -> Saying:
    templates = campaign.arms or (campaign.template,)
    allowed = [allowed_channels(content, name, campaign.channels) for name in templates]
    return Saying(
        content=content,
        templates=templates,
        offer=campaign.offer_key,
        written=written,
        purpose=campaign.purpose,
        public_url=public_url,
        allowed=[name for name in CHANNELS if all(name in each for each in allowed)],
        cards=cards(campaign.attachments),
    )
