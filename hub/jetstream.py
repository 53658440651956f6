"""The hub's line to a NATS cluster: several workers share what the homes say, from the replicated log behind MQTT.

NATS writes every QoS 1 message of a speaker to its stream `$MQTT_msgs` before it acknowledges it, and hands each to one
of the workers that pull from a durable consumer. A worker acknowledges after COMMIT; what it did not acknowledge, because
it died or its store was full, goes to another one (`hub.stream.ACK_WAIT_SECONDS`). Speakers are told by plain MQTT.
"""

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any

import nats
import nats.errors
import structlog
from nats.aio.client import Client as Nats
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import APIError

from contract.time import Clock
from contract.topics import ROOT, Channel
from hub.config import BrokerConfig
from hub.line import Delivery
from hub.messages import Message
from hub.stream import DURABLES, MESSAGES, STREAM, prepare
from hub.teller import Teller

FETCH = 500
FETCH_SECONDS = 1.0
RETRY_SECONDS = 1.0
STOP_SECONDS = 10.0

_ACK = b"+ACK"

log = structlog.get_logger(__name__)


class JetStreamLine:
    """One worker. The same surface as `hub.line.Line`."""

    def __init__(
        self,
        broker: BrokerConfig,
        clock: Clock,
        on_deliveries: Callable[[list[Delivery]], None],
        on_sight: Callable[[], None],
        replicas: int | None = None,
    ) -> None:
        """`replicas` of a stream that has to be made; one for each server named, at most three, when None."""
        self._broker = broker
        self._clock = clock
        self._on_deliveries = on_deliveries
        self._on_sight = on_sight
        self._replicas = replicas or min(3, len(broker.nats))
        self._numbers = itertools.count(1)
        self._replies: dict[int, str] = {}
        self._gate = threading.Lock()
        self._pulls = False
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._teller = Teller(broker, self._look)
        self._nats: Nats | None = None
        self._thread = threading.Thread(target=self._run, name="jetstream", daemon=True)
        self.hears = False
        """Whether it pulls, and can tell speakers what is stored."""
        self.fault: str | None = "ブローカーにまだつながっていません。"
        """Why it hears nothing, one sentence; None while it does."""

    def start(self) -> None:
        """Connect in the background, again and again until `stop`."""
        self._teller.start()
        self._thread.start()

    def stop(self) -> None:
        """Let go of the cluster; what was not acknowledged goes to another worker, or to the next."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
        self._teller.stop()
        self._pulls = False
        self._look("ブローカーとの接続を閉じました。")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Tell a speaker, QoS 0; False when there is no line."""
        return self._teller.publish(topic, payload, retain=retain)

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> bool:
        """`publish` for many topics with their payloads."""
        return self._teller.publish_all(messages)

    def acknowledge(self, *deliveries: Delivery) -> None:
        """These messages are on disk."""
        with self._gate:
            replies = [reply for one in deliveries if (reply := self._replies.pop(one.mid, None)) is not None]
        if not replies or not self._thread.is_alive():
            return
        done: Future[None] = asyncio.run_coroutine_threadsafe(self._acknowledge(replies), self._loop)
        done.add_done_callback(_said)

    async def _acknowledge(self, replies: Sequence[str]) -> None:
        if self._nats is not None:
            for reply in replies:
                await self._nats.publish(reply, _ACK)

    # ---- its own thread ---------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._work())
        finally:
            self._loop.close()

    async def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self._nats = await self._reach()
                await self._pull(self._nats.jetstream())
            except (OSError, TimeoutError, APIError, nats.errors.Error) as error:
                self._lose(error)
            finally:
                if self._nats is not None:
                    await _close(self._nats)
                    self._nats = None
            await self._pause(RETRY_SECONDS)

    async def _reach(self) -> Nats:
        async def quietly(error: Exception) -> None:
            log.debug("jetstream.error", error=type(error).__name__)

        async def gone() -> None:
            self._lose(ConnectionError("disconnected"))

        async def back() -> None:
            self._see()

        return await nats.connect(
            list(self._broker.nats),
            user=self._broker.username,
            password=self._broker.password,
            name=self._broker.client_id,
            error_cb=quietly,
            disconnected_cb=gone,
            reconnected_cb=back,
            reconnect_time_wait=1,
            max_reconnect_attempts=-1,
            allow_reconnect=True,
        )

    async def _pull(self, jetstream: JetStreamContext) -> None:
        await prepare(jetstream, self._replicas)
        pulls = [await jetstream.pull_subscribe_bind(durable=one.name, stream=STREAM) for one in DURABLES]
        telemetry = await self._telemetry()
        self._see()
        tasks = [asyncio.create_task(self._fetch(pull)) for pull in pulls]
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()
        finally:
            for task in (*tasks, stopped):
                task.cancel()
            await asyncio.gather(*tasks, stopped, return_exceptions=True)
            del telemetry

    async def _telemetry(self) -> object:
        """Levels and temperatures are QoS 0: whichever worker gets them, and nobody if there is none."""
        assert self._nats is not None

        async def heard(message: Msg) -> None:
            await self._hand_over([self._delivery(message, message.subject, mid=0)])

        subject = f"{ROOT.replace('/', '.')}.*.{Channel.telemetry}"
        return await self._nats.subscribe(subject, queue="mimamori", cb=heard)

    async def _fetch(self, pull: JetStreamContext.PullSubscription) -> None:
        while not self._stopping.is_set():
            try:
                messages = await pull.fetch(FETCH, timeout=FETCH_SECONDS)
            except TimeoutError:
                continue  # nothing was said
            deliveries = []
            for message in messages:
                mid = next(self._numbers)
                with self._gate:
                    self._replies[mid] = message.reply
                deliveries.append(self._delivery(message, message.subject.removeprefix(MESSAGES), mid))
            await self._hand_over(deliveries)

    async def _hand_over(self, deliveries: list[Delivery]) -> None:
        # It may have to wait for room; meanwhile the connection must go on answering.
        await self._loop.run_in_executor(None, self._on_deliveries, deliveries)

    def _delivery(self, message: Msg, subject: str, mid: int) -> Delivery:
        topic = subject.replace(".", "/")
        told = Message(topic, message.data, self._clock.now())
        return Delivery(told, Channel(topic.rpartition("/")[2]), mid, connection=0)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    # ---- sight --------------------------------------------------------------------------------------------

    def _see(self) -> None:
        self._pulls = True
        self._look()

    def _lose(self, error: Exception) -> None:
        self._pulls = False
        servers = "、".join(self._broker.nats)
        self._look(
            f"NATS ({servers}) から受け取れません ({type(error).__name__})。動いているか確かめてください。"
        )

    def _look(self, fault: str | None = None) -> None:
        had = self.hears
        self.hears = self._pulls and self._teller.hears
        if self.hears:
            self.fault = None
        else:
            self.fault = fault or self._teller.fault or self.fault
        if had != self.hears:
            log.info("jetstream.sight", hears=self.hears)
            self._on_sight()


def _said(done: "Future[Any]") -> None:
    """An acknowledgement that does not get through is one message that comes again."""
    if not done.cancelled() and done.exception() is not None:
        log.debug("jetstream.unacknowledged", error=type(done.exception()).__name__)


async def _close(client: Nats) -> None:
    try:
        await asyncio.wait_for(client.drain() if client.is_connected else client.close(), STOP_SECONDS)
    except (OSError, TimeoutError, nats.errors.Error):
        await client.close()
