"""From a world file to a world: missing ids are derived from the seed, in the platforms' shapes."""

from __future__ import annotations

from datetime import datetime

from bot.sandbox.clock import parse_moment
from bot.sandbox.names import Names, digest
from bot.sandbox.world.entities import (
    App,
    Corp,
    Customer,
    Fan,
    Follow,
    GroupChat,
    GroupMember,
    Guide,
    Habit,
    KfAccount,
    Link,
    Official,
    Tag,
    TagGroup,
)
from bot.sandbox.world.spec import AppSpec, CustomerSpec, GroupSpec, GuideSpec, WorldSpec
from bot.sandbox.world.state import World

MINUTES = {"early": (2.0, 30.0), "late": (120.0, 360.0)}


def build_world(spec: WorldSpec, *, seed: int, start: datetime) -> World:
    names = Names(seed)
    world = World(
        names=names,
        settings=spec.settings,
        corp=_corp(spec, names),
        official=_official(spec, names),
        stores=spec.stores,
    )
    for guide in spec.guides:
        world.guides[guide.userid] = _guide(guide, spec)
    _tags(world, spec, int(start.timestamp()))
    for customer in spec.customers:
        _customer(world, customer, start)
    for group in spec.groups:
        _group(world, group, int(start.timestamp()))
    _kf(world, spec)
    _ways(world, spec, int(start.timestamp()))
    for link in spec.acquisition_links:
        key = link.link_id or names.make("caw", 18, "link", link.name)
        made = Link(key, link.name, link.guides, [], int(start.timestamp()), link.skip_verify)
        world.links[key] = made
    return world


def _corp(spec: WorldSpec, names: Names) -> Corp:
    corp_id = spec.corp.corp_id or names.make("ww", 18, "corp").lower()
    apps = [_app(app, names) for app in spec.corp.apps]
    return Corp(corp_id, spec.corp.name, apps, spec.corp.binds_unionid)


def _app(app: AppSpec, names: Names) -> App:
    key = app.agent_id
    return App(
        app.name,
        app.agent_id,
        app.secret or names.make("", 43, "wecom-secret", key),
        app.token or names.make("", 24, "wecom-token", key),
        app.aes_key or names.aes_key("wecom", key),
    )


def _official(spec: WorldSpec, names: Names) -> Official:
    given = spec.official
    account = Official(
        app_id=given.app_id or "wx" + names.hex(16, "official"),
        original_id=given.original_id or "gh_" + names.hex(12, "official-original"),
        secret=given.secret or names.hex(32, "official-secret"),
        token=given.token or names.make("", 24, "official-token"),
        aes_key=given.aes_key or names.aes_key("official"),
        name=given.name or spec.corp.name,
        menu=given.menu,
    )
    account.tags = {2: "星标组"} | {100 + n: name for n, name in enumerate(given.tags)}
    for template in given.templates:
        title = template["title"]
        key = template.get("template_id") or names.make("", 43, "template", title)
        account.templates[key] = title
    return account


def _guide(guide: GuideSpec, spec: WorldSpec) -> Guide:
    minutes = guide.confirm.minutes or MINUTES.get(guide.confirm.habit, (2.0, 30.0))
    departments = {store.id: n for n, store in enumerate(spec.stores, start=2)}
    habit = Habit(guide.confirm.habit, minutes)
    return Guide(guide.userid, guide.name, guide.store, departments.get(guide.store, 1), habit)


def _tags(world: World, spec: WorldSpec, now: int) -> None:
    for given in spec.tags:
        group = TagGroup(world.names.make("et", 32, "tag-group", given.group), given.group, now)
        world.tag_groups[group.id] = group
        for name in given.tags:
            tag = Tag(world.names.make("et", 32, "tag", given.group, name), name, group.id, now)
            group.tags[tag.id] = world.tags[tag.id] = tag
            world.tag_names[given.group, name] = tag.id


def new_customer(world: World, id: str, name: str) -> Customer:  # noqa: A002 - the world's word
    names = world.names
    return Customer(
        id=id,
        name=name,
        external_userid=names.make("wm", 32, "customer", id),
        unionid=names.make("o", 28, "union", id),
    )


def fan_of(world: World, customer: Customer) -> Fan:
    if customer.fan is None:
        customer.fan = Fan(world.names.make("o", 28, "openid", customer.id))
        world.by_openid[customer.fan.openid] = customer
    return customer.fan


def _customer(world: World, spec: CustomerSpec, start: datetime) -> None:
    customer = new_customer(world, spec.id, spec.name)
    customer.external_userid = spec.external_userid or customer.external_userid
    customer.unionid = spec.unionid or customer.unionid
    customer.phone, customer.birthday = spec.phone, spec.birthday
    customer.gender, customer.kf = spec.gender, spec.kf
    if spec.openid:
        customer.fan = Fan(spec.openid)
    world.admit(customer)
    if spec.fan:
        fan = fan_of(world, customer)
        fan.subscribed, fan.subscribe_time = True, int(start.timestamp()) - 86400
    for follow in spec.follows:
        since = parse_moment(follow.since) if follow.since else start
        guide = world.guides[follow.guide]
        tie = Follow(guide.userid, customer.external_userid, int(since.timestamp()), follow.state)
        tie.remark = follow.remark or spec.name
        tie.tags = dict.fromkeys(_tag_id(world, tag) for tag in follow.tags)
        customer.follows[guide.userid] = guide.follows[customer.external_userid] = tie


def _tag_id(world: World, tag: str) -> str:
    if tag in world.tags:
        return tag
    return next(key for (_, name), key in world.tag_names.items() if name == tag)


def _group(world: World, spec: GroupSpec, now: int) -> None:
    chat_id = spec.chat_id or world.names.make("wr", 32, "group", spec.name, spec.owner)
    capacity = spec.capacity or world.settings.group_capacity
    group = GroupChat(chat_id, spec.name, spec.owner, capacity, now, spec.notice)
    group.members[spec.owner] = GroupMember(spec.owner, 1, now, 1)
    for member in spec.members:
        if member in world.guides:
            group.members[member] = GroupMember(member, 1, now, 1, spec.owner)
            continue
        customer = world.customers[member]
        entry = GroupMember(customer.external_userid, 2, now, 1, spec.owner, name=customer.name)
        group.members[customer.external_userid] = entry
        customer.groups[chat_id] = None
    group.versions.append((now, digest("version", chat_id, 0).hex()[:32]))
    world.groups[chat_id] = group


def _kf(world: World, spec: WorldSpec) -> None:
    for given in spec.kf:
        key = given.open_kfid or world.names.make("wk", 32, "kf", given.name)
        world.kf[key] = KfAccount(key, given.name, dict.fromkeys(given.servicers, 0))


def _ways(world: World, spec: WorldSpec, now: int) -> None:
    chats = {group.name: group.chat_id for group in world.groups.values()}
    for way in spec.contact_ways:
        key = way.config_id or world.names.hex(32, "contact-way", way.state)
        world.contact_ways[key] = {
            "config_id": key,
            "type": 1 if len(way.guides) == 1 else 2,
            "scene": 2,
            "state": way.state,
            "remark": way.remark,
            "skip_verify": way.skip_verify,
            "user": way.guides,
            "created": now,
        }
        world.ways_by_state[way.state] = key
    for join in spec.join_ways:
        key = join.config_id or world.names.hex(32, "join-way", join.state)
        world.join_ways[key] = {
            "config_id": key,
            "scene": 2,
            "remark": "",
            "auto_create_room": int(join.auto_create_room),
            "room_base_name": join.room_base_name,
            "room_base_id": 1,
            "chat_id_list": [chats.get(group, group) for group in join.groups],
            "state": join.state,
        }
        world.joins_by_state[join.state] = key
