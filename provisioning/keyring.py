"""Who may speak on the line: one password per device and one for the hub, in a folder only its owner can read.

First light: passwords over a line that is already private. Certificates per device come with the authority.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from time import sleep

from contract.refusal import Refused
from contract.topics import BadTopic, check_device
from provisioning.broker import Broker, User, device_user, hub_user, new_password

HUB = "mimamori-hub"
"""The hub's own user name; a device cannot be called so."""


class Keyring:
    """A folder with a file per user, named like it, holding the password. Made at first use, mode 0700."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(
                f"鍵のフォルダー {folder} を作れません ({error.strerror})。場所と権限を確かめてください。"
            ) from error
        if not self.hub_password_file.exists():
            _write_secret(self.hub_password_file, new_password())

    @property
    def hub_password_file(self) -> Path:
        """What the hub's configuration names as `password_file`."""
        return self._folder / HUB

    def issue(self, device: str) -> str:
        """Make a password for a device; raise `Refused` if it has one, or if that is no device id."""
        try:
            path = self._folder / check_device(device)
        except BadTopic as error:
            raise Refused(
                f"機器番号「{device}」は使えません。半角の英小文字・数字・「-」で 48 字までにしてください。"
            ) from error
        if path.exists():
            raise Refused(
                f"機器 {device} の鍵はもうあります。"
                f"作り直すときは先に「mimamori provision revoke {device}」で失効させてください。"
            )
        password = new_password()
        _write_secret(path, password)
        return password

    def revoke(self, device: str) -> None:
        """Take a device's password away; raise `Refused` if it has none."""
        if device not in self._devices():
            raise Refused(f"機器 {device} の鍵は {self._folder} にありません。機器番号を確かめてください。")
        (self._folder / device).unlink()

    def users(self) -> list[User]:
        """Everybody who may connect now: the hub and each device."""
        return [
            hub_user(self._read(self.hub_password_file), HUB),
            *(device_user(device, self._read(self._folder / device)) for device in self._devices()),
        ]

    def _devices(self) -> Iterator[str]:
        for path in sorted(self._folder.iterdir()):
            if path.name != HUB and not path.name.endswith(".new"):
                yield path.name

    @staticmethod
    def _read(path: Path) -> str:
        return path.read_text(encoding="ascii").strip()


def _write_secret(path: Path, password: str) -> None:
    # Whole or not at all: a broker that reads the folder meanwhile must not see half a password.
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    with fresh.open("w", encoding="ascii") as file:
        file.write(password + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


DEVICE_TOML = """\
# {device} のスピーカー。mimamori device --config device.toml で動きます。
# 対象者に関すること(呼び名、声かけの時刻、声)は中継から届きます。

device = "{device}"
data = "data"

[broker]
host = "{host}"
port = {port}
password_file = "password"

[sound]
microphone = ""   # カードの名前の一部。空ならその機械の既定
loudspeaker = ""
"""


def pack_device(keyring: Keyring, device: str, host: str, port: int, folder: Path) -> None:
    """Write what a box needs, `device.toml` and `password`, into a new `folder`, and let the device in.

    Raise `Refused` before anything is issued if the folder is already there.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        raise Refused(
            f"{folder} はもうあります。上書きしません。別の場所を --to で指定してください。"
        ) from error
    except OSError as error:
        raise Refused(f"{folder} を作れません ({error.strerror})。場所と権限を確かめてください。") from error
    try:
        password = keyring.issue(device)
    except Refused:
        folder.rmdir()
        raise
    _write_secret(folder / "password", password)
    (folder / "device.toml").write_text(
        DEVICE_TOML.format(device=device, host=host, port=port), encoding="utf-8"
    )


def follow(keyring: Keyring, broker: Broker, patience_seconds: float = 0.5) -> None:
    """Keep the broker's users like the keyring until the broker ends; raise `Refused` when it does."""
    admitted = keyring.users()
    while broker.running:
        sleep(patience_seconds)
        users = keyring.users()
        if users != admitted:
            broker.admit(users)
            admitted = users
    raise Refused(
        "ブローカー (nats-server) が止まりました。data フォルダーの broker.log を確かめてください。"
    )
