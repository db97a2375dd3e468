"""JSON bodies of programs: strict, and refused with every mistake named at once."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, NoReturn, TypeVar

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bot.domain.refusals import Refusal
from bot.platforms.envelope import Untrusted
from bot.web.callbacks import body_of

KEY = re.compile(r"[\x21-\x7e]{1,200}")


def clean(text: str) -> str:
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("含有 NUL 或不成对的代理字符")
    return text


Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(clean)]
Fen = Annotated[int, Field(ge=0, le=10**12)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Ids(Strict):
    """How a shop system names a customer."""

    phone: Annotated[str, Field(pattern=r"^\+?[0-9 -]{5,20}$")] | None = None
    unionid: Word | None = None
    openid: Word | None = None
    external_userid: Word | None = None
    member_no: Word | None = None
    buyer_id: Word | None = None

    @property
    def given(self) -> dict[str, str]:
        return self.model_dump(exclude_none=True)


Body = TypeVar("Body", bound=Strict)


async def read(request: web.Request, kind: type[Body]) -> Body:
    """Raises Refusal: too_large (413), not_json (400), or invalid (422) with the mistakes."""
    try:
        body = await body_of(request)
    except Untrusted:
        raise Refusal("too_large", "请求体超过 256 KB", status=413) from None
    return parse(body, kind)


def parse(body: bytes, kind: type[Body]) -> Body:
    try:
        return kind.model_validate(json.loads(body, parse_constant=_no_constant))
    except ValidationError as refused:
        raise Refusal(
            "invalid", "请求体有问题", status=422, facts={"mistakes": mistakes(refused)}
        ) from None
    except (ValueError, RecursionError):
        raise Refusal("not_json", "请求体不是 JSON", status=400) from None


def mistakes(refused: ValidationError) -> list[dict[str, str]]:
    return [
        {
            "field": ".".join(str(part) for part in error["loc"]),
            "words": error["msg"].removeprefix("Value error, "),
        }
        for error in refused.errors(include_input=False, include_url=False)
    ]


def key_of(request: web.Request) -> str:
    """What makes an unsafe request safe to repeat; nothing happens without it."""
    given = request.headers.get("Idempotency-Key", "")
    if not KEY.fullmatch(given):
        raise Refusal(
            "no_idempotency_key",
            "请在请求头里带 Idempotency-Key：每次操作一个新的，重试时用同一个",
            status=400,
        )
    return given


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def told(facts: dict[str, Any]) -> web.Response:
    return web.json_response(facts, dumps=lambda value: json.dumps(value, ensure_ascii=False))
