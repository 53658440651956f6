"""Files that the city edits reach a running hub by themselves; a wrong one is refused, and what was before stays."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from contract.refusal import Refused
from hub import districts, rounds, speaking
from hub.config import HubConfig
from hub.files import Watched
from hub.retention.policy import Kind
from hub.service import Hub
from hub.speaking import Speaking
from hub.store import tables as t
from hub.store.database import Store
from tests import cast
from tests.clock import TravellingClock
from tests.hub_store.speaker import Speaker
from tests.hub_store.test_ingest import sees, until

FILES = Path(speaking.__file__).parent
HEAD = '[quiet]\nbegins = "21:00"\nuntil = "07:00"\n[sets.daily]\nextras = ["slept"]\n'
ASKED = f'everybody = "daily"\n{HEAD}'


class Desk:
    """Somebody who edits a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._saved = 0

    def saves(self, text: str) -> None:
        """As an editor does: written beside it, then moved over it."""
        self._saved += 1
        beside = self.path.with_suffix(f".{self._saved}")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self.path)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path / "speaking.toml")
    made.saves(HEAD)
    return made


def watched(desk: Desk, take: Callable[[Speaking], None] | None = None) -> Watched[Speaking]:
    return Watched([str(desk.path)], lambda: speaking.load(desk.path), take)


def test_a_file_that_was_edited_is_read_once_it_rests(desk: Desk) -> None:
    file = watched(desk)
    assert not file.look()
    desk.saves(ASKED)
    assert not file.look(), "an editor may be in the middle of it"
    assert file.value.everybody == ""
    assert file.look()
    assert file.value.everybody == "daily"
    assert not file.look()


def test_a_file_that_changes_at_every_look_is_left_alone(desk: Desk) -> None:
    file = watched(desk)
    for number in range(5):
        desk.saves(ASKED + "\n" * number)
        assert not file.look()
    assert file.look()


def test_a_wrong_file_is_one_sentence_and_the_one_before_stays(desk: Desk) -> None:
    file = watched(desk)
    desk.saves(f'everybody = "dayly"\n{HEAD}')
    assert [file.look() for _ in range(3)] == [False, False, False]
    assert file.value.sets["daily"].extras == ["slept"]
    assert file.fault is not None
    assert "行目" in file.fault
    assert file.fault.endswith("直すまで、前の内容のまま動きます。")
    desk.saves(ASKED)
    assert [file.look() for _ in range(2)] == [False, True]
    assert file.fault is None


def test_a_file_that_went_away_is_missed_and_not_forgotten(desk: Desk) -> None:
    file = watched(desk)
    desk.path.unlink()
    file.look()
    file.look()
    assert file.fault is not None
    assert "speaking.toml" in file.fault
    desk.saves(HEAD)
    file.look()
    file.look()
    assert file.fault is None


def test_the_same_content_saved_again_is_nothing_new(desk: Desk) -> None:
    taken: list[Speaking] = []
    file = watched(desk, taken.append)
    desk.saves(HEAD)
    assert [file.look(), file.look()] == [False, False]
    assert taken == []


def test_whoever_is_to_take_it_may_refuse_it(desk: Desk) -> None:
    def refuses(_: Speaking) -> None:
        raise Refused("名簿にこの地区の世帯があります。")

    file = watched(desk, refuses)
    desk.saves(ASKED)
    assert [file.look(), file.look()] == [False, False]
    assert file.value.everybody == ""
    assert "名簿に" in (file.fault or "")


def test_what_could_not_be_taken_for_another_reason_is_tried_again(desk: Desk) -> None:
    times = iter([OSError(), None])

    def once_full(_: Speaking) -> None:
        error = next(times)
        if error is not None:
            raise error

    file = watched(desk, once_full)
    desk.saves(ASKED)
    file.look()
    with pytest.raises(OSError):
        file.look()
    assert file.look()


# ---- a running hub ---------------------------------------------------------------------------------------------------


class Running(msgspec.Struct):
    """A hub, and the files beside it."""

    hub: Hub
    said: Desk
    districts: Desk
    retention: Desk


@pytest.fixture
def running(
    config: HubConfig, clock: TravellingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Running]:
    """A hub at a broker with the cast enrolled, whose rounds are short."""
    monkeypatch.setattr(rounds, "GLANCE_SECONDS", 0.05)
    desks = {}
    for name in ("speaking", "districts", "retention"):
        desks[name] = Desk(tmp_path / f"{name}.toml")
        desks[name].saves((FILES / f"{name}.toml").read_text(encoding="utf-8"))
    files = {name: str(desk.path) for name, desk in desks.items()}
    hub = Hub(msgspec.structs.replace(config, **files), clock)
    cast.enrol(hub.store, clock, hub.policy)
    with hub:
        assert sees(hub)
        yield Running(hub, desks["speaking"], desks["districts"], desks["retention"])


def waits(running: Running, true: Callable[[], bool]) -> bool:
    """Until the next rounds have made something true."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


def test_a_question_written_for_one_resident_reaches_her_speaker_without_a_restart(
    running: Running, speaker: Callable[[str], Speaker], clock: TravellingClock
) -> None:
    hers, his = speaker(cast.SATO_SPEAKER), speaker(cast.SUZUKI_SPEAKER)
    assert hers.until(lambda: bool(hers.configs))
    assert his.until(lambda: bool(his.configs))
    first, before = hers.configs[-1], his.configs[-1]
    assert first.extras == []
    running.said.saves(f'[residents]\nsato = "daily"\n{HEAD}')
    assert hers.until(lambda: hers.configs[-1].extras == ["slept"])
    assert hers.configs[-1].revision == first.revision + 1
    assert his.configs[-1].revision == before.revision

    running.said.saves(f'[residents]\nsato = "daly"\n{HEAD}')
    assert waits(running, lambda: "「daly」という組はありません" in (running.hub.health().problem or ""))
    assert not running.hub.health().ok
    assert hers.configs[-1].extras == ["slept"]

    running.said.saves(HEAD)
    assert hers.until(lambda: hers.configs[-1].extras == [])
    assert hers.configs[-1].revision == first.revision + 2
    assert running.hub.health().problem is None


def test_a_roster_that_another_program_imports_reaches_the_speaker_too(
    running: Running, speaker: Callable[[str], Speaker], clock: TravellingClock
) -> None:
    hers = speaker(cast.SATO_SPEAKER)
    assert hers.until(lambda: bool(hers.configs))
    assert cast.ROSTER.count("sato-1,morning=08:00") == 1
    with Store.open(running.hub.config.store_at) as other:
        later = cast.ROSTER.replace("sato-1,morning=08:00", "sato-1,morning=09:30")
        cast.enrol(other, clock, running.hub.policy, later)
    assert hers.until(lambda: "09:30" in [slot.at for slot in hers.configs[-1].slots])


def test_a_renamed_district_is_on_the_pages_and_a_lived_in_one_cannot_go(running: Running) -> None:
    text = running.districts.path.read_text(encoding="utf-8")
    assert text.count('"岩村"') == 1
    running.districts.saves(text.replace('"岩村"', '"いわむら"'))
    names = select(t.district.c.name)
    assert until(running.hub.store, lambda conn: "いわむら" in conn.scalars(names).all())
    assert waits(running, lambda: running.hub.districts.find("いわむら") is not None)

    known = districts.load(running.districts.path).all
    left = [one for one in known if one.name != "いわむら"]
    running.districts.saves(
        "".join(
            f"[[districts]]\ncode = {one.code!r}\nname = {one.name!r}\nkana = {one.kana!r}\n" for one in left
        )
    )
    assert waits(running, lambda: "名簿にこの地区の世帯があります" in (running.hub.health().problem or ""))
    assert running.hub.districts.find("いわむら") is not None


def test_the_next_night_keeps_records_as_long_as_the_file_says_now(running: Running) -> None:
    text = running.retention.path.read_text(encoding="utf-8")
    assert text.count('words = "90 d"') == 1
    running.retention.saves(text.replace('words = "90 d"', 'words = "7 d"'))
    assert waits(running, lambda: running.hub.retention.keep[Kind.words].days == 7)
    running.retention.saves(text.replace('events = "1100 d"', 'events = "9 d"'))
    assert waits(running, lambda: "前の内容のまま" in (running.hub.health().problem or ""))
    assert running.hub.retention.keep[Kind.words].days == 7


def test_a_hub_cannot_start_with_a_wrong_file(
    config: HubConfig, clock: TravellingClock, tmp_path: Path
) -> None:
    path = tmp_path / "speaking.toml"
    path.write_text('everybody = "dayly"\n', encoding="utf-8")
    with pytest.raises(Refused, match="dayly"):
        Hub(msgspec.structs.replace(config, speaking=str(path)), clock)
