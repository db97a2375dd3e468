"""A file is written once, by whoever may: the act is noted, the work is done beside it."""

from __future__ import annotations

from bot.domain.file_imports import FileImport
from bot.events.commands import ReceiveFile, RunImport
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import file_imports

router = Router()


@router.on(ReceiveFile)
async def receive(command: ReceiveFile, turn: Turn) -> Answer:
    row = FileImport(
        kind=command.kind,
        name=command.name,
        suffix=command.suffix,
        state="received",
        columns={},
        beat_at=0.0,
        at=turn.now,
        by=str(command.actor),
    )
    await file_imports.add(turn.session, row)
    return Answer({"import": row.id})


@router.on(RunImport)
async def run(command: RunImport, turn: Turn) -> Answer:
    row = await file_imports.get(turn.session, command.import_id)
    await file_imports.begin(
        turn.session, row.id, state="running", after=("checked",), real=row.beat_at
    )
    return Answer({"import": row.id, "kind": row.kind})
