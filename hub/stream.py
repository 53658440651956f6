"""What a NATS cluster keeps for the hub: the stream of what the homes say, and the consumers that all workers share."""

from typing import NamedTuple

from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from contract.topics import ROOT, Channel

STREAM = "$MQTT_msgs"
"""The stream of NATS's MQTT: it must exist, with our consumers, before the first speaker is let in. It keeps a message
only as long as somebody wants it, and without a consumer nobody does."""
STREAM_BYTES = 8 * 1024**3
"""How much the cluster keeps while no worker takes it; then it refuses more, and the speakers keep it: some ten million
events."""
ACK_WAIT_SECONDS = 15.0
"""After which another worker gets what this one has not acknowledged."""
MOST_UNACKNOWLEDGED = 20_000
"""Of all workers together."""

MESSAGES = "$MQTT.msgs."
"""Before the subject of what a speaker says, in the stream."""
_SUBJECTS = MESSAGES + ROOT.replace("/", ".")


class Durable(NamedTuple):
    """One consumer, shared by all workers."""

    name: str
    channels: tuple[Channel, ...]

    def config(self) -> ConsumerConfig:
        """As JetStream is told."""
        return ConsumerConfig(
            durable_name=self.name,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_SECONDS,
            max_ack_pending=MOST_UNACKNOWLEDGED,
            filter_subjects=[f"{_SUBJECTS}.*.{channel}" for channel in self.channels],
        )


DURABLES = (
    Durable("mimamori-sos", (Channel.sos,)),  # on its own, so that no backlog is ahead of it
    Durable("mimamori-events", (Channel.event, Channel.state)),
)


async def prepare(jetstream: JetStreamContext, replicas: int) -> None:
    """Make what is not there, the stream with so many `replicas`. Several workers may do so at once: they ask for the same."""
    try:
        await jetstream.stream_info(STREAM)
    except NotFoundError:
        await jetstream.add_stream(
            StreamConfig(
                name=STREAM,
                subjects=[f"{MESSAGES}>"],
                retention=RetentionPolicy.INTEREST,
                storage=StorageType.FILE,
                discard=DiscardPolicy.NEW,
                max_bytes=STREAM_BYTES,
                num_replicas=replicas,
            )
        )
    for durable in DURABLES:
        await jetstream.add_consumer(STREAM, durable.config())
