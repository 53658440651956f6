"""MQTT 3.1.1 as bytes: a publisher that is faster than any hub, so that a measurement never measures it.

Only what a measurement needs: CONNECT, SUBSCRIBE and PUBLISH with QoS 1 on a plain connection.
"""

import socket
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from contract.refusal import Refused
from contract.topics import Channel, every_device
from hub.mqtt import packets
from provisioning.broker import User

WINDOW = 2000
"""Messages under way before their PUBACK is waited for."""
TOGETHER = 100
"""Messages a write."""
PATIENCE_SECONDS = 120.0

HOMES_USER = User(
    name="town",
    password="town",
    publish=(every_device(Channel.event), every_device(Channel.sos)),
    subscribe=(),
)
"""At the broker of a measurement, who speaks for every home."""

Payload = tuple[str, bytes]
"""Topic and bytes."""


class Wire:
    """One connection."""

    def __init__(
        self,
        port: int,
        name: str,
        password: str,
        *,
        keep: bool = False,
        client_id: str = "",
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Connect to 127.0.0.1 as `name`; `keep` asks for a persistent session, called `client_id` or like the user."""
        address = packets.Address(
            host="127.0.0.1",
            port=port,
            client_id=client_id or name,
            username=name,
            password=password,
            keepalive_seconds=600,
        )
        self._socket = socket.create_connection((address.host, address.port), patience)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(packets.connect(address, keep=keep))
            answer = self._exactly(4)
            if answer[0] != 0x20 or answer[3] != 0:
                raise Refused(f"ブローカーが {name} を断りました ({answer.hex()})。")
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye."""
        with suppress(OSError):  # it may be the broker that has gone
            self._socket.sendall(b"\xe0\x00")
        self._socket.close()

    def subscribe(self, *topics: str) -> None:
        """Ask for these, QoS 1; what comes is not read."""
        self._socket.sendall(packets.subscribe(1, [(topic, 1) for topic in topics]))
        answer = self._exactly(4 + len(topics))
        if answer[0] != 0x90 or 0x80 in answer[4:]:
            raise Refused(f"ブローカーが購読を断りました ({answer.hex()})。")

    def publish(self, messages: Sequence[Payload], window: int = WINDOW) -> None:
        """Publish all with QoS 1 and wait until the broker has every one of them."""
        room = threading.Semaphore(window)
        failed: list[BaseException] = []

        def acknowledged() -> None:
            seen = 0
            try:
                while seen < 4 * len(messages):
                    got = self._socket.recv(65_536)
                    if not got:
                        raise ConnectionError("the broker went away")
                    before, seen = seen // 4, seen + len(got)
                    if seen // 4 > before:
                        room.release(seen // 4 - before)
            except OSError as error:
                failed.append(error)
                room.release(len(messages))

        reader = threading.Thread(target=acknowledged, name="bench-pubacks", daemon=True)
        reader.start()
        waiting: list[bytes] = []
        for number, (topic, payload) in enumerate(messages):
            if len(waiting) == TOGETHER or not room.acquire(blocking=False):
                self._socket.sendall(b"".join(waiting))
                full = len(waiting) == TOGETHER
                waiting = []
                if not full or not room.acquire(blocking=False):
                    room.acquire()
            body = packets.text(topic) + struct.pack("!H", number % 65_535 + 1) + payload
            waiting.append(packets.packet(0x32, body))
            if failed:
                break
        if waiting and not failed:
            self._socket.sendall(b"".join(waiting))
        reader.join()
        if failed:
            raise Refused(f"ブローカーとの接続が切れました ({failed[0]})。")

    def _exactly(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            more = self._socket.recv(count - len(got))
            if not more:
                raise Refused("ブローカーが接続を閉じました。")
            got += more
        return got
