"""What a check found: the words of `mimamori doctor`, of a hub as of a speaker."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

from msgspec import Struct

from contract.refusal import Refused


class Verdict(StrEnum):
    """How it stands. The gravest comes first."""

    problem = "problem"
    """Something does not work, or somebody is not watched over."""
    warning = "warning"
    """It works, and should be looked at."""
    ok = "ok"
    skipped = "skipped"
    """Could not be looked at, because of another finding or because it does not apply."""


class Finding(Struct, frozen=True, kw_only=True):
    """One check."""

    check: str
    """Its name, for programs."""
    called: str
    """Its name, for people."""
    verdict: Verdict
    what: str
    """One sentence: what was found, with numbers and ids, never names of residents."""
    hint: str | None = None
    """What to do, where something is to be done."""


Check = Callable[[], Iterable[Finding]]


def ok(check: str, called: str, what: str) -> Finding:
    """All is well."""
    return Finding(check=check, called=called, verdict=Verdict.ok, what=what)


def warning(check: str, called: str, what: str, hint: str) -> Finding:
    """Look at it."""
    return Finding(check=check, called=called, verdict=Verdict.warning, what=what, hint=hint)


def problem(check: str, called: str, what: str, hint: str | None = None) -> Finding:
    """Mend it. A refusal carries its own hint in its sentence."""
    return Finding(check=check, called=called, verdict=Verdict.problem, what=what, hint=hint)


def skipped(check: str, called: str, what: str) -> Finding:
    """Not looked at."""
    return Finding(check=check, called=called, verdict=Verdict.skipped, what=what)


def refusing(check: str, called: str, look: Callable[[], str]) -> Iterator[Finding]:
    """A check that is what the program does at its start: its refusal is the finding, in the same words."""
    try:
        yield ok(check, called, look())
    except Refused as refused:
        yield problem(check, called, str(refused))


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Problems, then warnings, then the rest, each in the order of the checks."""
    order = list(Verdict)
    return sorted(findings, key=lambda one: order.index(one.verdict))
