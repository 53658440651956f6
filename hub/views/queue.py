"""The outreach queue as rows: one open case each, with people, reasons, step and owner."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime

import msgspec
from sqlalchemy import Connection, RowMapping, select

from contract.time import office_date
from hub.store import tables as t
from hub.views.names import actor_name
from hub.views.rows import Person, QueueRow, ReasonRow
from hub.views.visits import open_offers, open_visits
from hub.vocabulary import CaseState, Lane, ReasonCode, Severity

_FAR = datetime.max.replace(tzinfo=UTC)


def queue(
    conn: Connection,
    now: datetime,
    *,
    ranks: Mapping[str, int] | None = None,
    district: str | None = None,
    household: str | None = None,
) -> list[QueueRow]:
    """Every open case, in the order in which it should be worked off.

    Severity first, then risk class (`ranks`: class name to rank, the higher first), then the longest silence,
    then what is due first. A household's two lanes stand together in neither: device cases come after people's.
    """
    wanted = select(t.case, t.household.c.address, t.household.c.phone, t.household.c.lives_alone).join(
        t.household, t.household.c.id == t.case.c.household_id
    )
    wanted = wanted.add_columns(
        t.district.c.name.label("district_name"), actor_name(t.case.c.owner).label("owner_name")
    )
    wanted = wanted.join(t.district, t.district.c.code == t.household.c.district)
    wanted = wanted.where(t.case.c.closed_at.is_(None))
    if district is not None:
        wanted = wanted.where(t.household.c.district == district)
    if household is not None:
        wanted = wanted.where(t.household.c.id == household)
    ranks = ranks or {}
    cases = conn.execute(wanted).mappings().all()
    people = _people(conn, {row["household_id"] for row in cases})
    ids = {row["id"] for row in cases}
    reasons = _reasons(conn, ids)
    visits, offers = open_visits(conn, ids), open_offers(conn, ids)

    placed = []
    for row in cases:
        built = _row(row, people[row["household_id"]], reasons[row["id"]], now)
        built = msgspec.structs.replace(built, visit=visits.get(row["id"]), offer=offers.get(row["id"]))
        rank = max((ranks.get(one["risk_class"], 0) for one in people[row["household_id"]]), default=0)
        order = (
            built.lane is Lane.device,
            -built.severity.rank,
            -rank,
            -(built.silent_for_s or 0.0),
            built.due_at or _FAR,
            built.opened_at,
            built.case_id,
        )
        placed.append((order, built))
    return [built for _, built in sorted(placed, key=lambda pair: pair[0])]


def age_on(birth: date | None, day: date) -> int | None:
    """Full years on `day`."""
    if birth is None:
        return None
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _people(conn: Connection, households: Collection[str]) -> dict[str, list[RowMapping]]:
    found: dict[str, list[RowMapping]] = defaultdict(list)
    if households:
        rows = conn.execute(
            select(t.resident)
            .where(t.resident.c.household_id.in_(households), t.resident.c.ended_at.is_(None))
            .order_by(t.resident.c.kana_key, t.resident.c.id)
        ).mappings()
        for row in rows:
            found[row["household_id"]].append(row)
    return found


def _reasons(conn: Connection, cases: Collection[str]) -> dict[str, list[ReasonRow]]:
    found: dict[str, list[ReasonRow]] = defaultdict(list)
    if cases:
        rows = conn.execute(select(t.reason).where(t.reason.c.case_id.in_(cases))).mappings()
        for row in rows:
            found[row["case_id"]].append(
                ReasonRow(
                    code=ReasonCode(row["code"]),
                    words=row["words"],
                    at=row["at"],
                    severity=Severity(row["severity"]),
                    resident_id=row["resident_id"],
                    since=row["since"],
                    resolved_at=row["resolved_at"],
                    resolved_why=row["resolved_why"],
                )
            )
    for rows_of_case in found.values():
        rows_of_case.sort(key=lambda one: (one.resolved_at is not None, -one.severity.rank, one.at))
    return found


def _row(case: RowMapping, people: list[RowMapping], reasons: list[ReasonRow], now: datetime) -> QueueRow:
    named = {one.resident_id for one in reasons}
    day = office_date(now)
    silences = [one.since for one in reasons if one.since is not None and one.resolved_at is None]
    due = case["due_at"]
    return QueueRow(
        case_id=case["id"],
        household_id=case["household_id"],
        lane=Lane(case["lane"]),
        severity=Severity(case["severity"]),
        state=CaseState(case["state"]),
        district=case["district_name"],
        address=case["address"],
        phone=case["phone"],
        lives_alone=case["lives_alone"],
        residents=[
            Person(
                id=one["id"],
                name=one["name"],
                kana=one["kana"],
                age=age_on(one["birth_date"], day),
                phone=one["phone"],
            )
            for one in sorted(people, key=lambda one: one["id"] not in named)
        ],
        reasons=reasons,
        opened_at=case["opened_at"],
        due_at=due,
        late=due is not None and due < now,
        step=case["step"],
        step_words=case["step_words"],
        owner=case["owner"],
        owner_name=case["owner_name"],
        silent_for_s=(now - min(silences)).total_seconds() if silences else None,
        owned_at=case["owned_at"],
        visit=None,
        offer=None,
    )
