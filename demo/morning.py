"""One morning of the town, from the first connection to the last outcome."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from contract.time import Clock, office_date
from demo.cast import Household, Part
from demo.outcome import Seen, changes, differences_of_household, differences_of_town
from demo.pace import Pace
from demo.record import News, Tell
from demo.register import slot_name
from demo.stage import Stage
from demo.town import Town, TownCounts
from demo.voiced import Engines, VoicedHome
from hub.vocabulary import SlotState

LEAD = timedelta(seconds=5)
"""From enrolment to the first question: time for two hundred speakers to connect."""
NOT_READY = timedelta(seconds=2)
"""If somebody is still not connected so shortly before the first question, the hour is moved."""
CUT_BEFORE = timedelta(seconds=5)
"""The line is cut so long before the slot: long enough for the hub to be sure of it by then."""
PATIENCE = timedelta(seconds=20)
"""After the last slot is closed, for the ladder to climb and the last events to settle."""
LOOK_SECONDS = 1.0
_END_SECONDS = 4.0


class Phase(StrEnum):
    """Where the morning is; the value is what the screen says."""

    connecting = "町のスピーカーがつながるのを待っています"
    waiting = "まもなく声かけの時刻です"
    asking = "声かけの時間です"
    closing = "応答のない家の締切とはしごを待っています"
    done = "朝の声かけが終わりました"


class View(Struct, frozen=True, kw_only=True):
    """Everything a screen shows, at one moment."""

    phase: Phase
    until_first_s: float
    town: TownCounts
    seen: Seen
    homes: Sequence[VoicedHome]
    districts: Sequence[str]
    """Names, in the city's order."""


class Morning:
    """Plays the morning on a stage that is open. `play()` yields a view now and then and ends when all is settled."""

    def __init__(
        self,
        stage: Stage,
        engines: Engines,
        cast: Sequence[Household],
        town: Town,
        folder: Path,
        clock: Clock,
        pace: Pace,
        tell: Tell,
    ) -> None:
        self._stage = stage
        self._cast = cast
        self._town = town
        self._town_homes = town.homes
        self._pace = pace
        self._tell = tell
        self._clock = clock
        self._seen = Seen(queue=[], slots=[])
        self._looked: datetime | None = None
        self._closed_at: datetime | None = None
        self.phase = Phase.connecting
        self.first = self._clock.now()
        address = (stage.broker.host, stage.broker.port)
        self.homes = [
            VoicedHome(
                household,
                engines,
                address,
                stage.passwords[household.device],
                folder / "homes" / household.device,
                clock,
                pace,
                tell,
                seed=number,
            )
            for number, household in enumerate(cast, start=1)
        ]

    def play(self, tick_seconds: float = 0.2) -> Iterator[View]:
        """1 enrol; 2 connect; 3 ask; 4 wait for every outcome. Raises `Stopped` when the pace is stopped."""
        self._enrol()
        self._stage.send_away()
        self._town.start()
        for home in self.homes:
            home.start()
        cut: set[str] = set()
        while self.phase is not Phase.done:
            now = self._clock.now()
            self._look(now)
            self._cut_lines(now, cut)
            self._move_on(now)
            yield self.view()
            self._pace.wait_wall(tick_seconds)

    def view(self) -> View:
        """How it stands now."""
        return View(
            phase=self.phase,
            until_first_s=(self.first - self._clock.now()).total_seconds(),
            town=self._town.counts(),
            seen=self._seen,
            homes=self.homes,
            districts=self._stage.districts,
        )

    def look_again(self) -> View:
        """A fresh look through the API, also after the morning is over."""
        self._looked = None
        self._look(self._clock.now())
        return self.view()

    def differences(self) -> list[str]:
        """What did not end as the files expect."""
        found = []
        for home in self.homes:
            found += differences_of_household(
                home.household, home.reporter.record, self._seen, self._stage.policy
            )
        return found + differences_of_town(self._town_homes, self._cast, self._seen)

    def end(self) -> None:
        """Everybody says goodbye and ends; safe to call twice."""
        self._town.stop()
        for home in self.homes:
            home.begin_stop()
        self._pace.stop()
        for home in self.homes:
            home.end_stop(_END_SECONDS)

    # ---- steps -------------------------------------------------------------------------------------------

    def _enrol(self) -> None:
        now = self._clock.now()
        self.first = (now + LEAD).replace(microsecond=0) + timedelta(seconds=1)
        self._stage.enrol(slot_name(self.first), self.first)

    @property
    def _ready(self) -> bool:
        up = all(home.reporter.record.line_up and home.reporter.configured for home in self.homes)
        return up and self._town.ready

    def _move_on(self, now: datetime) -> None:
        match self.phase:
            case Phase.connecting if self._ready:
                self.phase = Phase.waiting
            case Phase.connecting if now > self.first - NOT_READY:
                self._enrol()  # a slow machine: nobody has been asked yet, so everybody is asked later
            case Phase.waiting if now >= self.first:
                self.phase = Phase.asking
            case Phase.asking if now >= self._last_asking:
                self.phase = Phase.closing
            case Phase.closing if self._settled(now):
                self.phase = Phase.done

    @property
    def _last_asking(self) -> datetime:
        askings = [home.after for home in self._cast] + [home.slot_after for home in self._town_homes]
        return self.first + max(askings, default=timedelta())

    def _settled(self, now: datetime) -> bool:
        """Every slot of this morning is closed and all is as expected, or nothing more can be hoped for."""
        mine = {home.resident_id for home in self._cast} | {home.resident for home in self._town_homes}
        slots = [self._seen.slot_of(resident) for resident in mine]
        if any(row is None or row.state is SlotState.waiting for row in slots):
            return now >= self._stage.policy.deadline(self._last_asking) + PATIENCE
        self._closed_at = self._closed_at or now
        return now >= self._closed_at + PATIENCE or not self.differences()

    def _look(self, now: datetime) -> None:
        if self._looked and now - self._looked < timedelta(seconds=LOOK_SECONDS):
            return
        self._looked = now
        days = {office_date(self.first), office_date(self._last_asking)}
        before = self._seen
        self._seen = Seen(queue=self._stage.office.queue(), slots=self._stage.office.slots(days))
        for who, what in changes(before, self._seen):
            self._tell(News(now, who, what))

    def _cut_lines(self, now: datetime, cut: set[str]) -> None:
        for home in self.homes:
            household = home.household
            due = self.first + household.after - CUT_BEFORE
            if household.behaviour is Part.line_cut and household.key not in cut and now >= due:
                cut.add(household.key)
                home.cut_line()
                self._tell(News(now, household.name, "回線が切られました (モデムの線が抜けた想定)"))
