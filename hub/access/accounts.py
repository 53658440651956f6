"""People's accounts: the first one, new ones, logging in, and a password of one's own."""

import re
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, RowMapping, func, insert, select, update

from contract.ids import uuid7
from contract.refusal import Refused
from contract.time import Clock
from hub.access.log import Action, note
from hub.access.roles import check_district, load_roles, role_named
from hub.access.secrets import Passwords, check_password, one_time_password
from hub.access.sessions import end_sessions
from hub.access.throttle import Throttle, tries_of
from hub.store import tables as t
from hub.store.database import Store

FIRST_ADMIN = "admin"
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


class AccountRow(Struct, frozen=True, kw_only=True):
    """One account, without its secret."""

    id: str
    login: str
    name: str
    role: str
    district: str | None
    must_change: bool
    created_at: datetime
    disabled_at: datetime | None


def ensure_first_admin(store: Store, clock: Clock, passwords: Passwords | None = None) -> str | None:
    """Make the account `admin` if there is no account at all; return its one-time password, to be shown once.

    The password must be changed at the first login. On every later start this does nothing and returns None.
    """
    with store.read() as conn:
        if conn.scalar(select(func.count()).select_from(t.account)):
            return None
    password = one_time_password()
    encoded = (passwords or Passwords()).hash(password)

    def work(conn: Connection) -> bool:
        if conn.scalar(select(func.count()).select_from(t.account)):
            return False  # another process was faster
        _insert(conn, clock.now(), FIRST_ADMIN, "管理者", "admin", None, encoded)
        return True

    return password if store.write(work) else None


def create_account(
    store: Store,
    clock: Clock,
    *,
    login: str,
    name: str,
    role: str,
    district: str | None = None,
    passwords: Passwords | None = None,
) -> str:
    """Make an account and return its one-time password; raises `Refused` if login, role or district will not do."""
    if not _LOGIN.fullmatch(login):
        raise Refused(
            f"ログイン名「{login}」は使えません。半角の英小文字・数字・「.」「-」「_」で 2〜40 文字にしてください。"
        )
    role_named(role)
    password = one_time_password()
    encoded = (passwords or Passwords()).hash(password)

    def work(conn: Connection) -> None:
        check_district(role, district, known_districts(conn))
        if conn.scalar(select(t.account.c.id).where(t.account.c.login == login)):
            raise Refused(f"ログイン名「{login}」はもう使われています。別の名前にしてください。")
        _insert(conn, clock.now(), login, name, role, district, encoded)

    store.write(work)
    return password


def reset_password(store: Store, clock: Clock, login: str, passwords: Passwords | None = None) -> str:
    """Give an account a new one-time password and end its sessions; raises `Refused` if there is none."""
    password = one_time_password()
    encoded = (passwords or Passwords()).hash(password)

    def work(conn: Connection) -> None:
        account_id = _id_of(conn, login)
        end_sessions(conn, account_id, clock.now())
        conn.execute(
            update(t.account)
            .where(t.account.c.id == account_id)
            .values(password_hash=encoded, must_change=True, disabled_at=None)
        )

    store.write(work)
    return password


def disable_account(store: Store, clock: Clock, login: str) -> None:
    """Close an account at once, open sessions too; raises `Refused` if there is none."""

    def work(conn: Connection) -> None:
        account_id = _id_of(conn, login)
        end_sessions(conn, account_id, clock.now())
        conn.execute(update(t.account).where(t.account.c.id == account_id).values(disabled_at=clock.now()))

    store.write(work)


def list_accounts(conn: Connection) -> list[AccountRow]:
    """Every account, by login."""
    rows = conn.execute(select(t.account).order_by(t.account.c.login)).mappings()
    return [AccountRow(**{field: row[field] for field in AccountRow.__struct_fields__}) for row in rows]


def known_districts(conn: Connection) -> dict[str, str]:
    """Code to name of every district."""
    wanted = select(t.district.c.code, t.district.c.name).order_by(t.district.c.position)
    return dict(conn.execute(wanted).all())


def has_account(conn: Connection, login: str) -> bool:
    """Whether somebody can log in under this name."""
    wanted = select(t.account.c.id).where(t.account.c.login == login, t.account.c.disabled_at.is_(None))
    return conn.scalar(wanted) is not None


class Door:
    """Lets people in: checks the password, counts what was wrong, writes down who came."""

    def __init__(self, store: Store, clock: Clock, passwords: Passwords | None = None) -> None:
        self._store = store
        self._clock = clock
        self._passwords = passwords or Passwords()
        self._throttle = Throttle()

    def log_in(self, login: str, password: str, address: str) -> str:
        """The account's id; raises `Refused` with a sentence for the page, or `Busy`."""
        now, tries = self._clock.now(), tries_of(login, address)
        if wait := self._throttle.wait(tries, now):
            seconds = int(wait.total_seconds()) + 1
            raise Refused(f"続けて間違えたため、あと {seconds} 秒お待ちください。")
        account = self._account(login)
        encoded = account["password_hash"] if account and account["disabled_at"] is None else None
        if account is None or not self._passwords.matches(encoded, password):
            self._throttle.failed(tries, now)
            if account is not None:
                self._note(account["login"], Action.refused)
            raise Refused("ログイン名かパスワードが違います。")
        self._throttle.succeeded(tries)
        if account["role"] not in load_roles():
            raise Refused("このアカウントの役割が設定にありません。管理者に知らせてください。")
        self._note(account["login"], Action.login)
        return str(account["id"])

    def change_password(self, login: str, old: str, new: str, again: str, address: str) -> str:
        """Give an account a password of its owner's and end every session of it; return its id.

        Raises `Refused` with a sentence for the page, or `Busy`.
        """
        now, tries = self._clock.now(), tries_of(login, address)
        if wait := self._throttle.wait(tries, now):
            raise Refused(f"続けて間違えたため、あと {int(wait.total_seconds()) + 1} 秒お待ちください。")
        account = self._account(login)
        if account is None or not self._passwords.matches(account["password_hash"], old):
            self._throttle.failed(tries, now)
            raise Refused("今のパスワードが違います。")
        if new != again:
            raise Refused("新しいパスワードが二つの欄で違います。同じものを入れてください。")
        if new == old:
            raise Refused("今と違うパスワードにしてください。")
        check_password(new, login)
        encoded = self._passwords.hash(new)

        def work(conn: Connection) -> None:
            end_sessions(conn, account["id"], now)
            conn.execute(
                update(t.account)
                .where(t.account.c.id == account["id"])
                .values(password_hash=encoded, must_change=False)
            )

        self._store.write(work)
        return str(account["id"])

    def _account(self, login: str) -> RowMapping | None:
        with self._store.read() as conn:
            found = conn.execute(select(t.account).where(t.account.c.login == login))
            row: RowMapping | None = found.mappings().first()
            return row

    def _note(self, login: str, action: Action) -> None:
        now = self._clock.now()
        self._store.write(lambda conn: note(conn, now, login, action, "account", [login]))


def _insert(
    conn: Connection, now: datetime, login: str, name: str, role: str, district: str | None, encoded: str
) -> None:
    conn.execute(
        insert(t.account).values(
            id=uuid7(now),
            login=login,
            name=name,
            role=role,
            district=district,
            password_hash=encoded,
            must_change=True,
            created_at=now,
        )
    )


def _id_of(conn: Connection, login: str) -> str:
    account_id = conn.scalar(select(t.account.c.id).where(t.account.c.login == login))
    if account_id is None:
        raise Refused(f"ログイン名「{login}」のアカウントはありません。")
    return str(account_id)
