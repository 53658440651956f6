"""Data files a city may edit: read whole, checked whole, refused with the line that is wrong."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from contract.in_japanese import in_japanese, unknown_field
from contract.refusal import Refused

T = TypeVar("T")

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|min|h|d)\s*")


class Duration(timedelta):
    """A length of time, written in data files as "10 min", "12 h", "45 s"."""

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Read "10 min"; raise ValueError naming the units that are allowed."""
        match = _DURATION.fullmatch(text)
        if not match:
            raise ValueError(
                f"{text!r} は時間の長さではありません (例: {'「45 s」「10 min」「12 h」「1 d」'})"
            )
        length = float(match[1]) * _UNITS[match[2]]
        return cls(days=length.days, seconds=length.seconds, microseconds=length.microseconds)


def _from_data(kind: type[Any], value: Any) -> Any:
    if kind is Duration and isinstance(value, str):
        return Duration.parse(value)
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(f"no way to read {kind}")


def read_text(path: Path) -> str:
    """The text of a data file, UTF-8; raise `Refused` when there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(
            f"{path} を読めません ({error.strerror})。ファイルの場所と権限を確かめてください。"
        ) from error
    except UnicodeDecodeError as error:
        raise Refused(
            f"{path} が UTF-8 ではありません (先頭から {error.start} バイト目)。UTF-8 で保存し直してください。"
        ) from error


def read_toml(path: Path, kind: type[T]) -> T:
    """Read `path` as a `kind` (a msgspec struct); raise `Refused` naming file, line and what is wrong."""
    return parse_toml(read_text(path), kind, str(path))


def parse_toml(text: str, kind: type[T], name: str) -> T:
    """Like `read_toml`, for text already in hand; `name` is what the message calls it."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"{name}: TOML として読めません: {error}。") from error
    try:
        return msgspec.convert(data, type=kind, dec_hook=_from_data)
    except (msgspec.ValidationError, ValueError) as error:
        told = _WHERE.fullmatch(str(error))
        what = told["what"] if told else str(error)
        path = _with_keys(data, kind, told["path"]) if told else ""
        if field := unknown_field(what):
            path = f"{path}.{field}"
        line = line_of(text, path)
        spot = f" {line} 行目" if line else ""
        key = f" ({path.lstrip('.')})" if path else ""
        raise Refused(f"{name}{spot}{key}: {in_japanese(what)}。") from error


_WHERE = re.compile(r"(?P<what>.*) - at `(?:key` in `)?\$(?P<path>[^`]*)`", re.DOTALL)


def _with_keys(data: dict[str, Any], kind: type[Any], raw: str) -> str:
    """Put the keys into a path of msgspec, which writes `[...]` for the key of a table whose keys are free."""
    path = raw
    while "[...]" in path:
        prefix, _, rest = path.partition("[...]")
        table: Any = data
        for part in re.findall(r"[^.\[\]]+", prefix):
            try:
                table = table[int(part)] if isinstance(table, list) else table[part]
            except KeyError:
                return path  # a quoted key with a dot in it
        wrong = [key for key in list(table) if _fails_alone(data, kind, raw, table, key)]
        path = f"{prefix}.{wrong[0] if wrong else '?'}{rest}"
    return path


def _fails_alone(data: dict[str, Any], kind: type[Any], raw: str, table: dict[str, Any], key: str) -> bool:
    """Whether `data` is wrong at the same place when `table` in it holds nothing but `key`."""
    everything = dict(table)
    table.clear()
    table[key] = everything[key]
    try:
        msgspec.convert(data, type=kind, dec_hook=_from_data)
    except (msgspec.ValidationError, ValueError) as error:
        return f"`${raw}`" in str(error)
    finally:
        table.clear()
        table.update(everything)
    return False


_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=")


def line_of(text: str, path: str) -> int | None:
    """The line, from 1, that writes `path` ("steps[2].after") or, failing that, its nearest parent.

    Follows table headers and keys at the start of a line, which is how our data files are written; inside an
    inline table the line of its key is the answer.
    """
    wanted = path.lstrip(".")
    best: tuple[int, int] | None = None
    counts: dict[str, int] = {}
    here = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.fullmatch(line)
        if header:
            here = _indexed(header[2], header[1] == "[[", counts)
            spelled = here
        elif key := _KEY.match(line):
            spelled = ".".join(part for part in (here, key[1].strip("\"'")) if part)
        else:
            continue
        prefix = wanted == spelled or wanted.startswith((spelled + ".", spelled + "["))
        if prefix and (best is None or len(spelled) > best[0]):
            best = (len(spelled), number)
    return best[1] if best else None


def _indexed(header: str, is_array: bool, counts: dict[str, int]) -> str:
    """Spell a header with the indices msgspec reports: the third `[[a.b]]` is `a.b[2]`."""
    parts = [part.strip().strip("\"'") for part in header.split(".")]
    spelled = ""
    for depth, part in enumerate(parts):
        spelled = f"{spelled}.{part}" if spelled else part
        if depth == len(parts) - 1 and is_array:
            counts[spelled] = counts.get(spelled, -1) + 1
            for deeper in [key for key in counts if key.startswith(f"{spelled}[")]:
                if not deeper.startswith(f"{spelled}[{counts[spelled]}]"):
                    del counts[deeper]
        if spelled in counts:
            spelled = f"{spelled}[{counts[spelled]}]"
    return spelled
