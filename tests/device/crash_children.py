"""Processes that are killed: `python -m tests.device.crash_children speaker|hub FOLDER PORT [RUN]`.

The speaker is the real store, outbox, post and link. After each commit, and not before, it writes the event's id to
`made.txt`; what stands there must arrive.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from contract.events import Activity, Sos
from contract.ids import uuid7
from contract.time import SystemClock
from device.line.link import About, Link
from device.line.outbox import Outbox
from device.line.post import Post
from device.line.second_copy import SecondCopies
from device.memory import Memory
from device.steps import ignore
from device.store import Store
from device.timekeeper import Timekeeper
from tests.device.home import config
from tests.device.hub_stand_in import HubStandIn

PAUSE_SECONDS = 0.002
MOST_EVENTS = 2000


def speaker(folder: Path, port: int, run: str) -> None:
    """Make events until killed; with RUN "last" make none, send what waits, and end."""
    settings = config(folder, port)
    store = Store.open(settings.data, run)
    outbox, memory = Outbox(store, copies=SecondCopies(settings.data / "sos")), Memory(store)
    keeper = Timekeeper(SystemClock(), settings.clock, memory.floor)
    session = uuid7(keeper.now())
    link = Link(settings, About(session, "", ""), outbox, keeper, lambda _: None, ignore, chance=lambda: 0.0)
    post = Post(settings.device, session, keeper, memory, outbox, link, ignore)
    if store.damaged or store.trouble:
        raise SystemExit(f"a kill must not damage the file: {store.damaged} {store.trouble}")
    link.start()
    made = os.open(folder / "made.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    pause = threading.Event()
    for number in range(0 if run == "last" else MOST_EVENTS):
        event = post.send(Sos(trigger="button") if number % 7 == 3 else Activity(source="voice"))
        os.write(made, f"{event.id}\n".encode())
        pause.wait(PAUSE_SECONDS)
    while len(outbox):
        pause.wait(0.05)
    link.stop(5.0)
    store.close()


def hub(folder: Path, port: int) -> None:
    """Store and acknowledge until killed."""
    HubStandIn(folder, port)
    (folder / "hub-ready").touch()
    signal.pause()


if __name__ == "__main__":
    who, place, at = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if who == "speaker":
        speaker(place, at, sys.argv[4])
    else:
        hub(place, at)
