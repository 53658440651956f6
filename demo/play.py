"""The whole demonstration, from the first line on the screen to the last goodbye."""

import json
import logging
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from types import FrameType
from typing import IO

import msgspec
import structlog
from rich.console import Console

from contract.datafile import Duration
from contract.refusal import Refused
from contract.time import Clock
from demo.cast import Household, load_cast
from demo.clock import clock_at
from demo.morning import Morning
from demo.opening import check_folder, open_engines, recognizer_words
from demo.pace import Pace
from demo.picture import Welcome
from demo.result import as_object, closing_words, table
from demo.screen import LiveScreen, PlainScreen, Screen
from demo.stage import Stage
from demo.town import Town
from demo.townsfolk import Home, TownPlan, load_plan, people

SPEAK_SPREAD = 3.0
"""With one real loudspeaker for all, households are asked so many times further apart."""
FILE_WIDTH = 160
INTERRUPTED = 130
"""The exit code of a program that was ended by Ctrl-C."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the visitor asked for; the command's options, one for one."""

    once: bool = False
    data: Path | None = None
    port: int = 8080
    speak: bool = False
    pace: float = 1.0
    at: str | None = None
    json: bool = False
    households: Path | None = None
    town: Path | None = None


def play(wishes: Wishes) -> int:
    """Run it; 0 when all was as expected or the visitor left, 1 when `once` found differences.

    Raises `Refused` for whatever stands in the way. Whatever happens, nothing of it keeps running.
    """
    with _interruptible_once(), ExitStack() as everything:
        try:
            return _play(wishes, everything)
        except KeyboardInterrupt:
            return INTERRUPTED if wishes.once else 0


def _play(wishes: Wishes, everything: ExitStack) -> int:
    began = monotonic()
    cast, plan = _cast(wishes), load_plan(wishes.town)
    homes = people(plan)
    clock = clock_at(wishes.at)
    folder = everything.enter_context(_folder(wishes.data))
    everything.enter_context(_log_to(folder / "demo.log"))
    out = _console(sys.stderr if wishes.json else sys.stdout)
    screen: Screen = LiveScreen(out) if out.is_terminal else PlainScreen(out.file)
    with screen:
        engines = open_engines(cast, wishes.speak, screen.preparing)
        screen.preparing("ブローカー・中継・画面", 4, 4)
        stage = everything.enter_context(Stage(folder, cast, homes, clock, wishes.port, screen.news))
        screen.welcome(_welcome(stage, engines.recognizer.name, wishes.port))
        pace = Pace(1.0 if wishes.speak else wishes.pace)
        town = _town(stage, homes, plan, clock)
        morning = Morning(stage, engines, cast, town, folder, clock, pace, screen.news)
        everything.callback(morning.end)
        for view in morning.play():
            screen.show(view)
    view, differences = morning.look_again(), morning.differences()
    if wishes.json:
        found = as_object(view, differences, engines.recognizer.name, monotonic() - began)
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        out.print(table(view, differences))
    out.print(closing_words(view, differences, stage.url, staying=not wishes.once))
    if wishes.once:
        return 1 if differences else 0
    _stay(stage)
    return 0


def _console(stream: IO[str]) -> Console:
    """The visitor's terminal; a file or a pipe gets lines of a width that holds the table."""
    console = Console(file=stream, highlight=False)
    return console if console.is_terminal else Console(file=stream, highlight=False, width=FILE_WIDTH)


def _cast(wishes: Wishes) -> Sequence[Household]:
    cast = load_cast(wishes.households)
    spread = SPEAK_SPREAD if wishes.speak else 1.0
    return [
        msgspec.structs.replace(each, after=Duration(seconds=each.after.total_seconds() * spread))
        for each in cast
    ]


def _town(stage: Stage, homes: Sequence[Home], plan: TownPlan, clock: Clock) -> Town:
    address = (stage.broker.host, stage.broker.port)
    return Town(address, homes, stage.passwords, plan, clock)


def _welcome(stage: Stage, recognizer: str, wanted_port: int) -> Welcome:
    taken = f"ポート {wanted_port} は使えないので、空いているポートにしました" if stage.port_moved else ""
    return Welcome(
        url=stage.url,
        login=stage.admin_login,
        password=stage.admin_password,
        recognizer=recognizer_words(recognizer),
        note=taken,
    )


def _stay(stage: Stage) -> None:
    """Keep the town alive for the visitor until Ctrl-C."""
    pause = Event()
    while not pause.wait(1.0):
        if not stage.broker.running:
            raise Refused("ブローカー (nats-server) が止まりました。実演を始め直してください。")


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """The visitor's folder, kept; or a temporary one, removed at the end."""
    if wanted is not None:
        check_folder(wanted)
        yield wanted.resolve()
        return
    try:
        made = Path(tempfile.mkdtemp(prefix="mimamori-demo-"))
    except OSError as error:
        raise Refused(
            f"一時フォルダーを作れません ({error.strerror})。空き容量を確かめるか、--data で場所を指定してください。"
        ) from error
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _log_to(path: Path) -> Iterator[None]:
    """Everybody's log goes to a file: the terminal belongs to the visitor."""
    with path.open("a", encoding="utf-8") as file:
        handler = logging.StreamHandler(file)
        logging.getLogger().addHandler(handler)
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            logger_factory=structlog.WriteLoggerFactory(file),
        )
        try:
            yield
        finally:
            structlog.reset_defaults()
            logging.getLogger().removeHandler(handler)


@contextmanager
def _interruptible_once() -> Iterator[None]:
    """The first Ctrl-C or SIGTERM ends it; a second, impatient one must not leave half of it behind."""
    both = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.getsignal(each) for each in both}

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for each in both:
            signal.signal(each, signal.SIG_IGN)
        before.clear()
        raise KeyboardInterrupt

    for each in both:
        signal.signal(each, interrupt)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
