"""The city's districts, from a file it edits: their order on every page, their names and readings."""

import difflib
from importlib import resources
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import Connection, insert, select, update

from contract.datafile import line_of, read_toml
from contract.refusal import Refused
from hub import kana
from hub.store import tables as t


class District(Struct, frozen=True, forbid_unknown_fields=True):
    """One district."""

    code: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,24}$")]
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    kana: Annotated[str, Meta(pattern=r"^[ァ-ヶー・ ]{1,40}$")]
    """Its reading, full-width katakana."""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    districts: Annotated[list[District], Meta(min_length=1, max_length=500)]


class Districts:
    """All of them, in the city's order."""

    def __init__(self, districts: list[District]) -> None:
        self.all = tuple(districts)
        self._by_word = {word: one for one in districts for word in (one.code, one.name)}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Districts) and self.all == other.all

    def __hash__(self) -> int:
        return hash(self.all)

    def find(self, word: str) -> District | None:
        """The district of this name or code."""
        return self._by_word.get(word)

    def nearest(self, word: str) -> District | None:
        """The one that was probably meant by a name or reading that is not quite right."""
        by_name = difflib.get_close_matches(word, [one.name for one in self.all], n=1, cutoff=0.5)
        if by_name:
            return self.find(by_name[0])
        readings = {kana.fold(one.kana): one for one in self.all}
        by_reading = difflib.get_close_matches(kana.fold(word), readings, n=1, cutoff=0.6)
        return readings[by_reading[0]] if by_reading else None


def load(path: Path | None = None) -> Districts:
    """Read and check the file, the packaged one by default; `Refused` names file and line of what is wrong."""
    if path is None:
        with resources.as_file(resources.files("hub") / "districts.toml") as packaged:
            return load(packaged)
    found = read_toml(path, _File).districts
    for key in ("code", "name"):
        seen: set[str] = set()
        for index, one in enumerate(found):
            value = getattr(one, key)
            if value in seen:
                line = line_of(path.read_text(encoding="utf-8"), f"districts[{index}].{key}")
                raise Refused(
                    f"{path} {line} 行目: 地区の {key}「{value}」が二度あります。ひとつにしてください。"
                )
            seen.add(value)
    return Districts(found)


def write(conn: Connection, districts: Districts) -> None:
    """Bring the store's districts to the file's; `Refused` if people live in one that the file has no more."""
    known = {row.code: row for row in conn.execute(select(t.district))}
    for position, one in enumerate(districts.all):
        values = {"name": one.name, "kana": one.kana, "position": position}
        old = known.pop(one.code, None)
        if old is None:
            conn.execute(insert(t.district).values(code=one.code, **values))
        elif (old.name, old.kana, old.position) != (one.name, one.kana, position):
            conn.execute(update(t.district).where(t.district.c.code == one.code).values(**values))
    for code, row in known.items():
        if conn.scalar(select(t.household.c.id).where(t.household.c.district == code).limit(1)) is not None:
            raise Refused(
                f"地区「{row.name}」({code}) が地区の一覧にありませんが、名簿にこの地区の世帯があります。"
                "一覧に戻すか、先に名簿を直してください。"
            )
        conn.execute(t.district.delete().where(t.district.c.code == code))
