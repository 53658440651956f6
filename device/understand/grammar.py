"""From a word and its class to everything a resident may make of it, form by form.

The endings are data (`lexicon/grammar.toml`), standard and eastern-Gifu ones side by side; a form is what
matters to the meaning: said, denied, impossible, asked for, only imagined, …
"""

import re

from msgspec import Struct

from device.understand.reading import fold

_ROWS = {
    "く": ("か", "き", "く", "け", "こ", "い", "た", "て"),
    "ぐ": ("が", "ぎ", "ぐ", "げ", "ご", "い", "だ", "で"),
    "す": ("さ", "し", "す", "せ", "そ", "し", "た", "て"),
    "つ": ("た", "ち", "つ", "て", "と", "っ", "た", "て"),
    "ぬ": ("な", "に", "ぬ", "ね", "の", "ん", "だ", "で"),
    "ぶ": ("ば", "び", "ぶ", "べ", "ぼ", "ん", "だ", "で"),
    "む": ("ま", "み", "む", "め", "も", "ん", "だ", "で"),
    "る": ("ら", "り", "る", "れ", "ろ", "っ", "た", "て"),
    "う": ("わ", "い", "う", "え", "お", "っ", "た", "て"),
}
"""The godan rows: stems before ない, ます, end, ば, う, た; then た/だ and て/で."""

CLASSES = ("v5", "v1", "vs", "vk", "adj", "na", "noun", "fix", "ono")


class Ending(Struct, frozen=True):
    """What stands around a stem in one form."""

    form: str
    prefix: str
    """What must stand before the stem (よう in よう動かん), folded; usually nothing."""


Endings = dict[str, dict[str, list[Ending]]]
"""Stem name -> folded ending -> the forms it makes."""


class Grammar(Struct, forbid_unknown_fields=True):
    """The endings of `grammar.toml`: class group -> form -> templates."""

    source: list[str]
    """Where the dialect forms were taken from."""
    verb: dict[str, list[str]]
    adjective: dict[str, list[str]]
    noun: dict[str, list[str]]
    onomatopoeia: dict[str, list[str]]
    fixed: dict[str, list[str]]

    def endings(self) -> dict[str, Endings]:
        """Every ending, by class; raise ValueError on a template without a stem."""
        verb, adjective = _endings(self.verb), _endings(self.adjective)
        noun, sound = _endings(self.noun), _endings(self.onomatopoeia)
        fixed = _endings(self.fixed)
        return {
            "v5": verb, "v1": verb, "vs": verb, "vk": verb,
            "adj": adjective, "na": noun, "noun": noun, "ono": sound, "fix": fixed,
        }  # fmt: skip


def stems(kind: str, word: str) -> list[dict[str, str]]:
    """The stems of a word in hiragana, by the names the templates use; raise ValueError if the class does not fit."""
    if kind == "v5":
        if word[-1] not in _ROWS:
            raise ValueError(f"「{word}」は五段活用の動詞の終わり方ではありません")
        a, i, u, e, o, t, ta, te = _ROWS[word[-1]]
        if word.endswith(("いく", "行く")):
            t = "っ"
        r = word[:-1]
        return [_stem(r + a, r + i, r + u, r + e, r + o, r + t, ta, te, r + e)]
    if kind == "v1":
        if not word.endswith("る"):
            raise ValueError(f"「{word}」は一段活用の動詞の終わり方ではありません")
        r = word[:-1]
        return [_stem(r, r, word, r + "れ", r + "よ", r, "た", "て", p) for p in (r + "られ", r + "れ")]
    if kind == "vs":
        if not word.endswith("する"):
            raise ValueError(f"「{word}」は「する」で終わっていません")
        r = word[:-2]
        return [
            _stem(a, r + "し", word, r + "すれ", r + "しよ", r + "し", "た", "て", r + "でき")
            for a in (r + "し", r + "せ")
        ]
    if kind == "vk":
        if not word.endswith(("くる", "来る")):
            raise ValueError(f"「{word}」は「くる」で終わっていません")
        r = word[:-2]
        ko, ki, ku = ("来", "来", "来") if word.endswith("来る") else ("こ", "き", "く")
        return [
            _stem(r + ko, r + ki, word, r + ku + "れ", r + ko + "よ", r + ki, "た", "て", r + ko + p)
            for p in ("られ", "れ")
        ]
    if kind == "adj":
        if not word.endswith("い"):
            raise ValueError(f"「{word}」は「い」で終わっていません")
        r = word[:-1]
        return [{"r": r, "o": _rounded(r), "ae": _fused(r)}]
    if kind in ("na", "noun", "ono", "fix"):
        return [{"r": word}]
    raise ValueError(f"「{kind}」という品詞はありません ({' '.join(CLASSES)} のどれか)")


_TEMPLATE = re.compile(r"([^{}]*)\{(\w+)\}([^{}]*)")


def _endings(templates: dict[str, list[str]]) -> Endings:
    out: Endings = {}
    for form, lines in templates.items():
        for line in lines:
            match = _TEMPLATE.fullmatch(line)
            if not match:
                raise ValueError(f"「{line}」には語幹 (「{{a}}」など) がちょうど一つ要ります")
            prefix, stem, rest = match.groups()
            by_ending = out.setdefault(stem, {})
            for each in alternatives(rest):
                for ending in _after_any_vowel(each):
                    known = by_ending.setdefault(ending, [])
                    if all(one.form != form for one in known):
                        known.append(Ending(form, fold(prefix)))
    return out


def _after_any_vowel(ending: str) -> list[str]:
    """The foldings of an ending: a leading う or い sounds as お or え after such a stem."""
    folded = fold(ending)
    twins = {"ウ": "オ", "イ": "エ"}
    if folded[:1] in twins:
        return [folded, fold(twins[folded[0]] + folded[1:])]
    return [folded]


def _stem(a: str, i: str, u: str, e: str, o: str, t: str, ta: str, te: str, p: str) -> dict[str, str]:
    to = "と" if te == "て" else "ど"
    cha = "ちゃ" if te == "て" else "じゃ"
    return {
        "a": a,
        "i": i,
        "u": u,
        "e": e,
        "o": o,
        "ta": t + ta,
        "te": t + te,
        "to": t + to,
        "cha": t + cha,
        "p": p,
    }


def _rounded(root: str) -> str:
    """The western -u form's stem: いた → いとう, くるし → くるしゅう, しんど → しんどう."""
    last = root[-1]
    rows = {
        "か": "こ", "た": "と", "ら": "ろ", "さ": "そ", "な": "の", "ま": "も", "わ": "お", "が": "ご", "ば": "ぼ",
    }  # fmt: skip
    if last in rows:
        return root[:-1] + rows[last] + "う"
    if last in "しきみりじ":
        return root + "ゅう"
    return root + "う"


def _fused(root: str) -> str:
    """Southern Mino fuses /ai/ to a long a: いたい → いたあ. Other stems stay."""
    return root + "あ" if root[-1] in "かたらさなまわがば" else root + "い"


def alternatives(pattern: str) -> list[str]:
    """Every spelling of "(a|b)c(d|)": groups of alternatives, nested if need be, no other operators."""
    start = pattern.find("(")
    if start < 0:
        return [pattern]
    depth = 0
    pieces: list[str] = []
    last = start + 1
    for position in range(start, len(pattern)):
        letter = pattern[position]
        if letter == "(":
            depth += 1
        elif letter == "|" and depth == 1:
            pieces.append(pattern[last:position])
            last = position + 1
        elif letter == ")":
            depth -= 1
            if depth == 0:
                pieces.append(pattern[last:position])
                rest = alternatives(pattern[position + 1 :])
                return [
                    pattern[:start] + middle + tail
                    for piece in pieces
                    for middle in alternatives(piece)
                    for tail in rest
                ]
    raise ValueError(f"「{pattern}」の括弧が閉じていません")
