"""A line between browser and server that can be held: bytes stop, and nobody is told. What a pulled cable looks like."""

import contextlib
import socket
import threading
from types import TracebackType

_GLANCE_SECONDS = 0.05


class Relay:
    """Forwards 127.0.0.1:`port` to another port, until it is held or stopped."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._line = threading.Event()
        self._line.set()
        self._stopping = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(_GLANCE_SECONDS)
        self.port: int = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, name="relay")]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def hold(self) -> None:
        """From now on nothing passes, in either direction; connections stay open, and stay dead."""
        self._line.clear()

    def release(self) -> None:
        """New connections pass again. Those of before say nothing for ever."""
        line = threading.Event()
        line.set()
        self._line = line

    def __enter__(self) -> "Relay":
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                near, _ = self._listening.accept()
            except TimeoutError:
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                near.close()
                continue
            line = self._line
            for source, sink in ((near, far), (far, near)):
                self._threads.append(
                    threading.Thread(target=self._pass_on, args=(source, sink, line), name="relay")
                )
                self._threads[-1].start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, line: threading.Event) -> None:
        source.settimeout(_GLANCE_SECONDS)
        with contextlib.suppress(OSError), source:
            while not self._stopping.is_set():
                try:
                    piece = source.recv(65536)
                except TimeoutError:
                    continue
                while not line.wait(_GLANCE_SECONDS):
                    if self._stopping.is_set():
                        return
                if not piece:
                    break
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
