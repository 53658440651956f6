"""A Tuesday morning in a town of 208 households: mostly well, a dozen that are not. For pictures and for loads."""

import csv
import io
from collections.abc import Sequence

from sqlalchemy import Connection, insert

from contract.events import Intent
from contract.time import Clock, office_date
from demo.townsfolk import Home, load_plan, people
from hub import absence, districts, roster
from hub.access.roles import role_named
from hub.outreach.operations import Desk
from hub.policy import Policy
from hub.store import tables as t
from hub.store.database import Store
from tests import cast
from tests.clock import TravellingClock, office
from tests.dashboard.homes import Homes

HOUSEHOLDS = 208
_COLUMNS = cast.ROSTER.splitlines()[0].split(",")


def enrol(store: Store, clock: Clock, policy: Policy) -> Sequence[Home]:
    """Take 208 households over, through the roster's own file format; return them."""
    made = people(load_plan())
    homes = [*made, *made][:HOUSEHOLDS]
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(_COLUMNS)
    for number, home in enumerate(homes, start=1):
        rows.writerow(
            [
                f"h-{number:03}", home.district, home.address, home.phone, "いいえ" if number % 9 == 0 else "はい",
                _resident(number), home.name, home.kana, "", home.birth_date.isoformat(),
                "女" if home.sex.lower() == "f" else "男", "", home.risk_class, f"{_resident(number)}-1",
                "morning=08:00;evening=18:00", "令和6年4月1日", "令和6年4月1日", "令和6年4月1日", "いいえ", "いいえ",
                f"{home.name.split()[0]} 健一", "長男", f"090-0000-{number:04}", "加藤 みどり", "隣人",
                f"0573-00-{5000 + number}", "近藤 正", f"0573-00-{7000 + number}",
            ]
        )  # fmt: skip
    known = districts.load()
    entries = roster.read(written.getvalue().encode(), "town.csv", known, policy, office_date(clock.now()))

    def work(conn: Connection) -> None:
        districts.write(conn, known)
        roster.take_over(conn, entries, clock.now(), policy)

    store.write(work)
    return homes


def _resident(number: int) -> str:
    return f"r-{number:03}"


def colleague(store: Store, clock: Clock, login: str, name: str, role: str = "csw") -> None:
    """An account to own cases; nobody logs in with it."""
    role_named(role)
    account = {
        "id": login,
        "login": login,
        "name": name,
        "role": role,
        "password_hash": "-",
        "must_change": False,
    }
    store.write(lambda conn: conn.execute(insert(t.account).values(**account, created_at=clock.now())))


def morning(store: Store, clock: TravellingClock, policy: Policy) -> Homes:
    """From Monday noon to Tuesday 8:52, with what happened on the way; returns the homes."""
    clock.travel(office("2026-11-23 12:00"))
    made = enrol(store, clock, policy)
    homes = Homes(store, clock, policy)
    everybody = [_resident(number) for number in range(1, HOUSEHOLDS + 1)]
    never = {_resident(11)}
    away = {_resident(number) for number in (5, 40, 77, 120)}
    frail = next(_resident(n) for n, home in enumerate(made, 1) if home.risk_class == "high" and n > 12)
    quiet = {_resident(3), _resident(131), frail}
    once = {_resident(number) for number in (90, 151)}
    down = {_resident(number) for number in (22, 149, 176, 201)}
    unwell, pain, talk, help_ = _resident(34), _resident(102), _resident(66), _resident(187)
    homes.online(one for one in everybody if one not in never)
    for number, one in enumerate(sorted(away)):
        kind = ("out", "hospital", "day_service", "out")[number]
        until = office("2026-11-24 17:00" if kind == "day_service" else "2026-11-27 18:00")

        def leave(conn: Connection, one: str = one, kind: str = kind, until: object = until) -> None:
            absence.register(conn, one, kind, clock.now(), until, "csw-mori", clock.now(), policy)  # type: ignore[arg-type]

        store.write(leave)

    here = [one for one in everybody if one not in never | away]
    homes.until("2026-11-23 18:02")
    homes.answers("evening", *(one for one in here if one not in quiet))
    homes.until("2026-11-23 18:31")
    homes.silent("evening", *sorted(quiet))
    homes.until("2026-11-24 07:20")
    homes.lost(*sorted(down))
    homes.until("2026-11-24 08:03")
    well = [one for one in here if one not in quiet | once | down | {unwell, pain, talk}]
    homes.answers("morning", *well[::3], intent=Intent.as_usual)
    homes.answers("morning", *(one for one in well if one not in set(well[::3])))
    homes.answers("morning", talk, intent=Intent.wants_talk)
    homes.until("2026-11-24 08:06")
    homes.answers("morning", unwell, intent=Intent.unwell)
    homes.answers("morning", pain, intent=Intent.pain)
    homes.until("2026-11-24 08:31")
    homes.silent("morning", *sorted(quiet | once))
    colleague(store, clock, "csw-mori", "森 さつき")
    colleague(store, clock, "csw-hotta", "堀田 健")
    homes.until("2026-11-24 08:38")
    for resident, who in ((pain, "csw-mori"), (frail, "csw-hotta")):
        case = homes.case_of(resident)
        store.write(lambda conn, case=case, who=who: Desk(conn, who, clock.now(), policy).take(case))  # type: ignore[misc]
    homes.until("2026-11-24 08:50")
    homes.calls_for_help(help_)
    homes.until("2026-11-24 08:52")
    return homes
