"""Before the month: the shop's history is imported, the platform is asked who is there, tiers are made."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from bot.demo.cast import Person
from bot.demo.play import whole
from bot.demo.scene import Scene
from bot.demo.world import shop
from bot.inbound.imports import Wish, import_file
from bot.outbound import reconcile, tag_mirror, tiers
from bot.store import access, contact_ways, orders, shops
from bot.timetable import publish

SOURCE = "shop"
LONGEST = timedelta(minutes=30)


async def begin(scene: Scene, people: Sequence[Person], history: Path) -> str:
    """Make the shop what it is on its first morning; returns the tills' API key."""
    key = await _set_up(scene)
    await _import(scene, people, history)
    await reconcile.reconcile(scene.bot.work)
    await _quiet(scene)
    await tiers.retier(scene.bot.work)
    await tag_mirror.retag_everybody(scene.bot.work)
    await publish(scene.bot.work)
    await _quiet(scene)
    state = await scene.state()
    scene.notes["open_kfid"] = state["kf"][0]["open_kfid"]
    return key


async def _set_up(scene: Scene) -> str:
    brand, key = shop(), "sk_" + secrets.token_urlsafe(24)
    async with scene.bot.work.sessions.begin() as session:
        await shops.set_up(session, brand["stores"], brand["guides"])
        for store in brand["stores"]:
            store_id = await orders.store_id(session, store["code"])
            for way in brand["contact_ways"]:
                state, label = f"{way['state']}-{store['code']}", f"{store['name']}{way['label']}"
                await contact_ways.configure(session, state=state, label=label, store_id=store_id)
        await access.add_key(
            session, token=key, scope="pos", store=None, name="tills", now=scene.now
        )
    return key


async def _import(scene: Scene, people: Sequence[Person], history: Path) -> None:
    members = scene.home / "members.csv"
    with members.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(
            ["customer_id", "unionid", "姓名", "手机号", "生日", "性别", "营销授权", "授权时间"]
        )
        for person in people:
            gender = "女" if person.gender == 2 else "男"
            birthday = f"1990-{person.birthday}"
            told = [person.id, person.unionid, person.name, person.phone, birthday, gender]
            agreed = ["是", person.followed_at.isoformat()] if person.consents else ["", ""]
            table.writerow(told + agreed)
    work = scene.bot.work
    for kind, path in (("customers", members), ("orders", history)):
        wish = Wish(kind, scene.now, scene.settings.zone, source=SOURCE)
        await import_file(work.sessions, work.vault, path, wish)
    members.unlink()


async def _quiet(scene: Scene) -> None:
    """Until nothing is due or under way at this moment, retries included."""
    until = scene.now + LONGEST
    await scene.bot.step()
    while (moment := await scene.bot.next_moment()) is not None and moment <= until:
        wish = whole(max(moment, scene.now))
        await scene.control("clock", {"step": {"until": wish.isoformat()}})
        await scene.bot.step()
