"""What happens around acquisition links: a customer opens one, the corp buys quota or takes a link away."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from bot.sandbox.acts.friends import ask, befriend
from bot.sandbox.acts.kinds import ActRefused, Args, customer_of
from bot.sandbox.envelope import Field
from bot.sandbox.stage import Stage
from bot.sandbox.wecom.acquisition import AcquisitionRoom, balance, tell
from bot.sandbox.world.entities import Customer, Follow, Guide, Link

THROUGH_LINK = 16  # add_way
IN_THE_CORP = 1  # priority: a friend anywhere in the corp; 2: one among the listed


def _link(stage: Stage, args: Args) -> tuple[Link, str]:
    """By its address (with `customer_channel`), its id or its name."""
    said, state = str(args["link"]), str(args.get("state", ""))
    if "://" in said:
        parts = urlsplit(said)
        said = parts.path.rpartition("/")[2]
        state = parse_qs(parts.query).get("customer_channel", [state])[0]
    links = stage.world.links
    link = links.get(said) or next((one for one in links.values() if one.name == said), None)
    if link is None:
        raise ActRefused(f"no acquisition link {said}")
    return link, state.encode()[:64].decode(errors="ignore")


def open_link(stage: Stage, args: Args) -> Args:
    """She taps the link and asks; without a verification they are friends at once."""
    (link, state), customer = _link(stage, args), customer_of(stage, args)
    link.clicks.append((stage.clock.timestamp(), customer.id))
    if balance(stage) <= 0:
        raise ActRefused("the corp's acquisition quota is used up")
    guide = _guide(stage, link, customer)
    known = customer.follows.get(guide.userid)
    if known and not known.left and not known.half:
        return {"already": True, "userid": guide.userid}
    if state:
        asked: list[Field] = [("LinkId", link.link_id), ("State", state)]
        tell(stage, "friend_request", asked)
    tie = Follow(
        guide.userid,
        customer.external_userid,
        stage.clock.timestamp(),
        state,
        add_way=THROUGH_LINK,
        remark=customer.name,
        link_id=link.link_id,
    )
    come = befriend if link.skip_verify else ask
    result = {"userid": guide.userid, "external_userid": customer.external_userid}
    return result | come(stage, customer, guide, tie)


def _guide(stage: Stage, link: Link, customer: Customer) -> Guide:
    guides = stage.world.guides
    here = [
        guide
        for guide in guides.values()
        if guide.resigned is None
        and (guide.userid in link.users or guide.department in link.departments)
    ]
    friends = [guides[userid] for userid, tie in customer.follows.items() if not tie.left]
    priority = link.priority or {}
    if priority.get("priority_type") != IN_THE_CORP:
        listed = priority.get("priority_userid_list") or []
        friends = [guide for guide in friends if guide.userid in listed]
    chosen = friends or here
    if not chosen:
        tell(stage, "link_unavailable", [("LinkId", link.link_id)])
        raise ActRefused("nobody behind this link")
    dice = stage.world.names.stream("link", link.link_id, customer.id)
    return chosen[dice.randrange(len(chosen))]


def buy_acquisition(stage: Stage, args: Args) -> Args:
    stage.world.room(AcquisitionRoom).bought += int(args["count"])
    tell(stage, "balance_increased")
    return {"balance": balance(stage)}


def expire_acquisition(stage: Stage, args: Args) -> None:
    """The platform warns that bought quota ends soon."""
    count = int(args.get("count", balance(stage)))
    expiry = stage.clock.timestamp() + int(args.get("seconds", 7 * 86400))
    tell(stage, "quota_expire_soon", [("ExpireTime", expiry), ("ExpireQuotaNum", count)])


def drop_link(stage: Stage, args: Args) -> None:
    """The administrator deletes a link in the console."""
    link, _ = _link(stage, args)
    del stage.world.links[link.link_id]
    tell(stage, "delete_link", [("LinkId", link.link_id)])


ACTS = {
    "open_link": open_link,
    "buy_acquisition": buy_acquisition,
    "expire_acquisition": expire_acquisition,
    "drop_link": drop_link,
}
