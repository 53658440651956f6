"""`mimamori bench`: measure a part, print the figures."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Measure a part of the system.", no_args_is_help=True)


@app.command()
def understanding(
    file: Annotated[
        Path | None, typer.Option("--file", help="Another set: intent, kind, utterance by tabs.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
    errors: Annotated[
        bool, typer.Option("--errors", help="List what was misread, of the part that is tuned on.")
    ] = False,
) -> None:
    """Accuracy, help recall, false emergencies, dangerous errors and the confusion table."""
    import msgspec
    from rich.console import Console
    from rich.table import Table

    from bench.understanding import DEVELOPMENT, Score, ask, read_set, report
    from device.understand import Understanding

    answers = ask(Understanding.load(), read_set(file or DEVELOPMENT))
    made = report(answers)
    if as_json:
        typer.echo(msgspec.json.encode(made).decode())
        return
    console = Console(width=160)
    table = Table(title="understanding")
    table.add_column("figure")
    parts: dict[str, Score] = {"tuned on": made.tuned_on, "held out": made.held_out, **made.by_kind}
    for name in parts:
        table.add_column(name, justify="right")
    for field in msgspec.structs.fields(Score):
        table.add_row(field.name, *(str(getattr(part, field.name)) for part in parts.values()))
    console.print(table)
    confusion = Table(title="meant (rows) and read as (columns)")
    confusion.add_column("")
    for read_as in made.confusion:
        confusion.add_column(read_as, justify="right")
    for meant, row in made.confusion.items():
        confusion.add_row(meant, *(str(count) if count else "·" for count in row.values()))
    console.print(confusion)
    if errors:
        for one in answers:
            if not one.utterance.held_out and one.intent is not one.utterance.intent:
                doubt = "" if one.certain else " ?"
                typer.echo(f"{one.utterance.intent} -> {one.intent}{doubt}  {one.utterance.text}")
