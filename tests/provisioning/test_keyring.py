"""A box gets a key of its own, and loses it at once when it is revoked (P10)."""

import stat
import threading
import tomllib
from pathlib import Path
from time import monotonic

import pytest

from contract.refusal import Refused
from contract.topics import Channel, topic
from provisioning.broker import Broker
from provisioning.keyring import HUB, Keyring, follow, pack_device
from tests.provisioning.test_broker import PATIENCE, Somebody, somebody


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


def test_a_packed_box_can_connect_with_what_was_written_for_it(keyring: Keyring, tmp_path: Path) -> None:
    pack_device(keyring, "sato-1", "127.0.0.1", 1883, tmp_path / "box")
    settings = tomllib.loads((tmp_path / "box" / "device.toml").read_text(encoding="utf-8"))
    password = (tmp_path / "box" / settings["broker"]["password_file"]).read_text(encoding="ascii").strip()
    with Broker(tmp_path / "broker", keyring.users()) as broker:
        with somebody(broker, settings["device"], password=password) as sato:
            assert sato.let_in
        with somebody(broker, "suzuki-1", password=password) as stranger:
            assert not stranger.let_in


def test_a_key_counts_while_the_broker_runs_and_is_gone_at_once_when_revoked(
    keyring: Keyring, tmp_path: Path
) -> None:
    with Broker(tmp_path / "broker", keyring.users()) as broker:
        following = threading.Thread(target=_follow, args=(keyring, broker))
        following.start()
        password = keyring.issue("takahashi-1")
        takahashi = _let_in_soon(broker, "takahashi-1", password)
        takahashi.say(topic("takahashi-1", Channel.event), b"{}")
        cut = threading.Event()
        takahashi._client.on_disconnect = lambda *_: cut.set()
        keyring.revoke("takahashi-1")
        assert cut.wait(PATIENCE), "a live session of a revoked key went on"
        takahashi.leave()
        with somebody(broker, "takahashi-1", password=password) as again:
            assert not again.let_in
        broker.stop()
        following.join(PATIENCE)


def _follow(keyring: Keyring, broker: Broker) -> None:
    with pytest.raises(Refused, match="止まりました"):
        follow(keyring, broker, patience_seconds=0.05)


def _let_in_soon(broker: Broker, device: str, password: str) -> Somebody:
    give_up = monotonic() + PATIENCE
    while monotonic() < give_up:
        person = Somebody(broker, device, password)
        if person.let_in:
            return person
        person.leave()
    raise AssertionError("a key that was issued is not let in")


def test_only_the_owner_can_read_a_key(keyring: Keyring, tmp_path: Path) -> None:
    pack_device(keyring, "sato-1", "127.0.0.1", 1883, tmp_path / "box")
    for secret in [*(tmp_path / "keys").iterdir(), tmp_path / "box" / "password"]:
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_the_hub_keeps_its_key_when_the_folder_is_opened_again(keyring: Keyring, tmp_path: Path) -> None:
    assert Keyring(tmp_path / "keys").users() == keyring.users()


@pytest.mark.parametrize("device", ["Sato", "a/b", "../etc", "", "a.b", HUB])
def test_a_name_that_is_no_device_gets_no_key(keyring: Keyring, device: str) -> None:
    with pytest.raises(Refused):
        keyring.issue(device)


def test_a_second_box_of_the_same_name_is_refused_and_leaves_nothing_behind(
    keyring: Keyring, tmp_path: Path
) -> None:
    pack_device(keyring, "sato-1", "127.0.0.1", 1883, tmp_path / "box")
    with pytest.raises(Refused, match="もうあります"):
        pack_device(keyring, "sato-1", "127.0.0.1", 1883, tmp_path / "other")
    assert not (tmp_path / "other").exists()
    with pytest.raises(Refused, match="上書きしません"):
        pack_device(keyring, "suzuki-1", "127.0.0.1", 1883, tmp_path / "box")


def test_revoking_what_was_never_issued_is_refused(keyring: Keyring) -> None:
    with pytest.raises(Refused, match="suzuki-1"):
        keyring.revoke("suzuki-1")
    with pytest.raises(Refused):
        keyring.revoke(HUB)
