"""Writing a roster out: a spreadsheet opens it, no cell is a formula, and it imports to the same roster."""

import csv
import io
from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.refusal import Refused
from hub import districts, roster
from hub.policy import Policy
from hub.roster import Encoding
from hub.roster.entry import Asking, Contact, Entry, Household, Role, Tick
from hub.roster.fields import plain
from hub.store.database import Store

TODAY = date(2026, 11, 23)
KNOWN = districts.load()

# ---- any roster the store can hold: what the readers of cells let through ------------------------------------------

dangerous = st.sampled_from(["=1+1", "+81", "-x", "@sum", "'=1", "'", '"quoted"', "a,b", "1,5", "'@'"])


def words(letters: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Cells as the reader of cells leaves them."""
    text = st.text(letters, min_size=1, max_size=12)
    return dangerous | text.map(lambda text: plain(text, 40)).filter(bool)


anything = words(st.characters(codec="utf-8", exclude_categories=["C", "Z"]))
in_cp932 = words(st.sampled_from("佐藤髙﨑ハルｱﾞァ①㈱―～－￥=+-@'\"\\ 1a"))
kana = st.text(st.sampled_from("アイウエオガギグァャッー・ヴ"), min_size=1, max_size=8)
phones = st.none() | st.from_regex(r"0[1-9][0-9]{2}-[0-9]{2}-[0-9]{4}", fullmatch=True)
days = st.dates(date(1910, 1, 1), TODAY)
askings = st.builds(
    Asking,
    at=st.from_regex(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?", fullmatch=True),
    name=st.from_regex(r"[a-z0-9_]{1,24}", fullmatch=True),
    weekdays=st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days))),
    on_holidays=st.booleans(),
)


@st.composite
def rosters(draw: st.DrawFn, anything: st.SearchStrategy[str]) -> list[Entry]:
    how_many = draw(st.integers(1, 3))
    names = st.tuples(anything, anything).map(" ".join)
    contacts = st.builds(
        Contact, role=st.sampled_from(Role), name=anything, relation=st.none() | anything, phone=phones
    )
    return [
        Entry(
            id=f"R-{number}",
            household=Household(
                id=f"H-{number}",
                district=draw(st.sampled_from(KNOWN.all)).code,
                address=draw(anything),
                phone=draw(phones),
                lives_alone=draw(st.booleans()),
            ),
            name=draw(names),
            kana=draw(st.tuples(kana, kana).map(" ".join)),
            call_name=draw(anything),
            birth_date=draw(st.none() | days),
            sex=draw(st.sampled_from(["m", "f", "x", None])),
            phone=draw(phones),
            risk_class=draw(st.sampled_from(["standard", "high"])),
            device=draw(st.none() | st.just(f"box-{number}")),
            askings=tuple(
                sorted(draw(st.lists(askings, min_size=1, max_size=3, unique_by=lambda a: a.name)))
            ),
            consents=draw(st.dictionaries(st.sampled_from(Tick), st.none() | days)),
            contacts=tuple(
                sorted(draw(st.lists(contacts, max_size=4)), key=lambda one: list(Role).index(one.role))
            ),
        )
        for number in range(how_many)
    ]


@given(people=rosters(anything))
@settings(max_examples=50)
def test_an_export_imports_to_the_same_roster(policy: Policy, people: list[Entry]) -> None:
    data = roster.write(people, KNOWN)
    assert roster.read(data, "export.csv", KNOWN, policy, TODAY) == people


@given(people=rosters(anything))
@settings(max_examples=50)
def test_no_cell_of_an_export_is_a_formula(people: list[Entry]) -> None:
    text = roster.write(people, KNOWN).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


@given(people=rosters(in_cp932))
@settings(max_examples=50)
def test_cp932_imports_to_the_same_roster_too(policy: Policy, people: list[Entry]) -> None:
    data = roster.write(people, KNOWN, Encoding.cp932)
    assert roster.read(data, "export.csv", KNOWN, policy, TODAY) == people


def stored(town: Store) -> list[Entry]:
    with town.read() as conn:
        return list(roster.entries(conn).values())


def test_the_stored_cast_is_written_with_a_mark_for_the_spreadsheet(town: Store) -> None:
    data = roster.write(stored(town), KNOWN)
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == 6
    assert "髙橋 正雄" in data.decode("utf-8-sig")


def test_cp932_writes_the_tall_taka_that_shift_jis_cannot(town: Store) -> None:
    assert "髙橋 正雄" in roster.write(stored(town), KNOWN, Encoding.cp932).decode("cp932")


def test_who_cannot_be_written_in_cp932_is_listed_by_column(town: Store) -> None:

    people = [
        msgspec.structs.replace(person, name="𠮷田 ハル") if person.id == "sato" else person
        for person in stored(town)
    ]
    with pytest.raises(Refused) as refused:
        roster.write(people, KNOWN, Encoding.cp932)
    assert "sato 「氏名」: 𠮷" in str(refused.value)
    assert "suzuki" not in str(refused.value)
