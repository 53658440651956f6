"""One file configures a hub; a mistake in it is answered with its line."""

from pathlib import Path

import pytest

from contract.refusal import Refused
from hub.config import load

EXAMPLE = Path(__file__).parents[2] / "hub" / "hub.example.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    secret = tmp_path / "broker-password"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    return tmp_path


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    text = EXAMPLE.read_text(encoding="utf-8")
    for good, bad in changes:
        assert good in text
        text = text.replace(good, bad)
    path = folder / "hub.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_is_a_configuration(folder: Path) -> None:
    config = load(written(folder))
    assert config.store_path == folder / "data" / "hub.db"
    assert (config.broker.host, config.broker.port, config.broker.password) == ("127.0.0.1", 1883, "s3cret")
    assert (config.http.host, config.http.port) == ("127.0.0.1", 8080)


def test_paths_count_from_the_files_own_folder(folder: Path) -> None:
    config = load(
        written(
            folder, ('# districts = "', 'districts = "'), ("# [broker.tls]", '[broker.tls]\nca = "ca.pem"')
        )
    )
    assert config.districts == str(folder / "districts.toml")
    assert config.broker.tls is not None
    assert config.broker.tls.ca == str(folder / "ca.pem")
    assert config.policy == ""


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("port = 1883", "port = 99999", r"hub\.toml [12][0-9] 行目"),
        ('log_level = "info"', 'log_level = "loud"', r"hub\.toml 8 行目"),
        ("keepalive_seconds = 30", "keepalive_seconds = 0", r"hub\.toml"),
        ("[http]", "[https]", r"https"),
        ('data = "data"', "", "data"),
        ('client_id = "mimamori-hub"', 'client_id = "a b"', "client_id"),
    ],
)
def test_a_wrong_value_is_refused_with_file_and_line(folder: Path, good: str, bad: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        load(written(folder, (good, bad)))


def test_a_password_that_others_can_read_is_refused(folder: Path) -> None:
    (folder / "broker-password").chmod(0o644)
    with pytest.raises(Refused, match="chmod 600"):
        load(written(folder))


@pytest.mark.parametrize("empty", [True, False])
def test_a_password_that_is_not_there_is_refused(folder: Path, empty: bool) -> None:
    secret = folder / "broker-password"
    if empty:
        secret.write_text("")
    else:
        secret.unlink()
    with pytest.raises(Refused, match="broker-password"):
        load(written(folder))


def test_the_password_of_a_server_comes_from_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "store-password").write_text("a/b@c\n")
    (tmp_path / "store-password").chmod(0o600)
    file = tmp_path / "hub.toml"
    file.write_text(
        'data = "data"\n[store]\nurl = "postgresql://hub@db:5432/mimamori"\npassword_file = "store-password"\n'
    )
    assert load(file).store_at == "postgresql://hub:a%2Fb%40c@db:5432/mimamori"
    file.write_text(
        'data = "data"\n[store]\nurl = "postgresql://hub:x@db/mimamori"\npassword_file = "store-password"\n'
    )
    with pytest.raises(Refused, match="パスワードなしで"):
        load(file)
