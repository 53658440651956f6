"""A web site for the tests of downloading, which behaves as badly as it is told to."""

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class FileServer:
    """Serves `files` on a free port of 127.0.0.1 and writes down what was asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.breaks_after: list[int] = []
        """Each answer takes one and breaks off after so many bytes of the body."""
        self.ranges = True
        """Whether it can go on in the middle of a file."""
        self.asked: list[tuple[str, str | None]] = []
        """Path and Range header of each request."""
        self.sent = 0
        self.hold: threading.Event | None = None
        """While given and not set, an answer stops after its first 64 KiB and waits."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="test-site", daemon=True
        )

    def url(self, name: str) -> str:
        """The address of a file."""
        return f"http://127.0.0.1:{self._server.server_port}/{name}"

    def __enter__(self) -> "FileServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.hold:
            self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range")
        self.asked.append((request.path, asked))
        content = self.files.get(request.path.lstrip("/"))
        if content is None:
            request.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.ranges else 0
        if start and start >= len(content):
            request.send_error(416)
            return
        body = content[start:]
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(body)))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.end_headers()
        if self.breaks_after:
            body = body[: self.breaks_after.pop(0)]
        try:
            if self.hold:
                request.wfile.write(body[: 1 << 16])
                request.wfile.flush()
                self.hold.wait(30)
                body = body[1 << 16 :]
            request.wfile.write(body)
            self.sent += len(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # whoever asked has gone


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip file, stored and not compressed, so that its size is its content's."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def sha256(content: bytes) -> str:
    """Hexadecimal."""
    return hashlib.sha256(content).hexdigest()
