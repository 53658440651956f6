"""The second ear: kana as they sound, a search that finds what is likeliest, and real voices in real noise."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from bench.noises import Noise, make
from bench.phonemes.sounds import TAUGHT_VOICES
from contract.refusal import Refused
from demo.acoustics import at_level, to_samples, to_sound
from device.listen.phonemes.head import FILE, PhonemeHead, fits, heard
from device.listen.phonemes.search import Frames, likeliest, likelihood
from device.listen.phonemes.spelling import PHONEMES, kana_of, phonemes_of
from device.listen.whisper_model import WhisperModel
from tests.listening.conftest import Say, model
from tests.listening.test_whisper import SENTENCES


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("ちょっと胸が苦しい", "ちょっとむねがくるしい"),
        ("今日は病院に行った", "きょおわびょおいんにいった"),
        ("助けて、動けん", "たすけてうごけん"),
        ("ファックス", "ふぁっくす"),
        ("…", ""),
    ],
)
def test_words_are_spelled_as_they_sound(text: str, kana: str) -> None:
    assert kana_of(phonemes_of(text)) == kana


@given(st.lists(st.sampled_from(PHONEMES), max_size=20))
def test_any_sequence_of_phonemes_can_be_written(phonemes: list[str]) -> None:
    assert all("ぁ" <= letter <= "ゔ" for letter in kana_of(phonemes))


def frames_of(draw: st.DrawFn, columns: int) -> Frames:
    """A few frames of drawn chances."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    chances = rng.dirichlet(np.full(columns, 0.5), size=draw(st.integers(1, 5))) + 1e-9
    frames: Frames = np.log(chances / chances.sum(-1, keepdims=True)).astype(np.float32)
    return frames


small_frames = st.composite(frames_of)(columns=3)


def said(path: tuple[int, ...]) -> tuple[int, ...]:
    """What a path through the frames says: neighbours once, blanks not at all."""
    return tuple(column for column, _ in itertools.groupby(path) if column)


def by_hand(frames: Frames) -> dict[tuple[int, ...], float]:
    """The chance of every sequence, from all paths one by one."""
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(frames.shape[1]), repeat=len(frames)):
        chance = float(np.exp(sum(frame[column] for frame, column in zip(frames, path, strict=True))))
        found[said(path)] = found.get(said(path), 0.0) + chance
    return found


@given(small_frames)
def test_the_likelihood_of_a_sequence_is_that_of_all_its_paths(frames: Frames) -> None:
    for sequence, chance in by_hand(frames).items():
        assert np.exp(likelihood(frames, sequence)) == pytest.approx(chance, rel=1e-3)


@given(small_frames)
def test_a_search_wide_enough_finds_the_likeliest(frames: Frames) -> None:
    exact = by_hand(frames)
    found = likeliest(frames, most=3, width=400)
    for sequence, chance in found:
        # What is unlikely in a frame is not followed up there.
        assert np.exp(chance) <= exact[sequence] * 1.001
    assert exact[found[0][0]] >= 0.9 * max(exact.values())


def test_a_text_with_more_sounds_than_frames_is_never_what_was_said() -> None:
    frames = np.log(np.full((3, 1 + len(PHONEMES)), 1 / (1 + len(PHONEMES)), dtype=np.float32))
    assert fits(frames, "助けてください") < -1000


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn"])
def test_a_torn_head_is_refused_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "head.npz"
    path.write_bytes(content)
    with pytest.raises(Refused, match=r"head\.npz を読めません.*bench\.phonemes"):
        PhonemeHead.read(path)


def test_a_head_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "head.npz"
    np.savez(path, format=0)
    with pytest.raises(Refused, match=r"bench\.phonemes"):
        PhonemeHead.read(path)


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    head = PhonemeHead.read(FILE)
    head.write(tmp_path / "head.npz")
    encoded = np.random.default_rng(1).standard_normal((20, 512)).astype(np.float32)
    again = PhonemeHead.read(tmp_path / "head.npz")
    np.testing.assert_array_equal(again.listen(encoded), head.listen(encoded))


@pytest.fixture(scope="module")
def whisper_model() -> WhisperModel:
    return WhisperModel(model("whisper-base"), threads=1, window_frames=1000)


@pytest.mark.models
@pytest.mark.parametrize("voice", ["jm_kumo", "jf_nezumi"])
def test_the_sounds_of_a_stranger_are_heard_above_a_fan(
    whisper_model: WhisperModel, say: Say, voice: str
) -> None:
    assert voice not in TAUGHT_VOICES
    head, wrong, whole = PhonemeHead.read(), 0, 0
    fan = make(Noise.white, np.random.default_rng(1), lambda _: ())
    for text in SENTENCES:
        voiced = to_sound(say(text, voice))
        noisy = at_level(voiced, -24.0) + at_level(fan[: voiced.size], -34.0)
        frames = head.listen(whisper_model.hypotheses(to_samples(noisy)).encoded)
        [(kana, _)] = heard(frames, 1)
        expected = kana_of(phonemes_of(text))
        wrong += Levenshtein.distance(expected, kana)
        whole += len(expected)
    assert wrong / whole < 0.25
