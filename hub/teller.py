"""The hub's line to the broker where it only tells: speakers their times, and nobody is heard on it."""

from collections.abc import Callable, Iterable, Sequence

import msgspec
import structlog

from hub import broker_address
from hub.config import BrokerConfig
from hub.mqtt.client import Client
from hub.mqtt.packets import Arrived

log = structlog.get_logger(__name__)


class Teller:
    """A line that only tells: for a process that hears the homes by another way, or not at all."""

    def __init__(self, broker: BrokerConfig, on_sight: Callable[[], None]) -> None:
        """`on_sight` is called when `hears` has changed."""
        self._broker = broker
        self._on_sight = on_sight
        # A second name: the hub's own is that of the session in which homes are heard.
        address = msgspec.structs.replace(
            broker_address.address_of(broker), client_id=f"{broker.client_id}-tells"
        )
        self._client = Client(address, self)
        self.hears = False
        """Whether it is connected: what it tells now arrives."""
        self.fault: str | None = "ブローカーにまだつながっていません。"

    def start(self) -> None:
        """Connect in the background, again and again until `stop`."""
        self._client.start()

    def stop(self) -> None:
        """Say goodbye."""
        self._client.stop()
        self._lose("ブローカーとの接続を閉じました。")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Send with QoS 0; False when there is no line."""
        return self.hears and self._client.publish(topic, payload, retain=retain)

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> bool:
        """`publish` for many topics with their payloads."""
        return self.hears and self._client.publish_all(messages)

    def connected(self, *, new_session: bool) -> None:  # noqa: ARG002 - as the client tells it
        """Let in."""
        self.fault = None
        self.hears = True
        self._on_sight()

    def refused(self, why: str) -> None:
        """Not let in."""
        self._lose(broker_address.refused(why))

    def subscribed(self, granted: Sequence[bool]) -> None:
        """It asks for nothing."""

    def arrived(self, messages: list[Arrived]) -> None:
        """It asks for nothing."""

    def lost(self, why: str) -> None:
        """The connection broke."""
        if self.hears:
            self._lose(f"ブローカーとの接続が切れました ({why})。")

    def unreachable(self, why: str) -> None:
        """Nobody there."""
        log.debug("line.unreachable", why=why)
        self._lose(broker_address.nobody(self._broker))

    def _lose(self, fault: str) -> None:
        had, self.hears = self.hears, False
        self.fault = fault
        if had:
            self._on_sight()
