"""The districts are data: another city brings its own file."""

from pathlib import Path

import pytest
from sqlalchemy import select

from contract.refusal import Refused
from hub import districts
from hub.store import tables as t
from hub.store.database import Store

TWO = """\
[[districts]]
code = "north"
name = "北"
kana = "キタ"

[[districts]]
code = "south"
name = "南"
kana = "ミナミ"
"""


def written(tmp_path: Path, text: str) -> districts.Districts:
    path = tmp_path / "districts.toml"
    path.write_text(text, encoding="utf-8")
    return districts.load(path)


def names(store: Store) -> list[str]:
    with store.read() as conn:
        return list(conn.scalars(select(t.district.c.name).order_by(t.district.c.position)))


def test_ena_has_its_thirteen_in_the_plans_order() -> None:
    known = districts.load()
    ena = "大井 長島 東野 三郷 武並 笠置 中野方 飯地 岩村 山岡 明智 串原 上矢作"
    assert " ".join(one.name for one in known.all) == ena
    osashima = known.find("長島")
    assert osashima is not None
    assert osashima.kana == "オサシマ"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("長鳥", "長島"),
        ("おさしま", "長島"),
        ("上矢矧", "上矢作"),
        ("中之方", "中野方"),
        ("いわむら", "岩村"),
    ],
)
def test_a_typo_suggests_the_nearest(word: str, meant: str) -> None:
    near = districts.load().nearest(word)
    assert near is not None
    assert near.name == meant


def test_something_else_altogether_suggests_nothing() -> None:
    assert districts.load().nearest("ロンドン") is None


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ('code = "south"', 'code = "north"', r"districts\.toml 7 行目: 地区の code「north」が二度"),
        ('name = "南"', 'name = "北"', r"districts\.toml 8 行目: 地区の name「北」が二度"),
        ('kana = "ミナミ"', 'kana = "みなみ"', r"districts\.toml 9 行目"),
        ('code = "south"', 'code = "South"', r"districts\.toml 7 行目"),
        ('name = "南"', 'nane = "南"', r"districts\.toml"),
    ],
)
def test_a_mistake_is_refused_with_its_line(tmp_path: Path, good: str, bad: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        written(tmp_path, TWO.replace(good, bad))


def test_the_store_follows_the_file(tmp_path: Path, store: Store) -> None:
    two = written(tmp_path, TWO)
    store.write(lambda conn: districts.write(conn, two))
    assert names(store) == ["北", "南"]
    swapped = districts.Districts([two.all[1], two.all[0]])
    store.write(lambda conn: districts.write(conn, swapped))
    assert names(store) == ["南", "北"]
    one = districts.Districts([two.all[0]])
    store.write(lambda conn: districts.write(conn, one))
    assert names(store) == ["北"]


def test_a_district_in_which_people_live_cannot_vanish(tmp_path: Path, town: Store) -> None:
    two = written(tmp_path, TWO)
    with pytest.raises(Refused, match=r"長島.*名簿にこの地区の世帯があります"):
        town.write(lambda conn: districts.write(conn, two))
    assert "長島" in names(town)
    assert "北" not in names(town)
