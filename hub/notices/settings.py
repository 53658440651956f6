"""Who is told where, how fast and when: `notices.toml`, the city's own file. It holds secrets and is never logged."""

import stat
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field

from contract.commands import OfficeTime
from contract.datafile import Duration, line_of, read_toml
from contract.refusal import Refused
from contract.time import OFFICE_ZONE

Login = Annotated[str, Meta(pattern=r"^[^\s/]{1,80}$")]
Address = Annotated[str, Meta(min_length=3, max_length=300)]


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one account is reached."""

    account: Login
    addresses: Annotated[list[Address], Meta(min_length=1, max_length=5)]
    """Mail addresses or apprise URLs, tried in this order until one takes the message."""


class Pace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often one person is written to, and until when it is tried."""

    bundle_window: Duration = Duration(minutes=5)
    """At most one message a person in this time, listing all; an emergency goes out at once."""
    quiet_from: OfficeTime = "20:00"
    quiet_until: OfficeTime = "07:30"
    """Routine notices wait for the end of the quiet hours; the same time twice means none."""
    timeout: Duration = Duration(seconds=15)
    """How long a mail server or service may take."""
    at_once: Annotated[int, Meta(ge=1, le=64)] = 8
    """How many messages are handed over at the same time."""
    first_retry: Duration = Duration(seconds=30)
    """Doubled after every failure, up to `last_retry`; for an emergency a sixth of it, up to a thirtieth."""
    last_retry: Duration = Duration(minutes=30)
    give_up_after: Duration = Duration(days=1)

    def quiet_end(self, now: datetime) -> datetime | None:
        """When the quiet hours that `now` lies in end; None outside of them."""
        begin, end = _of_day(self.quiet_from), _of_day(self.quiet_until)
        local = now.astimezone(OFFICE_ZONE)
        at = local.time()
        quiet = begin <= at < end if begin <= end else at >= begin or at < end
        if not quiet:
            return None
        ends = local.replace(hour=end.hour, minute=end.minute, second=end.second, microsecond=0)
        return ends if ends > local else ends + timedelta(days=1)

    def retry(self, attempts: int, *, emergency: bool) -> timedelta:
        """How long to wait after so many attempts have failed."""
        first, last = timedelta(0) + self.first_retry, timedelta(0) + self.last_retry
        if emergency:
            first, last = first / 6, last / 30
        return min(first * 2.0 ** min(max(attempts - 1, 0), 20), last)


class Family(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The link with which a relative answers without an account."""

    link_lasts: Duration = Duration(days=2)
    office_phone: Annotated[str, Meta(max_length=20)] = ""
    """Shown on the page and in the message: whom to call."""


class Proof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The daily proof: it comes when all is well, too, so that its absence is noticed."""

    at: Annotated[list[OfficeTime], Meta(max_length=12)] = field(default_factory=lambda: ["10:30", "18:00"])
    to: list[Login] = field(default_factory=list)
    """Accounts; whoever is on duty if empty."""
    heartbeat: Annotated[str, Meta(pattern=r"^(https?://\S+)?$", max_length=300)] = ""
    """An outside watcher's address, asked while the hub hears and sweeps; the watcher calls when it is not."""
    heartbeat_every: Duration = Duration(minutes=5)


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything of `notices.toml`."""

    mail: Annotated[str, Meta(max_length=500)] = ""
    """The apprise URL of the mail server, without a recipient; needed for plain mail addresses."""
    base_url: Annotated[str, Meta(pattern=r"^(https?://[^\s/]+)?$", max_length=200)] = ""
    """Where relatives and staff reach the pages, such as https://mimamori.example.jp; without it no links are sent."""
    people: list[Person] = field(default_factory=list)
    duty: list[Login] = field(default_factory=list)
    """Who is told what goes to whoever is on duty."""
    pace: Pace = Pace()
    family: Family = Family()
    proof: Proof = Proof()

    def addresses(self, account: str) -> list[str]:
        """Where an account is reached; empty if nowhere."""
        return next((one.addresses for one in self.people if one.account == account), [])


def load(path: Path) -> Settings:
    """Read and check a file; `Refused` names file and line. Others on the machine must not be able to read it."""
    settings = read_toml(path, Settings)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Refused(
            f"通知の設定 {path} を他の人が読めます(通知先の秘密が入ります)。chmod 600 {path} としてください。"
        )
    text = path.read_text(encoding="utf-8")
    known: set[str] = set()
    for index, person in enumerate(settings.people):
        where = f"people[{index}]"
        if person.account in known:
            raise _wrong(path, text, where, f"ログイン名「{person.account}」が二度あります")
        known.add(person.account)
        for address in person.addresses:
            if problem := what_is_wrong(address, settings.mail):
                raise _wrong(path, text, f"{where}.addresses", problem)
    for where, named in (("duty", settings.duty), ("proof.to", settings.proof.to)):
        for login in named:
            if login not in known:
                raise _wrong(path, text, where, f"「{login}」の通知先が people にありません")
    if settings.mail and not urlsplit(settings.mail).scheme.startswith("mailto"):
        raise _wrong(path, text, "mail", "mailto:// か mailtos:// で始めてください")
    return settings


def is_mail(address: str) -> bool:
    """Whether an address is a plain mail address."""
    return "://" not in address and "@" in address


def what_is_wrong(address: str, mail: str) -> str:
    """Why nothing can be sent to an address, as far as its form tells; empty if nothing is. Never repeats a secret."""
    if is_mail(address):
        return "" if mail else "メールアドレスへ送るには、mail (メールサーバー) の設定が要ります"
    if "://" not in address:
        return "通知先はメールアドレスか、「line://…」のような apprise の URL で書いてください"
    return ""


def _wrong(path: Path, text: str, where: str, what: str) -> Refused:
    line = line_of(text, where)
    return Refused(f"{path}{f' {line} 行目' if line else ''} ({where}): {what}。")


def _of_day(at: OfficeTime) -> time:
    return time.fromisoformat(at)
