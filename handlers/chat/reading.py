"""What was held back in a 接龙 is read by a person, who lets it out or not."""

from __future__ import annotations

from bot.domain.delivery import GuideTask
from bot.events import CardClicked, FinishGuideTask
from bot.inbound.turn import Turn
from bot.store import customers, games
from handlers.chat.games import REVIEW
from handlers.chat.hearing import router


@router.on(FinishGuideTask)
async def read_held(command: FinishGuideTask, turn: Turn) -> None:
    await _read(turn, command.task_id, fine=command.done)


@router.on(CardClicked, when=lambda event: event.key.startswith("task:"))
async def read_by_card(event: CardClicked, turn: Turn) -> None:
    _, task_id, what = event.key.split(":")
    guide = await customers.guide_by_userid(turn.session, event.userid)
    await _read(turn, int(task_id), fine=what == "done", guide_id=guide.id)


async def _read(turn: Turn, task_id: int, *, fine: bool, guide_id: int | None = None) -> None:
    task = await turn.session.get(GuideTask, task_id)
    if task is None or task.kind != REVIEW or task.state != "open":
        return
    if guide_id in {None, task.guide_id}:
        await games.read(turn.session, int(task.key.removeprefix("game:")), fine=fine)
