"""The page that lets a stranger write a speaker: its program, to the letter, against a real broker and hub."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from contract.schema import json_schema
from contract.topics import ROOT, Channel
from hub.config import BrokerConfig, HubConfig
from hub.service import Hub
from hub.store import tables as t
from provisioning.broker import Broker
from tests import cast

PAGE = (Path(__file__).parent.parent / "docs" / "wire.md").read_text(encoding="utf-8")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The page's one Python block, as a file."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "speaker.py"
    path.write_text(code, encoding="utf-8")
    return path


@pytest.fixture
def hub(tmp_path: Path, broker: Broker) -> Hub:
    config = HubConfig(
        data=str(tmp_path / "hub"),
        broker=BrokerConfig(
            host=broker.host, port=broker.port, username="mimamori-hub", password="mimamori-hub"
        ),
    )
    return Hub(config)


def test_the_printed_speaker_has_its_answer_stored(hub: Hub, broker: Broker, program: Path) -> None:
    cast.enrol(hub.store, hub.clock, hub.policy)
    with hub.store.read() as conn:
        slot = conn.execute(
            select(t.slot.c.day, t.slot.c.name)
            .where(t.slot.c.resident_id == cast.SATO)
            .order_by(t.slot.c.opens_at)
        ).first()
    assert slot is not None
    with hub:
        done = subprocess.run(
            [
                *(sys.executable, str(program), cast.SATO_SPEAKER, cast.SATO_SPEAKER),
                *(broker.host, str(broker.port), f"{slot.day.isoformat()}/{slot.name}"),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        with hub.store.read() as conn:
            events = conn.execute(select(t.event.c.type, t.event.c.body)).all()
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["stored"]), done.stderr
    assert "config:" in done.stdout
    assert [(event.type, event.body["intent"]) for event in events] == [("check_in", "fine")]


def test_every_topic_type_and_word_of_the_contract_is_on_the_page() -> None:
    schema = json_schema()["$defs"]
    words = [f"{ROOT}/{{device}}/{channel}" for channel in Channel]
    for name in (
        "CheckIn",
        "Sos",
        "Recall",
        "AbsenceSaid",
        "Activity",
        "Fault",
        "SelfTest",
        "Announced",
        "ExtraAnswer",
        "Envelope",
    ):
        words += schema[name]["properties"]
    for enum in ("Outcome", "Intent", "ClockQuality"):
        words += schema[enum]["enum"]
    missing = [word for word in words if f"`{word}`" not in PAGE and f'"{word}"' not in PAGE]
    assert not missing
