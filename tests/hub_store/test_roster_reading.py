"""What people write in a roster, what it means, and what they are told to put right."""

import contextlib
import csv
import io
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.refusal import Refused
from hub import districts, roster
from hub.policy import Policy
from hub.roster.entry import Contact, Entry, Role, Tick
from tests import cast

TODAY = date(2026, 11, 23)
BASE = {
    "世帯番号": "H-1",
    "地区": "長島",
    "住所": "長島町中野1-2",
    "独居": "はい",
    "対象者番号": "R-1",
    "氏名": "佐藤 ハル",
    "カナ": "サトウ ハル",
    "声かけ時刻": "morning=08:00",
}


def file(*rows: dict[str, str]) -> bytes:
    headings = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, headings, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def read(data: bytes, policy: Policy) -> list[Entry]:
    return roster.read(data, "roster.csv", districts.load(), policy, TODAY)


def one(policy: Policy, **cells: str) -> Entry:
    [entry] = read(file(BASE | cells), policy)
    return entry


def problems(data: bytes, policy: Policy) -> list[tuple[int, str, str]]:
    with pytest.raises(roster.RosterRefused) as refused:
        read(data, policy)
    return [(problem.line, problem.column, problem.what) for problem in refused.value.problems]


def test_the_cast_is_read(policy: Policy) -> None:
    entries = {entry.id: entry for entry in read(cast.ROSTER.encode(), policy)}
    sato = entries[cast.SATO]
    assert (sato.name, sato.kana, sato.call_name) == ("佐藤 ハル", "サトウ ハル", "ハルさん")
    assert sato.birth_date == date(1940, 4, 1)
    assert sato.household.district == "osashima"
    assert [(one.name, one.at) for one in sato.askings] == [("morning", "08:00"), ("evening", "18:00")]
    assert set(sato.consents) == {Tick.record_answers, Tick.tell_family, Tick.share}
    assert sato.contacts[0] == Contact(Role.family_contact, "佐藤 一郎", "長男", "090-0000-0001")
    assert [one.role for one in sato.contacts] == list(Role)
    assert entries[cast.SUZUKI].call_name == "鈴木さん"
    assert entries[cast.ITO].birth_date == date(1926, 12, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_the_encoding_and_the_line_ends_are_found_out(policy: Policy, encoding: str, newline: str) -> None:
    data = cast.ROSTER.replace("\n", newline).encode(encoding)
    assert [entry.name for entry in read(data, policy)] == [
        "佐藤 ハル",
        "鈴木 キヨ",
        "髙橋 正雄",
        "田中 ふみ",
        "伊藤 ヨシ",
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1935-04-01", date(1935, 4, 1)),
        ("1935/4/1", date(1935, 4, 1)),
        ("1935年4月1日", date(1935, 4, 1)),
        ("昭和10年4月1日", date(1935, 4, 1)),
        ("S10.4.1", date(1935, 4, 1)),
        ("ｓ１０．４．１", date(1935, 4, 1)),
        ("昭和 10年 4月 1日", date(1935, 4, 1)),
        ("大正15年12月24日", date(1926, 12, 24)),
        ("昭和元年12月25日", date(1926, 12, 25)),
        ("S64.1.7", date(1989, 1, 7)),
        ("H1.1.8", date(1989, 1, 8)),
        ("", None),
    ],
)
def test_birth_dates_as_people_write_them(policy: Policy, written: str, meant: date | None) -> None:
    assert one(policy, 生年月日=written).birth_date == meant


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("S10.2.30", "暦にありません"),
        ("S64.1.8", "昭和の期間にありません"),
        ("大正15年12月25日", "大正の期間にありません"),
        ("2027-01-01", "今日より後です"),
        ("10.4.1", "読めません"),
        ("M33.1.1", "125 歳を超えます"),
        ("昭和十年", "読めません"),
    ],
)
def test_a_date_that_cannot_be_says_why(policy: Policy, written: str, said: str) -> None:
    [(line, column, what)] = problems(file(BASE | {"生年月日": written}), policy)
    assert (line, column) == (2, "生年月日")
    assert said in what


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("０５７３－２６－２１１１", "0573-26-2111"),
        ("(0573)26-2111", "0573-26-2111"),
        ("0573 26 2111", "0573-26-2111"),
        ("0573262111", "0573262111"),
        ("09012345678", "090-1234-5678"),
        ("+81 90-1234-5678", "090-1234-5678"),
        ("+81-573-26-2111", "0573-26-2111"),
        ("0573ー26ー2111", "0573-26-2111"),
        ("  ", None),
    ],
)
def test_phone_numbers_are_written_one_way(policy: Policy, written: str, meant: str | None) -> None:
    assert one(policy, 本人電話=written).phone == meant


@pytest.mark.parametrize("written", ["26-2111", "0573-26-21111", "1573-26-2111", "なし", "0573-26-211a"])
def test_a_number_nobody_can_dial_is_refused(policy: Policy, written: str) -> None:
    [(_, column, what)] = problems(file(BASE | {"電話": written}), policy)
    assert column == "電話"
    assert "0573-26-2111" in what


def test_half_width_kana_is_made_full_and_kanji_are_left_alone(policy: Policy) -> None:
    entry = one(policy, 氏名="神田　ﾊﾙ", カナ="ｶﾝﾀﾞ ﾊﾙ", 住所="ｺｰﾎﾟ恵那 １０１")
    assert entry.name == "神田 ハル"
    assert entry.kana == "カンダ ハル"
    assert entry.household.address == "コーポ恵那 １０１"


def test_askings_may_be_written_with_the_offices_words_and_weekdays(policy: Policy) -> None:
    askings = one(policy, 声かけ時刻="夕=18:00（月水金）； 朝＝8:00").askings
    assert [(a.name, a.at, a.weekdays) for a in askings] == [
        ("morning", "08:00", (1, 2, 3, 4, 5, 6, 7)),
        ("evening", "18:00", (1, 3, 5)),
    ]


@pytest.mark.parametrize(
    ("written", "weekdays", "on_holidays"),
    [
        ("朝=8:00(平日)", (1, 2, 3, 4, 5), False),
        ("朝=8:00(平日のみ)", (1, 2, 3, 4, 5), False),
        ("朝=8:00(月水・祝日は休み)", (1, 3), False),
        ("朝=8:00(祝休)", (1, 2, 3, 4, 5, 6, 7), False),
        ("朝=8:00(月火水木金)", (1, 2, 3, 4, 5), True),
    ],
)
def test_an_asking_may_rest_on_public_holidays(
    policy: Policy, written: str, weekdays: tuple[int, ...], on_holidays: bool
) -> None:
    [asking] = one(policy, 声かけ時刻=written).askings
    assert (asking.weekdays, asking.on_holidays) == (weekdays, on_holidays)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("8:00", "読めません"),
        ("morning=25:00", "23:59"),
        ("morning=08:00;morning=09:00", "二度"),
        ("morning=08:00(月月)", "曜日"),
        ("morning=08:00()", "曜日"),
        ("Morning!=08:00", "読めません"),
        ("", "空いています"),
    ],
)
def test_an_asking_that_cannot_be_says_why(policy: Policy, written: str, said: str) -> None:
    [(_, column, what)] = problems(file(BASE | {"声かけ時刻": written}), policy)
    assert column == "声かけ時刻"
    assert said in what


def test_consent_is_a_day_or_a_yes(policy: Policy) -> None:
    entry = one(policy, 同意記録="令和6年4月1日", 同意家族="○", 同意共有="いいえ", 同意立入="")
    assert entry.consents == {Tick.record_answers: date(2024, 4, 1), Tick.tell_family: None}


@pytest.mark.parametrize("word", ["たぶん", "2030-01-01"])
def test_a_consent_that_is_neither_is_refused(policy: Policy, word: str) -> None:
    [(_, column, what)] = problems(file(BASE | {"同意共有": word}), policy)
    assert column == "同意共有"
    assert "同意した日" in what


def test_family_helpers_and_commissioner_are_asked_in_this_order(policy: Policy) -> None:
    cells = {
        "民生委員": "近藤 正",
        "協力員1": "加藤 みどり",
        "家族2": "佐藤 二郎",
        "家族2続柄": "次男",
        "家族1": "佐藤 一郎",
        "家族1電話": "09000000001",
        "家族1通知先": " ichiro＠example.jp ",
        "家族2通知先": "line://TOKEN/U123",
    }
    assert one(policy, **cells).contacts == (
        Contact(Role.family_contact, "佐藤 一郎", None, "090-0000-0001", "ichiro@example.jp"),
        Contact(Role.family_contact, "佐藤 二郎", "次男", None, "line://TOKEN/U123"),
        Contact(Role.helper, "加藤 みどり"),
        Contact(Role.welfare_commissioner, "近藤 正"),
    )


def test_a_contact_without_a_name_is_refused(policy: Policy) -> None:
    assert problems(file(BASE | {"家族1電話": "09000000001"}), policy) == [
        (2, "家族1電話", "この人の氏名が空いています。書いてください。")
    ]


def test_a_typo_in_a_district_suggests_the_nearest(policy: Policy) -> None:
    assert problems(file(BASE | {"地区": "長鳥"}), policy) == [
        (2, "地区", "「長鳥」は地区の一覧にありません。「長島」ですか。")
    ]


def test_every_mistake_is_named_with_its_line_at_once(policy: Policy) -> None:
    rows = [
        BASE,
        BASE | {"対象者番号": "R-2", "世帯番号": "H-2", "地区": "長鳥", "氏名": "鈴木"},
        BASE | {"対象者番号": "R-3", "世帯番号": "H-3", "リスク区分": "ふつう", "機器番号": "Sato_1"},
        BASE | {"対象者番号": "R-1", "世帯番号": "H-4", "性別": "?"},
    ]
    found = problems(file(*rows), policy)
    assert [(line, column) for line, column, _ in found] == [
        (3, "地区"),
        (3, "氏名"),
        (4, "リスク区分"),
        (4, "機器番号"),
        (5, "対象者番号"),
        (5, "性別"),
    ]


def test_the_refusal_is_one_text_that_says_nothing_was_taken_over(policy: Policy) -> None:
    with pytest.raises(Refused) as refused:
        read(file(BASE | {"地区": "長鳥"}), policy)
    assert str(refused.value) == (
        "roster.csv: 1 か所を直してください。まだ何も取り込んでいません。\n"
        "  2 行目 「地区」: 「長鳥」は地区の一覧にありません。「長島」ですか。"
    )


def test_lines_are_counted_as_an_editor_counts(policy: Policy) -> None:
    data = file(
        BASE | {"住所": "一行目\n二行目"}, BASE | {"対象者番号": "R-2", "世帯番号": "H-2", "地区": "x"}
    )
    assert [line for line, _, _ in problems(data, policy)] == [4]


def test_a_household_must_not_be_two(policy: Policy) -> None:
    other = BASE | {"対象者番号": "R-2", "住所": "別の所", "独居": "いいえ"}
    assert [(line, column) for line, column, _ in problems(file(BASE, other), policy)] == [
        (3, "住所"),
        (3, "独居"),
    ]
    both_alone = BASE | {"対象者番号": "R-2"}
    [(_, column, what)] = problems(file(BASE, both_alone), policy)
    assert column == "独居"
    assert "同じ世帯" in what


def test_a_speaker_stands_at_one_resident(policy: Policy) -> None:
    rows = [
        BASE | {"機器番号": "sato-1"},
        BASE | {"対象者番号": "R-2", "世帯番号": "H-2", "機器番号": "sato-1"},
    ]
    [(line, column, what)] = problems(file(*rows), policy)
    assert (line, column) == (3, "機器番号")
    assert "2 行目" in what


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"電詰": "0573"}, "見出し「電詰」は名簿にありません。「電話」ですか。"),
        ({"好きな食べ物": "餅"}, "この列を消してください"),
        ({"民生委員": "近藤 正", "民生委員1": "近藤 正"}, "二度あります"),
    ],
)
def test_a_heading_that_is_none_is_refused(policy: Policy, change: dict[str, str], said: str) -> None:
    assert any(said in what for _, _, what in problems(file(BASE | change), policy))


def test_missing_headings_are_all_named(policy: Policy) -> None:
    [(line, _, what)] = problems("世帯番号,地区\n1,長島\n".encode(), policy)
    assert line == 1
    assert "住所、独居、対象者番号、氏名、カナ、声かけ時刻" in what


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "空です"),
        (b"\n\n", "空です"),
        ("氏名".encode("utf-16"), "UTF-16"),
        (b"\x93\xfa\x96\x7b,a\n\x81\x00,\xff\xfe\n", "2 行目を UTF-8 としても cp932 としても"),
        ('世帯番号,"地区\n'.encode(), "引用符"),
        ("世帯番号\0".encode(), "CSV ではありません"),
    ],
)
def test_a_file_that_is_no_roster_is_refused_in_a_sentence(policy: Policy, data: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        read(data, policy)


def test_a_row_with_more_cells_than_headings_is_refused(policy: Policy) -> None:
    data = file(BASE).rstrip() + ",はみ出し\r\n".encode()
    [(line, _, what)] = problems(data, policy)
    assert line == 2
    assert "見出しより多く" in what


def test_trailing_commas_and_blank_lines_of_a_spreadsheet_are_no_mistake(policy: Policy) -> None:
    lines = file(BASE).decode().splitlines()
    data = "\r\n".join([lines[0] + ",,", "", lines[1] + ",,", ",,,,,,,,,,"]).encode()
    assert len(read(data, policy)) == 1


@given(data=st.binary(max_size=300))
def test_no_bytes_bring_the_import_down(policy: Policy, data: bytes) -> None:
    for content in (data, file(BASE) + data):
        with contextlib.suppress(Refused):
            read(content, policy)


@given(
    cells=st.dictionaries(
        st.sampled_from(
            [*BASE, "電話", "生年月日", "性別", "リスク区分", "機器番号", "同意共有", "家族1", "家族1電話"]
        ),
        st.text(max_size=60),
    )
)
def test_no_cells_bring_the_import_down(policy: Policy, cells: dict[str, Any]) -> None:
    with contextlib.suppress(Refused):
        entries = read(file(BASE | cells), policy)
        assert all(entry.id and " " in entry.name for entry in entries)


def test_a_place_for_notices_is_a_mail_address_or_a_url_of_apprise(policy: Policy) -> None:
    for wrong in ("ichiro", "ichiro@", "携帯に電話", "line:/TOKEN", "http s://x"):
        [(_, column, what)] = problems(file(BASE | {"家族1": "佐藤 一郎", "家族1通知先": wrong}), policy)
        assert column == "家族1通知先"
        assert "メールアドレス" in what
