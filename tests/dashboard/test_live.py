"""The stream: the whole board on every connect, changes as they happen, beats in between, one rendering for all."""

import asyncio
import json
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import httpx
import pytest

from dashboard.app import create_app
from dashboard.board import renderer, scope_of
from dashboard.front import COOKIE, Front
from dashboard.live import BEAT_SECONDS, Live, Scope
from dashboard.serve import GRACE_SECONDS, Served, serve
from hub import access
from hub.access import Action, find_session
from hub.service import Hub
from tests import cast
from tests.dashboard.conftest import OWN, PASSWORD, Enrol
from tests.dashboard.homes import Homes

T = TypeVar("T")


def on_a_loop_of_its_own(work: Coroutine[object, object, T]) -> T:
    """Run `work` on a thread of its own: a browser of an earlier test may hold a loop on this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


@dataclass
class Message:
    event: str
    data: str


class Stream:
    """An open stream, read message by message."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.iter_lines()

    def next(self) -> Message:
        """The next message; a stream that ended raises StopIteration."""
        event = "message"
        data: list[str] = []
        for line in self._lines:
            if not line:
                return Message(event, "\n".join(data))
            field, _, value = line.partition(": ")
            if field == "event":
                event = value
            elif field == "data":
                data.append(value)
        raise StopIteration

    def board(self) -> str:
        """The next board, beats passed over."""
        while (message := self.next()).event == "beat":
            pass
        return message.data


@pytest.fixture
def served(hub: Hub) -> Iterator[Served]:
    with serve(create_app(hub), "127.0.0.1", 0) as running:
        yield running


@contextmanager
def watching(served: Served, key: str) -> Iterator[Stream]:
    with (
        httpx.Client(base_url=served.url, cookies={COOKIE: key}, timeout=20) as client,
        client.stream("GET", "/stream") as answer,
    ):
        assert answer.status_code == 200
        yield Stream(answer)


def enter(served: Served, login: str) -> str:
    """The session's key of somebody who logs in."""
    answer = httpx.post(f"{served.url}/login", data={"login": login, "password": PASSWORD}, headers=OWN)
    assert answer.status_code == 303
    return answer.cookies[COOKIE]


def _rendered(hub: Hub, key: str) -> str:
    """What the page of this session must look like, straight from the store."""
    with hub.store.read() as conn:
        session = find_session(conn, key, hub.clock.now())
    assert session is not None
    html, _ = renderer(Front(hub))(scope_of(session.viewer))
    return html


def test_the_whole_board_comes_first_and_equals_the_store(
    served: Served, hub: Hub, homes: Homes, account: Enrol
) -> None:
    homes.until("2026-11-24 08:05")
    homes.calls_for_help(cast.ITO)
    key = enter(served, account())
    with watching(served, key) as stream:
        board = stream.board()
    assert board.strip() == _rendered(hub, key).strip()
    assert "伊藤 ヨシ" in board


def test_a_call_for_help_appears_while_the_page_is_open(
    served: Served, hub: Hub, homes: Homes, account: Enrol
) -> None:
    homes.until("2026-11-24 08:05")
    with watching(served, enter(served, account())) as stream:
        assert "緊急" not in stream.board().split('class="queue"')[1].split('class="districts"')[0]
        homes.calls_for_help(cast.ITO)
        board = stream.board()
    assert "case case-emergency case-free" in board
    assert "伊藤 ヨシ" in board


def test_after_a_break_the_page_equals_the_store_again(
    served: Served, hub: Hub, homes: Homes, account: Enrol
) -> None:
    homes.until("2026-11-24 08:05")
    key = enter(served, account())
    with watching(served, key) as stream:
        stream.board()
    homes.calls_for_help(cast.ITO)  # nobody was watching
    with watching(served, key) as stream:
        assert stream.board().strip() == _rendered(hub, key).strip()


def test_a_beat_carries_the_servers_time_and_whether_the_hub_is_blind(
    served: Served, hub: Hub, account: Enrol
) -> None:
    with watching(served, enter(served, account())) as stream:
        stream.board()
        beats = [stream.next(), stream.next()]
    assert [beat.event for beat in beats] == ["beat", "beat"]
    told = json.loads(beats[-1].data)
    assert told["now"] == hub.clock.now().isoformat()
    assert told["day"] == "令和8年11月23日(月)"
    assert told["blind"] == hub.health().blindness
    assert told["blind"]
    assert BEAT_SECONDS <= 5


def test_whoever_logs_out_loses_the_stream(served: Served, account: Enrol) -> None:
    key = enter(served, account())
    with watching(served, key) as stream:
        stream.board()
        httpx.post(f"{served.url}/logout", cookies={COOKIE: key}, headers=OWN)
        while (message := stream.next()).event == "beat":
            pass
        assert message.event == "bye"
        with pytest.raises(StopIteration):
            stream.next()


def test_a_closed_account_loses_the_stream(served: Served, hub: Hub, account: Enrol) -> None:
    with watching(served, enter(served, account())) as stream:
        stream.board()
        access.disable_account(hub.store, hub.clock, "mori")
        while (message := stream.next()).event == "beat":
            pass
    assert message.event == "bye"


def test_the_stream_ends_at_once_when_the_server_stops(hub: Hub, account: Enrol) -> None:
    served = serve(create_app(hub), "127.0.0.1", 0)
    with watching(served, enter(served, account())) as stream:
        stream.board()
        began = time.perf_counter()
        served.stop()
        assert time.perf_counter() - began < GRACE_SECONDS, "it waited for the stream"
        while True:
            try:
                stream.next()
            except (StopIteration, httpx.RemoteProtocolError):
                break
    assert not served.is_running


def test_each_person_shown_is_logged_once_a_page_and_new_ones_as_they_come(
    served: Served, hub: Hub, homes: Homes, account: Enrol
) -> None:
    homes.until("2026-11-23 13:00")  # nobody was asked yet, so nobody is on the board
    homes.calls_for_help(cast.ITO)
    key = enter(served, account())
    httpx.get(served.url, cookies={COOKIE: key}).raise_for_status()
    with watching(served, key) as stream:
        stream.board()
        homes.calls_for_help(cast.SATO)
        stream.board()
    with hub.store.read() as conn:
        seen = {one: access.who_saw(conn, one) for one in (cast.ITO, cast.SATO, cast.TANAKA)}
    assert [(one.actor, one.action) for one in seen[cast.ITO]] == [("mori", Action.view)]
    assert [(one.actor, one.action) for one in seen[cast.SATO]] == [("mori", Action.view)]
    assert seen[cast.TANAKA] == []


def test_a_welfare_commissioner_watches_six_fields_of_the_own_district(
    served: Served, homes: Homes, account: Enrol
) -> None:
    homes.until("2026-11-24 08:05")
    homes.calls_for_help(cast.SATO)
    key = enter(served, account("kondo", role="welfare_commissioner", district="osashima", name="近藤 正"))
    with watching(served, key) as stream:
        page = stream.board()
    assert "佐藤 ハル" in page
    assert "緊急" in page
    for secret in ("鈴木", "0573-26-0001", "サトウ", "助けを求める"):
        assert secret not in page


def test_a_burst_of_changes_is_one_rendering_for_a_hundred_watchers(hub: Hub, homes: Homes) -> None:
    scope = Scope("all", None, True)

    async def run() -> tuple[int, set[str]]:
        live = Live(hub.store, hub.clock, renderer(Front(hub)), dict)
        await live.start()
        watchers = [live.watch(scope) for _ in range(100)]
        first = await asyncio.gather(*(anext(one) for one in watchers))
        assert live.renderings == 1
        before = live.renderings
        await asyncio.to_thread(homes.calls_for_help, cast.ITO)
        await asyncio.to_thread(homes.calls_for_help, cast.SATO)

        async def next_board(number: int) -> str:
            async for page in watchers[number]:
                if page is not None and "佐藤 ハル" in page.html:
                    return page.digest
            raise AssertionError("the stream ended")

        digests = set(await asyncio.gather(*(next_board(number) for number in range(100))))
        made = live.renderings - before
        for one in watchers:
            await one.aclose()
        await live.stop()
        assert all(page is not None for page in first)
        return made, digests

    made, digests = on_a_loop_of_its_own(run())
    assert made <= 2
    assert len(digests) == 1


def test_what_changes_nothing_on_the_page_is_not_sent(hub: Hub, homes: Homes) -> None:
    scope = Scope("all", None, True)

    async def run() -> None:
        live = Live(hub.store, hub.clock, renderer(Front(hub)), dict)
        await live.start()
        watcher = live.watch(scope)
        assert await anext(watcher) is not None
        assert await anext(watcher) is None
        await asyncio.to_thread(hub.store.write, lambda conn: None)
        assert await anext(watcher) is None
        assert live.renderings == 2
        await watcher.aclose()
        await live.stop()

    on_a_loop_of_its_own(run())
