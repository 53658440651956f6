"""What must be there before the curtain: models, voices, understanding. Each missing part is one sentence."""

from collections.abc import Callable, Sequence
from pathlib import Path

from contract.places import cache_folder, models_folder
from contract.refusal import Refused
from demo.cast import Household
from demo.voiced import Engines, SharedVoice
from demo.voices import Voices
from device.listen.choose import load_recognizer
from device.listen.settings import load_settings
from device.speak.cache import PromptCache
from device.speak.loudspeaker import Loudspeaker, SpeakerFault
from device.speak.openjtalk import OpenJTalkVoice
from device.speak.voice import Clip
from device.understand import Understanding

Progress = Callable[[str, int, int], None]
"""What is being prepared, how much of it is done, of how much."""


def open_engines(cast: Sequence[Household], speak: bool, progress: Progress) -> Engines:
    """Load what the speakers share; the first time residents' voices take half a minute."""
    progress("聞き取り (音声認識)", 0, 4)
    recognizer = load_recognizer(models_folder())
    progress("理解", 1, 4)
    understanding = Understanding.load()
    progress("スピーカーの声", 2, 4)
    cache = cache_folder()
    voice = SharedVoice(PromptCache(OpenJTalkVoice(), cache / "prompts"))
    mirror = open_mirror(voice.render("こんにちは。")) if speak else None
    utterances = [each for household in cast for each in household.utterances()]
    progress("住民役の声", 3, 4)
    residents = Voices(cache / "residents").prepare(
        utterances, lambda done, of: progress("住民役の声を作っています (初回だけ)", done, of)
    )
    progress("準備ができました", 4, 4)
    return Engines(
        recognizer=recognizer,
        voice=voice,
        understanding=understanding,
        listening=load_settings(),
        residents=residents,
        mirror=mirror,
    )


def open_mirror(greeting: Clip) -> Loudspeaker:
    """The machine's own loudspeaker, tried out with a greeting; `Refused` in one sentence when there is none."""
    try:
        from device.speak.pyaudio_loudspeaker import PyAudioLoudspeaker

        mirror = PyAudioLoudspeaker("")
        mirror.play(greeting)
    except (ImportError, SpeakerFault) as error:
        why = str(error).rstrip("。")
        raise Refused(f"音を出せません: {why}。--speak をつけなければ、音なしで実演できます。") from error
    return mirror


def recognizer_words(name: str) -> str:
    """Which recognizer listens, and what a Pi would use instead."""
    if "vosk" in name and "small-ja" in name:
        return f"{name} (Raspberry Pi でも同じものを使います)"
    return f"{name} (パソコン用。Raspberry Pi では軽い vosk-model-small-ja を使います)"


def check_folder(folder: Path) -> None:
    """`Refused` unless `folder` can hold a new demonstration."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".try").write_bytes(b"x" * 4096)
        (folder / ".try").unlink()
        used = any(folder.iterdir())
    except OSError as error:
        raise Refused(
            f"データの置き場所 {folder} に書けません ({error.strerror})。空き容量と権限を確かめてください。"
        ) from error
    if used:
        raise Refused(
            f"{folder} は空ではありません。実演は毎回新しい場所で始めます。空のフォルダーを --data で指定してください。"
        )
