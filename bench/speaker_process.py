"""The process `bench.speaker` measures: a whole speaker in a virtual room, and nothing else."""

import logging
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import structlog

from contract.places import models_folder
from contract.refusal import Refused
from demo.acoustics import Acoustics
from demo.pace import Pace
from demo.room import Reply, Room
from device.app import Speaker
from device.config import BrokerConfig, ClockSource, DeviceConfig
from device.fittings import Fittings
from device.health.vitals import Vitals
from device.listen.choose import load_recognizer
from device.listen.ear import Ear
from device.listen.home_microphone import HomeMicrophone
from device.listen.microphone import Samples
from device.listen.overhear import Overhearing
from device.listen.recognizer import Recognizer
from device.listen.settings import load_settings
from device.panel.presses import Presses
from device.speak.cache import PromptCache
from device.speak.openjtalk import OpenJTalkVoice
from device.understand import Understanding

DEVICE = "bench-1"


def begin(pipe: Connection, folder: Path, port: int, password: str, said: Samples, pace: float) -> None:
    """What the new process runs: `speak`, with nothing on standard output but the report."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    speak(pipe, folder, port, password, said, pace)


def speak(pipe: Connection, folder: Path, port: int, password: str, said: Samples, pace: float) -> None:
    """The measured process: a speaker in a quiet room, until a word comes through the pipe."""
    try:
        recognizer = load_recognizer(models_folder())
        room_pace = Pace(pace)
        speaker = _assembled(folder, port, password, said, recognizer, room_pace)
    except Refused as refused:
        pipe.send(refused)
        return
    thread = threading.Thread(target=speaker.run, name="speaker", daemon=True)
    thread.start()
    pipe.send(recognizer.name)
    pipe.recv()
    room_pace.stop()
    speaker.stop()
    thread.join(5.0)


def _assembled(
    folder: Path, port: int, password: str, said: Samples, recognizer: Recognizer, room_pace: Pace
) -> Speaker:
    settings = load_settings()
    room = Room(Acoustics(), lambda: Reply(said, 0.8), room_pace, seed=1)
    stopping, presses, vitals = threading.Event(), Presses(), Vitals()
    microphone = HomeMicrophone(room.microphone, stopping, presses, vitals)
    return Speaker(
        DeviceConfig(
            device=DEVICE,
            broker=BrokerConfig(host="127.0.0.1", port=port, password=password),
            data=folder,
            clock=ClockSource.synced,
        ),
        ear=Ear(microphone, recognizer, settings),
        voice=PromptCache(OpenJTalkVoice(), folder / "prompts"),
        loudspeaker=room.loudspeaker,
        understanding=Understanding.load(),
        recognizer=recognizer.name,
        stopping=stopping,
        fittings=Fittings(presses, vitals, microphone, None, Overhearing(microphone, settings), recognizer),
    )
