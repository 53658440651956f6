"""Which recognizer a machine uses."""

from pathlib import Path

import pytest

from contract.refusal import Refused
from device.listen.choose import ENGINES, load_recognizer
from tests.listening.conftest import model

VOSK, WHISPER = "vosk-model-small-ja-0.22", "whisper-base"


def with_broken(folder: Path, *names: str) -> Path:
    """Folders without a model in them: whichever is chosen says so by its path."""
    for name in names:
        (folder / name).mkdir()
    return folder


@pytest.mark.parametrize(
    ("machine", "there", "prefer", "chosen"),
    [
        ("aarch64", [VOSK, WHISPER], None, VOSK),
        ("aarch64", [WHISPER], None, WHISPER),
        ("x86_64", [VOSK, WHISPER], None, WHISPER),
        ("x86_64", [VOSK], None, VOSK),
        ("x86_64", [VOSK, WHISPER], "vosk", VOSK),
        ("aarch64", [VOSK, WHISPER], "whisper-base", WHISPER),
    ],
)
def test_a_pi_takes_vosk_and_anything_else_whisper(
    tmp_path: Path, machine: str, there: list[str], prefer: str | None, chosen: str
) -> None:
    with pytest.raises(Refused, match=f"{chosen} に .*mimamori provision models"):
        load_recognizer(with_broken(tmp_path, *there), prefer, machine)


@pytest.mark.parametrize("prefer", [None, "vosk"])
def test_where_nothing_is_installed_the_command_that_brings_it_is_named(
    tmp_path: Path, prefer: str | None
) -> None:
    with pytest.raises(Refused, match="mimamori provision models を実行"):
        load_recognizer(tmp_path, prefer)


def test_a_preference_is_kept_or_refused_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=f"{VOSK}.*mimamori provision models"):
        load_recognizer(with_broken(tmp_path, WHISPER), "vosk")


def test_an_engine_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="、".join(ENGINES)):
        load_recognizer(tmp_path, "siri")


@pytest.mark.parametrize("name", [VOSK, WHISPER])
def test_a_model_that_is_damaged_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    with_broken(tmp_path, name)
    (tmp_path / name / "model.bin").write_bytes(b"torn")
    (tmp_path / name / "am").mkdir()
    (tmp_path / name / "am" / "final.mdl").write_bytes(b"torn")
    with pytest.raises(Refused, match="mimamori provision models"):
        load_recognizer(tmp_path, name)


@pytest.mark.parametrize(
    "receipt", ['{"files": {"graph/HCLr.fst": 181533466}}', "{", '{"files": {"gone": 1}}']
)
def test_a_file_that_was_cut_short_is_found_before_the_engine_falls_over_it(
    tmp_path: Path, receipt: str
) -> None:
    with_broken(tmp_path, VOSK)
    (tmp_path / VOSK / "graph").mkdir()
    (tmp_path / VOSK / "graph" / "HCLr.fst").write_bytes(b"torn")
    (tmp_path / VOSK / "receipt.json").write_text(receipt)
    with pytest.raises(Refused, match="壊れています。mimamori provision models"):
        load_recognizer(tmp_path, VOSK)


@pytest.mark.models
def test_this_machine_has_a_recognizer_and_it_says_which() -> None:
    recognizer = load_recognizer(model(WHISPER).parent)
    assert recognizer.name in ENGINES
