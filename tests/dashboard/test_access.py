"""Accounts, sessions, tokens, roles, and who saw what."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from contract.refusal import Refused
from hub import access
from hub.access import Action, Door, Resource
from hub.access.roles import load_roles
from hub.access.secrets import Busy, Passwords, check_password, hash_of
from hub.access.throttle import MOST_KEPT, Throttle, tries_of
from hub.service import Hub
from hub.store import tables as t
from hub.store.database import Store
from tests import cast
from tests.clock import TravellingClock
from tests.dashboard.conftest import PASSWORD, Enrol


def test_the_first_admin_is_made_once_with_a_password_for_one_use(
    store: Store, clock: TravellingClock
) -> None:
    password = access.ensure_first_admin(store, clock)
    assert password is not None
    assert access.ensure_first_admin(store, clock) is None
    account_id = Door(store, clock).log_in("admin", password, "127.0.0.1")
    key = store.write(lambda conn: access.open_session(conn, account_id, clock.now()))
    with store.read() as conn:
        session = access.find_session(conn, key, clock.now())
        (row,) = access.list_accounts(conn)
    assert session is not None
    assert session.must_change
    assert (row.login, row.role) == ("admin", "admin")


def test_neither_password_nor_session_nor_token_lies_in_the_store(
    hub: Hub, account: Enrol, clock: TravellingClock
) -> None:
    account()
    account_id = Door(hub.store, clock).log_in("mori", PASSWORD, "a")
    key = hub.store.write(lambda conn: access.open_session(conn, account_id, clock.now()))
    _, token = access.create_token(hub.store, clock, role="csw")
    hub.store.close()
    written = b"".join(path.read_bytes() for path in hub.store.path.parent.glob("hub.db*"))
    for secret in (PASSWORD, key, token):
        assert secret.encode() not in written
    assert hash_of(key).encode() in written


def test_passwords_are_argon2id_at_19_mebibytes() -> None:
    assert Passwords().hash("x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_flood_of_logins_is_told_to_wait_and_takes_no_memory() -> None:
    passwords = Passwords(at_once=1, patience_seconds=0.0)
    passwords._slots.acquire()  # somebody is being checked
    with pytest.raises(Busy):
        passwords.matches(None, "x")


@pytest.mark.parametrize("weak", ["short", "a" * 20, "mori-mori-mori", "x" * 300])
def test_a_weak_password_is_refused_with_a_sentence(weak: str) -> None:
    with pytest.raises(Refused, match="パスワード"):
        check_password(weak, "mori")


def test_five_wrong_passwords_and_one_must_wait_longer_each_time(
    hub: Hub, account: Enrol, clock: TravellingClock
) -> None:
    account()
    door = Door(hub.store, clock)
    for _ in range(5):
        with pytest.raises(Refused, match="違います"):
            door.log_in("mori", "wrong", "10.0.0.9")
    with pytest.raises(Refused, match="あと 31 秒"):
        door.log_in("mori", PASSWORD, "10.0.0.9")
    clock.forward(seconds=31)
    with pytest.raises(Refused, match="違います"):
        door.log_in("mori", "wrong", "10.0.0.9")
    with pytest.raises(Refused, match="あと 61 秒"):
        door.log_in("mori", PASSWORD, "10.0.0.9")
    clock.forward(seconds=61)
    assert door.log_in("mori", PASSWORD, "10.0.0.9")


def test_a_stranger_who_guesses_five_times_does_not_lock_a_colleague_out(
    hub: Hub, account: Enrol, clock: TravellingClock
) -> None:
    account()
    door = Door(hub.store, clock)
    for _ in range(6):
        with pytest.raises(Refused):
            door.log_in("mori", "wrong", "10.0.0.9")
    assert door.log_in("mori", PASSWORD, "10.0.0.1")


def test_one_address_cannot_try_many_logins(hub: Hub, clock: TravellingClock) -> None:
    door = Door(hub.store, clock)
    for number in range(20):
        with pytest.raises(Refused, match="違います"):
            door.log_in(f"somebody{number}", "wrong", "10.0.0.9")
    with pytest.raises(Refused, match="お待ちください"):
        door.log_in("somebody-else", "wrong", "10.0.0.9")


def test_made_up_logins_cannot_fill_the_memory(clock: TravellingClock) -> None:
    throttle = Throttle()
    for number in range(MOST_KEPT):
        throttle.failed(tries_of(f"login{number}", f"address{number}"), clock.now())
    assert len(throttle._failures) <= MOST_KEPT


def test_an_unknown_login_and_a_wrong_password_get_the_same_answer(
    hub: Hub, account: Enrol, clock: TravellingClock
) -> None:
    account()
    door = Door(hub.store, clock)
    said = []
    for login in ("mori", "nobody"):
        with pytest.raises(Refused) as refused:
            door.log_in(login, "wrong", "a")
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_a_session_ends_after_a_working_day(hub: Hub, account: Enrol, clock: TravellingClock) -> None:
    account()
    account_id = Door(hub.store, clock).log_in("mori", PASSWORD, "a")
    key = hub.store.write(lambda conn: access.open_session(conn, account_id, clock.now()))
    clock.forward(hours=11, minutes=59)
    with hub.store.read() as conn:
        assert access.find_session(conn, key, clock.now())
    clock.forward(minutes=1)
    with hub.store.read() as conn:
        assert access.find_session(conn, key, clock.now()) is None


@pytest.mark.parametrize("how", ["disable", "reset"])
def test_an_account_that_is_closed_or_reset_loses_its_sessions_at_once(
    hub: Hub, account: Enrol, clock: TravellingClock, how: str
) -> None:
    account()
    account_id = Door(hub.store, clock).log_in("mori", PASSWORD, "a")
    key = hub.store.write(lambda conn: access.open_session(conn, account_id, clock.now()))
    if how == "disable":
        access.disable_account(hub.store, clock, "mori")
    else:
        access.reset_password(hub.store, clock, "mori")
    with hub.store.read() as conn:
        assert access.find_session(conn, key, clock.now()) is None
    with pytest.raises(Refused, match="違います"):
        Door(hub.store, clock).log_in("mori", PASSWORD, "a")


def test_a_token_is_known_until_it_is_revoked(hub: Hub, clock: TravellingClock) -> None:
    token_id, key = access.create_token(hub.store, clock, role="csw", name="統計")
    with hub.store.read() as conn:
        viewer = access.find_token(conn, key)
    assert viewer is not None
    assert (viewer.actor, viewer.name, viewer.role_name) == (f"token:{token_id}", "統計", "csw")
    access.revoke_token(hub.store, clock, token_id)
    clock.forward(hours=1)
    access.revoke_token(hub.store, clock, token_id)  # twice changes nothing
    with hub.store.read() as conn:
        assert access.find_token(conn, key) is None
        (row,) = access.list_tokens(conn)
    assert row.revoked_at == clock.now() - timedelta(hours=1)
    with pytest.raises(Refused, match="token list"):
        access.revoke_token(hub.store, clock, "nothing")


def test_a_welfare_commissioner_needs_a_district_that_exists(hub: Hub, clock: TravellingClock) -> None:
    with pytest.raises(Refused, match="地区が要ります"):
        access.create_token(hub.store, clock, role="welfare_commissioner")
    with pytest.raises(Refused, match="iwamura"):
        access.create_token(hub.store, clock, role="welfare_commissioner", district="atlantis")
    with pytest.raises(Refused, match="csw"):
        access.create_token(hub.store, clock, role="emperor")
    with hub.store.read() as conn:
        assert access.list_tokens(conn) == []


def test_a_district_bound_viewer_without_a_district_sees_nothing(hub: Hub, clock: TravellingClock) -> None:
    _, key = access.create_token(hub.store, clock, role="welfare_commissioner", district="iwamura")
    hub.store.write(lambda conn: conn.execute(update(t.token).values(district=None)))
    with hub.store.read() as conn:
        viewer = access.find_token(conn, key)
    assert viewer is not None
    assert not viewer.sees("iwamura")


def test_the_roles_file_knows_the_people_of_the_plan() -> None:
    roles = load_roles()
    assert set(roles) == {"csw", "outreach_worker", "welfare_commissioner", "planning_office", "admin"}
    commissioner = roles["welfare_commissioner"]
    assert (commissioner.scope, commissioner.fields) == ("district", "six")
    assert commissioner.read == [Resource.residents]
    assert commissioner.write == []


def test_a_mistake_in_the_roles_file_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "roles.toml"
    file.write_text('[roles.csw]\ntitle = "CSW"\nscope = "planet"\nfields = "all"\nread = []\nwrite = []\n')
    with pytest.raises(Refused, match="3 行目"):
        load_roles(file)


def test_a_six_field_role_cannot_be_given_more_by_a_slip_of_the_pen(tmp_path: Path) -> None:
    file = tmp_path / "roles.toml"
    file.write_text(
        '[roles.m]\ntitle = "民生委員"\nscope = "district"\nfields = "six"\nread = ["residents", "events"]\nwrite = []\n'
    )
    with pytest.raises(Refused, match=r"roles\.m"):
        load_roles(file)


def test_who_saw_whom_is_one_query(hub: Hub, account: Enrol, clock: TravellingClock) -> None:
    account("mori", name="森 さつき")
    account("hotta", name="堀田 健")
    at = clock.now()
    hub.store.write(
        lambda conn: access.note(conn, at, "mori", Action.view, "resident", [cast.SATO, cast.ITO])
    )
    clock.forward(minutes=5)
    later = clock.now()
    hub.store.write(lambda conn: access.note(conn, later, "hotta", Action.refused, "resident", [cast.SATO]))
    with hub.store.read() as conn:
        saw = access.who_saw(conn, cast.SATO)
        did = access.what_did(conn, "mori")
    assert [(one.at, one.actor_name, one.action) for one in saw] == [
        (later, "堀田 健", Action.refused),
        (at, "森 さつき", Action.view),
    ]
    assert {one.subject for one in did if one.subject_kind == "resident"} == {cast.SATO, cast.ITO}


def test_who_saw_whom_walks_an_index(hub: Hub) -> None:
    wanted = select(t.access_log).where(
        t.access_log.c.subject_kind == "resident", t.access_log.c.subject == cast.SATO
    )
    with hub.store.read() as conn:
        spelled = wanted.compile(conn, compile_kwargs={"literal_binds": True})
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {spelled}").fetchall()
    assert "ix_access_log_subject" in str(plan)


@pytest.mark.parametrize("login", ["", "A", "mori san", "森", "-x", "a" * 60])
def test_a_login_that_cannot_be_typed_everywhere_is_refused(
    hub: Hub, clock: TravellingClock, login: str
) -> None:
    with pytest.raises(Refused, match="ログイン名"):
        access.create_account(hub.store, clock, login=login, name="x", role="csw")


def test_a_login_is_given_once(hub: Hub, account: Enrol, clock: TravellingClock) -> None:
    account("mori")
    with pytest.raises(Refused, match="もう使われています"):
        access.create_account(hub.store, clock, login="mori", name="別人", role="csw")
