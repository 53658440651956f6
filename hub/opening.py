"""What a hub and the commands beside it open first: the data files, the store, the lock on the data folder."""

import fcntl
import os
from pathlib import Path
from typing import TextIO

from contract.refusal import Refused
from hub import districts, speaking
from hub import policy as policies
from hub.config import HubConfig, load
from hub.districts import Districts
from hub.policy import Policy
from hub.retention import policy as retention
from hub.retention.policy import Retention
from hub.speaking import Speaking
from hub.store.database import Store
from hub.trends import settings as trends
from hub.trends.settings import Settings


def read_policy(config: HubConfig) -> Policy:
    """The policy that a configuration names; `Refused` for a file that is wrong, as in all of these."""
    return policies.load_demo() if config.policy == "demo" else policies.load(_path(config.policy))


def read_districts(config: HubConfig) -> Districts:
    """The districts that a configuration names."""
    return districts.load(_path(config.districts))


def read_speaking(config: HubConfig) -> Speaking:
    """What speakers ask and say beside the check-in."""
    return speaking.load(_path(config.speaking))


def read_trends(config: HubConfig) -> Settings:
    """When a change is worth a word."""
    return trends.load(_path(config.trends))


def read_keeping(config: HubConfig) -> tuple[Retention, Settings]:
    """How long what is kept, beside `read_trends`: what is compared must still be there."""
    settings = read_trends(config)
    return retention.load(_path(config.retention), settings), settings


def load_data(path: Path) -> tuple[HubConfig, Districts, Policy]:
    """A configuration file and the data files it names, all checked; for commands that need no running hub."""
    config = load(path)
    known = read_districts(config)
    return config, known, read_policy(config)


def _path(written: str) -> Path | None:
    """None, where nothing is written, is the packaged file."""
    return Path(written) if written else None


def open_store(config: HubConfig, known: Districts) -> Store:
    """The store of a configuration, with these districts; may be open in a running hub as well."""
    store = Store.open(config.store_at)
    try:
        store.write(lambda conn: districts.write(conn, known))
    except BaseException:
        store.close()
        raise
    return store


def lock(config: HubConfig, name: str) -> TextIO:
    """Hold the data folder, or `name` in it, for this process; the kernel lets go of it, however the process ends."""
    try:
        config.folder.mkdir(parents=True, exist_ok=True)
        held = (config.folder / f"hub{name and '-'}{name}.lock").open("a+", encoding="ascii")
    except OSError as error:
        raise Refused(
            f"データフォルダー {config.folder} に書けません ({error.strerror})。場所と権限を確かめてください。"
        ) from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.seek(0)
        other = held.read().strip() or "?"
        held.close()
        raise Refused(
            f"データフォルダー {config.folder} はほかのハブ (プロセス {other}) が使っています。"
            "そちらを止めるか、data を別のフォルダーにしてください。"
        ) from None
    held.truncate(0)
    held.write(str(os.getpid()))
    held.flush()
    return held
