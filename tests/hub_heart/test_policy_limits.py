"""Outages, duty, providers, caseload in a policy: what cannot be is refused with its line."""

import pytest

from contract.refusal import Refused
from hub import policy

TEXT = policy.packaged_text()
PROVIDERS = """
[[providers]]
id = "shakyo"
name = "社協"
members = ["mori"]
modes = [{ from = 2024-04-01, mode = "contracted" }]
"""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("devices = 20\nlost = 6", "devices = 4\nlost = 4", r"outage\.sizes\[1\]\.devices.*少ない順"),
        ("devices = 5\nlost = 4", "devices = 5\nlost = 6", "5 台の地区では 6 台が途切れることはありません"),
        ("over_share = 0.9", "over_share = 0.4", r"outage\.over_share"),
        ('within = "5 min"', 'within = "0 s"', r"outage\.within.*0 より長く"),
        ('until = "17:15"', 'until = "08:00"', r"duty\.until.*from より後"),
        ('closed = ["12-29"', 'closed = ["13-29"', r"行目 \(duty\.closed"),
        ('longest_held = "30 d"', 'longest_held = "0 s"', r"caseload\.longest_held"),
        ("most_open = 15", "most_open = 0", r"caseload\.most_open"),
        ('quiet = ["change"', 'quiet = ["chnge"', r"telling\.quiet"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_with_its_line(old: str, new: str, sentence: str) -> None:
    assert old in TEXT
    with pytest.raises(Refused, match=sentence) as refusal:
        policy.parse(TEXT.replace(old, new, 1), "mine.toml")
    assert "mine.toml" in str(refusal.value)
    assert "行目" in str(refusal.value)


@pytest.mark.parametrize(
    ("added", "sentence"),
    [
        (PROVIDERS + PROVIDERS, "「shakyo」が二度あります"),
        (PROVIDERS + PROVIDERS.replace("shakyo", "npo"), "「mori」は shakyo にもいます"),
        (
            PROVIDERS.replace(
                '[{ from = 2024-04-01, mode = "contracted" }]',
                '[{ from = 2024-04-01, mode = "contracted" }, { from = 2023-04-01, mode = "direct" }]',
            ),
            "日付の古い順",
        ),
        (PROVIDERS.replace("contracted", "rented"), "rented"),
    ],
)
def test_a_provider_that_cannot_be_is_refused(added: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        policy.parse(TEXT + added, "mine.toml")


def test_a_district_smaller_than_the_first_size_has_no_outages() -> None:
    outage = policy.parse(TEXT, "mine.toml").outage
    assert [outage.many(devices) for devices in (4, 5, 19, 20, 100, 5000)] == [None, 4, 4, 6, 15, 30]
