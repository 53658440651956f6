"""What every answer carries, and what no request may do: security headers, and no orders from other sites."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing from outside and nothing inline: a staff network may have no internet, and a name may hold a script."""

HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    # `no-referrer` would turn the Origin of our own forms into "null", which the check below refuses.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Pure ASGI, so that an open stream passes through untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse orders from elsewhere; add the headers to what is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000"
                # Pages hold residents' data: nothing of them stays on a shared machine.
                if scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "no-cache"
                else:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        if scope["method"] not in _SAFE and not _is_own(headers):
            refusal = PlainTextResponse(
                "別のサイトからの操作は受け付けません。この画面を開き直して、もう一度操作してください。",
                status_code=403,
            )
            await refusal(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)


def _is_own(headers: Headers) -> bool:
    """Whether an order comes from our own page, or from a program with a token (which no page sends unasked)."""
    if headers.get("authorization", "").lower().startswith("bearer "):
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    return origin is not None and _same_host(origin, headers.getlist("host"))


def _same_host(origin: str, hosts: Iterable[str]) -> bool:
    return urlsplit(origin).netloc in hosts
