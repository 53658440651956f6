"""The picture of the light for docs/speaker.md, made from `panel.toml`: `python -m device.panel.picture` prints it."""

from xml.sax.saxutils import escape

from device.panel.lights import LightState
from device.panel.settings import Light, PanelSettings, load_panel_settings

COLORS = {
    "red": "#ce0000",
    "green": "#0b8a3e",
    "blue": "#0066be",
    "yellow": "#ffd43d",
    "white": "#ffffff",
    "off": "#222222",
}
MEANS = {
    LightState.help_under_way: "help called, not confirmed yet",
    LightState.listening: "listening to an answer",
    LightState.asking: "asking",
    LightState.muted: "microphone switched off",
    LightState.fault: "a part is broken",
    LightState.not_delivered: "something has not got through for a minute",
    LightState.delivered: "has just got through (10 s)",
    LightState.attentive: "listening for calls for help (with consent)",
    LightState.idle: "all is well",
}
SHOWN_MS = 4000.0
PIXELS_A_MS = 0.05
LEFT, ROW = 50.0, 34


def picture(settings: PanelSettings) -> str:
    """An SVG: each state's color, four seconds of its rhythm, and what it means."""
    height = 34 + len(LightState) * ROW
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 620 {height}" width="620" height="{height}"'
        ' font-family="sans-serif" font-size="14" role="img"'
        ' aria-label="What the light shows, four seconds of each">',
        f'  <rect width="620" height="{height}" fill="#fff"/>',
    ]
    for number, state in enumerate(LightState):
        y = 20 + number * ROW
        light: Light = getattr(settings.lights, state)
        color = COLORS[light.color]
        lines += [
            f'  <g id="{state}" fill="{color}" stroke="#333" stroke-width="0.5">',
            f'    <circle cx="24" cy="{y}" r="10"/>',
            *(
                f'    <rect x="{start:.1f}" y="{y - 7}" width="{width:.1f}" height="14"/>'
                for start, width in _bars(light)
            ),
            f'    <text x="266" y="{y + 5}" fill="#000" stroke="none">{escape(MEANS[state])}</text>',
            "  </g>",
        ]
    return "\n".join([*lines, "</svg>", ""])


def _bars(light: Light) -> list[tuple[float, float]]:
    """Where the light is on, as (start, width) in pixels."""
    on, off = (length.total_seconds() * 1000.0 for length in (light.on, light.off))
    if not on:
        return [(LEFT, SHOWN_MS * PIXELS_A_MS)]
    bars, at = [], 0.0
    while at < SHOWN_MS:
        bars.append((LEFT + at * PIXELS_A_MS, max(2.0, min(on, SHOWN_MS - at) * PIXELS_A_MS)))
        at += on + off
    return bars


if __name__ == "__main__":
    print(picture(load_panel_settings()), end="")
