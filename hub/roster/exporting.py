"""From the store to a CSV file that a spreadsheet opens, and that imports to the same roster."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from contract.refusal import Refused
from hub.districts import Districts
from hub.roster import columns as c
from hub.roster import fields
from hub.roster.entry import Entry
from hub.roster.table import MOST_SHOWN, guard

_SEX = {"m": "男", "f": "女", "x": "その他", None: ""}


class Encoding(StrEnum):
    """What a file may be written in."""

    utf_8 = "utf-8"
    """With a BOM, so that a spreadsheet knows."""
    cp932 = "cp932"
    """For older programs; not every name can be written in it."""


def write(entries: Sequence[Entry], districts: Districts, encoding: Encoding = Encoding.utf_8) -> bytes:
    """The file's bytes; `Refused` lists the residents whose names or addresses `encoding` cannot write."""
    headings = _headings(entries)
    rows = [_row(entry, districts) for entry in entries]
    return to_csv(headings, rows, [entry.id for entry in entries], encoding)


def to_csv(
    headings: Sequence[str],
    rows: Sequence[Mapping[str, str]],
    labels: Sequence[str],
    encoding: Encoding = Encoding.utf_8,
) -> bytes:
    """Any table as a file that a spreadsheet opens; `Refused` lists by `labels` the rows that cannot be written."""
    if encoding is Encoding.cp932:
        _refuse_unwritable(labels, rows)
    out = io.StringIO(newline="")
    # CR LF is what spreadsheets write and RFC 4180 asks for.
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([guard(row.get(heading, "")) for heading in headings] for row in rows)
    return out.getvalue().encode("utf-8-sig" if encoding is Encoding.utf_8 else encoding)


def _headings(entries: Iterable[Entry]) -> list[str]:
    people: dict[str, int] = dict.fromkeys(c.CONTACTS, 1)
    for entry in entries:
        for word, role in c.CONTACTS.items():
            people[word] = max(people[word], sum(one.role is role for one in entry.contacts))
    contacts = [
        heading
        for word, most in people.items()
        for number in range(1, most + 1)
        for heading in c.contact_headings(word, number)
    ]
    return [column.heading for column in c.COLUMNS] + list(c.CONSENTS) + contacts


def _row(entry: Entry, districts: Districts) -> dict[str, str]:
    home = entry.household
    district = districts.find(home.district)
    row = {
        c.HOUSEHOLD: home.id,
        c.DISTRICT: district.name if district else home.district,
        c.ADDRESS: home.address,
        c.HOUSEHOLD_PHONE: home.phone or "",
        c.LIVES_ALONE: "はい" if home.lives_alone else "いいえ",
        c.RESIDENT: entry.id,
        c.NAME: entry.name,
        c.KANA: entry.kana,
        c.CALL_NAME: entry.call_name,
        c.BIRTH_DATE: entry.birth_date.isoformat() if entry.birth_date else "",
        c.SEX: _SEX.get(entry.sex, ""),
        c.PHONE: entry.phone or "",
        c.RISK_CLASS: entry.risk_class,
        c.DEVICE: entry.device or "",
        c.ASKINGS: fields.write_askings(entry.askings),
    }
    for column, tick in c.CONSENTS.items():
        on = entry.consents.get(tick)
        given = on.isoformat() if on else "はい"
        row[column] = given if tick in entry.consents else "いいえ"
    for word, role in c.CONTACTS.items():
        of_role = [one for one in entry.contacts if one.role is role]
        for number, one in enumerate(of_role, start=1):
            cells = (one.name, one.relation or "", one.phone or "", one.address or "")
            row |= zip(c.contact_headings(word, number), cells, strict=True)
    return row


def _refuse_unwritable(labels: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    found = []
    for label, row in zip(labels, rows, strict=True):
        for heading, cell in row.items():
            letters = sorted({letter for letter in cell if not _writable(letter)})
            if letters:
                found.append(f"  {label} 「{heading}」: {' '.join(letters)}")
    if found:
        more = [f"  ほか {len(found) - MOST_SHOWN} か所"] if len(found) > MOST_SHOWN else []
        head = "cp932 では書けない文字があります。UTF-8 で書き出すか、名簿を直してください。何も書き出していません。"
        raise Refused("\n".join([head, *found[:MOST_SHOWN], *more]))


def _writable(letter: str) -> bool:
    try:
        letter.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
