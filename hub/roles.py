"""What one process of a hub does. One town's hub does everything in one; on a server's store the roles can run apart."""

import re
import socket
from collections.abc import Collection
from enum import StrEnum

from contract.refusal import Refused
from hub.sight import LONGEST_NAME


class Role(StrEnum):
    """A part of the hub that can be a process of its own."""

    ingest = "ingest"
    """Hears the homes and stores what they say. Several may share it, on a NATS cluster."""
    watch = "watch"
    """Works off what falls due, and tells the speakers their times. A second one stands by."""
    notify = "notify"
    """Sends notices."""
    web = "web"
    """Shows the pages and `/api/v1`."""


ALL = frozenset(Role)


def parse(names: Collection[str]) -> frozenset[Role]:
    """The roles of these names; all when there are none, and `Refused` for one that is not there."""
    unknown = [name for name in names if name not in Role.__members__]
    if unknown:
        raise Refused(f"--role「{unknown[0]}」はありません。{'、'.join(Role)} から選んでください。")
    return frozenset(Role(name) for name in names) or ALL


def worker_name(given: str) -> str:
    """The name of a process among others on the same store: the one given, or the machine's."""
    name = given or re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:LONGEST_NAME]
    if not re.fullmatch(rf"[A-Za-z0-9-]{{1,{LONGEST_NAME}}}", name):
        raise Refused(f"--name「{given}」は使えません。英数字と - で {LONGEST_NAME} 字までにしてください。")
    return name
