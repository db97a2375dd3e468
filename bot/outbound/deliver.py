"""Planned touches whose time has come: routed, gated, put into words and handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.content import wording
from bot.domain.attachments import needs
from bot.domain.campaigns import PATIENCE, Campaign, Touch
from bot.domain.channels import Way
from bot.domain.quotas import Limits, read_limits
from bot.domain.reasons import SHUT, ended, of_offer
from bot.domain.refusals import Refusal
from bot.outbound import windows
from bot.outbound.campaigns import saying_of
from bot.outbound.gathering import Gathering
from bot.outbound.goods import of_goods
from bot.outbound.windows import Going, Ready
from bot.store import campaigns, facts, gate, group_chats, offers, passing_on, stocks, touches
from bot.store.gate import Question, Standing
from bot.store.links import Links
from bot.store.stocks import Stock
from bot.work.context import Work

SOME, CHUNK = 125, 500
QUICK_SECONDS = 0.1
"""On SQLite a callback waits for the chunk that is being written: after a slow one they are smaller."""
LOOK_AGAIN = timedelta(minutes=10)


async def deliver_due(work: Work) -> int:
    """Route, gate, render and hand over every due planned touch. Returns how many were looked at."""
    gathering = Gathering(work, read_limits(work.content.limits))
    seen, after, most = 0, 0, SOME
    while True:
        async with work.sessions.begin() as session:
            began = work.clock.monotonic()
            chunk = await touches.due(session, work.now(), after=after, limit=most)
            if chunk:
                if not seen:
                    await gathering.look(session)
                after = chunk[-1][0].id
                await _Delivery(session, work, gathering).run(chunk)
        seen += len(chunk)
        if len(chunk) < most:
            break
        quick = work.clock.monotonic() - began < QUICK_SECONDS
        most = min(most * 2, CHUNK) if quick else max(most // 2, SOME)
    await gathering.hand_over()
    return seen


@dataclass(slots=True)
class _Delivery:
    """One chunk in one transaction. What becomes of each touch is written together at the end."""

    session: AsyncSession
    work: Work
    gathering: Gathering
    ids: set[int] = field(init=False)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    stocks: dict[str, Stock] = field(default_factory=dict)
    questions: dict[tuple[object, ...], Question] = field(default_factory=dict)
    """The same is asked for most of them: of a campaign, or of one step of a journey."""
    ready: list[Ready] = field(default_factory=list)
    links: Links = field(init=False)
    sayings: dict[int, wording.Saying] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.links = Links(self.work.vault, self.work.content)

    @property
    def now(self) -> datetime:
        return self.gathering.now

    @property
    def limits(self) -> Limits:
        return self.gathering.limits

    async def run(self, chunk: Sequence[tuple[Touch, Campaign | None]]) -> None:
        stops = await campaigns.stops(self.session, self.now)
        self.ids = {touch.customer_id for touch, _ in chunk}
        standings = await gate.gather(
            self.session, self.work.vault, self.ids, at=self.now, limits=self.limits
        )
        await windows.reach(
            self.session, self.work.content, [touch for touch, _ in chunk], standings
        )
        going: list[tuple[Going, Campaign | None]] = []
        for touch, campaign in chunk:
            standing = standings.get(touch.customer_id)
            if standing is None:
                self._end(touch, "merged")
                continue
            before = standing.used
            standing.used = self.gathering.with_promised(standing, before)
            question = await self._question(touch, campaign, stops)
            verdict = gate.ask(question, standing)
            standing.used = before
            if verdict.way is None:
                self._stay(touch, standing, verdict.reason or "no_channel")
            elif not self._waits(touch, verdict.way):
                self.gathering.promise(touch, verdict.way)
                going.append((Going(touch, standing, verdict.way), campaign))
        await self._send(going)
        for some in self.rows.values():
            await touches.write(self.session, some)

    async def _question(
        self, touch: Touch, campaign: Campaign | None, stops: Mapping[int | None, str]
    ) -> Question:
        coupon = touch.coupon_id is not None
        sender = touch.guide_id, touch.first_task_id
        kind = (touch.campaign_id, touch.template, touch.purpose, touch.offer_key, *sender)
        if (kind, coupon) not in self.questions:
            self.questions[kind, coupon] = await self._asked(touch, campaign, stops)
        return self.questions[kind, coupon]

    async def _asked(
        self, touch: Touch, campaign: Campaign | None, stops: Mapping[int | None, str]
    ) -> Question:
        content = self.work.content
        # Her own coupon, given for this very touch before, must not count against it.
        stock = Stock() if touch.coupon_id else await self._stock(touch.offer_key)
        return Question(
            limits=self.limits,
            at=self.now,
            purpose=touch.purpose,
            topic=wording.topic(content, touch.template, touch.offer_key),
            now=True,
            allowed=wording.allowed_channels(
                content, touch.template, campaign.channels if campaign else ()
            ),
            notices=wording.notices(content, touch.template),
            only_guide=campaign.pushed_by if campaign else touch.guide_id,
            without=await passing_on.guide_of(self.session, touch.first_task_id),
            full=self._full(campaign),
            stop=stops.get(None) or stops.get(touch.campaign_id or 0),
            flaw=wording.flaw(content, touch.template),
            offer=stock.reason,
            spent=stock.spent,
            weary=stock.weary,
            needs=needs(campaign.attachments if campaign else None),
        )

    def _full(self, campaign: Campaign | None) -> frozenset[int]:
        """Where guides are what is compared, nobody else writes in their stead."""
        compared = campaign is not None and campaign.holdout_by == "guide"
        return frozenset() if compared else self.gathering.full

    async def _stock(self, offer_key: str | None) -> Stock:
        key = offer_key or ""
        if key not in self.stocks:
            self.stocks[key] = await stocks.stock(
                self.session, offer_key, self.ids, at=self.now, limits=self.limits
            )
        return self.stocks[key]

    def _stay(self, touch: Touch, standing: Standing, reason: str) -> None:
        """Not now: it waits, if the reason passes by itself, or it ends."""
        if reason in {"quiet_hours", "her_hours"}:
            quiet = self.limits.quiet_hours
            if standing.quiet_until is not None and touch.purpose == "marketing":
                quiet = quiet.until(standing.quiet_until)
            self._wait(touch, quiet.next_open(self.now), reason)
        elif reason in {"paused", "kill_switch"}:
            self._wait(touch, self.now + LOOK_AGAIN, reason)
        else:
            # There was a way until the platform shut it: that is why, and not that there is none now.
            shut = touch.reason if touch.reason in SHUT and reason == "no_channel" else None
            self._end(touch, shut or reason)

    def _waits(self, touch: Touch, way: Way) -> bool:
        """A guide is asked at sensible hours, and for a journey's messages a few times a day only."""
        if way.channel != "wecom":
            return False
        full = way.guide_id in self.gathering.full
        opens = (self.limits.next_morning if full else self.limits.hand_over_from)(self.now)
        if touch.campaign_id is None and not self.limits.is_slot(touch.due_at):
            opens = self.limits.hand_over_from(self.limits.next_slot(opens))
        stale = full and touch.reason == "guide_busy" and touch.planned_at + PATIENCE < self.now
        if stale:
            self._end(touch, "guide_busy")
        elif opens > self.now:
            self._wait(touch, opens, "guide_busy" if full else touch.reason)
        return stale or opens > self.now

    def _wait(self, touch: Touch, until: datetime, reason: str | None) -> None:
        self._row(touch, "wait", due_at=until, reason=reason)

    def _end(self, touch: Touch, reason: str) -> None:
        self._row(touch, "end", state=ended(reason), reason=reason, settled_at=self.now)

    def _row(self, touch: Touch, kind: str, **values: Any) -> None:
        # Rows of one kind carry the same columns, as one statement needs them to.
        self.rows.setdefault(kind, []).append({"id": touch.id, **values})

    async def _send(self, going: Sequence[tuple[Going, Campaign | None]]) -> None:
        if not going:
            return
        content, vault = self.work.content, self.work.vault
        bound = [one.touch for one, _ in going]
        ids = [touch.customer_id for touch in bound]
        keys = {touch.offer_key for touch in bound if touch.offer_key}
        await offers.lock_offers(self.session, keys)
        known = await facts.gather(self.session, vault, content, ids, self.now)
        groups = await group_chats.facts_of(self.session, bound, self.now)
        standings = [(one.touch, one.standing) for one, _ in going]
        goods = await of_goods(self.session, content, standings)
        await vault.load_keys(self.session, ids)
        for one, campaign in going:
            told = known.get(one.touch.customer_id, {}) | groups.get(one.touch.id, {})
            told |= goods.get(one.touch.id, {})
            try:
                text, variant, coupon_id = await self._prepare(one, campaign, told)
            except Refusal as refusal:
                self.gathering.take_back(one.touch, one.way)
                self._end(one.touch, of_offer(refusal.reason))
            else:
                made = {"variant": variant, "coupon_id": coupon_id}
                self._bind(self._ready(one, campaign, text, told), made)
        for row in await windows.owe(self.session, self.work.vault, self.ready, now=self.now):
            self._row(row.touch, "queue", **row.values)
        for ready in self.ready:  # of what is owed the database tells from the next chunk on
            self.gathering.take_back(ready.touch, ready.going.way)
        await self.links.keep(self.session, self.now)

    async def _prepare(
        self, one: Going, campaign: Campaign | None, told: dict[str, object]
    ) -> tuple[str, str | None, int | None]:
        """Words, variant and coupon. A text that cannot be made must not cost a coupon: both or neither."""
        if one.touch.offer_key is None:
            return *self._words(one, campaign, told), None
        async with self.session.begin_nested():
            coupon_id = await self._coupon(one.touch, one.touch.offer_key, told)
            return *self._words(one, campaign, told), coupon_id

    async def _coupon(self, touch: Touch, offer_key: str, told: dict[str, object]) -> int:
        coupon = await offers.issue(
            self.session,
            offer_key=offer_key,
            customer_id=touch.customer_id,
            trigger=f"touch:{touch.id}",
            now=self.now,
            touch_id=touch.id,
        )
        told["coupon_code"] = coupon.code
        if offer_key in self.work.content.offers:
            told.update(self.work.content.offer_facts(offer_key, self.now))
        return coupon.id

    def _words(
        self, one: Going, campaign: Campaign | None, told: Mapping[str, object]
    ) -> tuple[str, str | None]:
        template, channel, named = one.touch.template, one.way.channel, one.standing.personalised
        if campaign is None:
            content = self.work.content
            return wording.words_for(content, template, told, channel=channel, personalised=named)
        return self._saying(campaign).say(template, told, channel=channel, personalised=named)

    def _saying(self, campaign: Campaign) -> wording.Saying:
        if campaign.id not in self.sayings:
            self.sayings[campaign.id] = saying_of(self.work, campaign)
        return self.sayings[campaign.id]

    def _ready(
        self, one: Going, campaign: Campaign | None, text: str, told: Mapping[str, object]
    ) -> Ready:
        def link(text: str) -> str:
            return windows.linked(self.links, one, text, told)

        cards = windows.following(one, self._saying(campaign).cards if campaign else (), link)
        form = windows.form_of(self.work.content, one, told, link)
        return Ready(one, link(text), {}, cards, form)

    def _bind(self, ready: Ready, made: Mapping[str, object]) -> None:
        one, touch, way = ready.going, ready.touch, ready.going.way
        marketing = touch.purpose == "marketing"
        bound = {
            "channel": way.channel,
            "guide_id": way.guide_id or touch.guide_id,
            "address": way.address,
            "consent_entry_id": one.standing.proof(way.channel) if marketing else None,
            "reason": None,
            **made,
        }
        if way.channel == "wecom":
            self._row(touch, "gather", **bound)
            self.gathering.add(touch, way, ready.text)
        else:
            self.ready.append(replace(ready, bound=bound))
