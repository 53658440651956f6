"""`mimamori bench dialogue`: whole check-ins with simulated residents."""

from pathlib import Path
from typing import Annotated

import typer


def dialogue(
    check_ins: Annotated[int, typer.Option("--check-ins", min=1, help="How many to simulate.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed, the same morning.")] = 1,
    objecting: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the unwell who object to a wrong read-back.")
    ] = 1.0,
    dropped_negation: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of utterances.")] = 0.10,
    truncated: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of utterances.")] = 0.05,
    misheard_kana: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of kana.")] = 0.05,
    file: Annotated[
        list[Path] | None, typer.Option("--file", help="Other sets: intent, kind, utterance by tabs.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
    errors: Annotated[bool, typer.Option("--errors", help="List the dangerous ones.")] = False,
) -> None:
    """Whole check-ins with simulated residents and hearing errors: dangerous errors after the dialogue, turns."""
    from random import Random

    from bench import dialogue as talk
    from bench.mishearing import Rates
    from bench.report import Report, machine, rounds, show
    from bench.utterances import independent_sets, read_set
    from device.talk.interpreter import Interpreter
    from device.talk.prompts import load_prompts
    from device.talk.recall import load_recall_words
    from device.understand import Understanding

    sets = file or list(independent_sets().values())
    utterances = [one for path in sets for one in read_set(path)]
    random = Random(seed)
    manners = talk.Manners(objecting=objecting)
    rates = Rates(dropped_negation=dropped_negation, truncated=truncated, misheard_kana=misheard_kana)
    understanding = Understanding.load()
    interpreter = Interpreter(understanding, load_prompts(), load_recall_words())
    ended = [
        talk.hold(talk.morning(utterances, random, manners), interpreter, rates, random)
        for _ in rounds(check_ins, "check-ins")
    ]
    if errors:
        for one in ended:
            if one.dangerous:
                typer.echo(f"{one.truth} -> {one.intent}  {one.first_words}", err=True)
    parameters = {
        "check_ins": check_ins,
        "seed": seed,
        "objecting": objecting,
        "dropped_negation": dropped_negation,
        "truncated": truncated,
        "misheard_kana": misheard_kana,
        "unsure": rates.unsure,
        "silent": manners.silent,
        "sets": [path.name for path in sets],
        "utterances": len(utterances),
    }
    report = Report(name="dialogue", parameters=parameters, figures=talk.figures(ended), machine=machine())
    show(report, as_json=as_json, write=lambda text: typer.echo(text, nl=False))
