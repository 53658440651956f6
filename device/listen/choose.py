"""Which recognizer this machine uses: what is installed, and what suits it."""

import importlib.util
import platform
from collections.abc import Callable
from pathlib import Path

from contract.refusal import Refused
from device.listen.model_folder import check_model
from device.listen.recognizer import Recognizer


def _vosk(folder: Path) -> Recognizer:
    from device.listen.vosk import VoskRecognizer

    return VoskRecognizer(folder)


def _whisper(folder: Path) -> Recognizer:
    from device.listen.whisper import WhisperRecognizer

    return WhisperRecognizer(folder)


ENGINES: dict[str, tuple[str, str, Callable[[Path], Recognizer]]] = {
    "vosk-model-small-ja-0.22": ("vosk", "vosk", _vosk),
    "whisper-base": ("whisper", "faster_whisper", _whisper),
}
"""Model folder: engine, the package it needs, how it is loaded. In the order a Pi prefers them."""


def load_recognizer(
    models_dir: Path, prefer: str | None = None, machine: str = platform.machine()
) -> Recognizer:
    """Load the recognizer of this machine; raise `Refused` when there is none."""
    name = choose_model(models_dir, prefer, machine)
    _, _, load = ENGINES[name]
    return load(models_dir / name)


def choose_model(models_dir: Path, prefer: str | None = None, machine: str = platform.machine()) -> str:
    """The folder of the model this machine would load, found whole; raise `Refused` when there is none.

    `prefer` is an engine ("vosk", "whisper") or a model's name, and then nothing else will do. Without it a 64-bit ARM
    machine takes Vosk if it is installed and any other takes Whisper, and each the other one if that is all there is.
    """
    order = list(ENGINES) if machine in ("aarch64", "arm64") else list(reversed(ENGINES))
    if prefer:
        order = [name for name in order if prefer in (name, ENGINES[name][0])]
        if not order:
            raise Refused(f"認識エンジン「{prefer}」はありません。使えるのは {'、'.join(ENGINES)} です。")
    installed = [name for name in order if (models_dir / name).is_dir()]
    if not installed:
        wanted = "、".join(order)
        raise Refused(
            f"音声認識モデル ({wanted}) が {models_dir} にありません。mimamori provision models を実行してください。"
        )
    runnable = [name for name in installed if importlib.util.find_spec(ENGINES[name][1])]
    if not runnable:
        package = ENGINES[installed[0]][1].replace("_", "-")
        raise Refused(
            f"{installed[0]} を動かす Python パッケージ {package} がありません。インストールしてください。"
        )
    check_model(models_dir / runnable[0])
    return runnable[0]
