"""Days as people write them: 1935-04-01, 昭和10年4月1日, S10.4.1."""

import re
import unicodedata
from datetime import date, timedelta

from hub.roster.entry import Unreadable

_ERAS = {
    # First and last day of each; nobody born before 明治 is alive.
    "明治": (date(1868, 1, 25), date(1912, 7, 29)),
    "大正": (date(1912, 7, 30), date(1926, 12, 24)),
    "昭和": (date(1926, 12, 25), date(1989, 1, 7)),
    "平成": (date(1989, 1, 8), date(2019, 4, 30)),
    "令和": (date(2019, 5, 1), date.max),
}
_LETTERS = dict(zip("MTSHR", _ERAS, strict=True))
_PATTERN = re.compile(
    r"(?P<era>明治|大正|昭和|平成|令和|[MTSHR])?(?P<year>元|[0-9]{1,4})[年./-]"
    r"(?P<month>[0-9]{1,2})[月./-](?P<day>[0-9]{1,2})日?"
)
_OLDEST = timedelta(days=366 * 125)
_ADVICE = "1935-04-01、昭和10年4月1日、S10.4.1 のように書いてください"


def day(text: str, today: date) -> date | None:
    """The day that is written, None for an empty cell; never after `today`."""
    written = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()
    if not written:
        return None
    shown = text.strip()
    match = _PATTERN.fullmatch(written)
    if not match or (match["era"] is None and len(match["year"]) != 4):
        raise Unreadable(f"日付「{shown}」を読めません。{_ADVICE}。")
    era = _LETTERS.get(match["era"], match["era"])
    first, last = _ERAS[era] if era else (date.min, date.max)
    year = 1 if match["year"] == "元" else int(match["year"])
    try:
        found = date(first.year - 1 + year if era else year, int(match["month"]), int(match["day"]))
    except ValueError:
        raise Unreadable(f"日付「{shown}」は暦にありません。{_ADVICE}。") from None
    if not first <= found <= last:
        raise Unreadable(f"日付「{shown}」は{era}の期間にありません。年号を確かめてください。")
    if found > today:
        raise Unreadable(f"日付「{shown}」は今日より後です。確かめてください。")
    return found


def birth_date(text: str, today: date) -> date | None:
    """A day on which somebody alive today can have been born."""
    found = day(text, today)
    if found and today - found > _OLDEST:
        raise Unreadable(f"生年月日「{text.strip()}」では 125 歳を超えます。年号を確かめてください。")
    return found
