"""The telephone line of one home: a TCP relay in front of the broker that can really be cut and mended."""

import contextlib
import socket
import threading
from collections.abc import Callable

from provisioning.ports import LOOPBACK, Port

_CHUNK = 64 * 1024


class Line:
    """Listens on a port of 127.0.0.1 and passes bytes to `target` both ways, until somebody cuts it.

    Cutting drops every connection and closes the port: the speaker sees a dead line and the broker a dead
    speaker, as when the cable is pulled at the modem. `mend()` opens the same port again.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._calls: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._port = Port()
        self._address = (LOOPBACK, self._port.number)
        self._listener = socket.create_server(self._address)
        self._cut = False
        self._spawn(self._answer, self._listener)

    @property
    def port(self) -> int:
        """Where the speaker of this home believes the broker to be."""
        return self._port.number

    @property
    def is_cut(self) -> bool:
        """Whether nothing passes."""
        return self._cut

    def cut(self) -> None:
        """Drop everything; returns when nothing passes any more. Safe to call twice."""
        with self._lock:
            self._cut = True
            for end in (self._listener, *self._calls):
                with contextlib.suppress(OSError):  # already gone
                    end.shutdown(socket.SHUT_RDWR)
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.join()
        self._listener.close()

    def mend(self) -> None:
        """Let connections through again, on the same port."""
        if self._cut:
            self._listener = socket.create_server(self._address)
            self._cut = False
            self._spawn(self._answer, self._listener)

    close = cut

    def _spawn(self, work: Callable[..., None], *ends: socket.socket) -> None:
        thread = threading.Thread(target=work, args=ends, name="demo-line", daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()

    def _answer(self, listener: socket.socket) -> None:
        """Take calls until the listener is shut down."""
        while True:
            try:
                home, _ = listener.accept()
            except OSError:
                return
            try:
                town = socket.create_connection(self._target, timeout=5.0)
            except OSError:
                home.close()
                continue
            town.settimeout(None)
            with self._lock:
                if self._cut:
                    home.close()
                    town.close()
                    return
                for end in (home, town):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._calls |= {home, town}
                self._spawn(self._carry, home, town)

    def _carry(self, home: socket.socket, town: socket.socket) -> None:
        """Carry one call, the way back in a thread of its own, and close both ends when it is over."""
        back = threading.Thread(target=_pump, args=(town, home), name="demo-line", daemon=True)
        back.start()
        _pump(home, town)
        back.join()
        with self._lock:
            self._calls -= {home, town}
        home.close()
        town.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass bytes one way until one end hangs up, then hang up both ways."""
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
