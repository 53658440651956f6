"""Small pictures drawn in the page itself: SVG attributes need no inline style, so the content policy stays closed."""

from markupsafe import Markup

from hub.views.rows import DistrictCard

_WIDTH, _HEIGHT = 100, 8


def district_bar(card: DistrictCard) -> Markup:
    """How a district's people stand today, as one bar; the numbers beside it say the same in words."""
    parts = (
        ("answered", card.answered),
        ("unanswered", card.unanswered),
        ("unknown", card.cannot_tell),
        ("away", card.away),
        ("waiting", card.waiting),
    )
    total = max(sum(count for _, count in parts), 1)
    x, drawn = 0.0, []
    for name, count in parts:
        width = _WIDTH * count / total
        if count:
            drawn.append(f'<rect class="bar-{name}" x="{x:.2f}" width="{width:.2f}" height="{_HEIGHT}"/>')
        x += width
    return Markup(
        f'<svg class="bar" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true"'
        f' focusable="false">{"".join(drawn)}</svg>'
    )
