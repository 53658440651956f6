"""The documents of the wire are made from the structs, and kept."""

from pathlib import Path

import pytest

from contract.schema import FOLDER, documents


@pytest.mark.parametrize("name", ["mimamori.schema.json", "asyncapi.json"])
def test_the_kept_document_is_the_one_the_structs_make(name: str) -> None:
    kept = (Path(FOLDER) / name).read_text(encoding="utf-8")
    assert kept == documents()[name], "run `python -m contract.schema`"
