"""Looking at a model's folder before an engine does: some engines take the whole process down on a torn file."""

from pathlib import Path

import msgspec
from msgspec import Struct

from contract.refusal import Refused


class Receipt(Struct):
    """The part of `receipt.json`, which provisioning leaves in the folder, that matters here."""

    files: dict[str, int]
    """Size of each file."""


def check_model(folder: Path) -> None:
    """Raise `Refused` unless every file is as big as when it was installed. A folder made by hand has no receipt."""
    try:
        receipt = msgspec.json.decode((folder / "receipt.json").read_bytes(), type=Receipt)
        whole = all((folder / path).stat().st_size == size for path, size in receipt.files.items())
    except FileNotFoundError:
        whole = not (folder / "receipt.json").exists()
    except (OSError, msgspec.MsgspecError):
        whole = False
    if not whole:
        raise Refused(f"{folder} のモデルが壊れています。mimamori provision models を実行してください。")
