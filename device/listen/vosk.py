"""Vosk: recognizes while the resident speaks, in little memory, so that a Pi can carry it."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

from contract.refusal import Refused
from device.listen.microphone import RATE, Samples
from device.listen.recognizer import Counter, Recognizer, Words

UNKNOWN = ("[unk]", "<UNK>", "<unk>")
"""How one model or another spells a word that is outside the grammar."""

log = structlog.get_logger()


class VoskRecognizer(Recognizer):
    """One Vosk model, kept; every question gets an engine recognizer of its own, because an old one keeps growing.

    With a `grammar` (phrases, words parted by spaces) nothing else is recognized. Words the model does not know can
    never be heard: they are left out, kept in `unknown_words`, and logged.
    """

    def __init__(
        self,
        folder: Path,
        name: str = "vosk-model-small-ja-0.22",
        grammar: Sequence[str] | None = None,
        joiner: str = "",
        counter: Counter = time.perf_counter,
    ) -> None:
        super().__init__(name, counter)
        self._model = _load(folder)
        self._joiner = joiner
        self.unknown_words = sorted(
            {word for phrase in grammar or () for word in phrase.split() if not self.knows(word)}
        )
        if self.unknown_words:
            log.warning("grammar_words_unknown_to_model", model=name, words=self.unknown_words)
        unknown = set(self.unknown_words)
        usable = [phrase for phrase in grammar or () if not unknown & set(phrase.split())]
        if grammar and not usable:
            raise Refused(
                f"{folder} のモデルは、指定された語をひとつも知りません。語の綴りを確かめてください。"
            )
        outside = [word for word in UNKNOWN if self.knows(word)][:1]
        self._grammar = json.dumps([*usable, *outside], ensure_ascii=False) if grammar else None

    def knows(self, word: str) -> bool:
        """Whether the word is in the model's vocabulary."""
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def _decoder(self) -> "_VoskDecoder":
        from vosk import KaldiRecognizer

        arguments = (self._model, RATE) if self._grammar is None else (self._model, RATE, self._grammar)
        engine = KaldiRecognizer(*arguments)
        engine.SetWords(True)
        return _VoskDecoder(engine, self._joiner)


class _VoskDecoder:
    """Feeds the engine as the sound comes; keeps final results only, since partial ones raise false alarms."""

    def __init__(self, engine: Any, joiner: str) -> None:
        self._engine = engine
        self._joiner = joiner
        self._words: list[tuple[str, float]] = []

    def accept(self, samples: Samples) -> None:
        if self._engine.AcceptWaveform(samples.tobytes()):
            # The engine's own endpointer closed a sentence; ours decides when the answer is over.
            self._keep(self._engine.Result())

    def pause(self) -> None:
        """Nothing to do: all that was said is in the engine already."""

    def finish(self) -> Words:
        self._keep(self._engine.FinalResult())
        text = self._joiner.join(word for word, _ in self._words if word not in UNKNOWN)
        sure = [0.0 if word in UNKNOWN else confidence for word, confidence in self._words]
        return Words(text, sum(sure) / len(sure) if sure else 0.0)

    def _keep(self, result: str) -> None:
        words = json.loads(result).get("result", [])
        self._words += [(word["word"], float(word["conf"])) for word in words]


def _load(folder: Path) -> Any:
    from vosk import Model, SetLogLevel

    if not (folder / "am" / "final.mdl").is_file():
        raise Refused(
            f"{folder} に Vosk のモデルがありません。mimamori provision models を実行してください。"
        )
    SetLogLevel(-1)
    try:
        return Model(str(folder))
    except Exception as error:  # the package raises nothing more precise
        raise Refused(
            f"{folder} のモデルを読み込めません。フォルダーを消して mimamori provision models を実行してください。"
        ) from error
