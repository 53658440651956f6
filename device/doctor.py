"""`mimamori doctor --device`: what a speaker needs in order to ask and to be heard. Changes nothing, says nothing aloud."""

import shutil
import socket
import sqlite3
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from contract.finding import Finding, gravest_first, ok, problem, refusing, skipped, warning
from contract.places import models_folder
from contract.time import kernel_synchronized
from device.config import BrokerConfig, ClockSource, DeviceConfig, read_config
from device.listen.choose import choose_model

PATIENCE_SECONDS = 8.0
LEAST_FREE = 100_000_000
"""Bytes; the outbox of months fits in a tenth of it."""


def examine(path: Path) -> list[Finding]:
    """Every finding about a speaker, the gravest first."""
    return gravest_first(_all(path))


def _all(path: Path) -> Iterator[Finding]:
    read: list[DeviceConfig] = []

    def config() -> str:
        read.append(read_config(path))
        return f"{path} を読めます。機器の番号は {read[0].device} です。"

    yield from refusing("config", "設定", config)
    if not read:
        yield skipped("sound", "音", "設定が読めないので見ていません。")
        return
    settings = read[0]
    yield from _sound(settings)
    yield from refusing("model", "音声認識", lambda: f"{_model(settings)} がそろっています。")
    yield from _data(settings.data)
    yield from _clock(settings.clock)
    yield from _broker(settings.broker)


def _sound(settings: DeviceConfig) -> Iterator[Finding]:
    name, called = "sound", "マイクとスピーカー"
    try:
        from device.assembly import missing_cards

        missing = missing_cards(settings)
    except ImportError as error:
        yield problem(
            name,
            called,
            f"音の部品がありません ({error.name})。",
            "pip install 'mimamori[sound]' としてください。",
        )
        return
    for sentence in missing.values():
        yield problem(name, called, sentence)
    if not missing:
        yield ok(name, called, "どちらも見つかりました。")


def _model(settings: DeviceConfig) -> str:
    return choose_model(settings.recognizer.models or models_folder(), settings.recognizer.prefer)


def _data(folder: Path) -> Iterator[Finding]:
    name, called = "data", "記録を置くフォルダー"
    if not folder.exists():
        yield skipped(name, called, f"{folder} はまだありません。最初に動くときに作られます。")
        return
    probe = folder / ".doctor"
    try:
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        hint = "場所と権限を確かめてください。SD カードが読み取り専用になっていないかも見てください。"
        yield problem(name, called, f"{folder} に書けません ({error.strerror})。", hint)
        return
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        yield problem(
            name, called, f"{folder} の空きが {free / 1e6:.0f} MB しかありません。", "空きを作ってください。"
        )
    else:
        yield ok(name, called, f"{folder} に書けます。空きは {free / 1e9:.1f} GB です。")
    yield from _store(folder / "store.db")


def _store(path: Path) -> Iterator[Finding]:
    name, called = "store", "まだ届いていない記録"
    if not path.exists():
        yield skipped(name, called, "まだ一度も動いていません。")
        return
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE_SECONDS)) as raw:
            (verdict,) = raw.execute("PRAGMA quick_check(1)").fetchone()
            (waiting,) = raw.execute("SELECT count(*) FROM event").fetchone()
    except sqlite3.Error as error:
        verdict, waiting = str(error), 0
    if verdict != "ok":
        hint = "次に動くとき、読めるものを救って作り直します。SD カードの交換を考えてください。"
        yield warning(name, called, f"{path} が壊れています。", hint)
    elif waiting:
        yield warning(name, called, f"{waiting} 件あります。", "ハブとの通信が戻れば届きます。")
    else:
        yield ok(name, called, "ありません。")


def _clock(source: ClockSource) -> Iterator[Finding]:
    name, called = "clock", "時計"
    if source is ClockSource.rtc:
        yield ok(name, called, "電池つきの時計があることになっています。")
    elif source is ClockSource.synced or kernel_synchronized():
        yield ok(name, called, "合わせられています。")
    else:
        hint = "ネットワークの時刻が届くか確かめてください (timedatectl)。合うまでは、最後に分かった時刻から数えます。"
        yield warning(name, called, "ネットワークの時刻に合わせられていません。", hint)


def _broker(broker: BrokerConfig) -> Iterator[Finding]:
    """Knock only: to log in under the speaker's name would end the line of the one that runs."""
    name, called = "broker", "ブローカー"
    where = f"{broker.host}:{broker.port}"
    try:
        with socket.create_connection((broker.host, broker.port), PATIENCE_SECONDS) as plain:
            if broker.ca_file is not None:
                context = ssl.create_default_context(cafile=str(broker.ca_file))
                if broker.certificate_file is not None and broker.key_file is not None:
                    context.load_cert_chain(broker.certificate_file, broker.key_file)
                context.wrap_socket(plain, server_hostname=broker.host).close()
    except OSError as error:
        hint = "通信と、device.toml の [broker] を確かめてください。"
        yield problem(name, called, f"{where} につながりません ({error.strerror or error})。", hint)
        return
    yield ok(name, called, f"{where} に届きます。")
