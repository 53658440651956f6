"""Where this machine keeps what is too big or too fleeting for the repository."""

import os
from collections.abc import Mapping
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent


def _home() -> Path:
    """The checkout when we run from one, else the folder the command was started in."""
    return _ROOT if (_ROOT / "pyproject.toml").is_file() else Path.cwd()


def models_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of the speech models: `MIMAMORI_MODELS`, else `models` of the checkout or the current folder."""
    return Path(environment.get("MIMAMORI_MODELS") or _home() / "models")


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of what can be made again: `MIMAMORI_CACHE`, else `.cache` of the checkout or the current folder."""
    return Path(environment.get("MIMAMORI_CACHE") or _home() / ".cache")
