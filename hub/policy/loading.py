"""Policy files: read, checked, refused with the line that is wrong. Never repaired."""

from importlib import resources
from pathlib import Path

from sqlalchemy import Connection, func, select

from contract.datafile import parse_toml, read_text
from contract.refusal import Refused
from hub.policy.check import check
from hub.policy.model import Policy
from hub.store import tables as t


def load(path: Path | None = None) -> Policy:
    """Read and check a policy file, the packaged `policy.toml` by default; `Refused` names file and line."""
    if path is None:
        return _packaged("policy.toml")
    return parse(read_text(path), str(path))


def parse(text: str, name: str) -> Policy:
    """Like `load`, for text already in hand; `name` is what a refusal calls it."""
    policy = parse_toml(text, Policy, name)
    check(policy, text, name)
    return policy


def load_demo() -> Policy:
    """The packaged policy of the demonstration: the town's, with minutes as seconds."""
    return _packaged("policy_demo.toml")


def packaged_text(*, demo: bool = False) -> str:
    """The packaged file as it is, with its comments."""
    name = "policy_demo.toml" if demo else "policy.toml"
    return (resources.files("hub") / name).read_text(encoding="utf-8")


def _packaged(name: str) -> Policy:
    with resources.as_file(resources.files("hub") / name) as path:
        return load(path)


def check_residents(conn: Connection, policy: Policy) -> None:
    """`Refused` when enrolled residents are of a class that the policy does not have."""
    rows = conn.execute(
        select(t.resident.c.risk_class, func.count())
        .where(t.resident.c.ended_at.is_(None))
        .where(t.resident.c.risk_class.not_in(list(policy.classes)))
        .group_by(t.resident.c.risk_class)
    ).all()
    if rows:
        lost = "、".join(f"「{name}」{count} 人" for name, count in rows)
        raise Refused(
            f"方針にないリスク区分の対象者がいます: {lost}。方針に区分を加えるか、名簿を直してください。"
        )
