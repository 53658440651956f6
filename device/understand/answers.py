"""はい or いいえ: the answer to a closed question."""

from pathlib import Path

from msgspec import Struct

from contract.datafile import read_toml
from device.understand.reading import Reading, fold


class AnswerFile(Struct, forbid_unknown_fields=True):
    """`answers.toml`: words in hiragana."""

    yes: list[str]
    no: list[str]
    fillers: list[str]
    endings: list[str]
    unclear: list[str]


class Answers:
    """Knows the words for yes and for no."""

    def __init__(self, file: AnswerFile) -> None:
        self._says = {fold(word): True for word in file.yes} | {fold(word): False for word in file.no}
        self._fillers = sorted(map(fold, file.fillers), key=len, reverse=True)
        self._endings = sorted(map(fold, file.endings), key=len, reverse=True)
        self._unclear = [fold(word) for word in file.unclear]
        self._longest = max(map(len, self._says))

    @classmethod
    def read(cls, path: Path) -> "Answers":
        """Read `answers.toml`; raise `Refused` naming the line that is wrong."""
        return cls(read_toml(path, AnswerFile))

    def yes_or_no(self, reading: Reading) -> bool | None:
        """True, False, or None where neither or both were said.

        Read from the front, longest word first, as people repeat themselves: うん、そうや、たのむ. A no that
        comes after a yes wins only when nothing else was said (はい、いりません): "yes" then merely
        acknowledges that one was spoken to.
        """
        kana = reading.kana
        if not kana or any(word in kana for word in self._unclear) or "ウーン" in reading.spoken:
            # うーん (hm) and ううん (no) sound alike; a hm must not decide.
            return None
        heard: list[bool] = []
        left = 0
        while left < len(kana):
            step = self._word_at(kana, left)
            if step:
                length, said = step
                heard.append(said)
                left += length
            elif skip := self._skip_at(kana, left, bool(heard)):
                left += skip
            elif heard and reading.starts_word(left):
                # Something else follows: はい、膝が… is a yes, and the caller hears the rest by understand().
                break
            else:
                return None
        if not heard:
            return None
        if len(set(heard)) == 1:
            return heard[0]
        return False if heard[-1] is False and heard[0] is True and left >= len(kana) else None

    def _word_at(self, kana: str, left: int) -> tuple[int, bool] | None:
        for length in range(min(self._longest, len(kana) - left), 0, -1):
            said = self._says.get(kana[left : left + length])
            if said is not None:
                return length, said
        return None

    def _skip_at(self, kana: str, left: int, after_answer: bool) -> int:
        for word in [*(self._endings if after_answer else []), *self._fillers]:
            if kana.startswith(word, left):
                return len(word)
        return 0
