"""Guides' hands as tests see them: mass tasks that wait until somebody taps, forgets or is told to stop."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.calls import (
    CancelMassTask,
    CreateMassTask,
    GetMassTaskMembers,
    GetMassTaskResult,
    ListMassTasks,
    Outcome,
    Refused,
    Sent,
    Unclear,
)
from tests.harness import Bot


@dataclass
class Task:
    sender: str
    text: str
    ids: tuple[str, ...]
    at: int
    sent: dict[str, int] = field(default_factory=dict)
    """external_userid → status."""
    sent_at: int = 0
    cancelled: bool = False


class Hands:
    """Answers the mass-task calls of `bot.platform` out of its own memory."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.tasks: dict[str, Task] = {}
        self.lose_answers = False
        self.never_arrive = False
        platform = bot.platform
        platform.answers(CreateMassTask, self._create)
        platform.answers(CancelMassTask, self._cancel)
        platform.answers(GetMassTaskMembers, self._members)
        platform.answers(GetMassTaskResult, self._result)
        platform.answers(ListMassTasks, self._list)

    @property
    def waiting(self) -> list[Task]:
        return [task for task in self.tasks.values() if not task.sent_at and not task.cancelled]

    def arrivals(self) -> list[str]:
        return [
            who for task in self.tasks.values() for who, status in task.sent.items() if status == 1
        ]

    def confirm(self, **statuses: int) -> None:
        """Tap every waiting task; everybody is reached unless a status is given by external_userid."""
        for task in self.waiting:
            task.sent = {who: statuses.get(who, 1) for who in task.ids}
            task.sent_at = self._now()

    def _now(self) -> int:
        return int(self.bot.now.timestamp())

    def _create(self, call: CreateMassTask) -> Outcome:
        msgid = f"msg{len(self.tasks) + 1}"
        if not self.never_arrive:
            self.tasks[msgid] = Task(call.sender, call.text, call.external_userids, self._now())
        if self.lose_answers or self.never_arrive:
            return Unclear("timeout")
        return Sent({"msgid": msgid, "fail_list": []})

    def _cancel(self, call: CancelMassTask) -> Outcome:
        self.tasks[call.msgid].cancelled = True
        return Sent()

    def _members(self, call: GetMassTaskMembers) -> Outcome:
        task = self.tasks[call.msgid]
        row = {"userid": task.sender, "status": 2 if task.sent_at else 0}
        return Sent({"task_list": [row | ({"send_time": task.sent_at} if task.sent_at else {})]})

    def _result(self, call: GetMassTaskResult) -> Outcome:
        task = self.tasks[call.msgid]
        if call.userid != task.sender:
            return Refused(40003, "no_such_guide")
        rows = [
            {
                "external_userid": who,
                "userid": task.sender,
                "status": task.sent.get(who, 0),
                "send_time": task.sent_at,
            }
            for who in task.ids
        ]
        return Sent({"send_list": rows})

    def _list(self, call: ListMassTasks) -> Outcome:
        rows = [
            {"msgid": msgid, "create_time": task.at, "text": {"content": task.text}}
            for msgid, task in self.tasks.items()
            if call.start_time <= task.at <= call.end_time
        ]
        return Sent({"group_msg_list": rows})
