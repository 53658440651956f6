"""`mimamori demo` from outside, as a visitor starts it: a whole town on real audio, and every way to end it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from demo.cast import load_cast
from demo.townsfolk import Behaviour, load_plan

WHOLE_RUN_SECONDS = 240
"""A whole run takes some 95 s on two idle cores; tests share theirs."""
SMALL_RUN_SECONDS = 120
HOUSEHOLDS = Path("demo/households.toml").read_text(encoding="utf-8")
TOWN = Path("demo/town.toml").read_text(encoding="utf-8")


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "mimamori", "demo", *map(str, arguments)]


def environment(tmp_path: Path) -> dict[str, str]:
    """Ours, with a place for temporary files that can be looked into afterwards."""
    place = tmp_path / "temporary"
    place.mkdir(exist_ok=True)
    return {**os.environ, "TMPDIR": str(place), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def nothing_is_left(tmp_path: Path) -> bool:
    place = tmp_path / "temporary"
    brokers = [
        each
        for each in psutil.process_iter(["name", "cmdline"])
        if each.info["name"] == "nats-server" and str(place) in " ".join(each.info["cmdline"] or [])
    ]
    return not brokers and not list(place.iterdir())


@contextmanager
def running(tmp_path: Path, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A demonstration that is surely gone afterwards."""
    with subprocess.Popen(
        command(*arguments),
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def small(tmp_path: Path, *, intents: str = '["fine", "as_usual"]') -> Sequence[str | Path]:
    """A village: 佐藤 alone has a voice, six others are well."""
    start = HOUSEHOLDS.index('[[households]]\nkey = "sato"')
    end = HOUSEHOLDS.index("[[households]]", start + 1)
    sato = re.sub(r'after = "[^"]*"', 'after = "0 s"', HOUSEHOLDS[start:end])
    sato = sato.replace('intents = ["fine", "as_usual"]', f"intents = {intents}")
    assert f"intents = {intents}" in sato
    (tmp_path / "households.toml").write_text(sato, encoding="utf-8")
    town = re.sub(r"^(\w+) = \d+( +#.*)?$", r"\1 = 0", TOWN.split("[[districts]]")[0], flags=re.M)
    town = town.replace("well = 0", "well = 6").replace('spread = "30 s"', 'spread = "3 s"')
    rest = "[[districts]]" + TOWN.split("[[districts]]", 1)[1]
    (tmp_path / "town.toml").write_text(town + rest, encoding="utf-8")
    return "--households", tmp_path / "households.toml", "--town", tmp_path / "town.toml"


@pytest.mark.models
@pytest.mark.timeout(WHOLE_RUN_SECONDS + 30)
def test_a_whole_morning_ends_as_promised(tmp_path: Path) -> None:
    done = subprocess.run(
        command("--once", "--json", "--port", "0"),
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=WHOLE_RUN_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["ok"]
    assert found["differences"] == []
    assert {each["key"] for each in found["households"]} == {each.key for each in load_cast()}
    homes = {each["key"]: each for each in found["households"]}
    assert "助けて" in homes["ito"]["said"][0]
    assert homes["ito"]["queue"]["severity"] == "emergency"
    assert homes["suzuki"]["askings"] == 3
    assert homes["suzuki"]["queue"]["reasons"] == ["missed"]
    assert homes["takahashi"]["queue"]["lane"] == "device"
    assert homes["takahashi"]["waiting_in_outbox"] == 1
    assert homes["takahashi"]["slot"] == "cannot_tell"
    assert (homes["tanaka"]["askings"], homes["tanaka"]["said"]) == (0, [])
    assert (homes["sato"]["queue"], homes["kato"]["queue"]) == (None, None)
    for key in ("sato", "kato", "yasue", "nishio", "ito"):
        assert homes[key]["heard"]
        assert None not in homes[key]["stages_ms"].values()
    assert town_is_whole(found)
    assert nothing_is_left(tmp_path)


def town_is_whole(found: dict[str, Any]) -> bool:
    plan = load_plan().behaviours
    homes = sum(plan.values())
    asked = homes - plan[Behaviour.never_seen] - plan[Behaviour.away]
    slots, town = found["town"]["slots"], found["town"]
    voiced_answered, voiced_missed, voiced_untold = 5, 1, 2
    assert town["homes"] == homes
    assert town["connected"] == homes - plan[Behaviour.never_seen]
    # Everybody who was asked said at least one thing, and it was stored.
    assert town["acknowledged"] >= asked
    assert slots == {
        "answered": asked - plan[Behaviour.silent] + voiced_answered,
        "missed": plan[Behaviour.silent] + voiced_missed,
        "cannot_tell": plan[Behaviour.never_seen] + plan[Behaviour.away] + voiced_untold,
    }
    return True


@pytest.mark.models
@pytest.mark.timeout(SMALL_RUN_SECONDS + 30)
def test_a_wrong_end_is_named_and_fails(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        done = subprocess.run(
            command("--once", "--port", str(port), *small(tmp_path, intents='["emergency"]')),
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=SMALL_RUN_SECONDS,
            check=False,
        )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "佐藤 はな: 理解 が「助けを求めた」のはずが「元気」" in done.stdout
    assert "✗ 佐藤 はな" in done.stdout
    assert f"ポート {port} は使えないので" in done.stdout
    assert re.search(r"画面 +http://127\.0\.0\.1:\d+", done.stdout)
    assert re.search(r"admin +一度だけ使えるパスワード +\S{8}", done.stdout)
    assert nothing_is_left(tmp_path)


@pytest.mark.models
@pytest.mark.timeout(SMALL_RUN_SECONDS + 30)
@pytest.mark.parametrize(("end", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0)])
def test_a_visitor_may_leave_in_the_middle_of_a_question(
    tmp_path: Path, end: signal.Signals, code: int
) -> None:
    with running(tmp_path, "--port", "0", *small(tmp_path)) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "声かけの時間です" in line:
                break
        process.send_signal(end)
        rest, _ = process.communicate(timeout=15)

    assert process.returncode == code, "".join(lines) + rest
    assert "Traceback" not in "".join(lines) + rest
    assert nothing_is_left(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--households", "nowhere.toml"], "nowhere.toml を読めません"),
        (["--town", "nowhere.toml"], "nowhere.toml を読めません"),
        (["--data", "pyproject.toml/x"], "pyproject.toml/x に書けません"),
        (["--data", "docs"], "docs は空ではありません"),
        (["--at", "noon"], "「noon」は時刻ではありません"),
    ],
)
def test_a_wrong_wish_is_one_sentence(tmp_path: Path, arguments: list[str], what: str) -> None:
    done = subprocess.run(
        command("--once", *arguments),
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert what in done.stderr
    assert "Traceback" not in done.stderr
    assert nothing_is_left(tmp_path)


def test_missing_models_are_one_sentence_that_names_the_command(tmp_path: Path) -> None:
    done = subprocess.run(
        command("--once"),
        env={**environment(tmp_path), "MIMAMORI_MODELS": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "mimamori provision models" in done.stderr
    assert nothing_is_left(tmp_path)
