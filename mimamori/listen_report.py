"""How `mimamori listen` shows what it heard: JSON lines for programs, a table for people."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from device.listen.hearing import HeardFile


class JsonReport:
    """One line a file on stdout, in order, as soon as it is known."""

    def heard(self, result: "HeardFile") -> None:
        """A file that was listened to."""
        line = msgspec.to_builtins(result)
        line["ms"] = {stage: round(value, 1) for stage, value in result.ms.items()}
        for key in ("confidence", "heard_confidence", "first_word_s"):
            line[key] = None if line[key] is None else round(line[key], 3)
        print(msgspec.json.encode(line).decode(), flush=True)

    def refused(self, file: Path, sentence: str) -> None:
        """A file that could not be listened to."""
        from device.listen.recording import shown

        print(msgspec.json.encode({"file": shown(file), "error": sentence}).decode(), flush=True)
        print(f"mimamori: {sentence}", file=sys.stderr)

    def end(self) -> None:
        """All is printed already."""


class TableReport:
    """A table at the end."""

    def __init__(self) -> None:
        self._table = Table()
        for column in ("ファイル", "聞こえた言葉", "意味", "確かさ", "結果"):
            self._table.add_column(column, overflow="fold")
        self._table.add_column("認識 / 合計 (ms)", justify="right")

    def heard(self, result: "HeardFile") -> None:
        """A file that was listened to."""
        sure = "" if result.confidence is None else f"{result.confidence:.2f}{'' if result.certain else ' ?'}"
        self._table.add_row(
            Text(result.file),
            Text(result.text),
            result.intent or "",
            sure,
            result.outcome,
            f"{result.ms['recognize']:.0f} / {result.ms['total']:.0f}",
        )

    def refused(self, file: Path, sentence: str) -> None:  # noqa: ARG002  # the sentence names the file
        """A file that could not be listened to."""
        print(f"mimamori: {sentence}", file=sys.stderr)

    def end(self) -> None:
        """Print the table, unless nothing could be listened to."""
        if self._table.row_count:
            Console().print(self._table)
