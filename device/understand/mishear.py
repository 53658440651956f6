"""A phrase as it may arrive: with a word before it, without particles, in kana, misheard.

What turns the meaning is never taken away: the sounds of a negation are not touched in a phrase that says all is
well, and nothing is cut from such a phrase, so that no misheard "not well" is ever taught as well.
"""

import random
import re

import jaconv

from contract.events import Intent
from device.understand.meaning import WELL
from device.understand.reading import read

_BEFORE = (
    "はい、", "ああ、", "うん、", "あのう、", "ええと、", "まあ、", "それがなあ、", "おはようさん、", "おはよう、",
    "いやあ、", "ほんと、", "うーん、", "なんや、", "へえ、", "あのな、", "いや、", "ええ、",
    "今日は", "けさは", "すまんけど、", "すいません、", "はあ、",
)  # fmt: skip
_AFTER = ("わ", "よ", "で", "なあ", "ね", "に", "わね", "がね", "んや", "んやて", "な")
_NEGATION = frozenset("ナンセヘ")

_OTHER = dict(
    zip("カキクケコサシスセソタチツテトハヒフヘホ", "ガギグゲゴザジズゼゾダヂヅデドバビブベボ", strict=True)
)
_OTHER |= {voiced: voiceless for voiceless, voiced in _OTHER.items()}
_AI = re.compile(r"([カタラサナマワガバ])イ(?=[ワヨデモナゾンカ、]|$)")
_ROWS = (
    "アカサタナハマヤラワガザダバパ",
    "イキシチニヒミリギジビピ",
    "ウクスツヌフムユルグズブプ",
    "エケセテネヘメレゲゼデベペ",
    "オコソトノホモヨロゴゾドボポ",
)
_ROW_OF = {kana: row for row in _ROWS for kana in row}


def vary(text: str, intent: Intent, chance: random.Random) -> str:
    """`text`, which means `intent`, in one of the ways it may arrive; sometimes unchanged."""
    kana_only = chance.random() < 0.28
    if intent is not Intent.unrelated and chance.random() < 0.22:
        text = chance.choice(_BEFORE) + text
    if len(text) > 3 and chance.random() < 0.15:
        text = re.sub("(?<=.)[がはをも](?=.)", "", text, count=1)
    if text[-1] in "るたいん" and chance.random() < 0.12:
        text += chance.choice(_AFTER)
    if 2 < len(text) < 8 and chance.random() < 0.06:
        text = f"{text}、{text}"
    if not kana_only:
        return text
    kana = read(text).spoken
    if chance.random() < 0.15:
        # Southern Mino says いたあ and えらあ (the vowels ai run together), as `grammar.toml` has it from its sources.
        kana = _AI.sub(r"\1ア", kana)
    for rate in (0.5, 0.15):
        if len(kana) > 3 and chance.random() < rate:
            kana = _misheard(kana, intent in WELL, chance)
    return jaconv.kata2hira(kana) if chance.random() < 0.7 else kana


def _misheard(kana: str, calm: bool, chance: random.Random) -> str:
    """`kana` with one sound replaced, lost or added."""
    at = chance.randrange(len(kana))
    sound, how = kana[at], chance.random()
    if calm and sound in _NEGATION:
        return kana
    if how < 0.35 and sound in _OTHER:
        return kana[:at] + _OTHER[sound] + kana[at + 1 :]
    if how < 0.65 and sound in _ROW_OF:
        return kana[:at] + chance.choice(_ROW_OF[sound]) + kana[at + 1 :]
    if calm or sound == "ン":
        return kana
    if how < 0.85:
        return kana[:at] + kana[at + 1 :]
    return kana[:at] + chance.choice("ッンーアイウ") + kana[at:]
