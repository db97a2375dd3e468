"""Adding and deleting: the tie customer × guide as people make and break it."""

from __future__ import annotations

from typing import Any

from bot.sandbox.acts.kinds import ActRefused, Args, customer_of, guide_of, last_part
from bot.sandbox.envelope import Field
from bot.sandbox.habits import answer_time
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.acquisition import spoke, won
from bot.sandbox.wecom.contact_ways import members
from bot.sandbox.wecom.intercept import caught
from bot.sandbox.wecom.welcome import issue_welcome_code
from bot.sandbox.world.entities import Customer, Follow, Guide, Message


def tell(stage: Stage, change: str, tie: Follow, more: list[Field] | None = None) -> None:
    fields: list[Field] = [
        ("ChangeType", change),
        ("UserID", tie.userid),
        ("ExternalUserID", tie.external_userid),
        *(more or []),
    ]
    facts = {"userid": tie.userid, "external_userid": tie.external_userid}
    if tie.state:
        facts["state"] = tie.state
    stage.wecom_event("change_external_contact", fields, facts=facts, key=tie.external_userid)


def add_friend(stage: Stage, args: Args) -> Args:
    """Through a contact way (its config_id or its state), or straight to a guide."""
    way = _way(stage, args)
    customer, guide = customer_of(stage, args), _chosen(stage, args, way)
    known = customer.follows.get(guide.userid)
    if known and not known.left and not known.half:
        return {"already": True, "userid": guide.userid}
    tie = Follow(
        guide.userid,
        customer.external_userid,
        stage.clock.timestamp(),
        str(way.get("state") or args.get("source") or ""),
        add_way=1 if way else int(args.get("add_way", 2)),
        remark=customer.name,
    )
    result = {"userid": guide.userid, "external_userid": customer.external_userid}
    if args.get("half"):
        return result | half_add(stage, customer, guide, tie)
    if way and not way.get("skip_verify", True):
        return result | ask(stage, customer, guide, tie)
    return result | befriend(stage, customer, guide, tie)


def _way(stage: Stage, args: Args) -> dict[str, Any]:
    name = args.get("contact_way")
    if not name:
        return {}
    world, name = stage.world, last_part(str(name))
    way = world.contact_ways.get(world.ways_by_state.get(name, name))
    if way is None:
        raise ActRefused(f"no contact way {name}: the code no longer works")
    return way


def _chosen(stage: Stage, args: Args, way: dict[str, Any]) -> Guide:
    """A way with several guides shares the customers out; which one gets whom is the platform's choice."""
    if not way:
        return guide_of(stage, args)
    met = members(stage, way)
    here = [userid for userid in met if stage.world.guides[userid].resigned is None]
    if not here:
        raise ActRefused("nobody behind this contact way")
    if way.get("is_exclusive"):  # one person meets one member through it
        known = customer_of(stage, args).follows
        here = [userid for userid in here if userid in known] or here
    dice = stage.world.names.stream("contact-way", way["config_id"], args["customer"])
    return stage.world.guides[here[dice.randrange(len(here))]]


def befriend(
    stage: Stage, customer: Customer, guide: Guide, tie: Follow, *, welcome: bool = True
) -> Args:
    old = customer.follows.get(guide.userid)
    if old:  # the guide's side of an earlier tie keeps its notes
        tie.remark, tie.tags, tie.chatted = old.remark, old.tags, old.chatted and not old.left
    customer.follows[guide.userid] = guide.follows[customer.external_userid] = tie
    code = issue_welcome_code(stage, tie) if welcome and not tie.chatted else ""
    more: list[Field] = [("State", tie.state)] if tie.state else []
    link: list[Field] = [("LinkId", tie.link_id)] if tie.link_id else []
    greeting: list[Field] = [("WelcomeCode", code)] if code else []
    tell(stage, "add_external_contact", tie, [*more, *greeting, *link])
    won(stage, tie)
    return {"welcome_code": bool(code)}


def half_add(stage: Stage, customer: Customer, guide: Guide, tie: Follow) -> Args:
    """The guide needs no verification and has not confirmed yet; the half-add has the welcome code."""
    tie.half = True
    customer.follows[guide.userid] = tie
    code = issue_welcome_code(stage, tie)
    more: list[Field] = [("State", tie.state)] if tie.state else []
    tell(stage, "add_half_external_contact", tie, [*more, ("WelcomeCode", code)])
    _plan_acceptance(stage, customer, guide)
    return {"half": True}


def ask(stage: Stage, customer: Customer, guide: Guide, tie: Follow) -> Args:
    stage.world.rooms.setdefault("requests", {})[guide.userid, customer.id] = tie
    _plan_acceptance(stage, customer, guide)
    return {"requested": True}


def _plan_acceptance(stage: Stage, customer: Customer, guide: Guide) -> None:
    when = answer_time(stage.world.names, guide, stage.now(), "accept", customer.id)
    if when is not None:
        args = {"guide": guide.userid, "customer": customer.id}
        label = f"{guide.userid} accepts {customer.id}"
        stage.agenda.plan(when, label, lambda: accept_friend(stage, args))


def accept_friend(stage: Stage, args: Args) -> Args:
    guide, customer = guide_of(stage, args), customer_of(stage, args)
    asked = stage.world.rooms.get("requests", {}).pop((guide.userid, customer.id), None)
    tie = customer.follows.get(guide.userid)
    if asked:
        return befriend(stage, customer, guide, asked)
    if tie is None or not tie.half:
        return {"already": True}
    tie.half = False
    return befriend(stage, customer, guide, tie, welcome=False)


def delete_guide(stage: Stage, args: Args) -> None:
    """The customer deletes the guide: the guide's side still lists her, and calls still answer ok."""
    customer, guide = customer_of(stage, args), guide_of(stage, args)
    tie = customer.follows.get(guide.userid)
    if tie is None or tie.left:
        raise ActRefused("not a friend")
    tie.left = True
    tell(stage, "del_follow_user", tie)


def delete_customer(stage: Stage, args: Args) -> None:
    """The guide deletes the customer: from now on 84061."""
    guide, customer = guide_of(stage, args), customer_of(stage, args)
    tie = customer.follows.pop(guide.userid, None)
    if tie is None:
        raise ActRefused("not a customer of this guide")
    guide.follows.pop(customer.external_userid, None)
    tell(stage, "del_external_contact", tie)


def edit_customer(stage: Stage, args: Args) -> None:
    """In the client: remark, corp tags (by id or name) and the guide's own tags."""
    guide, customer = guide_of(stage, args), customer_of(stage, args)
    tie = customer.follows.get(guide.userid)
    if tie is None:
        raise ActRefused("not a customer of this guide")
    tie.remark = str(args.get("remark", tie.remark))
    by_name = {tag.name: tag.id for tag in stage.world.tags.values()}
    for name in args.get("add_tags", []):
        tag = name if name in stage.world.tags else by_name.get(name)
        (tie.tags if tag else tie.personal_tags)[tag or name] = None
    for name in args.get("remove_tags", []):
        tie.tags.pop(by_name.get(name, name), None)
        tie.personal_tags.pop(name, None)
    tell(stage, "edit_external_contact", tie, [("State", tie.state)] if tie.state else [])


def say_guide(stage: Stage, args: Args) -> Args:
    """She writes to a guide. No app hears it; but the chat has begun."""
    customer, guide = customer_of(stage, args), guide_of(stage, args)
    _chat(stage, customer, guide, sender=customer.id, to=guide.userid, text=str(args["text"]))
    tie = customer.follows[guide.userid]
    tie.received += 1
    key = spoke(stage, tie)
    return {"chat_key": key} if key else {}


def say_customer(stage: Stage, args: Args) -> Args:
    """A guide writes to a customer, as herself; an intercept rule may keep it back or warn."""
    customer, guide, text = customer_of(stage, args), guide_of(stage, args), str(args["text"])
    rule, kept = caught(stage, guide, text)
    if kept:
        raise ActRefused(f"kept back by the rule {rule}")
    _chat(stage, customer, guide, sender=guide.userid, to=customer.id, text=text)
    return {"warned": rule} if rule else {}


def _chat(
    stage: Stage, customer: Customer, guide: Guide, *, sender: str, to: str, text: str
) -> None:
    tie = customer.follows.get(guide.userid)
    if tie is None or tie.left:
        raise ActRefused("not friends")
    tie.chatted, tie.last_chat = True, stage.clock.timestamp()
    message = Message(stage.now(), "wecom", sender, to, text)
    if to == customer.id:
        stage.arrive(customer, message, userid=guide.userid)
    else:
        customer.conversation.append(message)


ACTS = {
    "add_friend": add_friend,
    "accept_friend": accept_friend,
    "delete_guide": delete_guide,
    "delete_customer": delete_customer,
    "edit_customer": edit_customer,
    "say_guide": say_guide,
    "say_customer": say_customer,
}
