"""The outcome of a trial, for the people who decide on a ladder. Ids, and no names: the paper may lie around."""

import unicodedata
from datetime import timedelta

from hub import words
from hub.trial.compare import Comparison, Tally, Trial

_LINES = 20


def told(trial: Trial) -> str:
    """A page of text."""
    lines = [
        f"過去 {trial.days} 日 ({trial.since} から {trial.until})、{trial.homes} 人の記録で試しました。",
        "応答と、職員が書いた記録は、実際の時刻のまま使っています。",
        "",
        _columns("", "いまの方針", "この方針"),
        _line("要確認になる件", trial.present.cases, trial.other.cases, trial.days),
        _line("電話", trial.present.calls, trial.other.calls, trial.days),
        _line("訪問", trial.present.visits, trial.other.visits, trial.days),
        _most(trial.present, trial.other),
        "",
        *_delays(trial, "応答なしで要確認になった", "先に応答があった"),
        "",
        "通信・機器の列",
        _columns("", "いまの方針", "この方針"),
        _line("通信・機器の件", trial.boxes.present.cases, trial.boxes.other.cases, trial.days),
        _line("点検・手当て", trial.boxes.present.calls, trial.boxes.other.calls, trial.days),
        _line("訪問", trial.boxes.present.visits, trial.boxes.other.visits, trial.days),
        _line("地区の停電・障害", trial.boxes.present_outages, trial.boxes.other_outages, trial.days),
        "",
        *_delays(trial.boxes, "通信・機器の列に出た", "先に戻った"),
    ]
    return "\n".join(lines)


def _delays(lane: Comparison, which: str, instead: str) -> list[str]:
    lines = [
        f"実際に{which} {lane.real} 件のうち、"
        f"遅れるもの {lane.delayed_count} 件(うち出ないもの {lane.never_count} 件)、早まるもの {lane.earlier_count} 件。"
    ]
    for one in lane.delayed[:_LINES]:
        if one.would_at is None or one.later_s is None:
            what = f"出ない({instead})"
        else:
            what = f"{words.moment(one.would_at)} ({words.length(timedelta(seconds=one.later_s))}遅れ)"
        lines.append(f"  {one.resident_id}: {words.moment(one.real_at)} → {what}")
    if lane.delayed_count > _LINES:
        lines.append(f"  ほか {lane.delayed_count - _LINES} 件 (--json ですべて)")
    return lines


def _line(what: str, mine: int, theirs: int, days: int) -> str:
    left, right = (f"{count} ({count / days:.2f}/日)" for count in (mine, theirs))
    return _columns(what, left, right)


def _most(present: Tally, other: Tally) -> str:
    left, right = (f"{one.most_visits_on_a_day} 件" for one in (present, other))
    return _columns("訪問の多い日", left, right)


def _columns(what: str, left: str, right: str) -> str:
    return what + " " * (20 - _width(what)) + "".join(" " * (18 - _width(one)) + one for one in (left, right))


def _width(text: str) -> int:
    """In columns of a terminal, where Japanese letters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
