"""A policy comes into force on its day, in the middle of whatever is going on, and stays what it was for the days before."""

from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from contract.refusal import Refused
from hub.policy import Policy, PolicyBook, bring_in_force, in_force, packaged_text, versions
from hub.store.database import Store
from hub.vocabulary import SlotState
from mimamori.main import app
from tests.clock import office
from tests.hub_heart.town import MORNING, Town
from tests.still import still, still_text

TEXT = still_text()


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new)


def bring(town: Town, text: str, day: str) -> None:
    with town.store.engine.begin() as conn:
        bring_in_force(conn, text, "new.toml", date.fromisoformat(day), "mori", town.clock.now())


@pytest.fixture
def town() -> Town:
    return Town(policy=PolicyBook(still()))


def test_the_day_decides_which_version_is_in_force(town: Town) -> None:
    bring(town, changed('by = "17:15"', 'by = "16:00"'), "2026-12-01")
    bring(town, changed('by = "17:15"', 'by = "15:00"'), "2026-12-10")
    book = PolicyBook(still())
    with town.store.read() as conn:
        book.refresh(conn)
        assert [one.imported_by for one in versions(conn)] == ["mori", "mori"]
        assert in_force(conn, office("2026-11-30 23:59")) is None
    days = ["2026-11-30 23:59", "2026-12-01 00:00", "2026-12-09 12:00", "2026-12-10 00:00"]
    assert [book.at(office(day)).visit.by for day in days] == ["17:15", "16:00", "16:00", "15:00"]


def test_of_two_policies_for_one_day_the_later_import_counts(town: Town) -> None:
    bring(town, changed('by = "17:15"', 'by = "16:00"'), "2026-12-01")
    bring(town, changed('by = "17:15"', 'by = "14:00"'), "2026-12-01")
    book = PolicyBook(still())
    with town.store.read() as conn:
        book.refresh(conn)
    assert book.at(office("2026-12-01 09:00")).visit.by == "14:00"


def test_a_policy_of_today_is_in_force_from_now_and_never_before(town: Town) -> None:
    bring(town, changed('by = "17:15"', 'by = "16:00"'), "2026-11-23")
    with town.store.read() as conn:
        version = in_force(conn, town.clock.now())
    assert version is not None
    assert version.from_at == town.clock.now()


@pytest.mark.parametrize(
    ("text", "day", "sentence"),
    [
        (TEXT, "2026-11-22", "過去にさかのぼって変えられません"),
        (TEXT.replace('party = "visit"', 'party = "vist"', 1), "2026-12-01", "行目"),
        (TEXT.replace("step = 2", "step = 3", 1), "2026-12-01", "穴があります"),
    ],
)
def test_a_wrong_policy_or_a_past_day_is_one_sentence_and_changes_nothing(
    town: Town, text: str, day: str, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        bring(town, text, day)
    with town.store.read() as conn:
        assert versions(conn) == []


def test_a_policy_without_a_class_that_people_are_of_is_refused(town: Town) -> None:
    text = TEXT.replace("[classes.high]", "[classes.frail]").replace("[classes.high.", "[classes.frail.")
    town.home("sato", risk_class="standard")
    with pytest.raises(Refused, match="high"):
        bring(town, text, "2026-12-01")


def test_slots_that_have_not_opened_follow_the_new_policy_and_open_ones_run_to_their_end(town: Town) -> None:
    town.home("sato")
    town.until(f"{MORNING[:10]} 08:05")
    bring(town, changed('deadline_grace = "5 min"', 'deadline_grace = "25 min"'), MORNING[:10])
    town.sweep()
    assert town.slot("sato", MORNING).deadline_at == office("2026-11-24 08:35")
    assert town.slot("sato", "2026-11-24/evening").deadline_at == office("2026-11-24 18:55")
    town.until("2026-11-24 08:36")
    assert town.slot("sato", "2026-11-25/morning").deadline_at == office("2026-11-25 08:55")


def test_a_climb_whose_step_the_new_policy_does_not_have_goes_on_from_its_first_step(town: Town) -> None:
    town.home("suzuki", slots={"morning": "08:00"})
    town.silent("suzuki", MORNING)
    town.until("2026-11-25 08:05")
    assert town.case("suzuki").step == "phone_resident"
    bring(
        town, TEXT.replace('"silence"', '"quiet"').replace("ladders.silence", "ladders.quiet"), "2026-11-25"
    )
    town.until("2026-11-25 08:16")
    case = town.case("suzuki")
    assert (case.ladder, case.step) == ("quiet", "phone_resident")
    town.until("2026-11-25 08:31")
    assert town.case("suzuki").step == "phone_resident_again"


# ---- times that are the home's own --------------------------------------------------------------------------


def with_watch(**values: object) -> Policy:
    policy = still()
    return msgspec.structs.replace(policy, watch=msgspec.structs.replace(policy.watch, **values))


def test_a_town_does_not_speak_in_the_same_second() -> None:
    town = Town(policy=with_watch(jitter=timedelta(minutes=5)))
    for number in range(40):
        town.home(f"r{number}", slots={"morning": "08:00"})
    opens = [slot.opens_at for slot in town.slots()]
    assert len(set(opens)) > 30
    assert min(opens) >= office("2026-11-24 08:00")
    assert max(opens) < office("2026-11-24 08:05")
    town.until("2026-11-24 09:00")
    tomorrow = [slot.opens_at - timedelta(days=1) for slot in town.slots() if slot.day == date(2026, 11, 25)]
    assert sorted(tomorrow) == sorted(opens), "each home keeps its own second"


def test_no_home_is_moved_into_the_next_day() -> None:
    town = Town(policy=with_watch(jitter=timedelta(hours=2)))
    for number in range(20):
        town.home(f"r{number}", slots={"night": "23:30"})
    assert {slot.opens_at.date() for slot in town.slots()} == {datetime(2026, 11, 23).date()}


def test_a_slot_may_have_its_own_window_for_early_answers() -> None:
    town = Town(policy=with_watch(early_window_of={"morning": timedelta(minutes=10)}))
    town.home("sato")
    town.until("2026-11-24 07:45")
    town.answers("sato", MORNING)
    assert town.slot("sato", MORNING).state == SlotState.waiting
    town.until("2026-11-24 16:30")
    town.answers("sato", "2026-11-24/evening")
    assert town.slot("sato", "2026-11-24/evening").state == SlotState.answered


def test_a_schedule_may_rest_on_public_holidays() -> None:
    """2026-11-23 is 勤労感謝の日, a Monday."""
    town = Town(at="2026-11-21 12:00")
    town.home("sato", slots={"morning": "08:00"}, weekdays=[1, 2, 3, 4, 5], on_holidays=False)
    town.until("2026-11-25 12:00")
    assert [slot.day for slot in town.slots("sato")] == [
        date(2026, 11, 24),
        date(2026, 11, 25),
        date(2026, 11, 26),
    ]


# ---- the command --------------------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    Store.open(tmp_path / "data" / "hub.db").close()
    path = tmp_path / "hub.toml"
    path.write_text('data = "data"\n', encoding="utf-8")
    return path


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_city_exports_edits_imports_and_sees_what_is_in_force(config: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    run("policy", "export", mine, "--config", config)
    assert mine.read_text(encoding="utf-8") == packaged_text()
    mine.write_text(changed('by = "17:15"', 'by = "16:00"'), encoding="utf-8")
    made = msgspec.json.decode(
        run("policy", "import", mine, "--config", config, "--from", "2999-04-01", "--json")
    )
    assert made["id"] == 1
    listed = msgspec.json.decode(run("policy", "list", "--config", config, "--json"))
    assert (listed["in_force"], [one["id"] for one in listed["versions"]]) == (None, [1])
    assert run("policy", "export", "-", "--config", config, "--at", "2999-04-01") == mine.read_text("utf-8")
    assert "本人に電話する" in run("policy", "show", "--config", config)


def test_a_policy_of_a_past_day_is_refused_by_the_command(config: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(TEXT, encoding="utf-8")
    with pytest.raises(Refused, match="過去にさかのぼって"):
        run("policy", "import", mine, "--config", config, "--from", "2020-04-01")
