"""`notices.toml`: read whole, checked whole, refused with its line; and a test notice by command."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from contract.refusal import Refused
from hub.notices.settings import Pace, load
from mimamori.main import app
from tests.clock import office
from tests.notices.post_office import mail_server

EXAMPLE = Path(__file__).parents[2] / "hub" / "notices.example.toml"


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "notices.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_the_example_is_a_settings_file_with_the_defaults(tmp_path: Path) -> None:
    settings = load(write(tmp_path, EXAMPLE.read_text(encoding="utf-8")))
    assert settings.addresses("mori") == ["mori@example.jp"]
    assert settings.pace == Pace()


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ('duty = ["mori"]', 'duty = ["kato"]', r"7 行目 \(duty\): 「kato」の通知先が people にありません"),
        ('addresses = ["mori@', 'addresses = ["mori #', r"11 行目 .*メールアドレスか"),
        ('account = "mori"', 'account = "mori"\nphone = "090"', r"phone"),
        ('bundle_window = "5 min"', 'bundle_window = "5"', r"14 行目 \(pace.bundle_window\)"),
        ('quiet_from = "20:00"', 'quiet_from = "25:00"', r"15 行目 \(pace.quiet_from\)"),
        ('https://mimamori.example.jp"', 'https://mimamori.example.jp/sub"', r"6 行目 \(base_url\)"),
        ('mail = "mailtos', 'mail = "https', r"5 行目 \(mail\): mailto"),
        ("[[people]]", '[[people]]\naccount = "mori"\naddresses = ["x@example.jp"]\n\n[[people]]', "二度"),
    ],
)
def test_a_mistake_is_refused_with_its_line(tmp_path: Path, good: str, bad: str, said: str) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert good in text
    with pytest.raises(Refused, match=said):
        load(write(tmp_path, text.replace(good, bad, 1)))


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="chmod 600"):
        load(write(tmp_path, EXAMPLE.read_text(encoding="utf-8"), 0o644))


def test_the_quiet_hours_run_over_midnight() -> None:
    pace = Pace()
    assert pace.quiet_end(office("2026-11-23 19:59")) is None
    assert pace.quiet_end(office("2026-11-23 20:00")) == office("2026-11-24 07:30")
    assert pace.quiet_end(office("2026-11-24 07:29")) == office("2026-11-24 07:30")
    assert pace.quiet_end(office("2026-11-24 07:30")) is None
    assert Pace(quiet_from="09:00", quiet_until="09:00").quiet_end(office("2026-11-24 09:00")) is None


def test_notify_test_says_in_one_sentence_what_the_mail_server_answered(tmp_path: Path) -> None:
    config = tmp_path / "hub.toml"
    config.write_text('data = "data"\nnotices = "notices.toml"\noffice = "恵那市社協"\n', encoding="utf-8")
    with mail_server() as server:
        write(
            tmp_path,
            f'mail = "{server.url}"\n[[people]]\naccount = "mori"\naddresses = ["mori@ena.example"]\n',
        )
        server.refuse["gone@ena.example"] = "550 no such user"

        def run(to: str) -> tuple[int, str]:
            result = CliRunner().invoke(app, ["notify", "test", "--to", to, "--config", str(config)])
            return result.exit_code, result.output if result.exception is None else str(result.exception)

        assert run("mori") == (
            0,
            "1 番目の通知先: 受け取られました。届いたことを、受けた人に確かめてください。\n",
        )
        [mail] = server.mails
        assert "恵那市社協" in mail.get_content()
        code, said = run("gone@ena.example")
        assert code == 1
        assert "メールサーバーが断りました (応答 550)" in said
        code, said = run("kato")
        assert code == 1
        assert "「kato」の通知先がありません" in said
