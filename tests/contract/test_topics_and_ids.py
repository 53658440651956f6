"""Names on the wire."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import uuid7
from contract.topics import BadTopic, Channel, parse, topic


@given(st.from_regex(r"[a-z0-9][a-z0-9-]{0,47}", fullmatch=True), st.sampled_from(Channel))
def test_a_topic_reads_back_as_its_device_and_channel(device: str, channel: Channel) -> None:
    assert parse(topic(device, channel)) == (device, channel)


@pytest.mark.parametrize(
    "name",
    [
        "mimamori/1/sato-1",
        "mimamori/1/sato-1/event/more",
        "mimamori/2/sato-1/event",
        "x/mimamori/1/sato-1/event",
        "mimamori/1//event",
        "",
    ],
)
def test_a_topic_of_somebody_else_is_refused(name: str) -> None:
    with pytest.raises(BadTopic):
        parse(name)


@pytest.mark.parametrize("device", ["", "+", "#", "a.b", "Sato", "a" * 49, "-a", "a/b", "*", ">"])
def test_a_device_id_can_neither_hold_a_dot_nor_a_wildcard(device: str) -> None:
    with pytest.raises(BadTopic):
        topic(device, Channel.event)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)),
    st.timedeltas(timedelta(milliseconds=2), timedelta(days=4000)),
)
def test_an_id_made_later_sorts_later(first: datetime, gap: timedelta) -> None:
    first = first.replace(tzinfo=UTC)
    assert uuid7(first, lambda bits: (1 << bits) - 1) < uuid7(first + gap, lambda _: 0)


def test_an_id_is_a_version_seven_uuid_of_the_specification() -> None:
    # RFC 9562, appendix A.6: the same instant and random bits
    at = datetime.fromtimestamp(0x017F22E279B0 / 1000, UTC)
    bits = iter([0xCC3, 0x18C4DC0C0C07398F])
    assert uuid7(at, lambda _: next(bits)) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
