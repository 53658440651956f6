"""What one hub is told at its start: where its data lies, which broker it listens to, where its pages are."""

import stat
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct

from contract.datafile import read_toml
from contract.refusal import Refused

Port = Annotated[int, Meta(ge=0, le=65_535)]


class Tls(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An encrypted line to the broker. Paths are relative to the file that names them."""

    ca: str = ""
    """The authority that signed the broker's certificate; empty for those the system trusts."""
    certificate: str = ""
    """The hub's own, where the broker asks for one."""
    key: str = ""


class BrokerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The broker, as a client sees it."""

    host: str = "127.0.0.1"
    port: Port = 1883
    username: str = "mimamori-hub"
    password: str = ""
    password_file: str = ""
    """Read instead of `password`, so that the configuration may be shown around."""
    client_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,64}$")] = "mimamori-hub"
    """The name of the persistent session: what was published while the hub was away is kept under it."""
    keepalive_seconds: Annotated[int, Meta(ge=5, le=600)] = 30
    nats: tuple[Annotated[str, Meta(pattern=r"^(nats|tls)://[^/\s]+$")], ...] = ()
    """Servers of a NATS cluster (`nats://host:4222`): the homes are heard from its replicated log, by several workers.
    Empty: by one MQTT session, at any broker."""
    tls: Tls | None = None


class TelemetryConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A store that speaks InfluxDB 2, for those who have one; our own roll-up needs none."""

    url: Annotated[str, Meta(pattern=r"^https?://.+")]
    org: str = ""
    bucket: Annotated[str, Meta(min_length=1)]
    token: str = ""
    token_file: str = ""
    """Read instead of `token`, so that the configuration may be shown around."""


class StoreConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where what was heard is kept."""

    url: str = ""
    """`postgresql://user@host:5432/database`; empty for the file `hub.db` in the data folder."""
    password_file: str = ""
    """Holds the password of `url`, so that the configuration may be shown around."""


class HttpConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the pages and `/api/v1` are."""

    host: str = "127.0.0.1"
    port: Port = 8080
    """0 is any that is free."""


class HubConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One hub. `load` reads it from a file; the demonstration and tests make it directly."""

    data: str
    """The folder of the store; made when it is not there."""
    office: Annotated[str, Meta(min_length=1, max_length=40)] = "見守り"
    """The name on every page."""
    districts: str = ""
    """A districts file; empty for the packaged one."""
    policy: str = ""
    """A policy file; empty for the packaged one, "demo" for the packaged one in which minutes are seconds."""
    notices: str = ""
    """Who is told where: `notices.toml`; empty while nobody is to be told."""
    retention: str = ""
    """A file of how long what is kept; empty for the packaged one."""
    trends: str = ""
    """A file of when a change is worth a word; empty for the packaged one."""
    speaking: str = ""
    """What speakers ask and say beside the check-in; empty for the packaged file."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    store: StoreConfig = StoreConfig()
    broker: BrokerConfig = BrokerConfig()
    http: HttpConfig = HttpConfig()
    telemetry: TelemetryConfig | None = None

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data)

    @property
    def store_path(self) -> Path:
        """The database in the data folder."""
        return self.folder / "hub.db"

    @property
    def store_at(self) -> Path | str:
        """What `Store.open` is given: that file, or the address of a server."""
        return self.store.url or self.store_path

    @property
    def store_is_there(self) -> bool:
        """Whether there is a store to read from; a server's is taken to be, until it says otherwise."""
        return bool(self.store.url) or self.store_path.exists()


def load(path: Path) -> HubConfig:
    """Read and check a configuration file; `Refused` names file, line and what is wrong.

    Relative paths in it count from its own folder, and come back absolute; the password is read from its file.
    """
    config = read_toml(path, HubConfig)
    here = path.resolve().parent

    def absolute(written: str) -> str:
        return str(here / written) if written else ""

    store = config.store
    if store.password_file:
        store = StoreConfig(url=_with_password(store.url, _secret(here / store.password_file, "store")))
    broker = config.broker
    if broker.password_file:
        secret = _secret(here / broker.password_file, "broker")
        broker = msgspec.structs.replace(broker, password=secret, password_file="")
    if broker.tls is not None:
        tls = broker.tls
        broker = msgspec.structs.replace(
            broker, tls=Tls(ca=absolute(tls.ca), certificate=absolute(tls.certificate), key=absolute(tls.key))
        )
    telemetry = config.telemetry
    if telemetry is not None and telemetry.token_file:
        token = _secret(here / telemetry.token_file, "telemetry")
        telemetry = msgspec.structs.replace(telemetry, token=token, token_file="")
    return msgspec.structs.replace(
        config,
        data=absolute(config.data),
        districts=absolute(config.districts),
        speaking=absolute(config.speaking),
        retention=absolute(config.retention),
        trends=absolute(config.trends),
        policy=config.policy if config.policy == "demo" else absolute(config.policy),
        notices=absolute(config.notices),
        store=store,
        broker=broker,
        telemetry=telemetry,
    )


def _with_password(url: str, password: str) -> str:
    """A server's address with this password, escaped as an address needs it."""
    scheme, slashes, rest = url.partition("://")
    user, at, place = rest.rpartition("@")
    if not slashes or not at or ":" in user:
        raise Refused(
            "[store] の password_file を使うときは、url を「postgresql://利用者@ホスト:5432/データベース」と、"
            "パスワードなしで書いてください。"
        )
    return f"{scheme}://{user}:{quote(password, safe='')}@{place}"


def _secret(path: Path, whose: str) -> str:
    try:
        mode = path.stat().st_mode
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            f"パスワードのファイル {path} を読めません ({error})。場所と権限を確かめてください。"
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Refused(f"パスワードのファイル {path} を他の人が読めます。chmod 600 {path} としてください。")
    if not secret:
        raise Refused(f"パスワードのファイル {path} が空です。[{whose}] のパスワードを書いてください。")
    return secret
