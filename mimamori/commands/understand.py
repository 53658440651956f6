"""`mimamori understand`: what a sentence means."""

import json
from time import perf_counter
from typing import Annotated

import typer


def understand(
    text: Annotated[list[str], typer.Argument(help="Sentences, one argument each.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per sentence.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say why.")] = False,
) -> None:
    """Understand sentences as a resident's answers; no network, no microphone."""
    from device.understand import Understanding

    understanding = Understanding.load()
    for sentence in text:
        begun = perf_counter()
        meaning = understanding.understand(sentence)
        milliseconds = round((perf_counter() - begun) * 1000, 1)
        if as_json:
            line: dict[str, object] = {
                "text": sentence,
                "reading": meaning.reading,
                "intent": meaning.intent.value,
                "confidence": round(meaning.confidence, 3),
                "certain": meaning.certain,
                "because": meaning.because,
                "ms": milliseconds,
            }
            typer.echo(json.dumps(line, ensure_ascii=False))
            continue
        doubt = "" if meaning.certain else "  (?)"
        typer.echo(f"{meaning.intent.value:11} {meaning.confidence:.2f}{doubt}  {sentence}")
        if explain:
            for reason in meaning.because:
                typer.echo(f"             {reason}")
