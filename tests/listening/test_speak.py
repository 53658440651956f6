"""The voice, and the memory for what it has said before."""

import wave
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from device.speak.cache import KEPT_IN_MEMORY, KEPT_ON_DISK, PromptCache
from device.speak.openjtalk import OpenJTalkVoice, clipped
from device.speak.voice import Clip


class Counting:
    """A voice that counts what it renders."""

    def __init__(self, name: str = "counting") -> None:
        self.name = name
        self.rendered: list[tuple[str, float]] = []

    def render(self, text: str, rate: float = 0.85) -> Clip:
        self.rendered.append((text, rate))
        return Clip(samples=np.arange(1, 1000, dtype=np.int16), rate=16_000)


def test_open_jtalk_speaks_japanese() -> None:
    clip = OpenJTalkVoice().render("佐藤様、おはようございます。お変わりありませんか")
    assert clip.rate == 48_000
    assert clip.samples.dtype == np.int16
    assert 2.5 < clip.seconds < 8.0
    assert np.abs(clip.samples.astype(int)).max() > 8000


def test_slower_speech_takes_longer_by_its_rate() -> None:
    voice = OpenJTalkVoice()
    slow, own = (voice.render("お変わりありませんか", rate).seconds for rate in (0.7, 1.0))
    assert slow / own == pytest.approx(1 / 0.7, rel=0.1)


def test_what_is_louder_than_a_sound_card_can_does_not_wrap_round_into_a_crack() -> None:
    assert clipped(np.array([38_400.0, -38_400.0, 0.6, -0.6])).tolist() == [32767, -32767, 1, -1]


def test_another_pitch_is_another_voice() -> None:
    low, own = OpenJTalkVoice(half_tone=-3.0), OpenJTalkVoice()
    assert low.name != own.name
    assert not np.array_equal(low.render("はい").samples, own.render("はい").samples)


def test_nothing_to_say_is_an_error_and_not_a_silent_clip() -> None:
    with pytest.raises(ValueError, match="nothing"):
        OpenJTalkVoice().render("  ")


def test_a_clip_can_be_made_quieter() -> None:
    clip = Clip(samples=np.array([1000, -1000], dtype=np.int16), rate=16_000)
    assert clip.at_volume(0.5).samples.tolist() == [500, -500]
    assert clip.at_volume(1.0).samples.tolist() == [1000, -1000]
    with pytest.raises(ValueError, match="volume"):
        clip.at_volume(1.1)


def test_the_same_sentence_is_rendered_once() -> None:
    voice = Counting()
    cache = PromptCache(voice)
    assert np.array_equal(cache.render("はい").samples, cache.render("はい").samples)
    assert voice.rendered == [("はい", 0.85)]


def test_another_rate_is_another_clip() -> None:
    voice = Counting()
    cache = PromptCache(voice)
    cache.render("はい", 0.85)
    cache.render("はい", 0.7)
    assert len(voice.rendered) == 2


def test_what_is_on_disk_is_there_after_a_restart_for_the_same_voice_only(tmp_path: Path) -> None:
    first = PromptCache(Counting(), tmp_path / "prompts").render("はい")
    same, other = Counting(), Counting("another")
    again = PromptCache(same, tmp_path / "prompts").render("はい")
    PromptCache(other, tmp_path / "prompts").render("はい")
    assert np.array_equal(first.samples, again.samples)
    assert again.rate == first.rate
    assert (len(same.rendered), len(other.rendered)) == (0, 1)


@pytest.mark.parametrize("damage", [b"", b"RIFF", b"RIFF\x24\x00\x00\x00WAVE"])
def test_a_damaged_file_is_rendered_again_and_replaced(tmp_path: Path, damage: bytes) -> None:
    PromptCache(Counting(), tmp_path).render("はい")
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(damage or whole[:-100])
    voice = Counting()
    PromptCache(voice, tmp_path).render("はい")
    assert len(voice.rendered) == 1
    assert kept.read_bytes() == whole


def test_no_half_file_is_left_behind(tmp_path: Path) -> None:
    PromptCache(Counting(), tmp_path).render("はい")
    assert [path.suffix for path in tmp_path.iterdir()] == [".wav"]
    with wave.open(str(next(tmp_path.iterdir()))) as file:
        assert file.getnframes() == 999


def test_a_disk_that_cannot_be_written_does_not_silence_the_speaker(tmp_path: Path) -> None:
    blocked = tmp_path / "prompts"
    blocked.write_text("a file where the folder should be")
    with capture_logs() as logs:
        assert PromptCache(Counting(), blocked).render("はい").samples.size
    assert [each["event"] for each in logs] == ["prompt_not_kept"]
    assert "はい" not in str(logs)


def test_the_memory_has_an_end() -> None:
    voice = Counting()
    cache = PromptCache(voice)
    for number in range(KEPT_IN_MEMORY + 1):
        cache.render(f"{number}番")
    cache.render("0番")
    assert len(voice.rendered) == KEPT_IN_MEMORY + 2
    cache.render(f"{KEPT_IN_MEMORY}番")
    assert len(voice.rendered) == KEPT_IN_MEMORY + 2


def test_the_disk_has_an_end_too_and_the_oldest_goes_first(tmp_path: Path) -> None:
    voice = Counting()
    for number in range(KEPT_ON_DISK + 3):
        PromptCache(voice, tmp_path).render(f"{number}番")
    assert len(list(tmp_path.iterdir())) == KEPT_ON_DISK
    PromptCache(voice, tmp_path).render(f"{KEPT_ON_DISK}番")
    assert len(voice.rendered) == KEPT_ON_DISK + 3
    PromptCache(voice, tmp_path).render("0番")
    assert len(voice.rendered) == KEPT_ON_DISK + 4
