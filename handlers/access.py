"""Keys of programs are taken back; a list is let out."""

from __future__ import annotations

from bot.domain.refusals import Refusal
from bot.events.commands import ExportList, RevokeKey
from bot.inbound.router import Router
from bot.inbound.turn import Answer, Turn
from bot.store import access

router = Router()


@router.on(RevokeKey)
async def revoke_key(command: RevokeKey, turn: Turn) -> Answer:
    key = await access.key_named(turn.session, command.key_id)
    if key is None:
        raise Refusal("unknown_key", "没有这把密钥", status=404)
    key.revoked_at = key.revoked_at or turn.now
    return Answer({"key_id": command.key_id, "revoked_at": key.revoked_at.isoformat()})


@router.on(ExportList)
async def export_list(command: ExportList, turn: Turn) -> Answer:
    """Nothing happens yet: the file is written when it is asked for."""
    return Answer({"sheet": command.sheet})
