"""`mimamori doctor`: everything that must be so for a silence to mean what the board says. Changes nothing.

`examine` runs every check; a check that cannot be made because of another finding says so. The modules: `files` (what
the city edits), `stored` (the database and what it tells of the hub), `people` (the roster), `outside` (broker, clock,
time series store).
"""

from collections.abc import Iterator
from pathlib import Path

from contract.finding import Finding, gravest_first, skipped
from contract.time import Clock
from hub.doctor import files, outside, people, stored

__all__ = ["examine"]


def examine(config: Path, clock: Clock) -> list[Finding]:
    """Every finding about a hub, the gravest first."""
    return gravest_first(_all(config, clock))


def _all(path: Path, clock: Clock) -> Iterator[Finding]:
    known = files.Files()
    yield from known.look(path)
    yield from outside.clock_is_set()
    if known.config is None:
        yield skipped("store", "データベース", "設定が読めないので見ていません。")
        return
    yield from outside.broker(known.config)
    yield from outside.telemetry(known.config)
    now = clock.now()
    with stored.opened(known.config) as (found, store):
        yield from found
        if store is None:
            yield skipped("people", "名簿", "データベースが開けないので見ていません。")
            return
        with store.read() as conn:
            yield from stored.look(conn, known.config, now)
            yield from people.look(conn, now, known.policy, known.speaking)
