"""`mimamori bench overhearing`: false calls of a television, and people who are heard."""

from typing import Annotated

import typer


def overhearing(
    rows: Annotated[
        int, typer.Option(min=2, help="How many utterances are said, a quarter of them cries.")
    ] = 200,
    traps: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the talk that sounds like a call and is none.")
    ] = 0.5,
    seed: Annotated[int, typer.Option(help="Of the sample, voices and pauses.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Listening for calls for help between check-ins: false calls in an hour of talk, cries heard."""
    from random import Random

    from bench import overhearing as bench
    from bench.report import Report, machine, show
    from bench.utterances import independent_sets, read_set
    from contract.places import models_folder
    from device.listen.choose import load_recognizer
    from device.listen.settings import load_settings
    from device.talk.interpreter import Interpreter
    from device.talk.prompts import load_prompts
    from device.talk.recall import load_recall_words
    from device.understand import Understanding

    known = [one for path in independent_sets().values() for one in read_set(path) if one.kind != "garb"]
    random = Random(seed)
    cries = [one for one in known if bench.is_cry(one)]
    others = [one for one in known if not bench.is_cry(one)]
    # What sounds like a call and is none comes first: it is what a television would be mistaken by.
    hard = [one for one in others if one.kind == "trap"]
    rest = [one for one in others if one.kind != "trap"]
    for part in (cries, hard, rest):
        random.shuffle(part)
    count = rows * 3 // 4
    others = [*hard[: round(count * traps)], *rest][:count]
    random.shuffle(others)
    recognizer = load_recognizer(models_folder())
    interpreter = Interpreter(Understanding.load(), load_prompts(), load_recall_words())
    listener = bench.Listener(recognizer, interpreter, load_settings())
    figures = bench.figures(listener, others, cries[: rows - count], seed)
    report = Report(
        name="overhearing",
        parameters={
            "rows": rows,
            "traps": traps,
            "seed": seed,
            "recognizer": recognizer.name,
            "voice": "Open JTalk",
        },
        figures=figures,
        machine=machine(),
    )
    show(report, as_json=as_json, write=lambda text: typer.echo(text, nl=False))
