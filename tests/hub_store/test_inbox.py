"""What arrives is stored once, takes effect once, and what cannot be used disturbs nothing else."""

import itertools
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, event, func, insert, select, update

from contract.envelope import Unknown
from contract.events import Body, CheckIn, Intent, Outcome
from contract.ids import uuid7
from contract.state import Presence, State, Telemetry, encode
from contract.topics import Channel
from hub import quarantine
from hub.inbox import Taken, take_in
from hub.messages import Message
from hub.policy import Policy
from hub.store import tables as t
from hub.store.database import Store, StoreFull
from tests import cast
from tests.clock import TravellingClock
from tests.hub_store.homes import EVENING, FINE, HELP, MOVED, UNWELL, Homes

BOTH_STORES = True


class Inbox:
    """The town's store, and one batch after another into it."""

    def __init__(self, store: Store, policy: Policy, clock: TravellingClock) -> None:
        self.store = store
        self.homes = Homes(clock)
        self.policy = policy

    def take(self, *messages: Message) -> Taken:
        return self.store.write(lambda conn: take_in(conn, messages, uuid7, self.policy))

    def events(self) -> list[Any]:
        with self.store.read() as conn:
            return list(conn.execute(select(t.event).order_by(t.event.c.seq)))

    def kept(self) -> list[tuple[str | None, str]]:
        with self.store.read() as conn:
            rows = conn.execute(select(t.quarantine).order_by(t.quarantine.c.id))
            return [(row.device_id, row.why.partition(":")[0]) for row in rows]

    def slot(self, resident: str) -> tuple[str, str | None]:
        with self.store.read() as conn:
            row = conn.execute(
                select(t.slot).where(
                    t.slot.c.resident_id == resident,
                    t.slot.c.name == "evening",
                    t.slot.c.day == date(2026, 11, 23),
                )
            ).one()
            return row.state, row.intent

    def reasons(self) -> list[tuple[str, str]]:
        with self.store.read() as conn:
            return [(row.resident_id, row.code) for row in conn.execute(select(t.reason))]

    def device(self, name: str) -> Any:
        with self.store.read() as conn:
            return conn.execute(select(t.device).where(t.device.c.id == name)).one()


@pytest.fixture
def inbox(town: Store, policy: Policy, clock: TravellingClock) -> Inbox:
    clock.forward(hours=6, minutes=2)  # the evening's question was asked two minutes ago
    return Inbox(town, policy, clock)


def test_an_answer_is_stored_takes_effect_and_is_acknowledged(inbox: Inbox, clock: TravellingClock) -> None:
    message = inbox.homes.message(cast.SATO_SPEAKER, FINE, id="e1")
    assert inbox.take(message) == Taken(
        {cast.SATO_SPEAKER: ["e1"]}, new=1, repeated=0, quarantined=0, telemetry=[]
    )
    [row] = inbox.events()
    assert (row.id, row.device_id, row.resident_id, row.type) == (
        "e1",
        cast.SATO_SPEAKER,
        cast.SATO,
        "check_in",
    )
    assert (row.at, row.received_at) == (clock.now(), clock.now())
    assert row.body == {"slot": EVENING, "outcome": "answered", "intent": "fine"}
    assert inbox.slot(cast.SATO) == ("answered", "fine")


def test_the_same_event_again_is_acknowledged_and_takes_no_effect(inbox: Inbox) -> None:
    message = inbox.homes.message(cast.ITO_SPEAKER, HELP, id="e1")
    inbox.take(message)
    before = inbox.reasons()
    again = inbox.take(message, message)
    assert again == Taken({cast.ITO_SPEAKER: ["e1"]}, new=0, repeated=2, quarantined=0, telemetry=[])
    assert inbox.reasons() == before == [(cast.ITO, "call_for_help")]
    assert len(inbox.events()) == 1


def test_the_same_event_twice_in_one_batch_is_one(inbox: Inbox) -> None:
    message = inbox.homes.message(cast.SATO_SPEAKER, UNWELL, id="e1")
    taken = inbox.take(message, message)
    assert (taken.new, taken.repeated) == (1, 1)
    assert inbox.reasons() == [(cast.SATO, "negative_response")]


def test_a_malformed_payload_is_kept_and_counted_and_the_next_one_is_stored(inbox: Inbox) -> None:
    bad = inbox.homes.bytes_arrive(cast.SATO_SPEAKER, b'{"id": "e0", "device"')
    good = inbox.homes.message(cast.SATO_SPEAKER, FINE, id="e1")
    taken = inbox.take(bad, good)
    assert taken == Taken({cast.SATO_SPEAKER: ["e1"]}, new=1, repeated=0, quarantined=1, telemetry=[])
    assert inbox.kept() == [(cast.SATO_SPEAKER, "malformed")]
    assert inbox.device(cast.SATO_SPEAKER).malformed == 1


def test_a_malformed_event_whose_id_can_be_read_is_not_said_for_ever(inbox: Inbox) -> None:
    bad = inbox.homes.bytes_arrive(cast.SATO_SPEAKER, b'{"id": "e0", "type": "check_in"}')
    assert inbox.take(bad).stored == {cast.SATO_SPEAKER: ["e0"]}


def test_a_payload_resent_is_counted_and_not_kept_twice(inbox: Inbox) -> None:
    bad = inbox.homes.bytes_arrive(cast.SATO_SPEAKER, b"?")
    inbox.take(bad, bad)
    inbox.take(bad)
    assert inbox.kept() == [(cast.SATO_SPEAKER, "malformed")]
    assert inbox.device(cast.SATO_SPEAKER).malformed == 3


def test_a_speaker_gone_mad_does_not_fill_the_disk(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MOST_PER_DEVICE", 5)
    for number in range(3):
        inbox.take(*(inbox.homes.bytes_arrive(cast.SATO_SPEAKER, b"%d.%d" % (number, n)) for n in range(4)))
    inbox.take(inbox.homes.bytes_arrive(cast.ITO_SPEAKER, b"another's"))
    assert [device for device, _ in inbox.kept()] == [cast.SATO_SPEAKER] * 5 + [cast.ITO_SPEAKER]
    assert inbox.device(cast.SATO_SPEAKER).malformed == 12


def test_garbage_of_many_devices_is_a_few_statements(inbox: Inbox) -> None:
    """One by one it cost twice as much as the messages of a town that speaks (`mimamori bench hostile`)."""
    statements: list[str] = []

    def count(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    garbage = [inbox.homes.bytes_arrive(f"stranger-{number}", b"%d" % number) for number in range(200)] + [
        inbox.homes.bytes_arrive(cast.SPEAKERS[number % 5], b"%d" % number) for number in range(200)
    ]
    event.listen(Engine, "before_cursor_execute", count)
    try:
        assert inbox.take(*garbage).quarantined == 400
        assert inbox.take(*garbage).quarantined == 400
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert len(inbox.kept()) == 400
    assert len(statements) < 40


def test_garbage_costs_the_same_however_much_of_it_lies_there(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the hundred thousand each message cost half again as much as one that is good: all that lay there was read."""
    monkeypatch.setattr(quarantine, "MOST_PER_DEVICE", 10_000)

    def garbage(start: int, end: int) -> list[Message]:
        return [inbox.homes.bytes_arrive(cast.SPEAKERS[n % 5], b"?%d" % n) for n in range(start, end)]

    def steps_of_fifty(start: int) -> int:
        """How many hundreds of steps the store took for fifty more."""

        def take(conn: Connection) -> int:
            raw = conn.connection.driver_connection
            if not isinstance(raw, sqlite3.Connection):
                pytest.skip("only SQLite counts its steps")
            steps = itertools.count()
            raw.set_progress_handler(lambda: next(steps) < 0, 100)
            take_in(conn, garbage(start, start + 50), uuid7, inbox.policy)
            raw.set_progress_handler(None, 0)
            return next(steps)

        return inbox.store.write(take)

    inbox.take(*garbage(0, 100))
    few = steps_of_fifty(100)
    inbox.take(*garbage(150, 4000))
    many = steps_of_fifty(4000)
    assert few <= many < 1.5 * few
    assert len(inbox.kept()) == 4050


def test_old_garbage_makes_room_for_new(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MOST_PER_DEVICE", 5)

    def say(start: int, end: int) -> int:
        inbox.take(*(inbox.homes.bytes_arrive(cast.SATO_SPEAKER, b"%d" % n) for n in range(start, end)))
        return len(inbox.kept())

    assert say(0, 9) == 5
    oldest = select(t.quarantine.c.id).order_by(t.quarantine.c.id).limit(2)
    inbox.store.write(lambda conn: conn.execute(delete(t.quarantine).where(t.quarantine.c.id.in_(oldest))))
    assert say(2, 5) == 3, "these lie there already"
    assert say(10, 19) == 5


def test_what_nobody_can_have_sent_is_kept_once_too(inbox: Inbox) -> None:
    """On a topic whose device is none."""
    bad = inbox.homes.bytes_arrive(cast.SATO_SPEAKER, b"?")._replace(topic="mimamori/1/NOBODY/event")
    inbox.take(bad, bad._replace(payload=b"!"))
    inbox.take(bad, bad._replace(payload=b"."))
    assert inbox.kept() == [(None, "malformed")] * 3


def test_an_envelope_of_another_device_is_kept_apart(inbox: Inbox) -> None:
    forged = inbox.homes.arrives(inbox.homes.event(cast.ITO_SPEAKER, HELP, id="e1"), on=cast.SATO_SPEAKER)
    taken = inbox.take(forged)
    assert (taken.new, taken.stored) == (0, {cast.SATO_SPEAKER: ["e1"]})
    assert inbox.kept() == [(cast.SATO_SPEAKER, "wrong_device")]
    assert inbox.reasons() == []


def test_an_id_that_another_speaker_used_is_not_taken_for_stored(inbox: Inbox) -> None:
    inbox.take(inbox.homes.message(cast.SATO_SPEAKER, MOVED, id="e1"))
    taken = inbox.take(
        inbox.homes.message(cast.ITO_SPEAKER, HELP, id="e1"),
        inbox.homes.message(cast.ITO_SPEAKER, HELP, id="e2"),
    )
    assert inbox.kept() == [(cast.ITO_SPEAKER, "id_of_another")]
    assert (taken.new, taken.repeated) == (1, 0)


def test_who_stored_an_id_is_asked_of_the_store_and_not_of_the_batch(inbox: Inbox) -> None:
    inbox.take(inbox.homes.message(cast.SATO_SPEAKER, MOVED, id="e1"))
    taken = inbox.take(
        inbox.homes.message(cast.ITO_SPEAKER, HELP, id="e1"),
        inbox.homes.message(cast.SATO_SPEAKER, MOVED, id="e1"),
        inbox.homes.message(cast.ITO_SPEAKER, HELP, id="e2"),
    )
    assert inbox.kept() == [(cast.ITO_SPEAKER, "id_of_another")]
    assert (taken.new, taken.repeated) == (1, 1)
    assert [row.id for row in inbox.events()] == ["e1", "e2"]


def test_a_speaker_nobody_enrolled_keeps_what_it_says_until_somebody_does(inbox: Inbox) -> None:
    message = inbox.homes.message("stranger-1", HELP, id="e1")
    assert inbox.take(message).stored == {}
    assert inbox.kept() == [("stranger-1", "unknown_device")]

    now = message.at
    stranger = insert(t.device).values(
        id="stranger-1", resident_id=cast.SATO, registered_at=now, presence="not_installed"
    )
    inbox.store.write(lambda conn: conn.execute(stranger))
    assert inbox.take(message).stored == {"stranger-1": ["e1"]}
    assert inbox.reasons() == [(cast.SATO, "call_for_help")]


def test_an_event_that_breaks_the_heart_is_set_aside_alone(inbox: Inbox) -> None:
    # A risk class that the policy does not have: the heart refuses to open a case for her.
    lost = update(t.resident).where(t.resident.c.id == cast.SUZUKI).values(risk_class="forgotten")
    inbox.store.write(lambda conn: conn.execute(lost))
    inbox.take(inbox.homes.message(cast.SATO_SPEAKER, MOVED, id="e0"))
    taken = inbox.take(
        inbox.homes.message(cast.SATO_SPEAKER, MOVED, id="e0"),
        inbox.homes.message(cast.SATO_SPEAKER, FINE, id="e1"),
        inbox.homes.message(cast.SUZUKI_SPEAKER, UNWELL, id="e2"),
        inbox.homes.message(cast.ITO_SPEAKER, HELP, id="e3"),
    )
    assert (taken.new, taken.repeated, taken.quarantined) == (2, 1, 1)
    assert inbox.kept() == [(cast.SUZUKI_SPEAKER, "broke_the_heart")]
    assert [row.id for row in inbox.events()] == ["e0", "e1", "e3"]
    assert inbox.slot(cast.SATO) == ("answered", "fine")
    assert inbox.reasons() == [(cast.ITO, "call_for_help")]
    assert taken.stored[cast.SUZUKI_SPEAKER] == ["e2"]


def test_an_unknown_type_is_stored_as_it_came(inbox: Inbox) -> None:
    event = inbox.homes.event(cast.SATO_SPEAKER, MOVED, id="e1")
    strange = msgspec.structs.replace(event, type="moon_phase", body=Unknown(b'{"phase": [1, null]}'))
    inbox.take(inbox.homes.arrives(strange))
    [row] = inbox.events()
    assert (row.type, row.body) == ("moon_phase", {"phase": [1, None]})


WORDS = CheckIn(slot=EVENING, outcome=Outcome.answered, intent=Intent.fine, text="まめなよ")


def test_words_are_kept_with_consent_and_taken_out_without(inbox: Inbox) -> None:
    inbox.take(inbox.homes.message(cast.SATO_SPEAKER, WORDS), inbox.homes.message(cast.SUZUKI_SPEAKER, WORDS))
    sato, suzuki = inbox.events()
    assert sato.body["text"] == "まめなよ"
    assert "text" not in suzuki.body
    assert inbox.slot(cast.SUZUKI) == ("answered", "fine")


def test_words_of_a_withdrawn_consent_and_of_an_unknown_type_are_taken_out_too(inbox: Inbox) -> None:
    withdrawn = (
        update(t.consent).where(t.consent.c.resident_id == cast.SATO).values(revoked_at=datetime.now(UTC))
    )
    inbox.store.write(lambda conn: conn.execute(withdrawn))
    said = inbox.homes.message(cast.SATO_SPEAKER, WORDS)
    event = inbox.homes.event(cast.SATO_SPEAKER, MOVED)
    song = msgspec.structs.replace(event, type="song", body=Unknown('{"text":"歌","key":"c"}'.encode()))
    inbox.take(said, inbox.homes.arrives(song))
    spoken, sung = inbox.events()
    assert "text" not in spoken.body
    assert sung.body == {"key": "c"}


def test_a_clock_that_was_never_set_is_stored_and_read_again(inbox: Inbox) -> None:
    event = inbox.homes.event(cast.SATO_SPEAKER, MOVED, id="e1")
    inbox.take(inbox.homes.arrives(msgspec.structs.replace(event, at=datetime(1, 1, 1, tzinfo=UTC))))
    [row] = inbox.events()
    assert row.at == datetime(1, 1, 1, tzinfo=UTC)


def test_a_time_before_the_calendar_is_quarantined(inbox: Inbox) -> None:
    event = inbox.homes.event(cast.SATO_SPEAKER, MOVED, id="e1")
    raw = inbox.homes.arrives(msgspec.structs.replace(event, at=datetime(1, 1, 1, tzinfo=UTC)))
    earlier = raw._replace(payload=raw.payload.replace(b"T00:00:00Z", b"T00:00:00+09:00"))
    assert inbox.take(earlier, inbox.homes.message(cast.ITO_SPEAKER, HELP)).new == 1
    assert [device for device, _ in inbox.kept()] == [cast.SATO_SPEAKER]


def test_a_birth_puts_the_speaker_online_and_a_kept_one_does_so_once(
    inbox: Inbox, clock: TravellingClock
) -> None:
    state = encode(State(session="s1", presence=Presence.online, at=clock.now(), version="1.2"))
    birth = inbox.homes.bytes_arrive(cast.SATO_SPEAKER, state, Channel.state)
    inbox.take(birth, birth)
    box = inbox.device(cast.SATO_SPEAKER)
    assert (box.presence, box.session, box.version) == ("online", "s1", "1.2")


def test_telemetry_shows_that_the_line_works_once_a_minute(inbox: Inbox, clock: TravellingClock) -> None:
    def tell(*, retained: bool = False) -> Message:
        payload = encode(Telemetry(at=clock.now(), values={"cpu_temperature_c": 51.0}))
        return inbox.homes.bytes_arrive(cast.SATO_SPEAKER, payload, Channel.telemetry)._replace(
            retained=retained
        )

    inbox.take(tell(retained=True))
    assert inbox.device(cast.SATO_SPEAKER).last_seen_at is None
    first = clock.now()
    inbox.take(tell())
    clock.forward(seconds=59)
    inbox.take(tell())
    assert inbox.device(cast.SATO_SPEAKER).last_seen_at == first
    clock.forward(seconds=1)
    inbox.take(tell())
    assert inbox.device(cast.SATO_SPEAKER).last_seen_at == first + timedelta(minutes=1)


def test_telemetry_of_nobody_is_not_kept(inbox: Inbox, clock: TravellingClock) -> None:
    payload = encode(Telemetry(at=clock.now(), values={}))
    assert inbox.take(inbox.homes.bytes_arrive("stranger-1", payload, Channel.telemetry)).quarantined == 0
    assert inbox.kept() == []


def test_a_full_disk_is_no_fault_of_the_message(inbox: Inbox) -> None:
    inbox.store.write(lambda conn: conn.exec_driver_sql("PRAGMA max_page_count=1").scalar())
    batch = [inbox.homes.message(cast.SATO_SPEAKER, MOVED) for _ in range(2000)]
    with pytest.raises(StoreFull):
        inbox.take(*batch)
    assert inbox.events() == []
    assert inbox.kept() == []
    inbox.store.write(lambda conn: conn.exec_driver_sql("PRAGMA max_page_count=1000000").scalar())
    assert inbox.take(*batch).new == 2000


json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
deep = st.sampled_from([b"[" * 5000, b'{"a":' * 5000, b"\xff\xfe", b"", b"null", b'{"id":1e999}'])
noise = st.binary(max_size=200) | json.map(msgspec.json.encode) | deep


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    payloads=st.lists(noise, max_size=4),
    channel=st.sampled_from([Channel.event, Channel.sos, Channel.state, Channel.telemetry]),
)
def test_no_bytes_disturb_the_call_for_help_beside_them(
    inbox: Inbox, payloads: Sequence[bytes], channel: Channel
) -> None:
    strange = [inbox.homes.bytes_arrive(cast.SATO_SPEAKER, payload, channel) for payload in payloads]
    cry = inbox.homes.message(cast.ITO_SPEAKER, HELP)
    assert inbox.take(*strange, cry).new == 1


fields = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text(max_size=70),
        "seq": st.integers(-(2**70), 2**70) | st.floats(),
        "at": st.text(max_size=30) | st.datetimes().map(lambda at: at.isoformat() + "Z"),
        "session": st.text(max_size=70),
        "type": st.text(max_size=50) | st.sampled_from(["check_in", "recall", "absence", "fault"]),
        "body": st.recursive(
            st.none() | st.integers() | st.text(),
            lambda c: st.lists(c) | st.dictionaries(st.text(), c),
            max_leaves=8,
        )
        | st.fixed_dictionaries({"event": st.text(max_size=70)})
        | st.fixed_dictionaries({"kind": st.just("out"), "until": st.just("9999-12-31T23:59:59-12:00")}),
    },
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(changes=st.lists(fields, max_size=3))
def test_no_fields_disturb_the_call_for_help_beside_them(inbox: Inbox, changes: list[dict[str, Any]]) -> None:
    """Envelopes that are nearly right reach further into the hub than noise does."""
    strange = []
    for change in changes:
        envelope = msgspec.json.decode(inbox.homes.message(cast.SATO_SPEAKER, MOVED).payload) | change
        strange.append(inbox.homes.bytes_arrive(cast.SATO_SPEAKER, msgspec.json.encode(envelope)))
    cry = inbox.homes.message(cast.ITO_SPEAKER, HELP)
    assert cry.payload
    taken = inbox.take(*strange, cry)
    assert cast.ITO_SPEAKER in taken.stored
    assert taken.new + taken.repeated + taken.quarantined == len(strange) + 1


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_repetition_in_any_batches_ends_as_each_once(inbox: Inbox, data: st.DataObject) -> None:
    inbox.store.write(lambda conn: (conn.execute(delete(t.reason)), conn.execute(delete(t.event)))[0])
    bodies: list[Body] = [FINE, UNWELL, HELP, MOVED]
    messages = [inbox.homes.message(device, body) for device in cast.SPEAKERS[:2] for body in bodies]
    said = data.draw(st.lists(st.sampled_from(messages), max_size=30)) + messages
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=4)))
    acknowledged: set[str] = set()
    for start, end in zip([0, *cuts], [*cuts, len(said)], strict=True):
        taken = inbox.take(*said[start:end])
        acknowledged |= {one for ids in taken.stored.values() for one in ids}
    with inbox.store.read() as conn:
        assert conn.scalar(select(func.count()).select_from(t.event)) == len(messages)
        sources = list(conn.scalars(select(t.reason.c.source)))
    assert len(acknowledged) == len(messages)
    assert len(sources) == len(set(sources))


ONLY_SQLITE = {
    test_a_full_disk_is_no_fault_of_the_message,
    test_no_bytes_disturb_the_call_for_help_beside_them,
}
"""The server's disk is not ours to fill, and noise gets no further than to us."""
