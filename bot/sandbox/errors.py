"""How the platforms say no: HTTP 200 with an errcode."""

from __future__ import annotations

MEANINGS = {
    0: "ok",
    -1: "system busy",
    40001: "invalid credential",
    40003: "invalid UserID",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid file size",
    40013: "invalid CorpID",
    40014: "invalid access_token",
    40029: "invalid code",
    40037: "invalid template_id",
    40056: "invalid agentid",
    40058: "invalid Request Parameter",
    40063: "parameter is empty",
    40068: "invalid tag id",
    40071: "tag name existed",
    40096: "invalid external_userid",
    40125: "invalid appsecret",
    40126: "tag count out of limit",
    41001: "access_token missing",
    41004: "appsecret missing",
    41048: "no customer to send",
    41050: "invalid welcome code",
    41051: "externaluser has started chatting",
    41091: "too many chat_id",
    41093: "groupmsg has been cancelled",
    41094: "remind too many times",
    41096: "welcome msg is being distributed",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    45009: "api freq out of limit",
    45015: "response out of time limit or subscription is canceled",
    45033: "concurrent api call out of limit",
    45035: "write conflict",
    45047: "out of response count limit",
    47001: "data format error",
    81013: "user & party & tag all invalid",
    84061: "not external contact",
    95001: "send msg count limit",
    95002: "send msg time limit",
    95013: "session has ended",
    95018: "send msg session status invalid",
}


class Refuse(Exception):
    """Raised by an API handler; becomes the answer's errcode."""

    def __init__(self, errcode: int, hint: str = "") -> None:
        super().__init__(errcode, hint)
        self.errcode = errcode
        meaning = MEANINGS.get(errcode, "error")
        self.errmsg = f"{meaning}, {hint}" if hint else meaning
