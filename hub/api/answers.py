"""Answers of the API: msgspec rows as JSON, their shapes in the OpenAPI page, one Japanese sentence on refusal."""

from typing import Any, TypeVar

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from msgspec import Struct
from starlette.responses import Response

from contract.refusal import Refused
from hub.store.database import StoreFault

T = TypeVar("T")
_TEMPLATE = "#/components/schemas/{name}"
_LONGEST_BODY = 64 * 1024
_shapes: dict[str, Any] = {}


class Problem(Struct, frozen=True):
    """Why a request was not answered."""

    error: str
    """One sentence in Japanese."""


class NotGiven(Exception):
    """A request that is refused: the status and the sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def answer(rows: Any, status: int = 200) -> Response:
    """Rows as JSON."""
    return Response(msgspec.json.encode(rows), status_code=status, media_type="application/json")


def problem(status: int, sentence: str) -> Response:
    """A refusal as JSON."""
    refusal = answer(Problem(sentence), status)
    if status == 401:
        refusal.headers["WWW-Authenticate"] = "Bearer"
    return refusal


async def raw_body(request: Request) -> bytes:
    """The body, of at most 64 KiB; raises `NotGiven`."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            raise NotGiven(413, "本文が大きすぎます。64 KiB までにしてください。")
    return body


def read_body(body: bytes, kind: type[T]) -> T:
    """A body as a `kind`; raises `NotGiven` that names the field."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotGiven(422, f"本文の JSON が正しくありません: {error}。") from error


def shape(kind: Any) -> dict[str, Any]:
    """The JSON Schema of a type; what it refers to is kept for the OpenAPI page."""
    (schema,), components = msgspec.json.schema_components([kind], ref_template=_TEMPLATE)
    _shapes.update(components)
    return schema


def described(*kinds: Any, body: Any = None, status: int = 200) -> dict[str, Any]:
    """What a route says of itself: its answer, its refusals, its body."""
    refusals = {
        401: "トークンがない、または無効",
        403: "役割が許さない",
        404: "見つからない",
        422: "値が正しくない",
    }
    if body is not None:
        refusals[409] = "いまはできない"
    said: dict[int, Any] = {
        code: {"description": words, "content": {"application/json": {"schema": shape(Problem)}}}
        for code, words in refusals.items()
    }
    shapes = [shape(kind) for kind in kinds]
    schema = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
    said[status] = {"description": "OK", "content": {"application/json": {"schema": schema}}}
    extra: dict[str, Any] = {"security": [{"token": []}]}
    if body is not None:
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": shape(body)}}}
    return {"responses": said, "openapi_extra": extra, "status_code": status}


def install(app: FastAPI) -> None:
    """Teach an application our refusals and the shapes of our rows."""

    @app.exception_handler(NotGiven)
    async def not_given(_request: Request, error: NotGiven) -> Response:
        return problem(error.status, error.sentence)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            page = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            components = page.setdefault("components", {})
            components.setdefault("schemas", {}).update(_shapes)
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            for name in ("HTTPValidationError", "ValidationError"):
                components["schemas"].pop(name, None)
            app.openapi_schema = page
        return app.openapi_schema

    # FastAPI's documented way to add to the page.
    app.openapi = openapi  # type: ignore[method-assign]


def refusal_status(refused: Refused) -> int:
    """503 when the store is at fault, 409 when what was asked for does not fit."""
    return 503 if isinstance(refused, StoreFault) else 409


def wrong_value(error: RequestValidationError) -> str:
    """Which value of a request is wrong, in a sentence."""
    where = "・".join(str(one["loc"][-1]) for one in error.errors()) or "本文"
    return f"「{where}」の値がないか、正しくありません。"
