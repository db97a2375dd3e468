"""What programs send: strict, and refused with every mistake named at once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn, TypeVar

from aiohttp import web
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from bot.domain.refusals import Refusal
from bot.platforms.envelope import Untrusted
from bot.web.callbacks import body_of

KEY = re.compile(r"[\x21-\x7e]{1,200}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}|[0-9]{1,6}")
UNWRITABLE = re.compile("[\0\ud800-\udfff]")
DIGITS = re.compile(r"[0-9]{1,9}", re.ASCII)


def clean(text: str) -> str:
    if UNWRITABLE.search(text):
        raise ValueError("含有 NUL 或不成对的代理字符")
    return text


def digits(written: Any) -> Any:
    """A number in an address is ASCII digits: Python's own reading takes `１２`, `1_000` and ` 7` too."""
    if isinstance(written, str):
        if not DIGITS.fullmatch(written):
            raise ValueError("应是 0 到 9 组成的数")
        return int(written)
    return written


Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(clean)]
Text = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(clean)]
Asked = Annotated[str, Field(max_length=200), AfterValidator(clean)]
"""A word in an address."""
Fen = Annotated[int, Field(ge=0, le=10**12)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(Strict):
    """An empty body, or none."""


class Query(BaseModel):
    """What stands behind the question mark; each name once."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Listing(Query):
    cursor: Annotated[str | None, Field(max_length=60)] = None
    limit: Annotated[int, Field(ge=1, le=200), BeforeValidator(digits)] = 50


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


Body = TypeVar("Body", bound=BaseModel)


async def read(request: web.Request, kind: type[Body]) -> Body:
    """Raises Refusal: too_large (413), unsupported_media_type (415), not_json (400), or invalid (422)."""
    try:
        body = await body_of(request)
    except Untrusted:
        raise Refusal("too_large", "请求体超过 256 KB", status=413) from None
    if not body and issubclass(kind, Nothing):
        return kind()
    if request.content_type != "application/json":
        raise Refusal("unsupported_media_type", "请求体要是 application/json", status=415)
    return parse(body, kind)


def parse(body: bytes, kind: type[Body]) -> Body:
    try:
        said = json.loads(body, parse_constant=_no_constant, object_pairs_hook=_each_once)
        bad = b"\\u" in body and _unwritable(said)
    except (ValueError, RecursionError):
        raise Refusal("not_json", "请求体不是 JSON", status=400) from None
    read = valid(said, kind)  # names the field, where it is one that may hold words
    if bad:
        told = [{"field": "body", "words": "含有 NUL 或不成对的代理字符"}]
        raise Refusal("invalid", "请求有问题", status=422, facts={"mistakes": told})
    return read


def _unwritable(said: Any) -> bool:
    """Whether it holds text that not every database keeps, however deep inside."""
    if isinstance(said, str):
        return bool(UNWRITABLE.search(said))
    if isinstance(said, dict):
        return any(_unwritable(one) for pair in said.items() for one in pair)
    return isinstance(said, list) and any(map(_unwritable, said))


def asked(request: web.Request, kind: type[Body]) -> Body:
    """The query of the address as values. Raises Refusal invalid."""
    given = dict(request.query)
    if len(given) < len(request.query):
        twice = [{"field": "query", "words": "同一个参数只写一次"}]
        raise Refusal("invalid", "地址里的参数有问题", status=422, facts={"mistakes": twice})
    return valid(given, kind)


def valid(given: Mapping[str, Any], kind: type[Body]) -> Body:
    try:
        return kind.model_validate(given)
    except ValidationError as refused:
        raise Refusal(
            "invalid", "请求有问题", status=422, facts={"mistakes": mistakes(refused)}
        ) from None


def mistakes(refused: ValidationError) -> list[dict[str, str]]:
    """Where and what, without what was sent: a name that nobody would give to a field may be data too."""
    return [
        {
            "field": ".".join(
                str(part) if NAME.fullmatch(str(part)) else "…" for part in error["loc"]
            ),
            "words": error["msg"].removeprefix("Value error, "),
        }
        for error in refused.errors(include_input=False, include_url=False)[:50]
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


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values of one name every reader believes another one."""
    said = dict(pairs)
    if len(said) < len(pairs):
        raise ValueError("twice")
    return said


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
