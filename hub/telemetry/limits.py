"""What the numbers of a speaker are called, and when one of them is worth a technician's look. Data, checked at load."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from contract.datafile import line_of, read_toml
from contract.refusal import Refused


class Number(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One number that speakers tell."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    """As on the wire; it carries its unit."""
    words: Annotated[str, Meta(min_length=1, max_length=40)]
    unit: Annotated[str, Meta(max_length=10)] = ""
    """Of what is shown: the number times `scale`."""
    scale: float = 1.0
    below: float | None = None
    above: float | None = None
    flag: Annotated[str, Meta(max_length=60)] = ""
    chart: bool = False

    def out_of_bounds(self, value: float) -> bool:
        """Whether this value is worth a look."""
        return (self.below is not None and value < self.below) or (
            self.above is not None and value > self.above
        )

    def shown(self, value: float) -> str:
        """41.2℃, 8%."""
        scaled = value * self.scale
        return f"{scaled:.1f}".removesuffix(".0") + self.unit


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    numbers: Annotated[list[Number], Meta(min_length=1, max_length=100)]


def load(path: Path | None = None) -> Mapping[str, Number]:
    """The numbers by name, in the file's order; `Refused` names file and line of what is wrong."""
    return _packaged() if path is None else _read(path)


def flags(numbers: Mapping[str, float]) -> list[str]:
    """The names of those that are out of their bounds, in the file's order."""
    known = load()
    return [name for name, number in known.items() if name in numbers and number.out_of_bounds(numbers[name])]


@cache
def _packaged() -> Mapping[str, Number]:
    with resources.as_file(resources.files("hub") / "telemetry.toml") as path:
        return _read(path)


def _read(path: Path) -> Mapping[str, Number]:
    found: dict[str, Number] = {}
    for index, number in enumerate(read_toml(path, _File).numbers):
        bounded = number.below is not None or number.above is not None
        wrong = (
            ("name", f"「{number.name}」が二度あります。ひとつにしてください。")
            if number.name in found
            else ("flag", "限度があるのに、印の言葉 flag がありません。")
            if bounded and not number.flag
            else None
        )
        if wrong is not None:
            key, sentence = f"numbers[{index}].{wrong[0]}", wrong[1]
            line = line_of(path.read_text(encoding="utf-8"), key)
            raise Refused(f"{path} {line} 行目 ({key}): {sentence}")
        found[number.name] = number
    return found
