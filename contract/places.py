"""Where large things that set-up fetched are kept, outside the packages."""

import os
from pathlib import Path


def models_folder() -> Path:
    """The installed speech models: `MIMAMORI_MODELS`, else `models` in the working directory."""
    return Path(os.environ.get("MIMAMORI_MODELS") or Path.cwd() / "models")


def cache_folder() -> Path:
    """What can be made or fetched again: `MIMAMORI_CACHE`, else `.cache` in the working directory."""
    return Path(os.environ.get("MIMAMORI_CACHE") or Path.cwd() / ".cache")
