"""What guides tap: mass tasks, cards, the app."""

from __future__ import annotations

from collections import Counter

from bot.sandbox.acts.kinds import ActRefused, Args, customer_of, guide_of
from bot.sandbox.envelope import Field
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.app_messages import INTERACTIVE, new_code, redraw
from bot.sandbox.wecom.handover import WAITING, HandoverRoom, refuse
from bot.sandbox.wecom.mass import OUTCOME, UNSENT, MassTask, Share, confirm, tasks
from bot.sandbox.wecom.moments import publish
from bot.sandbox.wecom.moments import room as moments
from bot.sandbox.world.entities import Card, Guide


def _task_of(stage: Stage, args: Args) -> tuple[MassTask, Guide]:
    guide, task = guide_of(stage, args), tasks(stage).get(str(args["msgid"]))
    if task is None or guide.userid not in task.shares:
        raise ActRefused("no such task for this guide")
    return task, guide


def confirm_task(stage: Stage, args: Args) -> Args:
    """`only`: the receivers she kept, when the task lets her choose."""
    task, guide = _task_of(stage, args)
    if task.cancelled:
        raise ActRefused("the task was cancelled")
    if "only" in args and not task.allow_select:
        raise ActRefused("the task does not let her choose")
    results = confirm(stage, task, guide.userid, only=args.get("only"))
    counts = Counter(OUTCOME.get(status, "unsent") for status in results.values())
    return dict(counts) or {"already": True}


def ignore_task(stage: Stage, args: Args) -> None:
    task, guide = _task_of(stage, args)
    task.shares[guide.userid].ignored = True


def click_card(stage: Stage, args: Args) -> Args:
    """A button of a card, or the submit button with `selected: {question_key: [option ids]}`."""
    guide, task_id = guide_of(stage, args), str(args["task_id"])
    card = _card(guide, task_id)
    if card.clicked and card.card_type in INTERACTIVE:
        raise ActRefused("already answered")
    card.clicked = str(args["key"])
    code = new_code(stage, [card])
    fields: list[Field] = [
        ("EventKey", card.clicked),
        ("TaskId", task_id),
        ("CardType", card.card_type),
        ("ResponseCode", code),
        ("AgentID", stage.world.corp.apps[0].agent_id),
    ]
    selected = args.get("selected") or {}
    if selected:
        fields.append(("SelectedItems", [_selected(key, ids) for key, ids in selected.items()]))
    facts = {"userid": guide.userid, "task_id": task_id, "key": card.clicked}
    menu = (card.card.get("action_menu") or {}).get("action_list") or []
    in_menu = card.clicked in [action.get("key") for action in menu]
    stage.wecom_event(
        "template_card_menu_event" if in_menu else "template_card_event",
        fields,
        facts=facts,
        key=guide.userid,
        sender=guide.userid,
        on_reply=lambda reply: _replied(card, reply or {}),
    )
    return {"response_code": code}


def _replied(card: Card, reply: Args) -> None:
    """A passive reply to the click may change the button at once."""
    if reply.get("MsgType") == "update_button":
        name = (reply.get("Button") or {}).get("ReplaceName", "")
        redraw(card, button={"replace_name": name}, fresh=None)


def _card(guide: Guide, task_id: str) -> Card:
    for delivery in reversed(guide.inbox):
        if delivery.card and delivery.card.task_id == task_id and not delivery.recalled:
            return delivery.card
    raise ActRefused(f"no card {task_id} in this guide's inbox")


def _selected(key: str, ids: list[str]) -> Field:
    options: list[Field] = [("OptionId", option) for option in ids]
    return ("SelectedItem", [("QuestionKey", key), ("OptionIds", options)])


def open_app(stage: Stage, args: Args) -> None:
    guide = guide_of(stage, args)
    fields: list[Field] = [("EventKey", ""), ("AgentID", stage.world.corp.apps[0].agent_id)]
    facts = {"userid": guide.userid}
    stage.wecom_event("enter_agent", fields, facts=facts, key=guide.userid, sender=guide.userid)


def click_app_menu(stage: Stage, args: Args) -> Args:
    """A button of the app's own menu, by its key or url; the events are spelled small here."""
    guide, app, key = guide_of(stage, args), stage.world.corp.apps[0], str(args["key"])
    buttons = [*app.menu, *(b for button in app.menu for b in button.get("sub_button") or [])]
    button = next((b for b in buttons if key in (b.get("key"), b.get("url"))), None)
    if button is None:
        raise ActRefused(f"no button {key} in the app's menu")
    fields: list[Field] = [("EventKey", key), ("AgentID", app.agent_id)]
    facts = {"userid": guide.userid, "key": key}
    kind = str(button["type"])
    stage.wecom_event(kind, fields, facts=facts, key=guide.userid, sender=guide.userid)
    return {"type": kind}


def confirm_moment(stage: Stage, args: Args) -> Args:
    guide, moment = guide_of(stage, args), moments(stage).moments.get(str(args["moment_id"]))
    if moment is None or guide.userid not in moment.published or moment.cancelled:
        raise ActRefused("no such moment for this guide")
    return {"visible_to": publish(stage, moment, guide)}


def refuse_transfer(stage: Stage, args: Args) -> None:
    """The customer does not want to be handed on; `limit`: the taker has too many already."""
    customer = customer_of(stage, args)
    plans = stage.world.room(HandoverRoom).by_customer.get(customer.external_userid, [])
    waiting = next((plan for plan in plans if plan.status == WAITING), None)
    if waiting is None:
        raise ActRefused("nobody is handing her on")
    refuse(stage, waiting, over_limit=bool(args.get("limit")))


def send_mass(stage: Stage, args: Args) -> Args:
    """A guide's own 群发 to her customers: counted in the same quota as the corp's."""
    guide, key = guide_of(stage, args), str(args["text"])
    wanted = [stage.world.customers[c].external_userid for c in args.get("customers") or []]
    results = dict.fromkeys(wanted or guide.follows, UNSENT)
    if not results.keys() <= guide.follows.keys():
        raise ActRefused("not all of them are her customers")
    msgid = stage.world.names.make("msgGCAAA", 32, "own mass", guide.userid, key)
    shares = {guide.userid: Share(guide.userid, results)}
    task = MassTask(msgid, "single", key, [], stage.now(), shares, creator=guide.userid)
    tasks(stage)[msgid] = task
    guide.mass_tasks[msgid] = None
    counts = Counter(OUTCOME[status] for status in confirm(stage, task, guide.userid).values())
    return {"msgid": msgid, **counts}


def answer_moment(stage: Stage, args: Args) -> None:
    """A customer likes (`like`) or comments on a moment of one of her guides."""
    customer, guide = customer_of(stage, args), guide_of(stage, args)
    moment = moments(stage).moments.get(str(args["moment_id"]))
    if moment is None or customer.external_userid not in moment.seen_by.get(guide.userid, []):
        raise ActRefused("she does not see this moment")
    listed = moment.likes if args.get("like", True) else moment.comments
    listed.append((guide.userid, customer.external_userid, stage.clock.timestamp()))


ACTS = {
    "refuse_transfer": refuse_transfer,
    "send_mass": send_mass,
    "answer_moment": answer_moment,
    "confirm_moment": confirm_moment,
    "confirm_task": confirm_task,
    "ignore_task": ignore_task,
    "click_card": click_card,
    "open_app": open_app,
    "click_app_menu": click_app_menu,
}
