"""A lane runs a few loops at once, loses nobody's asking, and stops between two pieces."""

from __future__ import annotations

import asyncio

from bot.work.lane import Lane


class Pile:
    """Work that waits for a gate before each piece is done."""

    def __init__(self, pieces: int) -> None:
        self.left, self.at_once, self.most = pieces, 0, 0
        self.gate = asyncio.Event()

    async def work(self) -> int:
        if not self.left:
            return 0
        self.left -= 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await self.gate.wait()
        self.at_once -= 1
        return 1


async def test_it_works_until_nothing_is_left():
    pile = Pile(5)
    pile.gate.set()
    await Lane(pile.work, most=1).run(asyncio.Event())
    assert pile.left == 0


async def test_no_more_at_once_than_it_may_and_later_askers_are_heard():
    pile, stop = Pile(2), asyncio.Event()
    lane = Lane(pile.work, most=2)
    running = [asyncio.create_task(lane.run(stop)) for _ in range(2)]
    await asyncio.sleep(0)
    pile.left += 3
    await lane.run(stop)  # both loops are busy: it only leaves word
    pile.gate.set()
    await asyncio.gather(*running)
    assert (pile.most, pile.left) == (2, 0)


async def test_told_to_stop_it_finishes_the_piece_at_hand_only():
    pile, stop = Pile(3), asyncio.Event()
    running = asyncio.create_task(Lane(pile.work, most=1).run(stop))
    await asyncio.sleep(0)
    stop.set()
    pile.gate.set()
    await running
    assert (pile.at_once, pile.left) == (0, 2)
