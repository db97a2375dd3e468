"""Write docs/chat.md: what customers say and read, talked over the real bot and the sandbox.

    python scripts/write_chat_transcript.py [FILE]

Two invented customers write to 微信客服 and the Official Account; every answer is one that arrived at the sandbox.
Links, coupon codes and addresses of this machine are masked, so that the same talk makes the same file.
"""

from __future__ import annotations

import asyncio
import csv
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.demo import prologue
from bot.demo.cast import Person
from bot.demo.play import settle
from bot.demo.reactions import CODE
from bot.demo.scene import Scene, open_scene
from bot.demo.staff import CARE
from bot.demo.world import write_world
from bot.events.commands import AnswerCase, CloseCase
from bot.store import case_queue
from handlers import ROUTERS

ROOT = Path(__file__).resolve().parent.parent
HERE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 12, 10, 24, tzinfo=HERE)
PATIENCE = timedelta(seconds=30)
HASH = re.compile(r"\b[0-9a-f]{64}\b")
LINK = re.compile(r"http://127\.0\.0\.1:\d+/\S*")
WHO = {"c0": "周清和", "c1": "林小满", "c2": "何予安"}
"""The first one only sits in the group chats already."""
BUTTONS = {"store_hours": "门店和时间"}
PEOPLE = [
    Person(
        id=key,
        name=name,
        phone=f"1990000000{number}",
        unionid=f"o-transcript-{number}",
        birthday="05-20",
        gender=2,
        store="S01",
        guide="SuQing",
        follows=number < 2,
        fan=number == 1,
        kf=True,
        consents=number < 2,
        followed_at=START - timedelta(days=90),
        temper=0.5,
    )
    for number, (key, name) in enumerate(WHO.items())
]
BOUGHT = (
    ("c1", "QH1001", "2026-01-10T15:02:00+08:00", "亚麻衬衫", "衬衫", "399.00"),
    ("c1", "QH1002", "2026-03-01T19:40:00+08:00", "羊绒开衫", "羊毛针织", "899.00"),
)


class Part(NamedTuple):
    title: str
    about: str
    """What to see in it."""
    lines: tuple[tuple[str, str], ...]
    """(act, words): an act of the sandbox's world or of the shop's own people."""


def kf(*said: str) -> tuple[tuple[str, str], ...]:
    return tuple(("say_kf", each) for each in said)


HER = (
    Part(
        "打招呼",
        "说她最近买的一件（退了的不提），给出菜单；点菜单不用猜。",
        (*kf("你好"), ("tap", "points")),
    ),
    Part(
        "我的券",
        "没有券的人可以领一次见面礼；再问就看到手上的券。",
        kf("有什么优惠呀", "我的优惠卷呢"),
    ),
    Part("积分和等级", "", kf("我还有多少积分", "怎么才能升级")),
    Part("我的订单", "", kf("帮我查下订单", "到哪里了呀")),
    Part("再来一单", "一点就到上次那件的购买页。", kf("上次那件想再买一件")),
    Part("我的群", "只给她现在能进的群。", kf("怎么进群")),
    Part(
        "知识库",
        "答案出自品牌自己写的页，写明是哪一页。",
        kf(
            "退货的运费谁出",
            "羊绒衫可以机洗吗",
            "可以开公司抬头的发票吗",
            "裤子太长能改短吗",
            "你们几点关门呀",
        ),
    ),
    Part("没有答案的问题", "知识库里没有，就请她的导购来回，不编。", kf("徐汇店还有M码吗")),
    Part(
        "投票",
        "一人一票，点按钮或者写出来都行；票数当场看得到。",
        (*kf("投票"), ("tap", "针织"), *kf("投票 亚麻")),
    ),
    Part(
        "每周抽奖",
        "开奖前先公布种子的哈希；开奖后公布种子、全部号码和中奖号，谁都能重算。",
        kf("抽奖", "抽奖 结果"),
    ),
    Part(
        "接龙",
        "带联系方式或敏感词的先由人看一眼，再给大家看。",
        kf("接龙", "接龙 羊毛衫洗前翻面，晾的时候平放", "接龙 再来一条"),
    ),
    Part("打卡", "", kf("打卡", "打卡")),
    Part(
        "小问卷",
        "先问能不能记；一次一问，知道答案的不再问。",
        (*kf("小问卷"), ("tap", "开启个性化"), *kf("小问卷"), ("tap", "通勤")),
    ),
    Part("穿搭征集", "照片和投票在网页上，先授权才收。", kf("穿搭大赛")),
    Part("拼团", "开团要先有资格；加入别人的团只要团号。", kf("拼团", "拼团 424242")),
    Part(
        "定期购",
        "自己开通，每一期可以跳过，随时停。",
        (*kf("定期购"), ("tap", "开通：棉袜按月补"), *kf("跳过这一期", "停掉定期购")),
    ),
    Part("宠物生日", "", kf("宠物生日 猫 2月29日")),
    Part(
        "不再收活动消息",
        "不是那几个字，就给一个一点就停的按钮；说“退订”立刻停。",
        (*kf("别再给我推活动了"), ("tap", "consent_no"), *kf("退订")),
    ),
    Part("不要个性化", "以后打招呼不再提她买过什么。", (*kf("不要个性化"), *kf("你好"))),
    Part("我的数据", "", kf("你们有我什么信息")),
    Part(
        "公众号",
        "同样的话在公众号里就是那条消息的回复；点菜单也一样。",
        (
            ("click_menu", "store_hours"),
            ("say_official", "满多少包邮"),
            ("say_official", "投票"),
            ("say_official", "定期购"),
        ),
    ),
    Part(
        "投诉",
        "立案，告诉她编号和时限；客服答复、解决，都告诉她；最后请她点一下满不满意。",
        (
            *kf("羊绒开衫穿两次就起球了，质量太差，我要投诉"),
            ("answer", "非常抱歉，我们核实后给你换新，今天寄出，运费我们承担。"),
            ("close", "已换新寄出"),
            ("tap", "满意"),
        ),
    ),
    Part(
        "转人工",
        "转给她自己的导购；人在说话，程序就不插嘴，人结束以后再答。",
        (
            *kf("我要人工"),
            ("kf_reply", "我是苏晴，请讲"),
            *kf("我的积分"),
            ("kf_end", ""),
            *kf("我的积分"),
        ),
    ),
)
STRANGER = (
    Part(
        "听不懂",
        "不乱答；连着两句听不懂就交给值班的人。没有导购的人不被许诺“某某来回你”。",
        kf("你好", "蓝莓山药羹", "就是蓝莓山药羹啊"),
    ),
)


class Talker:
    """Says the lines of one customer and reads what came back."""

    def __init__(self, scene: Scene, customer: str) -> None:
        self._scene, self._customer = scene, customer
        self._menu: dict[str, str] = {}
        self._seen = 0

    async def part(self, part: Part) -> list[str]:
        told = [f"### {part.title}", "", *([part.about, ""] if part.about else [])]
        for act, words in part.lines:
            told += await self._line(act, words)
        return [*told, ""]

    async def _line(self, act: str, words: str) -> list[str]:
        self._seen = await self._last()
        shown = await self._do(act, words)
        await settle(self._scene, until=self._scene.now + PATIENCE)
        rows = [row for row in await self._log() if row["seq"] > self._seen]
        return [shown, *(line for row in rows for line in self._told(row)), ""]

    async def _do(self, act: str, words: str) -> str:
        match act:
            case "tap":
                key = next(k for k, text in self._menu.items() if words in (k, text))
                await self._act("say_kf", text=self._menu[key], menu_id=key)
                return f"**{WHO[self._customer]}**（点按钮）：{self._menu[key]}"
            case "click_menu":
                await self._act(act, key=words)
                return f"**{WHO[self._customer]}**（公众号菜单）：{BUTTONS[words]}"
            case "answer" | "close":
                await self._serve(act, words)
                return f"*客服在后台{'答复' if act == 'answer' else '结案'}：{words}*"
            case "kf_reply" | "kf_end":
                text = {"text": words} if words else {}
                await self._act(act, guide="SuQing", **text)
                return f"*苏晴：{words}*" if words else "*苏晴结束了会话*"
            case _:
                await self._act(act, text=words)
                where = "（公众号）" if act == "say_official" else ""
                return f"**{WHO[self._customer]}**{where}：{words}"

    async def _act(self, act: str, **facts: str) -> None:
        where = {"kf": self._scene.notes["open_kfid"]} if "kf" in act else {}
        wish = {"act": act, "customer": self._customer, **where, **facts}
        done = await self._scene.act(wish)
        if not done[0].get("ok"):
            raise SystemExit(f"{wish}: {done}")

    async def _serve(self, act: str, words: str) -> None:
        work = self._scene.bot.work
        async with work.sessions.reading() as session:
            case = (await case_queue.queue(session, work.vault))[0].case
        about = {"actor": CARE, "key": f"{act}:{case.id}", "at": work.now(), "case_id": case.id}
        done = (
            AnswerCase(**about, text=words)
            if act == "answer"
            else CloseCase(**about, resolution=words)
        )
        await self._scene.bot.desk.do(done)

    async def _log(self) -> list[dict[str, Any]]:
        url = f"{self._scene.sandbox_url}/__sandbox__/log"
        async with self._scene.http.get(url, params={"after": str(self._seen)}) as answer:
            return [json.loads(line) for line in (await answer.text()).splitlines()]

    async def _last(self) -> int:
        return max([self._seen, *(row["seq"] for row in await self._log())])

    def _told(self, row: dict[str, Any]) -> list[str]:
        if row["side"] == "api" and "service_state/trans" in str(row.get("path")):
            return ["> *（会话交给了人）*"]
        if row["side"] != "arrival" or row.get("to") != self._customer or not row.get("text"):
            return []
        for each in row.get("attachments") or ():
            for item in each.get("msgmenu", {}).get("list", ()):
                choice = item.get("click", item)  # 微信客服 alone wraps it
                self._menu[choice["id"]] = choice["content"]
        return [f"> {line}" if line else ">" for line in masked(row["text"]).splitlines()]


def masked(text: str) -> str:
    bare = LINK.sub("https://shop.example.com/l/…", HASH.sub("3f0c…（64 位十六进制）", text))
    return CODE.sub("QH7K2M9P4X", bare)


def history(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(
            ["customer_id", "order_id", "paid_at", "title", "category", "amount", "sku", "qty"]
        )
        table.writerows([*row, f"SKU-{row[1]}", 1] for row in BOUGHT)


async def talked(home: Path) -> list[str]:
    write_world(home / "world.yaml", PEOPLE)
    history(home / "history.csv")
    told: list[str] = []
    async with open_scene(home, ROUTERS, seed=7, start=START) as scene:
        await prologue.begin(scene, PEOPLE, home / "history.csv")
        for customer, parts in (("c1", HER), ("c2", STRANGER)):
            talker = Talker(scene, customer)
            for part in parts:
                told += await talker.part(part)
    return told


def main(arguments: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as home:
        told = asyncio.run(talked(Path(home)))
    out = Path(arguments[0]) if arguments else ROOT / "docs/chat.md"
    out.write_text(HEAD + "\n".join(told).rstrip() + "\n", encoding="utf-8")
    print(f"{out}: {len(told)} lines")


HEAD = """# Chat: a transcript

Made by `python scripts/write_chat_transcript.py`: the real handlers, a sandbox of WeCom, 微信客服 and the Official
Account, two invented customers. Bold is the customer, quoted is what arrived on her phone, italic is what people of
the shop did.
How sentences are understood: [models.md](models.md).

"""

if __name__ == "__main__":
    main(sys.argv[1:])
