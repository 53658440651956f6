"""`mimamori doctor --config hub.toml` or `--device device.toml`."""

from pathlib import Path
from typing import Annotated

import typer

from contract.finding import Verdict
from contract.refusal import Refused

_LOOK = {
    Verdict.problem: ("red", "■ 要対応"),
    Verdict.warning: ("yellow", "▲ 確認"),
    Verdict.ok: ("blue", "● よし"),
    Verdict.skipped: ("dim", "・ 見ず"),
}


def doctor(
    config: Annotated[Path | None, typer.Option("--config", help="A hub's configuration.")] = None,
    device: Annotated[Path | None, typer.Option("--device", help="A speaker's configuration.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The findings as JSON.")] = False,
) -> None:
    """Look at everything that must be so, problems first; ends with 1 if there is one. Changes nothing."""
    import msgspec
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    if (config is None) == (device is None):
        raise Refused(
            "--config hub.toml (ハブ) か --device device.toml (スピーカー) のどちらか一つを渡してください。"
        )
    if config is not None:
        from contract.time import SystemClock
        from hub.doctor import examine

        findings = examine(config, SystemClock())
    else:
        from device.doctor import examine as examine_device

        assert device is not None
        findings = examine_device(device)
    if json:
        print(msgspec.json.encode(findings).decode())
    else:
        table = Table(box=SIMPLE, show_header=False, pad_edge=False)
        # Japanese has no spaces to break a line at: fold it anywhere.
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for one in findings:
            colour, word = _LOOK[one.verdict]
            said = one.what if one.hint is None else f"{one.what}\n→ {one.hint}"
            table.add_row(f"[{colour}]{word}[/{colour}]", one.called, said.replace("[", "\\["))
        Console().print(table)
    if any(one.verdict is Verdict.problem for one in findings):
        raise SystemExit(1)
