"""What speakers of the cast say, for tests: events with ids that tell themselves apart."""

from contract.envelope import Event, encode_event
from contract.events import Activity, Body, CheckIn, ClockQuality, Intent, Outcome, Sos, type_of
from contract.ids import uuid7
from contract.time import Clock
from contract.topics import Channel, topic
from hub.messages import Message

EVENING = "2026-11-23/evening"

FINE = CheckIn(slot=EVENING, outcome=Outcome.answered, intent=Intent.fine)
UNWELL = CheckIn(slot=EVENING, outcome=Outcome.answered, intent=Intent.unwell)
HELP = Sos(trigger="button")
MOVED = Activity(source="motion")


class Homes:
    """The cast's speakers, at one clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said = 0

    def event(self, device: str, body: Body, id: str | None = None) -> Event:
        """One event of a speaker, happening now."""
        self._said += 1
        now = self._clock.now()
        return Event(
            id=id or uuid7(now),
            device=device,
            session=f"session-of-{device}",
            seq=self._said,
            at=now,
            clock=ClockQuality.synced,
            late=False,
            type=type_of(body),
            body=body,
        )

    def message(self, device: str, body: Body, id: str | None = None) -> Message:
        """The same as it arrives on the speaker's own topic, a cry for help on its own."""
        return self.arrives(self.event(device, body, id))

    def arrives(self, event: Event, on: str | None = None) -> Message:
        """An event on the topic of its device, or of another one."""
        channel = Channel.sos if isinstance(event.body, Sos) else Channel.event
        return Message(topic(on or event.device, channel), encode_event(event), self._clock.now())

    def bytes_arrive(self, device: str, payload: bytes, channel: Channel = Channel.event) -> Message:
        """Whatever bytes on the topic of a device."""
        return Message(topic(device, channel), payload, self._clock.now())
