"""Where models and caches are kept."""

from pathlib import Path

from contract.places import cache_folder, models_folder

ROOT = Path(__file__).parent.parent.parent


def test_a_checkout_keeps_its_models_and_cache_beside_the_code() -> None:
    assert models_folder({}) == ROOT / "models"
    assert cache_folder({}) == ROOT / ".cache"


def test_an_administrator_says_where_models_and_cache_go() -> None:
    environment = {"MIMAMORI_MODELS": "/var/lib/m", "MIMAMORI_CACHE": "/var/cache/m"}
    assert models_folder(environment) == Path("/var/lib/m")
    assert cache_folder(environment) == Path("/var/cache/m")
