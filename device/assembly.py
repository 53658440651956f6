"""A real speaker out of its file: sound cards by name, the recognizer that is installed, the voice, the line."""

import threading

from contract.places import models_folder
from device.app import Speaker
from device.config import DeviceConfig
from device.faults import Part
from device.listen.choose import load_recognizer
from device.listen.ear import Ear
from device.listen.microphone import Microphone, Samples
from device.listen.pyaudio_microphone import PyAudioMicrophone
from device.listen.settings import load_settings
from device.soundcard import Direction, NoSoundCard, find_card, port_audio
from device.speak.cache import PromptCache
from device.speak.openjtalk import OpenJTalkVoice
from device.speak.pyaudio_loudspeaker import PyAudioLoudspeaker
from device.steps import OnStep, ignore
from device.talk.dialogue import Abandoned
from device.understand import Understanding


class UntilStopped:
    """A microphone that gives up in the middle of a listening when the speaker is switched off."""

    def __init__(self, microphone: Microphone, stopping: threading.Event) -> None:
        self._microphone = microphone
        self._stopping = stopping

    @property
    def muted(self) -> bool:
        """Whether the resident's own switch is off."""
        return self._microphone.muted

    def open(self) -> None:
        """Start to capture."""
        self._microphone.open()

    def close(self) -> None:
        """Stop to capture."""
        self._microphone.close()

    def frame(self) -> Samples:
        """The next frame; raise `Abandoned` once the speaker stops."""
        if self._stopping.is_set():
            raise Abandoned
        return self._microphone.frame()


def missing_cards(config: DeviceConfig) -> dict[Part, str]:
    """The sound cards that are not there, each with a Japanese sentence that says what to do."""
    wanted: tuple[tuple[Part, Direction, str], ...] = (
        ("microphone", "input", config.sound.microphone),
        ("speaker", "output", config.sound.loudspeaker),
    )
    missing: dict[Part, str] = {}
    for part, direction, name in wanted:
        try:
            with port_audio() as audio:
                find_card(audio, direction, name)
        except NoSoundCard as why:
            missing[part] = str(why)
    return missing


def assemble(config: DeviceConfig, broken: dict[Part, str], on_step: OnStep = ignore) -> Speaker:
    """Load everything; raise `Refused` for a missing model, a wrong data file, or a data folder in use.

    A sound card that is not there is no reason not to start: it is reported, and looked for at every question.
    """
    stopping = threading.Event()
    settings = load_settings()
    recognizer = load_recognizer(config.recognizer.models or models_folder(), config.recognizer.prefer)
    microphone = PyAudioMicrophone(config.sound.microphone, settings.microphone)
    return Speaker(
        config,
        ear=Ear(UntilStopped(microphone, stopping), recognizer, settings),
        voice=PromptCache(OpenJTalkVoice(), config.data / "prompts"),
        loudspeaker=PyAudioLoudspeaker(config.sound.loudspeaker),
        understanding=Understanding.load(),
        on_step=on_step,
        recognizer=recognizer.name,
        stopping=stopping,
        render_ahead=True,
        broken=broken,
    )
