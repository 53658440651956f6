"""`mimamori device --rehearse`: one dialogue on this machine, with its sound card or with a keyboard."""

import threading
from pathlib import Path

from contract.places import models_folder
from contract.refusal import Refused
from contract.time import SystemClock
from device.config import BrokerConfig, DeviceConfig, read_config
from device.listen.ear import Ear
from device.rehearsal import rehearse
from device.speak.loudspeaker import Loudspeaker
from device.speak.voice import Voice
from device.talk.hearing import Listener
from device.talk.prompts import Prompts, load_prompts
from device.understand import Understanding
from mimamori import logs
from mimamori.rehearsal_console import NoLoudspeaker, RehearsalConsole, SilentVoice, TypedEar


def rehearsal(config: Path | None, *, typed: bool, name: str, extras: str, line_up: bool) -> None:
    """Hold one dialogue; `Refused` when there is no sound card and answers are not typed."""
    logs.set_up("error")
    settings = read_config(config) if config else _plain()
    prompts = load_prompts(settings.prompts)
    asked = [key.strip() for key in extras.split(",") if key.strip()]
    _check(asked, prompts)
    console = RehearsalConsole()
    print("練習です。ハブにもブローカーにも何も送らず、記録も残しません。", flush=True)
    ear: Listener
    voice: Voice
    if typed:
        print("黙っているときは Enter だけ。/音 /消音 /故障 も試せます。終わるときは Ctrl-D。", flush=True)
        ear, voice, loudspeaker = TypedEar(), SilentVoice(), NoLoudspeaker()
        _rehearse(ear, voice, loudspeaker, prompts, console, name, asked, line_up=line_up)
        return
    from device.assembly import missing_cards
    from device.listen.choose import load_recognizer
    from device.listen.pyaudio_microphone import PyAudioMicrophone
    from device.listen.settings import load_settings
    from device.speak.openjtalk import OpenJTalkVoice
    from device.speak.pyaudio_loudspeaker import PyAudioLoudspeaker

    for sentence in missing_cards(settings).values():
        raise Refused(f"{sentence} 音を使わずに試すには --typed を付けてください。")
    listening = load_settings()
    recognizer = load_recognizer(settings.recognizer.models or models_folder(), settings.recognizer.prefer)
    microphone = PyAudioMicrophone(settings.sound.microphone, listening.microphone)
    _rehearse(
        Ear(microphone, recognizer, listening),
        OpenJTalkVoice(),
        PyAudioLoudspeaker(settings.sound.loudspeaker, cut=threading.Event()),
        prompts,
        console,
        name,
        asked,
        line_up=line_up,
    )


def _rehearse(
    ear: Listener,
    voice: Voice,
    loudspeaker: Loudspeaker,
    prompts: Prompts,
    console: RehearsalConsole,
    name: str,
    extras: list[str],
    *,
    line_up: bool,
) -> None:
    made = rehearse(
        ear=ear,
        voice=voice,
        loudspeaker=loudspeaker,
        understanding=Understanding.load(),
        prompts=prompts,
        clock=SystemClock(),
        on_step=console,
        call_name=name,
        extras=extras,
        line_up=line_up,
    )
    ended = any(event.type == "check_in" for event in made)
    print(
        "練習を終わりました。" if ended else "途中でやめました。本番なら、声かけはやり直しになります。",
        flush=True,
    )


def _check(extras: list[str], prompts: Prompts) -> None:
    for key in extras:
        if key not in prompts.extras:
            known = "、".join(prompts.extras)
            raise Refused(f"--extras の「{key}」という質問はありません。あるのは {known} です。")


def _plain() -> DeviceConfig:
    """The system's own sound cards, the packaged sentences."""
    return DeviceConfig(device="rehearsal", broker=BrokerConfig(host="127.0.0.1"), data=Path("unused"))
