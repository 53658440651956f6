"""What a hub and the commands beside it open first: the data files, the store, the lock on the data folder."""

import fcntl
import os
from pathlib import Path
from typing import TextIO

from contract.refusal import Refused
from hub import districts
from hub import policy as policies
from hub.config import HubConfig, load
from hub.districts import Districts
from hub.policy import Policy
from hub.store.database import Store


def read_data(config: HubConfig) -> tuple[Policy, Districts]:
    """The policy and the districts that a configuration names; `Refused` for a file that is wrong."""
    known = districts.load(Path(config.districts) if config.districts else None)
    if config.policy == "demo":
        return policies.load_demo(), known
    return policies.load(Path(config.policy) if config.policy else None), known


def load_data(path: Path) -> tuple[HubConfig, Districts, Policy]:
    """A configuration file and the data files it names, all checked; for commands that need no running hub."""
    config = load(path)
    policy, known = read_data(config)
    return config, known, policy


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
