"""Small charts drawn in the page: SVG with classes, readable in grey, and beside a table that says the same.

Coordinates are in the units of the view box; nothing has an inline style, so the content policy stays closed.
"""

from collections.abc import Sequence
from datetime import timedelta

from markupsafe import Markup, escape

from contract.time import OFFICE_ZONE
from hub.telemetry.limits import Number
from hub.views.telemetry import TelemetryPoint
from hub.views.trend import Trend, TrendDay

_STEP, _LEFT, _RIGHT = 20, 46, 8
_TOP, _TALL = 14, 64
_ROW = _TOP + _TALL + 22


def trend_chart(trend: Trend, title: str) -> Markup:
    """The last weeks: a line of how long answers took beside the usual, and a mark a day of whether they came."""
    width = _LEFT + _STEP * len(trend.days) + _RIGHT
    drawn = [*_delays(trend, width), *_marks(trend.days), *_dates(trend.days)]
    return Markup(
        f'<svg class="trend-chart" viewBox="0 0 {width} {_ROW + 34}" role="img" aria-label="{escape(title)}">'
        f"{''.join(drawn)}</svg>"
    )


def _x(place: int) -> float:
    return _LEFT + _STEP * (place + 0.5)


def _delays(trend: Trend, width: int) -> list[str]:
    shown = [one.delay_ms for one in trend.days if one.delay_ms is not None]
    usual = trend.usual_delay_ms if trend.usual_days >= trend.least_usual_days else None
    # A single slow answer must not flatten everything else: beyond three times the usual a dot stays at the top.
    top = min(max([*shown, (usual or 0) * 2, 1.0]), max((usual or 0) * 3, 3000.0))

    def y(value: float) -> float:
        return _TOP + _TALL * (1 - min(value, top) / top)

    floor = _TOP + _TALL
    drawn = [
        f'<line class="axis" x1="{_LEFT}" y1="{floor}" x2="{width - _RIGHT}" y2="{floor}"/>',
        f'<text class="axis-words" x="{_LEFT - 6}" y="{floor + 4}" text-anchor="end">0秒</text>',
    ]
    if usual is not None:
        drawn += [
            f'<line class="usual" x1="{_LEFT}" y1="{y(usual):.1f}" x2="{width - _RIGHT}" y2="{y(usual):.1f}"/>',
            f'<text class="axis-words" x="{_LEFT - 6}" y="{y(usual) + 4:.1f}" text-anchor="end">{usual / 1000:.1f}秒</text>',
        ]
    run: list[str] = []
    for place, one in enumerate([*trend.days, None]):
        if one is not None and one.delay_ms is not None:
            run.append(f"{_x(place):.1f},{y(one.delay_ms):.1f}")
            continue
        if len(run) > 1:
            drawn.append(f'<polyline class="curve" points="{" ".join(run)}"/>')
        run = []
    drawn += [
        f'<circle class="dot" cx="{_x(place):.1f}" cy="{y(one.delay_ms):.1f}" r="2.6"/>'
        for place, one in enumerate(trend.days)
        if one.delay_ms is not None
    ]
    return drawn


def _marks(days: Sequence[TrendDay]) -> list[str]:
    """Filled circle: all answered. Half: some. Diamond: none. Nothing: not asked, or it could not be known."""
    drawn = []
    for place, day in enumerate(days):
        x, y = _x(place), float(_ROW)
        if day.asked == 0:
            drawn.append(f'<line class="mark-none" x1="{x - 3}" y1="{y}" x2="{x + 3}" y2="{y}"/>')
        elif day.answered == 0:
            drawn.append(
                f'<path class="mark-missed" d="M{x} {y - 7.5}L{x + 7.5} {y}L{x} {y + 7.5}L{x - 7.5} {y}Z"/>'
            )
        else:
            drawn.append(f'<circle class="mark-ring" cx="{x}" cy="{y}" r="6"/>')
            whole = day.answered == day.asked
            shape = (
                f'<circle class="mark-answered" cx="{x}" cy="{y}" r="6"/>'
                if whole
                else f'<path class="mark-answered" d="M{x} {y - 6}A6 6 0 0 0 {x} {y + 6}Z"/>'
            )
            drawn.append(shape)
            if day.worse:
                drawn.append(f'<text class="mark-worse" x="{x}" y="{y - 10}" text-anchor="middle">!</text>')
    return drawn


def _dates(days: Sequence[TrendDay]) -> list[str]:
    return [
        f'<text class="axis-words" x="{_x(place)}" y="{_ROW + 26}" text-anchor="middle">{one.day.month}/{one.day.day}</text>'
        for place, one in enumerate(days)
        if (one.day.isoweekday() == 1 and place < len(days) - 3) or place == len(days) - 1
    ]


def number_chart(points: Sequence[TelemetryPoint], number: Number) -> Markup:
    """The last hours of one number: its mean as a line, lowest to highest as a band, its bound dashed."""
    if len(points) < 2:
        return Markup("")
    width, tall, edge = 168, 40, 3
    first, last = points[0].start, points[-1].start
    bounds = [bound for bound in (number.below, number.above) if bound is not None]
    low = min(one.low for one in points)
    high = max(one.high for one in points)
    room = high - low or abs(high) or 1.0
    # A bound is drawn where it is near enough to matter.
    near = [bound for bound in bounds if low - room <= bound <= high + room]
    bottom, top = min([low, *near]), max([high, *near])
    span = top - bottom or 1.0
    length = (last - first) or timedelta(hours=1)

    def x(one: TelemetryPoint) -> float:
        return edge + (width - 2 * edge) * ((one.start - first) / length)

    def y(value: float) -> float:
        return edge + (tall - 2 * edge) * (1 - (value - bottom) / span)

    band = [f"{x(one):.1f},{y(one.high):.1f}" for one in points]
    band += [f"{x(one):.1f},{y(one.low):.1f}" for one in reversed(points)]
    curve = " ".join(f"{x(one):.1f},{y(one.mean):.1f}" for one in points)
    drawn = [f'<polygon class="band" points="{" ".join(band)}"/>']
    drawn += [
        f'<line class="bound" x1="{edge}" y1="{y(bound):.1f}" x2="{width - edge}" y2="{y(bound):.1f}"/>'
        for bound in near
    ]
    drawn.append(f'<polyline class="curve" points="{curve}"/>')
    begin = first.astimezone(OFFICE_ZONE)
    said = (
        f"{begin.month}/{begin.day} {begin.hour}時から。"
        f"最低 {number.shown(low)}、最高 {number.shown(high)}、いま {number.shown(points[-1].last)}"
    )
    return Markup(
        f'<svg class="number-chart" viewBox="0 0 {width} {tall}" role="img" aria-label="{escape(said)}">'
        f"{''.join(drawn)}</svg>"
    )
