"""How well and how fast a speaker hears: `python -m bench.hearing [--json]`.

Sixteen answers in three natural voices and in Open JTalk's own, slowly (0.85), in a quiet room and at 10 dB of white
noise, recognized with the window we use and with the stock one. Kana error is wrong, missing and extra kana as a share of
those said. `wait_ms` is what a resident waits for the words after the end of speech has been found, when recognizing
began in the pause before it.
"""

import argparse
import json
import platform
import re
import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil
import pyopenjtalk
import soxr
from rapidfuzz.distance import Levenshtein

from contract.places import cache_folder, models_folder
from demo.voices import Utterance, Voices
from device.listen.endpointer import Endpointer
from device.listen.microphone import FRAME, RATE, Samples
from device.listen.recognizer import SURE
from device.listen.settings import load_settings
from device.listen.voice_activity import SileroDetector
from device.listen.whisper import WhisperRecognizer
from device.listen.whisper_model import WINDOW_FRAMES
from device.speak.openjtalk import OpenJTalkVoice

SAID = (
    "はい、元気です",
    "いつもどおりです",
    "えらいで、ちょっと寝とる",
    "大丈夫じゃない",
    "助けて、転んで動けない",
    "変わりありません",
    "腰が痛くてかなわん",
    "ご飯も食べました",
    "今日は病院へ行ってきます",
    "もう一回言ってください",
    "ほっといてください",
    "誰かに来てほしい",
    "だいじょうぶやよ",
    "はい",
    "まあまあやね",
    "足が痛くて立てません",
)
VOICES = ("jf_alpha", "jm_kumo", "jf_tebukuro")
SPEED = 0.85


@dataclass(frozen=True, eq=False)
class Spoken:
    """A sentence and its sound, with a little room around it."""

    text: str
    samples: Samples


def spoken(noise_db: float | None) -> list[Spoken]:
    """Every sentence in every voice, in a quiet room or with white noise `noise_db` below the voice."""
    voices = Voices(cache_folder() / "voices")
    wanted = [Utterance(text, voice, SPEED) for text in SAID for voice in VOICES]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        natural = voices.prepare(wanted, lambda *_: None)
    said = [(each.text, sound) for each, sound in natural.items()]
    own = OpenJTalkVoice()
    for text in SAID:
        clip = own.render(text, SPEED)
        sound = soxr.resample(clip.samples.astype(np.float32), clip.rate, RATE)
        said.append((text, np.rint(sound).astype(np.int16)))
    rng = np.random.default_rng(1)
    return [Spoken(text, _in_room(sound, noise_db, rng)) for text, sound in said]


def _in_room(sound: Samples, noise_db: float | None, rng: np.random.Generator) -> Samples:
    loudness = float(np.sqrt(np.mean(np.square(sound.astype(np.float64)))))
    noise = 20.0 if noise_db is None else loudness * 10 ** (-noise_db / 20)
    room = rng.normal(0.0, noise, sound.size + RATE * 2 // 3)
    room[RATE // 3 : RATE // 3 + sound.size] += sound
    return np.clip(np.rint(room), -32768, 32767).astype(np.int16)


def kana(text: str) -> str:
    """The reading, katakana only."""
    return re.sub(r"[^ァ-ヶー]", "", str(pyopenjtalk.g2p(text, kana=True))) if text.strip() else ""


def recognize(recognizer: WhisperRecognizer, said: list[Spoken]) -> dict[str, float]:
    """Kana error, share of answers it is sure of, and milliseconds an answer."""
    wrong = total = sure = 0
    milliseconds = []
    for each in said:
        utterance = recognizer.utterance()
        utterance.accept(each.samples)
        heard = utterance.finish()
        wrong += Levenshtein.distance(kana(each.text), kana(heard.text))
        total += len(kana(each.text))
        sure += heard.confidence >= SURE
        milliseconds.append(heard.milliseconds)
    return {
        "kana_error": round(wrong / total, 3),
        "sure": round(sure / len(said), 3),
        "ms_p50": round(float(np.percentile(milliseconds, 50)), 1),
        "ms_p95": round(float(np.percentile(milliseconds, 95)), 1),
    }


def wait_after_the_end(recognizer: WhisperRecognizer, said: list[Spoken]) -> float:
    """Median milliseconds from the end of the silence to the words, when decoding began in the pause."""
    settings = load_settings().speech
    left = (settings.ends_after_silence - settings.tail).total_seconds()
    waits = []
    for each in said:
        utterance = recognizer.utterance()
        utterance.accept(each.samples)
        utterance.pause()
        time.sleep(left)  # the rest of the silence, during which the pause is decoded
        start = time.perf_counter()
        utterance.finish()
        waits.append((time.perf_counter() - start) * 1000)
    return round(float(np.median(waits)), 2)


def endpoint_ms_per_second(said: list[Spoken]) -> float:
    """Milliseconds of work of the endpointer for a second of sound."""
    endpointer = Endpointer(load_settings(), SileroDetector())
    start, seconds = time.perf_counter(), 0.0
    for each in said:
        endpointer.reset()
        for at in range(0, each.samples.size - FRAME, FRAME):
            endpointer.feed(each.samples[at : at + FRAME])
        seconds += each.samples.size / RATE
    return round((time.perf_counter() - start) * 1000 / seconds, 1)


def voice_real_time_factor() -> float:
    """Seconds of work of Open JTalk for a second of speech."""
    voice = OpenJTalkVoice()
    voice.render("はい")
    start = time.perf_counter()
    seconds = sum(voice.render(text).seconds for text in SAID)
    return round((time.perf_counter() - start) / seconds, 3)


def measure() -> dict[str, Any]:
    """Everything, as one object."""
    quiet, noisy = spoken(None), spoken(10.0)
    before = psutil.Process().memory_info().rss
    recognizer = WhisperRecognizer(models_folder() / "whisper-base")
    figures: dict[str, Any] = {
        "quiet": recognize(recognizer, quiet),
        "white_10_db": recognize(recognizer, noisy),
    }
    figures["whisper_rss_mb"] = round((psutil.Process().memory_info().rss - before) / 1e6)
    figures["wait_ms"] = wait_after_the_end(recognizer, quiet[:16])
    stock = WhisperRecognizer(models_folder() / "whisper-base", window_frames=3000)
    figures["stock_window_quiet"] = recognize(stock, quiet)
    figures["endpoint_ms_per_second"] = endpoint_ms_per_second(quiet)
    figures["voice_real_time_factor"] = voice_real_time_factor()
    return {
        "name": "hearing",
        "parameters": {"answers": len(quiet), "speed": SPEED, "window_s": WINDOW_FRAMES / 100, "threads": 1},
        "figures": figures,
        "machine": f"{platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}",
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="How well and how fast a speaker hears.")
    parser.add_argument("--json", action="store_true")
    result = measure()
    if parser.parse_args().json:
        print(json.dumps(result, ensure_ascii=False))
        return
    print(result["machine"], result["parameters"])
    for name, value in result["figures"].items():
        print(f"{name:24} {value}")


if __name__ == "__main__":
    main()
