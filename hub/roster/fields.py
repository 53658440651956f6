"""Single cells: what people write in them, and what it means. Each reader raises `Unreadable` with what to do."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

import jaconv

from hub import kana
from hub.roster.dates import day
from hub.roster.entry import ALL_WEEK, Asking, Unreadable

WEEKDAYS = "月火水木金土日"
WORKDAYS = (1, 2, 3, 4, 5)
_RESTS = frozenset(["祝休", "祝日休", "祝日休み", "祝日は休み"])
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,23}")
_KANA = re.compile(r"[ァ-ヴー・]+( [ァ-ヴー・]+)+")
_ASKING = re.compile(r"([^=()]+)=([0-9]{1,2}):([0-9]{2})(:[0-9]{2})?(?:\(([^()]*)\))?")
# Ten digits with an area code, eleven with 020, 050 to 090 (総務省's numbering plan).
_PHONE = re.compile(r"0[1-9][0-9]{8}|0[25-9]0[0-9]{8}")
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_SERVICE = re.compile(r"[a-z][a-z0-9+.-]*://[!-~]+")
_SLOT_NAME = re.compile(r"[a-z0-9_]{1,24}")
_YES = frozenset(["はい", "有", "○", "〇", "◯", "1", "yes", "true", "する", "同意"])
_NO = frozenset(["いいえ", "無", "×", "✕", "0", "no", "false", "しない"]) | {""}


def plain(text: str, longest: int) -> str:
    """Words as they were written: only blanks are put in order and half-width kana made full. Kanji stay untouched."""
    words = " ".join(jaconv.h2z(text, kana=True, digit=False, ascii=False).split())
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in words):
        raise Unreadable("印刷できない文字が入っています。打ち直してください。")
    if len(words) > longest:
        raise Unreadable(f"長すぎます ({len(words)} 文字)。{longest} 文字までにしてください。")
    return words


def full_name(text: str) -> str:
    """姓 名, with one half-width space."""
    name = plain(text, 80)
    if " " not in name:
        raise Unreadable(f"「{name}」の姓と名の間に空白を入れてください (例: 佐藤 ハル)。")
    return name


def reading(text: str) -> str:
    """セイ メイ, full-width katakana; hiragana and half-width kana are turned into it."""
    words = kana.katakana(plain(text, 80))
    if not _KANA.fullmatch(words):
        raise Unreadable(f"「{words}」は カナ で、姓と名の間を空けて書いてください (例: サトウ ハル)。")
    return words


def identifier(text: str) -> str:
    """A number of the office: half-width letters, digits, - and _."""
    word = unicodedata.normalize("NFKC", text).strip()
    if not _ID.fullmatch(word):
        raise Unreadable(f"「{word}」は使えません。半角の英数字と - _ で 24 文字までにしてください。")
    return word


def phone(text: str) -> str | None:
    """A Japanese number with the writer's own hyphens; a mobile one gets them if it has none."""
    written = re.sub(r"[‐‑‒–—―−ーｰ]", "-", unicodedata.normalize("NFKC", text)).strip()
    if not written:
        return None
    written = re.sub(r"^\+81[-\s]*(\(0\))?0?", "0", written)
    parts = [part for part in re.split(r"[-\s().]+", written) if part]
    digits = "".join(parts)
    if not _PHONE.fullmatch(digits):
        raise Unreadable(
            f"電話番号「{text.strip()}」は 0 から始まる 10 桁か、携帯なら 11 桁にしてください (例: 0573-26-2111)。"
        )
    if len(parts) == 1 and len(digits) == 11:
        parts = [digits[:3], digits[3:7], digits[7:]]
    return "-".join(parts)


def notice_address(text: str) -> str | None:
    """Where notices go: a mail address, or a URL as apprise writes it, such as line://TOKEN/USER."""
    word = text.strip()
    if not word:
        return None
    if "://" not in word:
        word = unicodedata.normalize("NFKC", word)
    if not (_MAIL.fullmatch(word) or _SERVICE.fullmatch(word)) or len(word) > 300:
        raise Unreadable(
            "通知先は、メールアドレス (例: ichiro@example.jp) か、「line://…」のような apprise の URL で書いてください。"
        )
    return word


def sex(text: str) -> str | None:
    """男, 女 or その他, or nothing."""
    word = unicodedata.normalize("NFKC", text).strip()
    letters = {"男": "m", "男性": "m", "女": "f", "女性": "f", "その他": "x", "": None}
    if word not in letters:
        raise Unreadable(f"「{word}」ではなく、男・女・その他 のどれかを書くか、空けてください。")
    return letters[word]


def yes(text: str) -> bool:
    """はい, ○ and the like; an empty cell is no."""
    word = unicodedata.normalize("NFKC", text).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Unreadable(f"「{word}」ではなく、はい か いいえ と書いてください。")


def consent(text: str, today: date) -> tuple[bool, date | None]:
    """Whether consent was given in writing, and on which day where the cell says one."""
    try:
        return yes(text), None
    except Unreadable:
        pass
    try:
        return True, day(text, today)
    except Unreadable:
        raise Unreadable(
            f"「{text.strip()}」ではなく、同意した日 (例: 令和6年4月1日) か はい・いいえ を書いてください。"
        ) from None


def askings(text: str, slot_words: Mapping[str, str]) -> tuple[Asking, ...]:
    """Read "morning=08:00(平日);evening=18:00(月水金・祝休)"; a slot may be called by its word, 朝=8:00."""
    names = {words: name for name, words in slot_words.items()}
    found: dict[str, Asking] = {}
    for part in re.split(r"[;、,]", re.sub(r"\s", "", unicodedata.normalize("NFKC", text))):
        if not part:
            continue
        match = _ASKING.fullmatch(part)
        name = names.get(match[1], match[1]) if match else ""
        if not match or not _SLOT_NAME.fullmatch(name):
            known = "・".join([*slot_words, *names])
            raise Unreadable(
                f"「{part}」を読めません。morning=08:00;evening=18:00(月水金) のように書いてください "
                f"(名前: {known})。"
            )
        hours, minutes, seconds = int(match[2]), int(match[3]), match[4] or ""
        if hours > 23 or minutes > 59 or (seconds and int(seconds[1:]) > 59):
            raise Unreadable(f"「{part}」の時刻は 00:00 から 23:59 までにしてください。")
        if name in found:
            raise Unreadable(f"「{match[1]}」が二度あります。ひとつにしてください。")
        weekdays, on_holidays = _days(match[5], part)
        found[name] = Asking(f"{hours:02d}:{minutes:02d}{seconds}", name, weekdays, on_holidays)
    return tuple(sorted(found.values()))


def _days(written: str | None, part: str) -> tuple[tuple[int, ...], bool]:
    """Read 「月水金」, 「平日」 (Monday to Friday, no public holiday), 「祝休」 (every day but public holidays)."""
    if written is None:
        return ALL_WEEK, True
    words = [word for word in written.split("・") if word]
    rests = bool(_RESTS & set(words))
    letters = "".join(word for word in words if word not in _RESTS)
    if letters in ("平日", "平日のみ"):
        return WORKDAYS, False
    if (not letters and not rests) or set(letters) - set(WEEKDAYS) or len(set(letters)) != len(letters):
        raise Unreadable(
            f"「{part}」の曜日は 月火水木金土日 から一度ずつ選ぶか、平日 と書いてください。"
            "祝日を休むときは (月水金・祝休) のように書きます。"
        )
    return tuple(sorted(WEEKDAYS.index(letter) + 1 for letter in letters)) or ALL_WEEK, not rests


def write_askings(askings: tuple[Asking, ...]) -> str:
    """The reverse of reading them."""
    return ";".join(f"{one.name}={one.at}{_write_days(one)}" for one in askings)


def _write_days(asking: Asking) -> str:
    if asking.weekdays == WORKDAYS and not asking.on_holidays:
        return "(平日)"
    letters = "" if asking.weekdays == ALL_WEEK else "".join(WEEKDAYS[day - 1] for day in asking.weekdays)
    words = [*([letters] if letters else []), *([] if asking.on_holidays else ["祝休"])]
    return f"({'・'.join(words)})" if words else ""
