"""Taking a roster over: all or nothing, twice as once, history kept, slots planned."""

from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import Connection, Table, func, select, update

from contract.refusal import Refused
from hub import districts, roster, watch
from hub.policy import Policy
from hub.roster.columns import FIELD_WORDS
from hub.roster.entry import Entry, Tick
from hub.store import tables as t
from hub.store.database import Store
from hub.vocabulary import DueKind
from tests import cast
from tests.clock import TravellingClock

EVERYBODY = list(cast.RESIDENTS)


@dataclass
class Office:
    """Somebody who edits the cast's file and imports it again."""

    store: Store
    clock: TravellingClock
    policy: Policy

    def imports(self, *changes: tuple[str, str], file: str = cast.ROSTER) -> roster.Summary:
        for old, new in changes:
            assert old in file
            file = file.replace(old, new)
        return cast.enrol(self.store, self.clock, self.policy, file)

    def imports_line_of(self, resident: str, *changes: tuple[str, str]) -> roster.Summary:
        heading, *lines = cast.ROSTER.splitlines()
        [line] = [line for line in lines if f",{resident}," in line]
        return self.imports(*changes, file=f"{heading}\n{line}\n")

    def rows(self, table: Table) -> int:
        with self.store.read() as conn:
            return conn.scalar(select(func.count()).select_from(table)) or 0

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        with self.store.read() as conn:
            return {
                table.name: [tuple(row) for row in conn.execute(select(table))]
                for table in t.metadata.sorted_tables
            }

    def deadlines(self) -> int:
        with self.store.read() as conn:
            kinds = list(conn.scalars(select(t.due.c.kind)))
        return kinds.count(DueKind.slot_deadline)

    def slots_of(self, resident: str) -> list[tuple[str, str]]:
        with self.store.read() as conn:
            rows = conn.execute(
                select(t.slot).where(t.slot.c.resident_id == resident).order_by(t.slot.c.opens_at)
            )
            return [(row.day.isoformat(), row.name) for row in rows]

    def consents_of(self, resident: str, *, now: bool) -> set[Tick]:
        with self.store.read() as conn:
            wanted = select(t.consent.c.tick).where(t.consent.c.resident_id == resident)
            if now:
                wanted = wanted.where(t.consent.c.revoked_at.is_(None))
            return {Tick(tick) for tick in conn.scalars(wanted)}

    def speaker_of(self, resident: str) -> list[str]:
        with self.store.read() as conn:
            return list(conn.scalars(select(t.device.c.id).where(t.device.c.resident_id == resident)))

    def history(self, kind: str, subject: str) -> list[tuple[str | None, str, str]]:
        with self.store.read() as conn:
            rows = conn.execute(
                select(t.transition).where(
                    t.transition.c.subject_kind == kind, t.transition.c.subject == subject
                )
            )
            return [(row.old, row.new, row.why) for row in rows]


@pytest.fixture
def office(store: Store, clock: TravellingClock, policy: Policy) -> Office:
    return Office(store, clock, policy)


def test_the_first_import_enrols_everybody_and_plans_their_slots(office: Office) -> None:
    summary = office.imports()
    assert summary == roster.Summary(new=EVERYBODY, changed=[], same=[], absent=[])
    assert office.slots_of(cast.SATO) == [("2026-11-23", "evening"), ("2026-11-24", "morning")]
    assert office.slots_of(cast.TANAKA) == [("2026-11-24", "morning")]
    assert office.deadlines() == 9
    with office.store.read() as conn:
        sato = conn.execute(select(t.resident).where(t.resident.c.id == cast.SATO)).one()
        assert sato.kana_key == "サトウ ハル"
        box = conn.execute(select(t.device).where(t.device.c.id == cast.SATO_SPEAKER)).one()
        assert (box.presence, box.last_seen_at) == ("not_installed", None)


def test_importing_again_changes_nothing(office: Office) -> None:
    office.imports()
    before = office.everything()
    office.clock.forward(days=2)
    assert office.imports() == roster.Summary(new=[], changed=[], same=EVERYBODY, absent=[])
    assert office.everything() == before


def test_a_mistake_in_one_line_leaves_the_store_as_it_was(office: Office) -> None:
    office.imports()
    before = office.everything()
    with pytest.raises(roster.RosterRefused):
        office.imports(("morning=08:30", "morning=09:00"), ("上矢作,", "上矢矧,"))
    assert office.everything() == before


def test_who_is_not_in_the_file_stays_and_is_named(office: Office) -> None:
    office.imports()
    summary = office.imports_line_of(cast.SATO)
    assert summary.same == [cast.SATO]
    assert summary.absent == sorted(set(EVERYBODY) - {cast.SATO})
    assert office.rows(t.resident) == 5


def test_a_changed_time_moves_the_slot_that_is_still_to_come(office: Office) -> None:
    office.imports()
    assert office.imports(("morning=08:30", "noon=12:30")).changed == [cast.TANAKA]
    assert office.slots_of(cast.TANAKA) == [("2026-11-23", "noon")]
    assert office.deadlines() == 9


def test_a_change_is_in_the_history_by_field_and_never_by_value(office: Office) -> None:
    office.imports()
    office.imports(("090-0000-0004", "090-0000-9999"), ("田中 ふみ", "田中 文"))
    [enrolled, changed] = office.history("resident", cast.TANAKA)
    assert enrolled == (None, "enrolled", "名簿の取り込み")
    assert changed == ("enrolled", "enrolled", "名簿の取り込みで変更: 氏名、連絡先")


def test_a_consent_withdrawn_is_kept_with_its_end(office: Office) -> None:
    office.imports()
    everything_ticked = office.consents_of(cast.SATO, now=True)
    office.clock.forward(days=1)
    office.imports_line_of(cast.SATO, ("令和6年4月1日,いいえ,いいえ,佐藤", "いいえ,いいえ,いいえ,佐藤"))
    assert everything_ticked - office.consents_of(cast.SATO, now=True) == {Tick.share}
    assert office.consents_of(cast.SATO, now=False) == everything_ticked


def test_a_yes_without_a_day_is_given_today_and_stays_given_then(office: Office) -> None:
    yes = ("いいえ,いいえ,佐藤", "はい,いいえ,佐藤")
    office.imports_line_of(cast.SATO, yes)
    with office.store.read() as conn:
        given = conn.scalar(select(t.consent.c.granted_at).where(t.consent.c.tick == Tick.forced_entry))
        assert given == office.clock.now()
    office.clock.forward(days=30)
    assert office.imports_line_of(cast.SATO, yes).same == [cast.SATO]


def test_a_new_speaker_takes_the_place_of_the_old_one(office: Office) -> None:
    office.imports()
    office.imports((",sato-1,", ",sato-2,"))
    assert office.speaker_of(cast.SATO) == ["sato-2"]
    assert [new for _, new, _ in office.history("device", "sato-1")] == ["assigned", "unassigned"]
    assert [new for _, new, _ in office.history("device", "sato-2")] == ["assigned"]
    assert office.rows(t.device) == 6


def test_two_residents_may_exchange_their_speakers(office: Office) -> None:
    office.imports()
    office.imports((",sato-1,", ",x,"), (",ito-1,", ",sato-1,"), (",x,", ",ito-1,"))
    assert (office.speaker_of(cast.SATO), office.speaker_of(cast.ITO)) == (["ito-1"], ["sato-1"])


def test_a_speaker_of_somebody_who_is_not_in_the_file_is_not_taken_away(office: Office) -> None:
    office.imports()
    before = office.everything()
    with pytest.raises(Refused, match=r"機器「ito-1」は対象者 ito のものです"):
        office.imports_line_of(cast.SATO, (",sato-1,", ",ito-1,"))
    assert office.everything() == before


def test_somebody_who_had_left_and_is_in_the_file_again_is_watched_over_again(office: Office) -> None:
    office.imports()

    def leave(conn: Connection) -> None:
        now = office.clock.now()
        conn.execute(update(t.resident).where(t.resident.c.id == cast.SATO).values(ended_at=now))
        watch.enrol(conn, cast.SATO, now, office.policy)

    office.store.write(leave)
    assert office.slots_of(cast.SATO) == []
    office.clock.forward(days=1)
    assert office.imports().changed == [cast.SATO]
    assert ("ended", "enrolled", "名簿の取り込みで再び対象になった") in office.history("resident", cast.SATO)
    assert office.slots_of(cast.SATO) == [("2026-11-24", "evening"), ("2026-11-25", "morning")]


def test_a_preview_says_the_same_and_writes_nothing(office: Office) -> None:
    office.imports()
    before = office.everything()
    file = cast.ROSTER.replace("morning=08:30", "morning=09:00").encode()
    today = date(2026, 11, 23)
    entries = roster.read(file, "roster.csv", districts.load(), office.policy, today)
    with office.store.read() as conn:
        preview = roster.compare(conn, entries, today)
    assert preview.changed == [cast.TANAKA]
    assert office.everything() == before
    assert office.imports(("morning=08:30", "morning=09:00")) == preview


def test_every_field_that_can_change_has_a_word_for_the_history() -> None:
    assert set(FIELD_WORDS) == set(Entry.__struct_fields__) - {"id"}
