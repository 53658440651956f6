"""`mimamori bench`: measure a part, print the figures."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from mimamori.commands import bench_hub
from mimamori.commands.bench_dialogue import dialogue
from mimamori.commands.bench_overhearing import overhearing

app = typer.Typer(help="Measure a part of the system.", no_args_is_help=True)
app.command("dialogue")(dialogue)
app.command("overhearing")(overhearing)
bench_hub.add_to(app)


@app.command()
def understanding(
    files: Annotated[
        list[Path] | None,
        typer.Option("--file", help="Other sets than the independent ones: intent, kind, utterance by tabs."),
    ] = None,
    audio: Annotated[bool, typer.Option("--audio", help="Say a sample aloud, and hear it.")] = False,
    rows: Annotated[int, typer.Option(min=1, help="With --audio: how many utterances.")] = 100,
    voices: Annotated[str, typer.Option(help="With --audio: who speaks, in turn.")] = "openjtalk,kokoro",
    noise: Annotated[
        str, typer.Option(help="With --audio: clean, music, babble, white, television.")
    ] = "clean,music,babble,white",
    snr: Annotated[str, typer.Option(help="With --audio: voice over noise, decibels.")] = "20,10",
    rate: Annotated[str, typer.Option(help="With --audio: paces of speech, drawn by turns.")] = "0.75,0.85,1",
    seed: Annotated[int, typer.Option(help="With --audio: of the sample, voices, rooms and noises.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one JSON object.")] = False,
    errors: Annotated[bool, typer.Option("--errors", help="List what was misread.")] = False,
) -> None:
    """Accuracy, help recall, false emergencies, dangerous errors and the confusion table, each half apart."""
    from bench import understanding as bench
    from bench.aloud import Engine
    from bench.noises import Noise
    from bench.report import show as show_json
    from device.understand import Understanding
    from mimamori.understanding_report import show

    how = bench.Aloud(
        rows=rows,
        engines=_each(voices, Engine, "--voices"),
        paces=_each(rate, _positive, "--rate"),
        conditions=bench.conditions(_each(noise, Noise, "--noise"), _each(snr, float, "--snr")),
        seed=seed,
    )
    parts = bench.sets(files or [])
    knows = Understanding.load()
    report, answers = bench.aloud(parts, knows, how) if audio else bench.as_text(parts, knows)
    if as_json:
        show_json(report, as_json=True, write=lambda line: typer.echo(line, nl=False))
        return
    show(report, typer.echo)
    if errors:
        for line in bench.errors(answers):
            typer.echo(line)


@app.command()
def speaker(
    check_ins: Annotated[int, typer.Option(min=1, help="Asked one after the other.")] = 50,
    seconds: Annotated[
        float, typer.Option(min=5.0, help="Idle for so long, with and without an open ear.")
    ] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one JSON object.")] = False,
) -> None:
    """What a speaker costs its machine: share of a core while idle, memory before and after check-ins."""
    from bench.report import show
    from bench.speaker import measure

    show(measure(check_ins, seconds), as_json=as_json, write=lambda line: typer.echo(line, nl=False))


T = TypeVar("T")


def _each(words: str, make: Callable[[str], T], option: str) -> list[T]:
    """A list that was given with commas; a usage error names the word that is wrong."""
    made = []
    for word in words.split(","):
        try:
            made.append(make(word.strip()))
        except ValueError:
            raise typer.BadParameter(f"{word.strip()!r}", param_hint=option) from None
    return made


def _positive(word: str) -> float:
    number = float(word)
    if not 0.3 <= number <= 3.0:
        raise ValueError(word)
    return number
