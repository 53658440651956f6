"""Voices and models for the tests of hearing; nothing that sounds is committed, all of it is made here."""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contract.places import cache_folder, models_folder
from device.listen.microphone import Samples
from tests.listening.server import FileServer

if TYPE_CHECKING:
    from device.listen.recognizer import Recognizer

Say = Callable[..., Samples]
"""Takes text, voice and speed; gives somebody's natural voice, int16 at 16 kHz, in a quiet room."""


@pytest.fixture(scope="session")
def say() -> Say:
    """Natural voices, another engine than the speaker's own, rendered once and kept in the cache folder."""
    from demo.voices import Utterance, Voices
    from tests.listening.sounds import in_a_quiet_room

    voices = Voices(cache_folder() / "voices")

    def render(text: str, voice: str = "jf_alpha", speed: float = 0.85) -> Samples:
        wanted = Utterance(text, voice, speed)
        with warnings.catch_warnings():
            # The voices' package opens its data in a way Python is about to drop; not ours to mend.
            warnings.simplefilter("ignore", DeprecationWarning)
            return in_a_quiet_room(voices.prepare([wanted], lambda done, of: None)[wanted])

    return render


def model(name: str) -> Path:
    """The folder of a model; without it the test fails, because a test that is skipped proves nothing."""
    folder = models_folder() / name
    if not folder.is_dir():
        pytest.fail(f"{name} is not installed in {models_folder()}; run `make setup-tests` first")
    return folder


@pytest.fixture(scope="session")
def whisper() -> "Recognizer":
    """The Whisper base model."""
    from device.listen.whisper import WhisperRecognizer

    return WhisperRecognizer(model("whisper-base"))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[FileServer]:
    """A web site of our own on 127.0.0.1 that can break off, forget, and lie."""
    with FileServer() as server:
        yield server
