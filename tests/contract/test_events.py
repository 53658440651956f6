"""What a device may say, and what the hub makes of it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.envelope import Event, MalformedEvent, Unknown, decode_event, encode_event
from contract.events import BODIES, CheckIn, ClockQuality, Intent, Outcome, Sos, type_of
from contract.state import Presence, State, decode_state, encode

NOON = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def event(body: Any, **changed: Any) -> Event:
    fields: dict[str, Any] = {
        "id": "01935a00-0000-7000-8000-000000000001",
        "device": "sato-1",
        "session": "s1",
        "seq": 1,
        "at": NOON,
        "clock": ClockQuality.synced,
        "late": False,
        "type": type_of(body) if type(body) in BODIES.values() else "dance",
        "body": body,
    }
    return Event(**{**fields, **changed})


def wire(**changed: Any) -> bytes:
    """A good check-in as somebody else's software would write it, with changes."""
    fields = {
        "id": "a1",
        "device": "sato-1",
        "session": "s1",
        "seq": 1,
        "at": "2026-11-23T03:00:00Z",
        "clock": "synced",
        "late": False,
        "type": "check_in",
        "body": {"slot": "2026-11-23/morning", "outcome": "answered", "intent": "fine"},
    }
    return json.dumps({**fields, **changed}).encode()


def test_every_answer_survives_the_wire() -> None:
    for intent in Intent:
        sent = event(CheckIn(slot="2026-11-23/morning", outcome=Outcome.answered, intent=intent))
        assert decode_event(encode_event(sent)) == sent


def test_a_field_nobody_knows_is_ignored() -> None:
    body = {"slot": "2026-11-23/morning", "outcome": "no_sound", "mood": "blue"}
    assert decode_event(wire(moon="full", body=body)).body == CheckIn(
        slot="2026-11-23/morning", outcome=Outcome.no_sound
    )


def test_a_type_nobody_knows_keeps_its_body() -> None:
    heard = decode_event(wire(type="dance", body={"steps": 3}))
    assert isinstance(heard.body, Unknown)
    assert json.loads(heard.body.raw) == {"steps": 3}
    assert decode_event(encode_event(heard)) == heard


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"body": {"slot": "yesterday", "outcome": "answered", "intent": "fine"}}, "slot"),
        ({"body": {"slot": "2026-11-23/morning", "outcome": "answered"}}, "intent"),
        ({"body": {"slot": "2026-11-23/morning", "outcome": "no_sound", "intent": "fine"}}, "intent"),
        ({"body": {"slot": "2026-11-23/morning", "outcome": "shrugged"}}, "outcome"),
        ({"at": "2026-11-23T12:00:00"}, "at"),
        ({"device": "Sato.1"}, "device"),
        ({"seq": -1}, "seq"),
        ({"id": ""}, "id"),
    ],
)
def test_a_wrong_field_is_refused_by_name(changed: dict[str, Any], where: str) -> None:
    with pytest.raises(MalformedEvent, match=where):
        decode_event(wire(**changed))


@given(st.binary(max_size=300))
def test_noise_is_malformed_and_nothing_worse(noise: bytes) -> None:
    with pytest.raises(MalformedEvent):
        decode_event(noise)


def test_a_deeply_nested_payload_is_malformed_and_nothing_worse() -> None:
    with pytest.raises(MalformedEvent):
        decode_event(b'{"id":' + b"[" * 100_000)


def test_only_a_heard_prompt_lets_silence_speak_about_the_person() -> None:
    assert {outcome for outcome in Outcome if not outcome.was_asked} == {
        Outcome.muted,
        Outcome.mic_fault,
        Outcome.not_played,
    }


def test_words_that_may_not_leave_the_home_are_absent_and_not_empty() -> None:
    assert b"text" not in encode_event(event(Sos(trigger="voice")))


def test_a_will_carries_the_session_it_ends() -> None:
    state = State(session="s1", presence=Presence.lost, at=NOON)
    assert decode_state(encode(state)) == state
