"""Runs the application in a thread of its own, on one port, with a stop that does not wait for open streams."""

import errno
import socket
import threading
from types import TracebackType

import uvicorn
from fastapi import FastAPI

from contract.refusal import Refused

GRACE_SECONDS = 3
"""How long a request that is being answered may still take at the stop. Streams end at once."""
START_SECONDS = 15.0
LOOK_SECONDS = 0.02


class Served:
    """A running server. Use it as a context manager, or call `stop`."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        """Use `serve`."""
        self._app = app
        self._socket = _listen(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        """The real port, where 0 was asked for."""
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,  # paths name residents; who saw whom stands in the store
            lifespan="on",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="dashboard", daemon=True)

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://{self.host}:{self.port}"

    @property
    def is_running(self) -> bool:
        """Whether its thread still lives."""
        return self._thread.is_alive()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def start(self) -> "Served":
        """Return when requests are answered; raises `Refused` when the application did not come up."""
        self._thread.start()
        pause, looks = threading.Event(), int(START_SECONDS / LOOK_SECONDS)
        for _ in range(looks):
            if self._server.started:
                return self
            if not self._thread.is_alive():
                break
            pause.wait(LOOK_SECONDS)
        self.stop()
        raise Refused("画面のサーバーが立ち上がりませんでした。ログの内容を管理者に知らせてください。")

    def stop(self) -> None:
        """End the streams, answer what is being answered, let go of the port. Safe to call twice."""
        self._app.state.live.close_soon()
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(GRACE_SECONDS + 5)
        self._socket.close()

    def __enter__(self) -> "Served":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()


def serve(app: FastAPI, host: str, port: int) -> Served:
    """Serve `app` (of `create_app`) from now on; port 0 takes a free one. Raises `Refused` if the port is taken."""
    return Served(app, host, port).start()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise Refused(
                f"{host} のポート {port} はほかのプログラムが使っています。別のポートを指定するか、先にそれを止めてください。"
            ) from error
        raise Refused(
            f"{host} のポート {port} で待ち受けられません ({error.strerror})。番地とポートを確かめてください。"
        ) from error
    return listening
