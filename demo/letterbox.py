"""Where the demonstration's notices arrive: a web service on this machine that shows each message to the visitor.

The hub hands its messages over to it through apprise, as it would to LINE or a mail server.
"""

import json
import threading
from datetime import datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from types import TracebackType

from contract.time import OFFICE_ZONE, Clock
from demo.record import News, Tell

WHO = "知らせ"
"""Stands in the news where a household's name does."""
_MOST_BYTES = 100_000
PROOF_AFTER = timedelta(minutes=3)
"""From the beginning to the daily proof: by then the morning is over, so that the proof has something to say."""


def notice_settings(letterbox: str, pages: str, now: datetime) -> str:
    """The packaged settings of notices with the addresses and the proof's time of a run that begins at `now`.

    At the office's own hours a demonstration begun at eleven would first prove that nobody was asked. One begun so
    shortly before midnight that its proof falls on tomorrow has none: a time of tomorrow has passed today.
    """
    packaged = (resources.files("demo") / "notices.toml").read_text(encoding="utf-8")
    here = now.astimezone(OFFICE_ZONE)
    proof = here + PROOF_AFTER
    times = [proof.strftime("%H:%M:%S")] if proof.date() == here.date() else []
    return (
        packaged.replace("{letterbox}", letterbox)
        .replace("{pages}", pages)
        .replace("{proof}", json.dumps(times))
    )


class Letterbox:
    """Takes messages for everybody, as a context manager; who is meant stands in the message's first line."""

    def __init__(self, host: str, clock: Clock, tell: Tell) -> None:
        self._clock = clock
        self._tell = tell
        self._server = ThreadingHTTPServer((host, 0), self._taker())
        self._thread = threading.Thread(target=self._server.serve_forever, name="letterbox", daemon=True)
        self.url = f"json://{host}:{self._server.server_port}"
        """As apprise wants it; anything may follow after a slash."""

    def __enter__(self) -> "Letterbox":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, title: str, body: str) -> None:
        """Show a message: to whom, what, and the relative's link where there is one."""
        to, *lines = [line for line in body.splitlines() if line]
        listed = sum(line.startswith("・") for line in lines)
        more = f" ほか {listed - 1} 件" if listed > 1 else ""
        self._show(f"{to}へ「{title}」{next(iter(lines), '')}{more}")
        for line in lines:
            if "/f/" in line:
                self._show(f"{to}の返事はここから {line}")

    def _show(self, what: str) -> None:
        self._tell(News(self._clock.now(), WHO, what))

    def _taker(self) -> type[BaseHTTPRequestHandler]:
        box = self

        class Taker(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Take one message as apprise's JSON service sends it."""
                length = int(self.headers.get("Content-Length", "0"))
                if length > _MOST_BYTES:
                    self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                    return
                try:
                    message = json.loads(self.rfile.read(length))
                    box._take(message["title"], message["message"])
                except (ValueError, KeyError, TypeError):
                    self.send_error(HTTPStatus.BAD_REQUEST)
                    return
                self.send_response(HTTPStatus.OK)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """The terminal belongs to the visitor."""

        return Taker
