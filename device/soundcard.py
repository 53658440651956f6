"""Sound cards through PortAudio, found by name: their numbers change when something is plugged in or out."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

Direction = Literal["input", "output"]

_JAPANESE = {"input": "マイク", "output": "スピーカー"}
_CHANNELS = {"input": "maxInputChannels", "output": "maxOutputChannels"}

POLL_SECONDS = 0.008
"""How often a stream is asked whether it is ready; a quarter of a frame."""

DRIVER = threading.RLock()
"""Held while cards are looked for and while streams are opened or closed: PortAudio takes the process down when two
threads do that at once."""

Pause = Callable[[float], None]
"""Waits that many seconds."""


class NoSoundCard(Exception):
    """There is no such card, or it cannot be used; the message is one Japanese sentence that says what to do."""


@contextmanager
def port_audio() -> Iterator[Any]:
    """A PyAudio instance of its own: PortAudio looks for cards only when the first one is made."""
    try:
        import pyaudio
    except ImportError as error:
        raise NoSoundCard(
            "PyAudio がないため音を扱えません。portaudio19-dev を入れて pip install 'mimamori[sound]' を実行してください。"
        ) from error
    with DRIVER, _drivers_silenced():
        audio = pyaudio.PyAudio()
    try:
        yield audio
    finally:
        with DRIVER:
            audio.terminate()


def find_card(audio: Any, direction: Direction, name: str) -> dict[str, Any]:
    """PortAudio's description of the card called `name`, or that has it in its name; "" is the system's choice.

    Raises `NoSoundCard` naming the cards there are.
    """
    cards = [audio.get_device_info_by_index(index) for index in range(audio.get_device_count())]
    usable = [card for card in cards if card[_CHANNELS[direction]] > 0]
    what = _JAPANESE[direction]
    if not usable:
        raise NoSoundCard(f"{what}が見つかりません。接続を確かめてください。")
    if not name:
        try:
            default = getattr(audio, f"get_default_{direction}_device_info")
            return dict(default())
        except OSError:
            return dict(usable[0])
    exact = [card for card in usable if card["name"] == name]
    similar = [card for card in usable if name.lower() in card["name"].lower()]
    for card in exact + similar:
        return dict(card)
    there = "、".join(f"「{card['name']}」" for card in usable)
    raise NoSoundCard(
        f"{what}「{name}」が見つかりません。あるのは {there} です。名前か接続を確かめてください。"
    )


@contextmanager
def _drivers_silenced() -> Iterator[None]:
    """ALSA and JACK write dozens of lines to stderr for every card that might exist and does not.

    They write from C, so only moving the file descriptor helps.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
