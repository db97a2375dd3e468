"""What the shop's own people do at our pages: guides push to a tagged few, the service answers complaints."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from bot.demo import words
from bot.demo.agenda import Agenda
from bot.demo.scene import Scene
from bot.demo.streams import stream
from bot.demo.world import shop
from bot.domain.refusals import Refusal
from bot.events.commands import Actor, AnswerCase, CloseCase, Command, PushToTagged
from bot.store import case_queue, customers

TAGS = ("兴趣/羊毛针织", "兴趣/连衣裙", "兴趣/外套", "兴趣/衬衫", "兴趣/配饰")
PUSHES_A_WEEK = 3
CARE = Actor(kind="care", id="xiaowu")


class Staff:
    def __init__(self, scene: Scene, agenda: Agenda, *, seed: int) -> None:
        self._scene, self._agenda, self._seed = scene, agenda, seed
        self._guides = [guide["userid"] for guide in shop()["guides"]]
        self.refused: dict[str, int] = {}

    def plan_all(self, start: datetime, days: int) -> None:
        for number in range(days):
            day = start + timedelta(days=number)
            dice = stream(self._seed, "staff", number)
            if dice.random() < PUSHES_A_WEEK / 7:
                at = day + timedelta(hours=dice.uniform(10, 17))
                self._agenda.plan(at, self._pushing(dice))
            for hour in (10, 15, 19):
                self._agenda.plan(day + timedelta(hours=hour), self._serving(number, hour))

    def _pushing(self, dice: Random) -> Any:
        async def push() -> None:
            userid, tag = dice.choice(self._guides), dice.choice(TAGS)
            async with self._scene.bot.work.sessions.reading() as session:
                guide = await customers.guide_by_userid(session, userid, create=False)
            if guide is None:
                return
            text = f"{tag.partition('/')[2]}这周到了新款，尺码都齐，想看实拍我发给你。"
            await self._do(
                PushToTagged(
                    actor=Actor(kind="guide", id=userid),
                    key=f"push:{userid}:{self._scene.now:%Y%m%d%H%M}",
                    at=self._scene.now,
                    guide_id=guide.id,
                    tags=(tag,),
                    text=text,
                )
            )

        return push

    def _serving(self, number: int, hour: int) -> Any:
        async def serve() -> None:
            async with self._scene.bot.work.sessions.reading() as session:
                queue = await case_queue.queue(session, self._scene.bot.work.vault)
            for case in [queued.case for queued in queue]:
                dice = stream(self._seed, "case", case.id, number, hour)
                if case.answered_at is None and dice.random() < 0.6:
                    await self._answer(case.id, dice.choice(words.ANSWERS))
                elif case.answered_at is not None and dice.random() < 0.5:
                    await self._close(case.id)

        return serve

    async def _answer(self, case_id: int, text: str) -> None:
        key = f"answer:{case_id}:{self._scene.now:%Y%m%d%H}"
        await self._do(
            AnswerCase(actor=CARE, key=key, at=self._scene.now, case_id=case_id, text=text)
        )

    async def _close(self, case_id: int) -> None:
        await self._do(
            CloseCase(
                actor=CARE,
                key=f"close:{case_id}",
                at=self._scene.now,
                case_id=case_id,
                resolution="已换新，顾客确认收到",
            )
        )

    async def _do(self, command: Command) -> None:
        try:
            await self._scene.bot.desk.do(command)
        except Refusal as refusal:
            self.refused[refusal.reason] = self.refused.get(refusal.reason, 0) + 1
