"""PyAudio on virtual sound cards: found by name, heard to the last sample, and honest when a card is gone."""

import os
import subprocess
import sys
import textwrap
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from device.listen.microphone import FRAME, MicrophoneFault, Samples
from device.speak.voice import Clip
from tests.listening.soundcard import VirtualCards, why_not

ROOT = Path(__file__).parent.parent.parent
reason = why_not()
needs_cards = pytest.mark.skipif(reason is not None, reason=f"no virtual sound cards: {reason}")


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualCards]:
    with VirtualCards(tmp_path / "cards") as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def tone(rate: int, seconds: float = 1.0) -> Samples:
    """A tone that never is 0 for long, so that its ends can be found."""
    samples: Samples = np.rint(8000 * np.cos(np.arange(round(seconds * rate)) * 0.2)).astype(np.int16)
    return samples


def play_and_record(microphone: str, loudspeaker: str, clip: Clip, seconds: float) -> tuple[Samples, int]:
    """What one card hears while the other plays, and how often sound was lost."""
    from device.listen.pyaudio_microphone import PyAudioMicrophone
    from device.speak.pyaudio_loudspeaker import PyAudioLoudspeaker

    ear = PyAudioMicrophone(microphone)
    ear.open()
    mouth = threading.Thread(target=PyAudioLoudspeaker(loudspeaker).play, args=(clip,), name="mouth")
    mouth.start()
    frames = [ear.frame() for _ in range(round(seconds * 16_000 / FRAME))]
    mouth.join(10)
    ear.close()
    return np.concatenate(frames), ear.overflows


@needs_cards
def test_a_resident_is_heard_bit_for_bit_through_the_microphone(cards: VirtualCards) -> None:
    said = tone(16_000)
    heard, overflows = play_and_record("watch_mic", "resident_out", Clip(samples=said, rate=16_000), 2.5)
    sounding = np.flatnonzero(heard)
    first = int(sounding[0])
    assert np.array_equal(heard[first : first + said.size], said)
    assert overflows == 0


@needs_cards
def test_the_last_word_of_a_prompt_leaves_the_loudspeaker_before_play_returns(cards: VirtualCards) -> None:
    heard, _ = play_and_record("speaker_heard", "speaker_out", Clip(samples=tone(48_000), rate=48_000), 2.5)
    sounding = np.flatnonzero(np.abs(heard.astype(int)) > 400)
    assert (sounding[-1] - sounding[0]) / 16_000 == pytest.approx(1.0, abs=0.02)


@needs_cards
def test_a_card_is_found_by_a_part_of_its_name(cards: VirtualCards) -> None:
    from device.soundcard import find_card, port_audio

    with port_audio() as audio:
        assert find_card(audio, "input", "WATCH")["name"] == "watch_mic"
        assert find_card(audio, "output", "speaker_out")["name"] == "speaker_out"


@needs_cards
def test_a_card_that_is_not_there_is_refused_with_those_that_are(cards: VirtualCards) -> None:
    from device.soundcard import NoSoundCard, find_card, port_audio

    with (
        port_audio() as audio,
        pytest.raises(NoSoundCard, match=r"スピーカー「hall」が見つかりません。あるのは .*speaker_out"),
    ):
        find_card(audio, "output", "hall")


@needs_cards
def test_a_microphone_that_does_not_come_back_is_a_fault_after_the_agreed_pauses(cards: VirtualCards) -> None:
    from device.listen.pyaudio_microphone import PyAudioMicrophone

    waited: list[float] = []
    microphone = PyAudioMicrophone("usb", pause=waited.append)
    with pytest.raises(MicrophoneFault, match="usb"):
        microphone.open()
    assert waited == [0.25, 1.0]


@needs_cards
def test_a_sound_system_that_dies_while_listening_is_a_fault_and_not_silence(cards: VirtualCards) -> None:
    from device.listen.pyaudio_microphone import PyAudioMicrophone

    microphone = PyAudioMicrophone("watch_mic")
    microphone.open()
    assert microphone.frame().shape == (FRAME,)
    cards.stop()
    with pytest.raises(MicrophoneFault):
        deque((microphone.frame() for _ in range(1000)), maxlen=0)
    microphone.close()


@needs_cards
def test_a_loudspeaker_that_is_gone_says_that_nothing_was_played(cards: VirtualCards) -> None:
    from device.speak.loudspeaker import SpeakerFault
    from device.speak.pyaudio_loudspeaker import PyAudioLoudspeaker

    cards.stop()
    with pytest.raises(SpeakerFault):
        PyAudioLoudspeaker("speaker_out").play(Clip(samples=tone(16_000), rate=16_000))


@needs_cards
def test_a_dialogue_goes_over_the_cards_both_ways(cards: VirtualCards) -> None:
    """The prompt is spoken, the resident answers when it has ended, and the ear hears the answer, not the prompt."""
    from device.listen.ear import Ear, ListeningKind
    from device.listen.pyaudio_microphone import PyAudioMicrophone
    from device.listen.settings import load_settings
    from device.speak.openjtalk import OpenJTalkVoice
    from device.speak.pyaudio_loudspeaker import PyAudioLoudspeaker
    from tests.listening.doubles import Notebook
    from tests.listening.sounds import in_a_quiet_room, quiet_room

    prompt = OpenJTalkVoice().render("お変わりありませんか")
    words = OpenJTalkVoice(half_tone=-4).render("はい、元気です", 1.0)
    silence = np.rint(np.random.default_rng(5).normal(0, 20, words.rate)).astype(np.int16)
    answer = Clip(samples=np.concatenate([silence, in_a_quiet_room(words.samples)]), rate=words.rate)
    PyAudioLoudspeaker("speaker_out").play(prompt)
    mouth = PyAudioLoudspeaker("resident_out")
    room = Clip(samples=quiet_room(5.0), rate=16_000)

    def speak_and_stay() -> None:
        mouth.play(answer)
        mouth.play(room)

    resident = threading.Thread(target=speak_and_stay, name="resident")
    resident.start()
    book = Notebook("はい、元気です")
    listening = Ear(PyAudioMicrophone("watch_mic"), book, load_settings()).listen()
    resident.join(20)
    assert listening.outcome_kind is ListeningKind.speech
    assert listening.first_word_s is not None
    assert 0.5 < listening.first_word_s < 2.5
    assert book.samples().size / 16_000 == pytest.approx(words.seconds, abs=0.9)


NO_CARD = """
    from device.listen.microphone import MicrophoneFault
    from device.listen.pyaudio_microphone import PyAudioMicrophone
    from device.soundcard import NoSoundCard, find_card, port_audio
    from device.speak.loudspeaker import SpeakerFault
    from device.speak.pyaudio_loudspeaker import PyAudioLoudspeaker
    from device.speak.voice import Clip
    import numpy as np
    def look() -> None:
        with port_audio() as audio:
            find_card(audio, "input", "")
    for attempt, fault in (
        (look, NoSoundCard),
        (lambda: PyAudioMicrophone(pause=lambda seconds: None).open(), MicrophoneFault),
        (lambda: PyAudioLoudspeaker().play(Clip(samples=np.ones(9, dtype=np.int16), rate=16000)), SpeakerFault),
    ):
        try:
            attempt()
        except fault as said:
            print(said)
"""


def test_a_machine_without_a_sound_card_says_so_in_one_sentence_each(tmp_path: Path) -> None:
    """With PyAudio or without: no traceback, and none of the drivers' own chatter."""
    (tmp_path / "asound.conf").write_text("pcm.default { type hw card 31 }\n")
    environment = os.environ | {
        "ALSA_CONFIG_PATH": str(tmp_path / "asound.conf"),
        "PULSE_SERVER": "unix:/nonexistent",
    }
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(NO_CARD)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    sentences = done.stdout.splitlines()
    assert len(sentences) == 3
    assert all(sentence.endswith("。") for sentence in sentences)
