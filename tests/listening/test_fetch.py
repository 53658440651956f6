"""Downloads that break off go on; what is not what was asked for is not kept."""

import hashlib
import random
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning.fetch import SourceFailed, fetch_url
from provisioning.manifest import Take, UrlSource
from tests.listening.server import FileServer, sha256

CONTENT = random.Random(7).randbytes(600_000)


def source(site: FileServer, content: bytes = CONTENT, name: str = "model.zip") -> UrlSource:
    site.files[name] = content
    return UrlSource(
        url=site.url(name), size=len(CONTENT), sha256=sha256(CONTENT), take=[Take(member="a/", to="")]
    )


def fetch(wanted: UrlSource, partial: Path) -> list[int]:
    moved: list[int] = []
    fetch_url(wanted, partial, moved.append, patience=2.0)
    return moved


def test_a_file_arrives_whole_and_progress_is_told(site: FileServer, tmp_path: Path) -> None:
    moved = fetch(source(site), tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT
    assert moved == sorted(moved)
    assert moved[-1] == len(CONTENT)


def test_a_transfer_that_breaks_off_goes_on_where_it_stopped(site: FileServer, tmp_path: Path) -> None:
    site.breaks_after = [250_000, 200_000]
    fetch(source(site), tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT
    assert [asked for _, asked in site.asked] == [None, "bytes=250000-", "bytes=450000-"]
    assert site.sent == len(CONTENT)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(breaks=st.lists(st.integers(1, 599_999), max_size=6), ranges=st.booleans())
def test_wherever_a_transfer_breaks_off_the_file_is_whole_or_the_source_has_failed(
    site: FileServer, tmp_path: Path, breaks: list[int], ranges: bool
) -> None:
    partial = tmp_path / "part"
    partial.unlink(missing_ok=True)
    site.breaks_after, site.ranges = list(breaks), ranges
    try:
        fetch(source(site), partial)
    except SourceFailed:
        assert not ranges, "a site that can go on is never given up while bytes come"
    else:
        assert partial.read_bytes() == CONTENT
    site.breaks_after = []


def test_what_an_earlier_run_left_is_not_fetched_again(site: FileServer, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(CONTENT[:400_000])
    fetch(source(site), tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT
    assert site.sent == 200_000


def test_a_whole_file_that_an_earlier_run_left_costs_no_request(site: FileServer, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(CONTENT)
    fetch(source(site), tmp_path / "part")
    assert site.asked == []


def test_a_wrong_beginning_left_by_an_earlier_run_is_thrown_away_once(
    site: FileServer, tmp_path: Path
) -> None:
    (tmp_path / "part").write_bytes(b"x" * 400_000)
    fetch(source(site), tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT


def test_a_site_that_cannot_go_on_is_asked_for_the_whole_file(site: FileServer, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(CONTENT[:400_000])
    site.ranges = False
    fetch(source(site), tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT


def test_a_file_with_another_digest_is_refused_and_not_kept(site: FileServer, tmp_path: Path) -> None:
    wrong = b"y" + CONTENT[1:]
    with pytest.raises(SourceFailed, match="ダイジェストが目録と違う"):
        fetch(source(site, wrong), tmp_path / "part")
    assert not (tmp_path / "part").exists()
    assert len(site.asked) == 1


def test_a_file_that_is_longer_than_agreed_is_not_read_to_its_end(site: FileServer, tmp_path: Path) -> None:
    moved: list[int] = []
    with pytest.raises(SourceFailed, match="ダイジェストが目録と違う"):
        fetch_url(source(site, CONTENT + bytes(20_000_000)), tmp_path / "part", moved.append, patience=2.0)
    assert not (tmp_path / "part").exists()
    assert moved[-1] < 2 * len(CONTENT)


def test_a_file_that_is_shorter_than_agreed_is_given_up(site: FileServer, tmp_path: Path) -> None:
    with pytest.raises(SourceFailed):
        fetch(source(site, CONTENT[:1000]), tmp_path / "part")


def test_md5_stands_in_where_a_publisher_gives_nothing_better(site: FileServer, tmp_path: Path) -> None:
    site.files["model.zip"] = CONTENT
    digest = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    take = [Take(member="a/", to="")]
    good = UrlSource(url=site.url("model.zip"), size=len(CONTENT), md5=digest, take=take)
    fetch(good, tmp_path / "part")
    bad = UrlSource(url=site.url("model.zip"), size=len(CONTENT), md5="0" * 32, take=take)
    with pytest.raises(SourceFailed, match="ダイジェスト"):
        fetch(bad, tmp_path / "other")


def test_a_missing_file_is_the_servers_answer_in_a_clause(site: FileServer, tmp_path: Path) -> None:
    wanted = source(site)
    site.files.clear()
    with pytest.raises(SourceFailed, match="404"):
        fetch(wanted, tmp_path / "part")


def test_a_site_that_is_not_there_is_said_to_be_unreachable(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/model.zip"
        wanted = UrlSource(url=url, size=10, sha256="0" * 64, take=[Take(member="a/", to="")])
        with pytest.raises(SourceFailed, match="接続できない"):
            fetch(wanted, tmp_path / "part")


def test_a_site_that_takes_the_call_and_says_nothing_costs_its_patience_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/model.zip"
        wanted = UrlSource(url=url, size=10, sha256="0" * 64, take=[Take(member="a/", to="")])
        with pytest.raises(SourceFailed, match="接続できない"):
            fetch_url(wanted, tmp_path / "part", lambda here: None, patience=0.2)
