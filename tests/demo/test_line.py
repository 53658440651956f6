"""A home's line is really cut: bytes stop, the port is closed, and the broker notices by itself."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from demo.line import Line

PATIENCE = 30.0
ENDLESS = 512 * 2**20  # bytes; four socket buffers of a generous system hold some 70 MB


@pytest.fixture
def town() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        yield listener


@pytest.fixture
def line(town: socket.socket) -> Iterator[Line]:
    line = Line(town.getsockname())
    yield line
    line.close()


def call(line: Line, town: socket.socket) -> tuple[socket.socket, socket.socket]:
    home = socket.create_connection(("127.0.0.1", line.port), timeout=PATIENCE)
    broker, _ = town.accept()
    broker.settimeout(PATIENCE)
    return home, broker


def pattern(length: int) -> bytes:
    return (bytes(range(256)) * (length // 256 + 1))[:length]


def send_until_stopped(home: socket.socket) -> int:
    """How many bytes of the pattern fit between a home and a broker that does not read: the system's own buffers."""
    home.settimeout(0.5)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < ENDLESS:
            sent += home.send(pattern(64 * 1024)[sent % 256 :])
    return sent


def receive(end: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length and (more := end.recv(length - len(data))):
        data += more
    return bytes(data)


def test_bytes_pass_both_ways_unchanged(line: Line, town: socket.socket) -> None:
    home, broker = call(line, town)
    with home, broker:
        home.sendall(b"answer")
        assert receive(broker, 6) == b"answer"
        broker.sendall(b"stored")
        assert receive(home, 6) == b"stored"


def test_a_slow_reader_stops_the_sender_and_gets_everything(line: Line, town: socket.socket) -> None:
    home, broker = call(line, town)
    with home, broker:
        sent = send_until_stopped(home)
        assert sent < ENDLESS  # nobody reads: the line does not swallow what it cannot deliver
        assert receive(broker, sent) == pattern(sent)


def test_a_cut_line_drops_the_call_and_refuses_the_next(line: Line, town: socket.socket) -> None:
    home, broker = call(line, town)
    with home, broker:
        line.cut()

        assert line.is_cut
        assert broker.recv(1) == b""
        assert home.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", line.port), timeout=PATIENCE)


def test_a_mended_line_has_the_same_number(line: Line, town: socket.socket) -> None:
    port = line.port
    line.cut()
    line.cut()
    line.mend()
    line.mend()

    assert line.port == port
    home, broker = call(line, town)
    with home, broker:
        home.sendall(b"hello again")
        assert receive(broker, 11) == b"hello again"


def test_one_end_hanging_up_hangs_up_the_other(line: Line, town: socket.socket) -> None:
    home, broker = call(line, town)
    with broker:
        home.close()
        assert broker.recv(1) == b""


def test_no_broker_at_the_other_end_hangs_up(town: socket.socket, line: Line) -> None:
    town.close()
    with socket.create_connection(("127.0.0.1", line.port), timeout=PATIENCE) as home:
        assert home.recv(1) == b""


def test_closing_twice_is_harmless(line: Line) -> None:
    line.close()
    line.close()
    assert line.is_cut
