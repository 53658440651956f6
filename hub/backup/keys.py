"""The pair of keys of backups: the public one lies with the hub, the other in a safe."""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyrage
from pyrage import x25519

from contract.refusal import Refused


def generate(to: Path, now: datetime) -> str:
    """Make a pair; write the secret one to a new file for its owner alone, and return the public one."""
    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    text = (
        f"# 見守りのバックアップを開く鍵 ({now:%Y-%m-%d})。金庫にしまい、ハブには置かないでください。\n"
        f"# 公開鍵: {public}\n{identity}\n"
    )
    try:
        with os.fdopen(
            os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
    except FileExistsError as error:
        raise Refused(f"{to} はもうあります。鍵は上書きしません。別の名前にしてください。") from error
    except OSError as error:
        raise Refused(f"{to} に書けません ({error.strerror})。場所と権限を確かめてください。") from error
    return public


def recipients(written: Sequence[str]) -> list[x25519.Recipient]:
    """Public keys as given: `age1…`, or a file with one a line. At least one."""
    found = []
    for one in written:
        lines = [one] if one.startswith("age1") else _lines(Path(one))
        for line in lines:
            try:
                found.append(x25519.Recipient.from_str(line))
            except pyrage.RecipientError as error:
                raise Refused(
                    f"「{line[:20]}…」は公開鍵ではありません。mimamori backup keygen が出した age1… を渡してください。"
                ) from error
    if not found:
        raise Refused(
            "公開鍵がありません。mimamori backup keygen で作り、--recipient age1… で渡してください。"
        )
    return found


def identity(path: Path) -> list[x25519.Identity]:
    """The secret keys in a file."""
    try:
        found = [x25519.Identity.from_str(line) for line in _lines(path)]
    except pyrage.IdentityError as error:
        raise Refused(
            f"{path} はバックアップの鍵ではありません。AGE-SECRET-KEY- で始まる行のあるファイルを渡してください。"
        ) from error
    if not found:
        raise Refused(f"{path} に鍵がありません。AGE-SECRET-KEY- で始まる行のあるファイルを渡してください。")
    return found


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"鍵のファイル {path} を読めません。場所と権限を確かめてください。") from error
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
