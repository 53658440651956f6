"""はい or いいえ: the answer to a closed question."""

from pathlib import Path

from msgspec import Struct

from contract.datafile import read_toml
from device.understand.reading import Reading, fold


class AnswerFile(Struct, forbid_unknown_fields=True):
    """`answers.toml`: words in hiragana."""

    yes: list[str]
    """Says nothing without the question, as `no`."""
    no: list[str]
    yes_and_more: list[str]
    """Says something by itself too, as `no_and_more`."""
    no_and_more: list[str]
    fillers: list[str]
    endings: list[str]
    unclear: list[str]
    short: list[str]
    whole_yes: list[str]
    bare_no: list[str]


class Answers:
    """Knows the words for yes and for no."""

    def __init__(self, file: AnswerFile) -> None:
        self._says = {fold(word): True for word in [*file.yes, *file.yes_and_more]}
        self._says |= {fold(word): False for word in [*file.no, *file.no_and_more]}
        self._fillers = sorted(map(fold, file.fillers), key=len, reverse=True)
        self._endings = sorted(map(fold, file.endings), key=len, reverse=True)
        self._unclear = [fold(word) for word in file.unclear]
        self._short = frozenset(map(fold, file.short))
        self._bare_no = frozenset(map(fold, file.bare_no))
        self._whole = self._bare_no | frozenset(map(fold, file.whole_yes))
        self._bare = frozenset(map(fold, [*file.yes, *file.no])) - self._short
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
        heard: list[str] = []
        left = said_until = 0
        while left < len(kana):
            if word := self._word_at(kana, left):
                heard.append(word)
                left += len(word)
                said_until = left
            elif skip := self._skip_at(kana, left, bool(heard)):
                left += skip
            elif heard and self._was_an_answer(heard[-1], reading, said_until, left):
                # Something else follows: はい、膝が… is a yes, and the caller hears the rest by understand().
                break
            else:
                return None
        said = [self._says[word] for word in heard]
        if len(set(said)) == 1:
            return said[0]
        only_a_no = said[:1] == [True] and said[-1:] == [False] and left >= len(kana)
        return False if only_a_no and heard[-1] not in self._bare_no else None

    def is_bare(self, reading: Reading) -> bool:
        """Whether nothing but はい or いいえ was said, in whatever form and however often: うん、そうや; ちがうて.

        Without its question it says nothing, and whatever else it sounds like is chance (「ちがう」 and 「血が」).
        """
        kana = reading.kana
        if kana in self._whole:
            return True
        left = start = self._past_fillers(kana)
        while left < len(kana):
            word = self._word_at(kana, left)
            if word not in self._bare:
                return False
            left += len(word)
            if left not in reading.pauses:
                left += next((len(one) for one in self._endings if kana.startswith(one, left)), 0)
        return left > start

    def may_be_cut(self, reading: Reading) -> bool:
        """Whether a no that lost its end would leave just these words: 「そうや」 of 「そうやない」, 「いい」 of 「いいえ」."""
        kana = reading.kana
        words = kana[self._past_fillers(kana) :]
        return (
            bool(words)
            and kana not in self._whole
            and any(no.startswith(words) for no, yes in self._says.items() if not yes and no != words)
        )

    def _was_an_answer(self, word: str, reading: Reading, said_until: int, left: int) -> bool:
        """Whether `word` stands for itself although something else follows it."""
        if any(said_until <= pause <= left for pause in reading.pauses):
            return True
        return word not in self._short and (reading.starts_word(said_until) or reading.starts_word(left))

    def _word_at(self, kana: str, left: int) -> str | None:
        for length in range(min(self._longest, len(kana) - left), 0, -1):
            if kana[left : left + length] in self._says:
                return kana[left : left + length]
        return None

    def _past_fillers(self, kana: str) -> int:
        left = 0
        while skip := self._skip_at(kana, left, after_answer=False):
            left += skip
        return left

    def _skip_at(self, kana: str, left: int, after_answer: bool) -> int:
        for word in [*(self._endings if after_answer else []), *self._fillers]:
            if kana.startswith(word, left):
                return len(word)
        return 0
