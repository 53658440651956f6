"""The lexicon's words: read, checked line by line, and found in a reading."""

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from contract.refusal import Refused
from device.understand.grammar import CLASSES, Endings, Grammar, stems
from device.understand.reading import Reading, fold


class Hit(Struct, frozen=True):
    """A concept, found in a reading."""

    concept: str
    form: str
    """said, denied, impossible, asked, … as in `grammar.toml`; `over` once a recovery follows."""
    start: int
    end: int
    found: str
    """The katakana that was recognized."""
    whose: str = "self"
    """self, other (somebody else), told (news, hearsay) or past."""


class _Stem(Struct, frozen=True):
    concept: str
    kind: str
    stem: str
    name: str
    at_start: bool


class _Pattern(Struct, frozen=True):
    concept: str
    pattern: re.Pattern[str]
    at_start: bool
    whole: bool


class Words:
    """Every word of `words.tsv`, ready to be looked for."""

    def __init__(self, grammar: Grammar) -> None:
        self._endings: dict[str, Endings] = grammar.endings()
        self._longest = max(
            len(one) for kind in self._endings.values() for part in kind.values() for one in part
        )
        self._stems: dict[str, list[_Stem]] = {}
        self._patterns: list[_Pattern] = []
        self.concepts: set[str] = set()

    @classmethod
    def read(cls, path: Path, grammar: Grammar) -> "Words":
        """Read `words.tsv`: concept, class, words; raise `Refused` naming the line that is wrong."""
        words = cls(grammar)
        for number, line in enumerate(_lines(path), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            columns = line.split("\t")
            if len(columns) != 3:
                raise Refused(
                    f"{path} {number} 行目: 列が {len(columns)} つあります。"
                    "概念・品詞・言葉の三つをタブで区切ってください。"
                )
            concept, kind, text = columns
            try:
                words._add(concept.strip(), kind.strip(), text.split())
            except (ValueError, re.error) as error:
                raise Refused(f"{path} {number} 行目: {error}。") from error
        words._freeze()
        return words

    def _add(self, concept: str, kind: str, texts: list[str]) -> None:
        if kind not in CLASSES:
            raise ValueError(f"「{kind}」という品詞はありません ({' '.join(CLASSES)} のどれか)")
        if not re.fullmatch(r"[a-z_]+", concept):
            raise ValueError(f"概念の名「{concept}」は英小文字と _ で書いてください")
        self.concepts.add(concept)
        for text in texts:
            word = text.lstrip("^=")
            at_start = word != text
            if kind == "fix":
                whole = text.startswith("=")
                self._patterns.append(_Pattern(concept, _pattern(word), at_start, whole))
                continue
            if not re.fullmatch(r"[ぁ-ゖー]+", word):
                raise ValueError(f"「{word}」はひらがなで書いてください")
            for each in stems(kind, word):
                for name, stem in each.items():
                    if name in self._endings[kind]:
                        folded = fold(stem)
                        entry = _Stem(concept, kind, folded, name, at_start)
                        known = self._stems.setdefault(folded, [])
                        if entry not in known:
                            known.append(entry)

    def _freeze(self) -> None:
        self._longest_stem = max(map(len, self._stems), default=0)

    def find(self, reading: Reading) -> list[Hit]:
        """Every concept in `reading`, the longest form at each place, in the order of the words."""
        best: dict[tuple[str, int], Hit] = {}
        for hit in [*self._find_stems(reading), *self._find_patterns(reading)]:
            key = (hit.concept, hit.start)
            if key not in best or hit.end > best[key].end:
                best[key] = hit
        hits = sorted(best.values(), key=lambda hit: (hit.start, -hit.end))
        return [hit for hit in hits if not any(_inside(hit, other) for other in hits)]

    def _find_stems(self, reading: Reading) -> Iterator[Hit]:
        kana = reading.kana
        for start in range(len(kana)):
            starts_word = reading.starts_word(start)
            for length in range(1, min(self._longest_stem, len(kana) - start) + 1):
                for entry in self._stems.get(kana[start : start + length], ()):
                    if entry.at_start and not starts_word and not _loosely(kana, start, length):
                        continue
                    yield from self._endings_of(entry, reading, start)

    def _endings_of(self, entry: _Stem, reading: Reading, start: int) -> Iterator[Hit]:
        kana = reading.kana
        middle = start + len(entry.stem)
        endings = self._endings[entry.kind][entry.name]
        for end in range(min(len(kana), middle + self._longest), middle - 1, -1):
            for ending in endings.get(kana[middle:end], ()):
                if kana[:start].endswith(ending.prefix):
                    first = start - len(ending.prefix)
                    yield Hit(entry.concept, ending.form, start, end, kana[first:end])
                    # A longer ending says more: ウゴケン before ウゴケ.
                    return

    def _find_patterns(self, reading: Reading) -> Iterator[Hit]:
        kana = reading.kana
        for each in self._patterns:
            if each.whole:
                match = each.pattern.fullmatch(kana)
                if match and kana:
                    yield Hit(each.concept, "said", 0, len(kana), kana)
                continue
            for match in each.pattern.finditer(kana):
                start, end = match.span()
                starts_word = reading.starts_word(start) or (
                    end - start >= 3 and start > 0 and kana[start - 1] in _PARTICLES
                )
                if end > start and (not each.at_start or starts_word):
                    yield Hit(each.concept, "said", start, end, match[0])


def _inside(hit: Hit, other: Hit) -> bool:
    """Whether `other` is the same concept around `hit`, and says more."""
    return (
        other is not hit
        and other.concept == hit.concept
        and other.start <= hit.start
        and other.end >= hit.end
        and (other.end - other.start) > (hit.end - hit.start)
    )


_PARTICLES = "ガハワオニデモトノテヨネンエ"


def _loosely(kana: str, start: int, length: int) -> bool:
    """A long word after a particle counts as a word even where the dictionary saw none (dialect, garbling)."""
    return length >= 4 and start > 0 and kana[start - 1] in _PARTICLES


def _pattern(word: str) -> re.Pattern[str]:
    """A pattern of the fix class, in hiragana with groups, ? . and $, as a pattern over folded katakana."""
    if re.search(r"[^ぁ-ゖー()|?.^$]", word):
        raise ValueError(f"「{word}」はひらがな・括弧・縦棒・?・^・$ だけで書いてください")
    pieces = re.split(r"([()|?.^$]+)", word)
    out = ""
    for number, piece in enumerate(pieces):
        if number % 2:
            out += piece.replace("(", "(?:").replace("^", "")
            continue
        folded = fold(piece)
        # Across a bracket the letter before is unknown: a long vowel may have been folded either way.
        if number and folded[:1] in ("ウ", "イ"):
            folded = {"ウ": "[ウオ]", "イ": "[イエ]"}[folded[0]] + folded[1:]
        out += folded
    return re.compile(out)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Refused(
            f"{path} を読めません ({error.strerror})。ファイルの場所と権限を確かめてください。"
        ) from error
    except UnicodeDecodeError as error:
        raise Refused(f"{path} が UTF-8 ではありません。UTF-8 で保存し直してください。") from error
