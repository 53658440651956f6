"""JSON Schema and an AsyncAPI page of the wire, made from the structs; `python -m contract.schema` writes them."""

import json
from pathlib import Path
from typing import Any

import msgspec

from contract import VERSION, commands, envelope, events, state, topics
from contract.topics import Channel

FOLDER = Path(__file__).parent.parent / "docs" / "wire"

_MESSAGES: dict[Channel, tuple[str, type[Any]]] = {
    Channel.event: ("Envelope", envelope.Envelope),
    Channel.sos: ("Envelope", envelope.Envelope),
    Channel.state: ("State", state.State),
    Channel.telemetry: ("Telemetry", state.Telemetry),
    Channel.ack: ("Ack", commands.Ack),
    Channel.config: ("Config", commands.Config),
    Channel.command: ("Command", commands.Command),
}


def json_schema() -> dict[str, Any]:
    """Every struct of the wire as one JSON Schema document (2020-12), bodies by type."""
    kinds = [*dict.fromkeys(kind for _, kind in _MESSAGES.values()), *events.BODIES.values()]
    _, definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    definitions["Envelope"]["allOf"] = [
        {
            "if": {"properties": {"type": {"const": word}}},
            "then": {"properties": {"body": {"$ref": f"#/$defs/{body.__name__}"}}},
        }
        for word, body in events.BODIES.items()
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"mimamori wire, version {VERSION}",
        "$defs": dict(sorted(definitions.items())),
    }


def asyncapi() -> dict[str, Any]:
    """The channels of one device as an AsyncAPI 3 document, from the hub's point of view."""
    channels = {}
    operations = {}
    for channel, (name, _) in _MESSAGES.items():
        channels[channel.value] = {
            "address": f"{topics.ROOT}/{{device}}/{channel}",
            "parameters": {"device": {"description": "1 to 48 of a-z, 0-9 and '-'"}},
            "messages": {name: {"payload": {"$ref": f"mimamori.schema.json#/$defs/{name}"}}},
        }
        operations[channel.value] = {
            "action": "receive" if channel in topics.FROM_DEVICE else "send",
            "channel": {"$ref": f"#/channels/{channel}"},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "見守り (mimamori) wire", "version": str(VERSION)},
        "channels": channels,
        "operations": operations,
    }


def documents() -> dict[str, str]:
    """File name and text of each document, as it is kept under docs/wire/."""
    return {
        name: json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        for name, content in (("mimamori.schema.json", json_schema()), ("asyncapi.json", asyncapi()))
    }


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
