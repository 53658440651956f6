"""One home of the town on the wire: a speaker that speaks the contract, keeps what is not acknowledged, and has no sound."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import paho.mqtt.client as mqtt
from msgspec import Struct
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.commands import Ack, Config, MalformedCommand, decode
from contract.envelope import Event, encode_event
from contract.events import CheckIn, ClockQuality, type_of
from contract.ids import uuid7
from contract.state import Presence, State, encode
from contract.time import Clock, office_date, office_instant
from contract.topics import Channel, topic
from demo.script import script
from demo.townsfolk import Home, TownPlan

RESEND = timedelta(seconds=5)
"""An event without our own ack for this long is said again, with the same id."""


class _Coming(Struct, frozen=True):
    """Something this home will say, and the slot's time it belongs to."""

    opens_at: datetime
    body: CheckIn


class SpeakerLine:
    """The wire side of one home; a loop outside gives it its turns."""

    def __init__(
        self,
        home: Home,
        password: str,
        plan: TownPlan,
        clock: Clock,
        random: Random,
        on_ack: Callable[[str], None],
    ) -> None:
        self.home = home
        self.connected = False
        self.asked: Config | None = None
        self._plan, self._clock, self._random, self._on_ack = plan, clock, random, on_ack
        self._session = uuid7(clock.now(), random.getrandbits)
        self._seq = 0
        self._coming: list[tuple[datetime, _Coming]] = []
        self._unacknowledged: dict[str, tuple[datetime, bytes]] = {}
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=home.device)
        self.client.username_pw_set(home.device, password)
        self.client.will_set(
            topic(home.device, Channel.state), self._state(Presence.lost), qos=1, retain=True
        )
        self.client.on_connect = self._connected
        self.client.on_disconnect = self._disconnected
        self.client.message_callback_add(topic(home.device, Channel.config), self._configured)
        self.client.message_callback_add(topic(home.device, Channel.ack), self._acknowledged)

    @property
    def waiting(self) -> int:
        """Events that the hub has not acknowledged yet."""
        return len(self._unacknowledged)

    def turn(self, now: datetime) -> datetime | None:
        """Say what is due and repeat what was not acknowledged; return when the next turn is needed, if any."""
        while self._coming and self._coming[0][0] <= now:
            at, coming = self._coming.pop(0)
            event = Event(
                id=uuid7(now, self._random.getrandbits),
                device=self.home.device,
                session=self._session,
                seq=self._seq,
                at=at,
                clock=ClockQuality.synced,
                late=not self.connected,
                type=type_of(coming.body),
                body=coming.body,
            )
            self._seq += 1
            self._unacknowledged[event.id] = (now, encode_event(event))
        if self.connected:
            for key, (due, payload) in self._unacknowledged.items():
                if due <= now:
                    self._unacknowledged[key] = (now + RESEND, payload)
                    self.client.publish(topic(self.home.device, Channel.event), payload, qos=1)
        times = [at for at, _ in self._coming[:1]]
        times += [due for due, _ in self._unacknowledged.values()]
        return min(times, default=None)

    def goodbye(self) -> None:
        """Switched off on purpose: the retained state says so, and the will is not needed."""
        if self.connected:
            self.client.publish(
                topic(self.home.device, Channel.state), self._state(Presence.offline), 1, True
            )
            self.client.disconnect()

    def _state(self, presence: Presence) -> bytes:
        return encode(State(session=self._session, presence=presence, at=self._clock.now(), version="demo"))

    def _connected(
        self,
        client: mqtt.Client,
        _userdata: object,
        _flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.connected = not reason.is_failure
        if self.connected:
            client.subscribe(
                [
                    (topic(self.home.device, Channel.ack), 0),
                    (topic(self.home.device, Channel.config), 0),
                ]
            )
            client.publish(topic(self.home.device, Channel.state), self._state(Presence.online), 1, True)
            now = self._clock.now()
            self._unacknowledged = {key: (now, payload) for key, (_, payload) in self._unacknowledged.items()}

    def _disconnected(
        self,
        _client: mqtt.Client,
        _userdata: object,
        _flags: mqtt.DisconnectFlags,
        _reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.connected = False

    def _configured(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        try:
            config = decode(bytes(message.payload), Config)
        except MalformedCommand:
            return  # the last good one stays
        if self.asked and config.revision <= self.asked.revision:
            return
        self.asked = config
        self._plan_slots(config)

    def _plan_slots(self, config: Config) -> None:
        """Lay out what will happen at the next occurrence of each slot, unless nobody is at home then.

        What was laid out for a slot that has not begun is dropped: its time may have been moved.
        """
        now = self._clock.now()
        self._coming = [each for each in self._coming if each[1].opens_at <= now]
        retries = [timedelta(seconds=seconds) for seconds in config.retry_after_seconds]
        for slot in config.slots:
            hours, minutes, *seconds = (int(part) for part in slot.at.split(":"))
            of_day = timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)
            day = office_date(now)
            if office_instant(day, of_day) < now:
                day += timedelta(days=1)
            opens_at = office_instant(day, of_day)
            if config.paused_until and opens_at < config.paused_until:
                continue
            lines = script(self.home.behaviour, f"{day}/{slot.name}", retries, self._plan, self._random)
            self._coming += [(opens_at + after, _Coming(opens_at, body)) for after, body in lines]
        self._coming.sort(key=lambda each: each[0])

    def _acknowledged(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        try:
            ids = decode(bytes(message.payload), Ack).ids
        except MalformedCommand:
            return
        for each in ids:
            if self._unacknowledged.pop(each, None) is not None:
                self._on_ack(self.home.device)
