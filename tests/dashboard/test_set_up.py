"""Front-end files, the server, the commands: what set-up and operators touch."""

import json
import re
import socket
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from contract.refusal import Refused
from dashboard import vendor
from dashboard.app import create_app
from dashboard.serve import serve
from hub.service import Hub
from mimamori.main import app
from tests.clock import TravellingClock

LOCK = Path(vendor.__file__).with_name("package-lock.json")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A configuration file of an empty hub."""
    file = tmp_path / "hub.toml"
    file.write_text('data = "data"\noffice = "恵那市社会福祉協議会"\n', encoding="utf-8")
    return file


def _run(*words: str) -> str:
    """What a command prints on standard output; raises what it raises."""
    done = CliRunner().invoke(app, list(words), catch_exceptions=True)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_lock_pins_every_package_by_digest_and_names_no_registry() -> None:
    packages = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    fetched = {name: package for name, package in packages.items() if name}
    assert len(fetched) == 3
    for name, package in fetched.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
    assert "://" not in LOCK.read_text(encoding="utf-8")


def test_fetched_files_are_not_fetched_again(tmp_path: Path) -> None:
    for name in vendor.FILES:
        (tmp_path / name).write_text("x")
    assert not vendor.is_fetched(tmp_path)
    (tmp_path / vendor.STAMP).write_text(vendor.digest_of_inputs())
    assert vendor.is_fetched(tmp_path)
    (tmp_path / "htmx.min.js").unlink()
    assert not vendor.is_fetched(tmp_path)


def test_without_npm_set_up_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="npm が見つかりません"):
        vendor.fetch(tmp_path, npm="there-is-no-such-program")


def test_an_npm_that_fails_is_told_with_its_own_words(tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'network is down' >&2\nexit 7\n")
    npm.chmod(0o755)
    with pytest.raises(Refused, match="終了コード 7: network is down"):
        vendor.fetch(tmp_path / "vendor", npm=str(npm))
    assert not (tmp_path / "vendor").exists()


def test_a_missing_front_end_file_is_one_sentence_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"htmx\.min\.js.*make setup"):
        vendor.check(tmp_path)


def test_the_pages_load_exactly_what_is_fetched() -> None:
    templates = Path(vendor.__file__).parent / "templates"
    loaded = {
        name
        for page in templates.glob("*.html")
        for name in re.findall(r"/static/vendor/([\w.-]+)", page.read_text(encoding="utf-8"))
    }
    assert loaded == {name for name in vendor.FILES if not name.endswith("LICENSE.txt")}


def test_a_taken_port_is_one_sentence(hub: Hub) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(Refused, match="ほかのプログラムが使っています"):
            serve(create_app(hub), "127.0.0.1", other.getsockname()[1])


def test_an_address_of_another_machine_is_one_sentence(hub: Hub) -> None:
    with pytest.raises(Refused, match="待ち受けられません"):
        serve(create_app(hub), "192.0.2.1", 0)


def test_a_stopped_server_lets_go_of_its_port(hub: Hub) -> None:
    served = serve(create_app(hub), "127.0.0.1", 0)
    assert httpx.get(f"{served.url}/login").status_code == 200
    served.stop()
    served.stop()
    with serve(create_app(hub), "127.0.0.1", served.port) as again:
        assert again.port == served.port


def test_a_token_from_the_command_line_opens_the_api(settings: Path, clock: TravellingClock) -> None:
    key = _run("token", "create", "--role", "csw", "--name", "統計", "--config", str(settings)).strip()
    assert re.fullmatch(r"[\w-]{43}", key)
    listed = json.loads(_run("token", "list", "--json", "--config", str(settings)))
    assert [(row["name"], row["role"], row["revoked_at"]) for row in listed] == [("統計", "csw", None)]
    from hub.config import load

    running = Hub(load(settings), clock)
    try:
        with serve(create_app(running), "127.0.0.1", 0) as served:
            url, headers = f"{served.url}/api/v1/outreach-queue", {"Authorization": f"Bearer {key}"}
            assert httpx.get(url, headers=headers).json() == []
            _run("token", "revoke", listed[0]["id"], "--config", str(settings))  # while the hub is running
            assert httpx.get(url, headers=headers).status_code == 401
    finally:
        running.stop()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["token", "create", "--role", "emperor"], "役割「emperor」はありません"),
        (["token", "create", "--role", "welfare_commissioner"], "地区が要ります"),
        (["token", "create", "--role", "welfare_commissioner", "--district", "x"], "iwamura"),
        (["token", "revoke", "nothing"], "token list"),
        (["account", "create", "--login", "Ä", "--name", "x", "--role", "csw"], "使えません"),
        (["account", "reset", "--login", "nobody"], "アカウントはありません"),
        (["account", "disable", "--login", "nobody"], "アカウントはありません"),
    ],
)
def test_what_a_command_cannot_do_is_one_sentence(settings: Path, words: list[str], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        _run(*words, "--config", str(settings))


def test_an_account_from_the_command_line_can_log_in(settings: Path) -> None:
    made = [
        "account",
        "create",
        "--login",
        "mori",
        "--name",
        "森",
        "--role",
        "csw",
        "--config",
        str(settings),
    ]
    assert re.fullmatch(r"(\w{4}-){3}\w{4}", _run(*made).strip())
    assert "初回前" in _run("account", "list", "--config", str(settings))
    _run("account", "disable", "--login", "mori", "--config", str(settings))
    assert "停止" in _run("account", "list", "--config", str(settings))
    assert _run("account", "reset", "--login", "mori", "--config", str(settings)).strip()
    assert "初回前" in _run("account", "list", "--config", str(settings))
