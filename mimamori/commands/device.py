"""`mimamori device --config FILE`."""

import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

STOP_SECONDS = 12.0
"""A sentence that is being spoken is spoken to its end."""


def device(
    config: Annotated[
        Path | None,
        typer.Option("--config", help="The speaker's configuration; see device/device.example.toml."),
    ] = None,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Try one dialogue here: no hub, no broker, no data is touched.")
    ] = False,
    typed: Annotated[
        bool, typer.Option("--typed", help="With --rehearse: type the answers, see the sentences.")
    ] = False,
    name: Annotated[str, typer.Option("--name", help="With --rehearse: how to speak to the resident.")] = "",
    extras: Annotated[
        str, typer.Option("--extras", help="With --rehearse: further questions, slept,ate,took_medicine.")
    ] = "",
    line_down: Annotated[
        bool, typer.Option("--line-down", help="With --rehearse: as if nothing could be sent.")
    ] = False,
) -> None:
    """Run the speaker of one home: ask at the agreed times, listen, report. Ends at SIGTERM or Ctrl-C."""
    if rehearse:
        from mimamori.rehearsing import rehearsal

        rehearsal(config, typed=typed, name=name, extras=extras, line_up=not line_down)
        return
    if config is None:
        raise typer.BadParameter(
            "設定ファイルを --config で指定してください。試すだけなら --rehearse です。",
            param_hint="--config",
        )
    from device.assembly import assemble, missing_cards
    from device.config import read_config
    from device.privacy import forbid_core_dumps
    from mimamori import logs
    from mimamori.device_console import Console
    from mimamori.ending import Ending

    forbid_core_dumps()
    settings = read_config(config)
    logs.set_up(settings.log_level)
    broken = missing_cards(settings)
    for sentence in broken.values():
        print(f"mimamori device: {sentence}", file=sys.stderr, flush=True)
    ending = Ending()
    speaker = assemble(settings, broken, Console(settings))
    no_panel = "ボタンの配線 ([panel]) が設定にないので、ボタンなしで動きます。"
    if sentence := broken.get("panel", "" if settings.panel.wired else no_panel):
        print(f"mimamori device: {sentence}", file=sys.stderr, flush=True)

    def run() -> None:
        try:
            speaker.run()
        finally:
            ending.come()

    thread = threading.Thread(target=run, name="speaker", daemon=True)
    thread.start()
    print(f"mimamori device: {settings.device} は動いています。", file=sys.stderr, flush=True)
    ending.wait()
    ended_by_itself = not thread.is_alive()
    speaker.stop(STOP_SECONDS)
    if ended_by_itself:
        raise SystemExit(1)
