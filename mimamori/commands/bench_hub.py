"""`mimamori bench ingest|watch|burst|outage|fleet|cluster|hostile`: what the hub can bear."""

from typing import Annotated

import typer

from bench.report import Report

_Json = Annotated[bool, typer.Option("--json", help="One JSON object on one line.")]
_Runs = Annotated[int, typer.Option("--runs", min=1, help="Runs of which the median counts.")]
_Store = Annotated[str, typer.Option("--store", help="sqlite or postgres.")]
_Homes = Annotated[int, typer.Option("--homes", min=1, help="Homes of the town.")]


def ingest(
    store: _Store = "sqlite",
    events: Annotated[int, typer.Option("--events", min=1, help="Events that wait at the broker.")] = 50_000,
    batch: Annotated[
        int | None,
        typer.Option("--batch", min=1, help="Most messages of a transaction; as the hub by default."),
    ] = None,
    runs: _Runs = 5,
    as_json: _Json = False,
) -> None:
    """Events a second from the broker to the disk, with their effects, acknowledged."""
    _quietly()
    from bench.ingest import measure
    from hub.ingest import BATCH

    _show(measure(events, batch or BATCH, store, runs), as_json)


def watch(
    homes: _Homes = 100_000,
    misses: Annotated[int, typer.Option("--misses", min=1, help="Homes that miss a deadline, a run.")] = 200,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Over which they are spread.")] = 20,
    store: _Store = "sqlite",
    runs: _Runs = 5,
    as_json: _Json = False,
) -> None:
    """How late an ordinary miss is in the queue, and what an idle sweep costs."""
    _quietly()
    from bench.lateness import watch as measure

    _show(measure(homes, misses, seconds, store, runs), as_json)


def burst(
    homes: _Homes = 100_000,
    misses: Annotated[
        int, typer.Option("--misses", min=1, help="Homes that miss it together, a run.")
    ] = 1000,
    store: _Store = "sqlite",
    runs: _Runs = 5,
    as_json: _Json = False,
) -> None:
    """Misses at one instant: until all are in the queue, and until the first notice is handed over."""
    _quietly()
    from bench.lateness import burst as measure

    _show(measure(homes, misses, store, runs), as_json)


def cluster(
    events: Annotated[int, typer.Option("--events", min=100, help="Events of a run.")] = 20_000,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Ingest processes.")] = 2,
    kill: Annotated[bool, typer.Option(help="Kill a worker and the log's leader in the middle.")] = True,
    runs: _Runs = 5,
    as_json: _Json = False,
) -> None:
    """Three NATS nodes, PostgreSQL and several workers, some of them killed: what is lost, what happens twice."""
    _quietly()
    from bench.cluster import measure

    _show(measure(events, workers, runs, kill=kill), as_json)


def outage(
    homes: _Homes = 1000,
    lost: Annotated[int, typer.Option("--lost", min=2, help="Lines of one district that go together.")] = 300,
    store: _Store = "sqlite",
    runs: _Runs = 1,
    as_json: _Json = False,
) -> None:
    """A hub that was away for ten minutes, and a district without power: what is told, and to how many."""
    _quietly()
    from bench.outage import measure

    _show(measure(homes, lost, store, runs), as_json)


def fleet(homes: _Homes = 1000, store: _Store = "sqlite", runs: _Runs = 1, as_json: _Json = False) -> None:
    """All speakers of a town come back at once."""
    _quietly()
    from bench.fleet import measure

    _show(measure(homes, store, runs), as_json)


def hostile(
    events: Annotated[
        int, typer.Option("--events", min=10, help="Ordinary messages, and as many hostile ones.")
    ] = 100_000,
    store: _Store = "sqlite",
    runs: _Runs = 3,
    as_json: _Json = False,
) -> None:
    """Malformed and forged messages beside ordinary ones: what they cost, and whether all are counted."""
    _quietly()
    from bench.hostile import measure

    _show(measure(events, store, runs), as_json)


def _quietly() -> None:
    from mimamori import logs

    logs.set_up("error")


def _show(report: Report, as_json: bool) -> None:
    from bench.report import show

    show(report, as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Put the commands into `mimamori bench`."""
    for command in (ingest, watch, burst, outage, fleet, cluster, hostile):
        app.command()(command)
