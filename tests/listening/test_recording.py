"""Sound files of every make are heard alike; what cannot be heard is said in one sentence."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from device.listen.endpointer import level_dbfs
from device.listen.microphone import FRAME, RATE
from device.listen.recording import BadRecording, FileMicrophone, read_recording, shown
from tests.listening.sounds import Floats, quiet_room

SECONDS = 1.5


def tone(rate: int, channels: int = 1) -> Floats:
    """A tone of 300 Hz at half of full scale in every channel."""
    time = np.arange(round(SECONDS * rate)) / rate
    return np.repeat((0.5 * np.sin(2 * np.pi * 300 * time))[:, None], channels, axis=1)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_any_rate_and_any_number_of_channels_sound_the_same(
    tmp_path: Path, rate: int, channels: int, suffix: str
) -> None:
    path = tmp_path / f"answer.{suffix}"
    soundfile.write(path, tone(rate, channels), rate)
    samples = read_recording(path)
    assert samples.dtype == np.int16
    assert samples.size == pytest.approx(SECONDS * RATE, abs=2)
    middle = samples[RATE // 2 : RATE]
    assert level_dbfs(middle) == pytest.approx(-9.0, abs=0.2)
    assert np.abs(np.fft.rfft(middle)).argmax() * RATE / middle.size == pytest.approx(300, abs=3)


def test_a_voice_on_one_side_only_is_heard(tmp_path: Path) -> None:
    for side in (0, 1):
        sound = tone(RATE, 2)
        sound[:, side] = 0.0
        soundfile.write(tmp_path / "side.wav", sound, RATE)
        assert level_dbfs(read_recording(tmp_path / "side.wav")) == pytest.approx(-15.0, abs=0.3)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_any_encoding_sounds_the_same(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "answer.wav"
    soundfile.write(path, tone(RATE), RATE, subtype=subtype)
    assert level_dbfs(read_recording(path)) == pytest.approx(-9.0, abs=0.3)


def test_what_is_too_loud_is_clipped_and_does_not_wrap_round(tmp_path: Path) -> None:
    path = tmp_path / "loud.wav"
    soundfile.write(path, tone(RATE) * 4, RATE, subtype="FLOAT")
    samples = read_recording(path)
    assert samples.max() == 32767
    assert np.abs(np.diff(samples.astype(int))).max() < 16000


def test_a_recording_of_hours_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, np.tile(tone(8000)[:, 0], 100), 8000)
    assert read_recording(path).size == 60 * RATE


def test_what_cannot_be_heard_is_said_in_one_sentence_that_names_the_file(tmp_path: Path) -> None:
    made = {
        "empty.wav": (b"", "空"),
        "text.wav": (b"This is no sound at all.", "wav か flac"),
        "torn.wav": (b"RIFF\x24\x08\x00\x00WAVEfmt ", "wav か flac"),
    }
    for name, (content, complaint) in made.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(BadRecording, match=rf"{name} .*{complaint}") as bad:
            read_recording(path)
        assert "\n" not in str(bad.value)
    for name, sound, complaint in (
        ("none.wav", np.zeros(0), "0 秒"),
        ("silent.wav", np.zeros(RATE), "無音"),
        ("stuck.wav", np.full(RATE, 0.25), "無音"),
        ("nan.wav", np.full(RATE, np.nan), "数でない"),
    ):
        soundfile.write(tmp_path / name, sound, RATE, subtype="FLOAT")
        with pytest.raises(BadRecording, match=rf"{name} .*{complaint}"):
            read_recording(tmp_path / name)
    with pytest.raises(BadRecording, match=r"gone\.wav がありません"):
        read_recording(tmp_path / "gone.wav")
    with pytest.raises(BadRecording):
        read_recording(tmp_path)


def test_after_a_recording_comes_a_quiet_room_and_never_a_dead_line() -> None:
    microphone = FileMicrophone(quiet_room(0.1))
    microphone.open()
    frames = [microphone.frame() for _ in range(200)]
    assert all(frame.size == FRAME for frame in frames)
    assert all(np.ptp(frame) > 1 for frame in frames)
    assert max(level_dbfs(frame) for frame in frames[5:]) < -55


def test_silence_inside_a_recording_hisses_like_a_room() -> None:
    microphone = FileMicrophone(np.zeros(FRAME * 100, dtype=np.int16))
    assert all(np.ptp(microphone.frame()) > 1 for _ in range(100))


def test_a_recording_can_be_listened_to_twice() -> None:
    microphone = FileMicrophone(quiet_room(0.1))
    microphone.open()
    first = microphone.frame()
    microphone.open()
    assert np.array_equal(first, microphone.frame())


def test_a_name_that_is_no_text_can_still_be_shown() -> None:
    assert shown(Path(os.fsdecode(b"/a/\xff.wav"))) == "/a/\ufffd.wav"
