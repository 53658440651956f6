"""Words that cannot wait: they cut a sentence short, the newest wins, and nothing is left hanging by them."""

import threading

import numpy as np
import pytest

from device.speak.interject import Interjections, SharedLoudspeaker
from device.speak.loudspeaker import CutShort
from device.speak.voice import Clip
from tests.device.home import eventually


class Card:
    """A sound card on which a clip lasts until it is let go of, or cut."""

    def __init__(self) -> None:
        self.cut = threading.Event()
        self.go_on = threading.Event()
        self.begun: list[int] = []
        self.ended: list[int] = []

    def play(self, clip: Clip) -> None:
        self.begun.append(clip.samples.size)
        while not self.go_on.wait(0.005):
            if self.cut.is_set():
                raise CutShort
        self.ended.append(clip.samples.size)


def words(count: int) -> Clip:
    return Clip(np.ones(count, dtype=np.int16), 16_000)


class Speaking(threading.Thread):
    """Somebody who speaks on a thread of its own."""

    def __init__(self, loudspeaker: SharedLoudspeaker, count: int) -> None:
        super().__init__(daemon=True)
        self._loudspeaker, self._count = loudspeaker, count
        self.cut_short = False
        self.start()

    def run(self) -> None:
        try:
            self._loudspeaker.play(words(self._count))
        except CutShort:
            self.cut_short = True


@pytest.fixture
def card() -> Card:
    return Card()


@pytest.fixture
def shared(card: Card) -> SharedLoudspeaker:
    return SharedLoudspeaker(card, card.cut)


def test_a_sentence_gives_way_and_the_interjection_is_heard_whole(
    card: Card, shared: SharedLoudspeaker
) -> None:
    interjections = Interjections(shared)
    interjections.start()
    sentence = Speaking(shared, 100)
    assert eventually(lambda: card.begun == [100])
    interjections.say(lambda: words(5))
    assert eventually(lambda: card.begun == [100, 5])
    assert sentence.cut_short
    card.go_on.set()
    assert eventually(lambda: card.ended == [5])
    interjections.stop()


def test_the_newest_interjection_wins(card: Card, shared: SharedLoudspeaker) -> None:
    interjections = Interjections(shared)
    interjections.start()
    interjections.say(lambda: words(5))
    assert eventually(lambda: card.begun == [5])
    interjections.say(lambda: words(7))
    assert eventually(lambda: card.begun == [5, 7])
    card.go_on.set()
    assert eventually(lambda: card.ended == [7])
    interjections.stop()


def test_a_sentence_that_comes_meanwhile_waits_and_is_told(card: Card, shared: SharedLoudspeaker) -> None:
    interjections = Interjections(shared)
    interjections.start()
    interjections.say(lambda: words(5))
    assert eventually(lambda: card.begun == [5])
    sentence = Speaking(shared, 100)
    card.go_on.set()
    sentence.join(5)
    assert sentence.cut_short
    Speaking(shared, 100).join(5)
    assert card.ended == [5, 100]
    interjections.stop()


def test_nothing_to_say_and_a_voice_that_falls_leave_the_loudspeaker_free(
    card: Card, shared: SharedLoudspeaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    card.go_on.set()
    interjections = Interjections(shared)
    interjections.start()
    interjections.say(lambda: None)

    def heard_again() -> bool:
        sentence = Speaking(shared, 100)
        sentence.join(5)
        return not sentence.is_alive() and not sentence.cut_short

    assert eventually(heard_again)

    def falls() -> Clip:
        raise RuntimeError("no voice")

    interjections.say(falls)
    assert eventually(heard_again)
    interjections.say(lambda: words(9))
    assert heard_again(), "nobody would ever say it"
