"""How a recognizer mishears: drops a negation, cuts a beginning or an end, takes one sound for another, is unsure.

The rates are a caller's; none of them was measured as such. A dropped negation at one in ten is far above what
was seen of Whisper base on clean sound, a wrong kana in twenty is half of its error there.
"""

from random import Random

from msgspec import Struct

from device.listen.recognizer import Heard

_NEGATIONS = (
    ("じゃありません", "です"),
    ("ではありません", "です"),
    ("じゃない", ""),
    ("ではない", ""),
    ("やない", "や"),
    ("はない", ""),
    ("がない", ""),
    ("もない", ""),
    ("んかった", "た"),
    ("なかった", "た"),
    ("なんだ", "た"),
    ("とらん", "とる"),
    ("れへん", "れる"),
    ("れん", "れる"),
    ("へん", ""),
    ("ません", "ます"),
    ("ない", ""),
)
"""The last one of these in an utterance is what is lost, as words go at the end of a sentence."""
_ROWS = (
    "あかさたなはまやらわがざだばぱ",
    "いきしちにひみりぎじびぴ",
    "うくすつぬふむゆるぐずぶぷ",
    "えけせてねへめれげぜでべぺ",
    "おこそとのほもよろごぞどぼぽ",
)
"""A consonant is misheard before a vowel is."""
_UNSURE, _SURE = 0.3, 0.9


class Rates(Struct, frozen=True, kw_only=True):
    """Shares, 0..1, of utterances; of kana for `misheard_kana`."""

    dropped_negation: float = 0.10
    truncated: float = 0.05
    misheard_kana: float = 0.05
    unsure: float = 0.08
    """The recognizer says itself that it is not sure."""


def heard(words: str, rates: Rates, random: Random) -> Heard:
    """What arrives of `words`."""
    text = words
    if random.random() < rates.dropped_negation:
        text = _without_negation(text)
    if random.random() < rates.truncated and len(text) > 2:
        kept = random.randint(len(text) // 2, len(text) - 1)
        text = text[:kept] if random.random() < 0.5 else text[-kept:]
    text = "".join(
        _misheard(letter, random) if random.random() < rates.misheard_kana else letter for letter in text
    )
    unsure = random.random() < rates.unsure
    return Heard(
        text=text, confidence=_UNSURE if unsure else _SURE, milliseconds=0.0, engine="model of errors"
    )


def _without_negation(text: str) -> str:
    lost = max(_NEGATIONS, key=lambda pair: (_end(text, pair[0]), len(pair[0])))
    at = text.rfind(lost[0])
    return text if at < 0 else text[:at] + lost[1] + text[at + len(lost[0]) :]


def _end(text: str, word: str) -> int:
    at = text.rfind(word)
    return at + len(word) if at >= 0 else -1


def _misheard(letter: str, random: Random) -> str:
    row = next((row for row in _ROWS if letter in row), None)
    return random.choice(row) if row else letter
