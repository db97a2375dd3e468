"""Events that begin a journey; journeys written and switched by people."""

from __future__ import annotations

from bot.content import checking, edits
from bot.domain.journeys import Playbook
from bot.domain.refusals import Refusal
from bot.events import CustomerAdded, OrderKind, OrderReported
from bot.events.commands import DraftPlaybook, PublishPlaybook, SwitchPlaybook
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import content_edits, customers, journey_entries, journeys, orders, playbooks
from bot.tongue import _

router = Router()


@router.on(CustomerAdded)
async def begin_with_friend(event: CustomerAdded, turn: Turn) -> None:
    customer = await customers.find(
        turn.session, turn.vault, "external_userid", event.external_userid
    )
    if customer is None:
        return
    await journeys.enter(
        turn.session,
        turn.content,
        trigger="friend_added",
        customer_id=customer.id,
        # Half an adding and the whole of it are one: the entry is the tie, not the event.
        cause=f"friend:{event.userid}",
        now=turn.now,
        facts={"state": event.state, "guide": event.userid},
    )


@router.on(OrderReported, when=lambda event: event.kind is OrderKind.PAID)
async def begin_with_order(event: OrderReported, turn: Turn) -> None:
    recorded = await orders.recorded_now(turn.session, event)
    if recorded.customer_id is None or not recorded.new:
        return
    triggers = ["order_paid", *(["first_order"] if recorded.first else [])]
    for trigger in triggers:
        await journeys.enter(
            turn.session,
            turn.content,
            trigger=trigger,
            customer_id=recorded.customer_id,
            cause=f"order:{event.source}:{event.order_no}",
            now=turn.now,
            facts={"order_no": event.order_no},
        )


@router.on(PublishPlaybook)
async def publish(command: PublishPlaybook, turn: Turn) -> Answer:
    """Laid over the files, so that a start of the house publishes the same again."""
    if not command.spec:
        return await _back_to_files(command, turn)
    name, by = f"{edits.PLAYBOOKS}{command.playbook}", str(command.actor)
    laid = edits.laid_over(turn.content, name, command.spec)
    before = await playbooks.newest(turn.session, command.playbook)
    await content_edits.save(turn.session, name, command.spec, by=by, now=turn.now)
    spec = laid.playbooks[command.playbook]
    made = await playbooks.publish_one(turn.session, spec, by=by, now=turn.now)
    await content_edits.drop(turn.session, f"{content_edits.DRAFTS}{name}")
    await _reopen(turn, made)
    return _told(made, before)


async def _reopen(turn: Turn, row: Playbook) -> None:
    """What a repeating campaign opened before and nobody planned is opened anew, as it counts from now on."""
    if not row.body.get("campaign"):
        return
    await journey_entries.take_back(turn.session, row.key)
    if row.state == "published":
        await journey_entries.open_near(turn.session, row, now=turn.now, zone=turn.settings.zone)


async def _back_to_files(command: PublishPlaybook, turn: Turn) -> Answer:
    before = await playbooks.newest(turn.session, command.playbook)
    dropped = await content_edits.drop(turn.session, f"{edits.PLAYBOOKS}{command.playbook}")
    if before is None or not dropped:
        raise Refusal("unknown_playbook", "没有在后台改过的这条旅程", status=404)
    filed = (turn.content.filed or turn.content).playbooks.get(command.playbook)
    if filed is None:
        await playbooks.end(turn.session, command.playbook)
        await journey_entries.take_back(turn.session, command.playbook)
        return Answer({"playbook": command.playbook, "state": "retired"})
    made = await playbooks.publish_one(turn.session, filed, by=playbooks.FILES, now=turn.now)
    await _reopen(turn, made)
    return _told(made, before)


@router.on(DraftPlaybook)
async def keep_draft(command: DraftPlaybook, turn: Turn) -> Answer:
    """Kept with its mistakes: these keep it from being published, not from being written."""
    name = f"{edits.PLAYBOOKS}{command.playbook}"
    if not command.spec:
        if not await content_edits.drop(turn.session, f"{content_edits.DRAFTS}{name}"):
            raise Refusal("no_draft", _("没有这份草稿"), status=404)
        return Answer({"playbook": command.playbook, "state": "dropped"})
    found = checking.flaws(turn.content, command.playbook, command.spec)
    number = await content_edits.keep_draft(
        turn.session,
        name,
        command.spec,
        seen=command.seen,
        by=str(command.actor),
        now=turn.now,
    )
    told = [{"at": one.place, "what": one.what, "mend": one.mend} for one in found]
    facts = {"playbook": command.playbook, "state": "draft", "draft": number}
    return Answer(facts | {"mistakes": told})


@router.on(SwitchPlaybook)
async def switch(command: SwitchPlaybook, turn: Turn) -> Answer:
    row = await playbooks.pause(turn.session, command.playbook, on=not command.on, now=turn.now)
    if row is None:
        raise Refusal("unknown_playbook", "没有这条旅程，或它已经是这样", status=404)
    await _reopen(turn, row)
    return Answer({"playbook": row.key, "state": row.state})


def _told(made: Playbook, before: Playbook | None) -> Answer:
    facts = {"playbook": made.key, "version": made.version, "state": made.state}
    return Answer(facts | {"before": before.version if before else None, "after": made.version})
