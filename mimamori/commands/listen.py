"""`mimamori listen`: what a speaker would make of a recording."""

from pathlib import Path
from typing import Annotated

import typer


def listen(
    files: Annotated[
        list[Path], typer.Argument(help="wav or flac, any rate, any number of channels.", metavar="FILE...")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a file.")] = False,
    models: Annotated[
        Path | None,
        typer.Option(help="Where the models are; default MIMAMORI_MODELS or ./models.", metavar="DIR"),
    ] = None,
    recognizer: Annotated[
        str | None, typer.Option(help="An engine (vosk, whisper) or a model's name.", metavar="NAME")
    ] = None,
) -> None:
    """Listen to recordings as a speaker in a home would: end of speech, words, reading, meaning, and the time each took."""
    from contract.places import models_folder
    from device.listen.choose import load_recognizer
    from device.listen.hearing import FileHearing
    from device.listen.recording import BadRecording
    from device.listen.settings import load_settings
    from device.understand.understanding import Understanding
    from mimamori.listen_report import JsonReport, TableReport

    engine = load_recognizer(models or models_folder(), recognizer)
    hearing = FileHearing(engine, Understanding.load(), load_settings())
    report = JsonReport() if as_json else TableReport()
    refused = 0
    for file in files:
        try:
            report.heard(hearing.hear(file))
        except BadRecording as bad:
            refused += 1
            report.refused(file, str(bad))
    report.end()
    if refused:
        raise typer.Exit(1)
