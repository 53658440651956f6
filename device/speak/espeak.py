"""espeak-ng, the last resort: hard to listen to, but there when nothing else can speak.

It reads kanji as "Chinese letter", so words are turned into kana first, by Sudachi, which needs nothing of Open JTalk.
The program is used through a pipe: pyttsx3's own espeak driver writes every sentence to a temporary file.
"""

import shutil
import subprocess

import numpy as np

from device.speak.voice import RATE_OF_SPEECH, Clip

WORDS_PER_MINUTE = 150
"""What espeak calls its pace; this one is about as quick as Open JTalk's own."""
HEADER = 44
"""Bytes of a wav header; in a stream the sizes written there mean nothing."""
RATE = 22_050
SECONDS = 30.0


class EspeakVoice:
    """The `espeak-ng` program, if it is installed."""

    @property
    def name(self) -> str:
        """The engine's."""
        return "espeak-ng-ja"

    def render(self, text: str, rate: float = RATE_OF_SPEECH) -> Clip:
        """Speak `text`; ValueError when there is nothing to say, OSError when the program cannot be used."""
        kana = in_kana(text)
        if not any(letter.isalnum() for letter in kana):
            raise ValueError("there is nothing to say")
        program = shutil.which("espeak-ng")
        if program is None:
            raise OSError("espeak-ng is not installed")
        pace = str(max(80, round(WORDS_PER_MINUTE * rate)))
        try:
            done = subprocess.run(
                [program, "-v", "ja", "-s", pace, "--stdout"],
                input=kana.encode(),
                capture_output=True,
                check=True,
                timeout=SECONDS,
            )
        except subprocess.SubprocessError as error:
            raise OSError(f"espeak-ng: {error}") from error
        samples = np.frombuffer(done.stdout[HEADER : len(done.stdout) // 2 * 2], dtype=np.int16)
        return Clip(samples=samples, rate=RATE)


def in_kana(text: str) -> str:
    """`text` with every word in katakana; signs stay."""
    import sudachipy  # type: ignore[import-untyped]

    words = sudachipy.Dictionary().create().tokenize(text)
    return "".join(
        word.surface() if word.part_of_speech()[0] in ("補助記号", "空白") else word.reading_form()
        for word in words
    )
