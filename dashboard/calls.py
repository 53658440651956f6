"""The call list, for staff who phone with a pencil in hand: a page, a sheet of A4, a CSV file."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from contract.refusal import Refused
from contract.time import office_date
from dashboard import words
from dashboard.front import Front
from hub.access import Action, Resource, Session, Viewer
from hub.roster import Encoding, to_csv
from hub.views.calls import CallRow, Number, calls
from hub.vocabulary import Lane

_FILE_HEADINGS = (
    "順番",
    "状態",
    "地区",
    "氏名",
    "カナ",
    "年齢",
    "住所",
    "いまかける相手",
    "電話",
    "すること",
    "期限",
    "理由",
    "最後の応答",
    "担当",
    "ほかの連絡先",
    "結果",
)


def router(front: Front) -> APIRouter:
    """`/calls` and `/calls.csv`."""
    pages = APIRouter(include_in_schema=False)
    Looking = Annotated[Session, Depends(front.viewer)]

    @pages.get("/calls")
    def show(session: Looking) -> Response:
        return _page(front, session.viewer)

    @pages.get("/calls.csv")
    def file(
        session: Looking, encoding: Annotated[Encoding, Query(description="utf-8 or cp932")] = Encoding.utf_8
    ) -> Response:
        viewer = session.viewer
        now = front.hub.clock.now()
        rows, _ = _rows(front, viewer, now)
        labels = [f"{number} 番 {_names(row)}" for number, row in enumerate(rows, start=1)]
        cells = [_cells(number, row) for number, row in enumerate(rows, start=1)]
        try:
            data = to_csv(_FILE_HEADINGS, cells, labels, encoding)
        except Refused as refused:
            return _page(front, viewer, str(refused), 409)
        front.log(viewer, Action.export, "resident", _residents(rows))
        name = f"calls-{office_date(now).isoformat()}.csv"
        return Response(
            data,
            media_type=f"text/csv; charset={'utf-8' if encoding is Encoding.utf_8 else 'Shift_JIS'}",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    return pages


def _rows(front: Front, viewer: Viewer, now: datetime) -> tuple[list[CallRow], int]:
    """Whom to phone, and how many households need somebody in another way."""
    front.allow(viewer, Resource.households)
    with front.hub.store.read() as conn:
        cases = front.queue(conn, viewer, now)
        rows = calls(conn, cases, front.hub.policy)
    return rows, sum(case.lane is Lane.person for case in cases) - len(rows)


def _page(front: Front, viewer: Viewer, problem: str | None = None, status: int = 200) -> Response:
    now = front.hub.clock.now()
    rows, others = _rows(front, viewer, now)
    front.log(viewer, Action.view, "resident", _residents(rows))
    return front.page(
        "calls.html",
        status,
        viewer=viewer,
        now=now,
        day=office_date(now),
        rows=rows,
        others=others,
        problem=problem,
    )


def _residents(rows: Sequence[CallRow]) -> list[str]:
    return sorted({person.id for row in rows for person in row.case.residents})


def _names(row: CallRow) -> str:
    return "・".join(person.name for person in row.case.residents)


def _cells(number: int, row: CallRow) -> dict[str, str]:
    case = row.case
    first = [one for one in row.numbers if one.now]
    rest = [one for one in row.numbers if not one.now]
    cells = (
        str(number),
        words.STATUS[case.severity][2],
        case.district,
        _names(row),
        "・".join(person.kana for person in case.residents),
        "・".join(str(person.age) for person in case.residents if person.age is not None),
        case.address,
        " / ".join(f"{words.CALLED[one.role]} {one.name}" for one in first),
        " / ".join(_phone(one) for one in first),
        case.step_words or "",
        words.stamp(case.due_at) if case.due_at else "",
        " / ".join(reason.words for reason in case.reasons if reason.resolved_at is None),
        words.stamp(row.last_answer_at) if row.last_answer_at else "",
        case.owner_name or "",
        " / ".join(f"{words.CALLED[one.role]} {one.name} {_phone(one)}" for one in rest),
        "",
    )
    return dict(zip(_FILE_HEADINGS, cells, strict=True))


def _phone(one: Number) -> str:
    return one.phone or ("電話なし" if one.agreed else "知らせる同意なし")
