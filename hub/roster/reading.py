"""From a file to entries: every cell read, every row compared with the others, all problems told at once."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from contract.topics import BadTopic, check_device
from hub.districts import Districts
from hub.policy import Policy
from hub.roster import columns as c
from hub.roster import fields, table
from hub.roster.dates import birth_date
from hub.roster.entry import Contact, Entry, Household, Problem, Role, Tick, Unreadable

T = TypeVar("T")
_CLASS_WORDS = {"": "standard", "標準": "standard", "高": "high", "高リスク": "high"}


def read(data: bytes, name: str, districts: Districts, policy: Policy, today: date) -> list[Entry]:
    """The residents of a roster file; `RosterRefused` lists everything that must be put right in it.

    `name` is what messages call the file, `today` the office's date.
    """
    problems: list[Problem] = []
    entries: list[tuple[int, Entry]] = []
    sound: list[tuple[int, Entry]] = []
    for row in table.read(data, name):
        reader = _RowReader(row, districts, policy, today)
        entries.append((row.line, reader.entry()))
        problems += reader.problems
        if not reader.problems:
            sound.append(entries[-1])
    problems += _twice(entries) + _households_at_odds(sound)
    if problems:
        raise table.RosterRefused(name, problems)
    return [entry for _, entry in entries]


class _RowReader:
    """One row; whatever cannot be read is noted and replaced by something harmless, so that the rest is checked too."""

    def __init__(self, row: table.Row, districts: Districts, policy: Policy, today: date) -> None:
        self._row = row
        self._districts = districts
        self._policy = policy
        self._today = today
        self.problems: list[Problem] = []

    def _problem(self, column: str, what: str) -> None:
        self.problems.append(Problem(self._row.line, column, what))

    def _read(self, column: str, how: Callable[[str], T], instead: T) -> T:
        try:
            return how(self._row.cells.get(column, ""))
        except Unreadable as error:
            self._problem(column, str(error))
            return instead

    def _needed(self, column: str, how: Callable[[str], T], instead: T) -> T:
        if not self._row.cells.get(column, "").strip():
            self._problem(column, "空いています。書いてください。")
            return instead
        return self._read(column, how, instead)

    def entry(self) -> Entry:
        """The resident of this row."""
        name = self._needed(c.NAME, fields.full_name, "? ?")
        return Entry(
            id=self._needed(c.RESIDENT, fields.identifier, ""),
            household=Household(
                id=self._needed(c.HOUSEHOLD, fields.identifier, ""),
                district=self._needed(c.DISTRICT, self._district, ""),
                address=self._needed(c.ADDRESS, lambda text: fields.plain(text, 200), ""),
                phone=self._read(c.HOUSEHOLD_PHONE, fields.phone, None),
                lives_alone=self._needed(c.LIVES_ALONE, fields.yes, False),
            ),
            name=name,
            kana=self._needed(c.KANA, fields.reading, ""),
            call_name=self._read(c.CALL_NAME, lambda text: fields.plain(text, 40), "")
            or f"{name.split()[0]}さん",
            birth_date=self._read(c.BIRTH_DATE, lambda text: birth_date(text, self._today), None),
            sex=self._read(c.SEX, fields.sex, None),
            phone=self._read(c.PHONE, fields.phone, None),
            risk_class=self._read(c.RISK_CLASS, self._risk_class, ""),
            device=self._read(c.DEVICE, _device, None),
            askings=self._needed(c.ASKINGS, lambda text: fields.askings(text, self._policy.slot_words), ()),
            consents=self._consents(),
            contacts=self._contacts(),
        )

    def _district(self, text: str) -> str:
        word = fields.plain(text, 40)
        found = self._districts.find(word)
        if found:
            return found.code
        near = self._districts.nearest(word)
        advice = (
            f"「{near.name}」ですか。"
            if near
            else f"{'・'.join(one.name for one in self._districts.all)} のどれかです。"
        )
        raise Unreadable(f"「{word}」は地区の一覧にありません。{advice}")

    def _risk_class(self, text: str) -> str:
        word = fields.plain(text, 24)
        name = _CLASS_WORDS.get(word, word)
        if name not in self._policy.classes:
            raise Unreadable(
                f"「{word}」は方針にありません。{'・'.join(self._policy.classes)} のどれかです。"
            )
        return name

    def _consents(self) -> dict[Tick, date | None]:
        given: dict[Tick, date | None] = {}
        none: tuple[bool, date | None] = (False, None)
        for column, tick in c.CONSENTS.items():
            yes, on = self._read(column, lambda text: fields.consent(text, self._today), none)
            if yes:
                given[tick] = on
        return given

    def _contacts(self) -> tuple[Contact, ...]:
        people: dict[tuple[Role, int], dict[str, str]] = defaultdict(dict)
        for heading, cell in self._row.cells.items():
            column = c.contact_column(heading)
            if column and cell.strip():
                people[column.role, column.number][column.field] = heading
        order = list(Role)
        found = []
        for (role, _), headings in sorted(
            people.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
        ):
            if "氏名" not in headings:
                self._problem(next(iter(headings.values())), "この人の氏名が空いています。書いてください。")
                continue
            found.append(
                Contact(
                    role=role,
                    name=self._read(headings["氏名"], lambda text: fields.plain(text, 80), ""),
                    relation=self._read(headings.get("続柄", ""), lambda text: fields.plain(text, 40), "")
                    or None,
                    phone=self._read(headings.get("電話", ""), fields.phone, None),
                    address=self._read(headings.get("通知先", ""), fields.notice_address, None),
                )
            )
        return tuple(found)


def _device(text: str) -> str | None:
    word = text.strip()
    try:
        return check_device(word) if word else None
    except BadTopic:
        raise Unreadable(
            f"「{word}」は使えません。小文字の英数字と - で 48 文字までにしてください (例: sato-1)。"
        ) from None


def _twice(entries: list[tuple[int, Entry]]) -> list[Problem]:
    """Who is in the file twice, and whose speaker is somebody else's too."""
    problems = []
    residents: dict[str, int] = {}
    devices: dict[str, int] = {}
    for line, entry in entries:
        before = residents.setdefault(entry.id, line)
        if entry.id and before != line:
            what = f"「{entry.id}」は {before} 行目にもあります。どちらかを消してください。"
            problems.append(Problem(line, c.RESIDENT, what))
        before = devices.setdefault(entry.device or "", line)
        if entry.device and before != line:
            what = f"「{entry.device}」は {before} 行目の人の機器です。確かめてください。"
            problems.append(Problem(line, c.DEVICE, what))
    return problems


def _households_at_odds(entries: list[tuple[int, Entry]]) -> list[Problem]:
    """Rows of one household that say different things about it."""
    problems = []
    seen: dict[str, tuple[int, Household]] = {}
    for line, entry in entries:
        here = entry.household
        before, first = seen.setdefault(here.id, (line, here))
        for column, same in (
            (c.DISTRICT, first.district == here.district),
            (c.ADDRESS, first.address == here.address),
            (c.HOUSEHOLD_PHONE, first.phone == here.phone),
            (c.LIVES_ALONE, first.lives_alone == here.lives_alone),
        ):
            if not same:
                what = f"世帯「{here.id}」の{column}が {before} 行目と違います。同じにするか、世帯番号を分けてください。"
                problems.append(Problem(line, column, what))
        if before != line and first.lives_alone and here.lives_alone:
            what = f"「はい」ですが、{before} 行目と同じ世帯です。いいえ にするか、世帯番号を分けてください。"
            problems.append(Problem(line, c.LIVES_ALONE, what))
    return problems
