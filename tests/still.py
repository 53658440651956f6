"""The packaged policy with every home asked in the very minute that was agreed: tests name instants."""

import re
from pathlib import Path

from hub import policy as policies
from hub.policy import Policy


def still_text() -> str:
    """`packaged_text()` without the shift of each home."""
    text, changed = re.subn(r'(?m)^jitter = "[^"]*"', 'jitter = "0 s"', policies.packaged_text())
    assert changed == 1
    return text


def still() -> Policy:
    """`policy.load()` without the shift of each home."""
    return policies.parse(still_text(), "still.toml")


def still_file(folder: Path) -> str:
    """That policy as a file in `folder`, as `HubConfig.policy` names one."""
    path = folder / "still.toml"
    path.write_text(still_text(), encoding="utf-8")
    return str(path)
