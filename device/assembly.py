"""A real speaker out of its file: sound cards by name, the recognizer that is installed, the voice, the line."""

import threading

from contract.places import models_folder
from contract.time import SystemClock
from device.app import Speaker
from device.config import DeviceConfig, PanelConfig
from device.faults import Part
from device.fittings import Fittings
from device.health.vitals import Vitals
from device.listen.choose import load_recognizer
from device.listen.ear import Ear
from device.listen.home_microphone import HomeMicrophone
from device.listen.kept_audio import AudioArchive, KeepingRecognizer
from device.listen.overhear import Overhearing
from device.listen.pyaudio_microphone import PyAudioMicrophone, never_muted
from device.listen.settings import load_settings
from device.panel.panel import Panel
from device.panel.pins import GpioPins, NoPanel
from device.panel.presses import Presses
from device.panel.settings import load_panel_settings
from device.soundcard import Direction, NoSoundCard, find_card, port_audio
from device.speak.cache import PromptCache
from device.speak.espeak import EspeakVoice
from device.speak.interject import SharedLoudspeaker
from device.speak.last_resort import LastResort
from device.speak.openjtalk import OpenJTalkVoice
from device.speak.pyaudio_loudspeaker import PyAudioLoudspeaker
from device.steps import OnStep, ignore
from device.understand import Understanding


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
    stopping, cut, presses, vitals = threading.Event(), threading.Event(), Presses(), Vitals()
    panel = wired_panel(config.panel, broken)
    settings = load_settings()
    recognizer = load_recognizer(config.recognizer.models or models_folder(), config.recognizer.prefer)
    card = PyAudioMicrophone(
        config.sound.microphone, settings.microphone, (lambda: panel.muted) if panel else never_muted
    )
    microphone = HomeMicrophone(card, stopping, presses, vitals)
    voice = LastResort(PromptCache(OpenJTalkVoice(), config.data / "prompts"), EspeakVoice())
    archive, kept = None, recognizer
    if config.privacy.audio_recipient:
        archive = AudioArchive(
            config.data / "kept",
            config.privacy.audio_recipient,
            config.privacy.keep_audio_for,
            SystemClock(),
        )
        kept = KeepingRecognizer(recognizer, archive)
    return Speaker(
        config,
        ear=Ear(microphone, kept, settings),
        voice=voice,
        loudspeaker=SharedLoudspeaker(PyAudioLoudspeaker(config.sound.loudspeaker, cut=cut), cut),
        understanding=Understanding.load(),
        on_step=on_step,
        recognizer=recognizer.name,
        stopping=stopping,
        render_ahead=True,
        broken=broken,
        fittings=Fittings(
            presses=presses,
            vitals=vitals,
            microphone=microphone,
            panel=panel,
            overhearing=Overhearing(microphone, settings),
            recognizer=recognizer,
            voice=voice,
            archive=archive,
        ),
    )


def wired_panel(config: PanelConfig, broken: dict[Part, str]) -> Panel | None:
    """The panel, if one is wired; one that cannot be used is noted in `broken`, never a reason not to start."""
    settings = load_panel_settings(config.settings)
    if not config.wired:
        return None
    try:
        return Panel(GpioPins(config), settings)
    except NoPanel as why:
        broken["panel"] = str(why)
        return None
