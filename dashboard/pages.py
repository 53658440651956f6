"""The templates, and the words they may use."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboard import words
from dashboard.charts import number_chart, trend_chart
from dashboard.picture import district_bar
from hub import words as hub_words
from hub.outreach.operations import NOT_CHOSEN
from hub.telemetry import limits
from hub.trends import words as trend_words
from hub.views.rows import QueueRow
from hub.vocabulary import CaseOutcome

TEMPLATES = Path(__file__).parent / "templates"


def load_templates() -> Environment:
    """Every value is escaped; a name that a template misspells is an error, not an empty place."""
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters.update(
        long_date=words.long_date,
        short_date=words.short_date,
        time_of_day=words.time_of_day,
        time_with_seconds=words.time_with_seconds,
        moment=words.moment,
        stamp=words.stamp,
        since=words.since,
        held=words.held,
        by_when=words.by_when,
        tel=words.phone,
        phones=phones,
        called=called,
        bar=district_bar,
        trend_chart=trend_chart,
        number_chart=number_chart,
        amount=lambda value, measure: trend_words.amount(measure, value),
    )
    names: dict[str, Any] = {
        "STATUS": words.STATUS,
        "ANSWERED": words.ANSWERED,
        "AWAY": words.AWAY,
        "PERSON": words.PERSON,
        "SLOT": words.SLOT,
        "DEVICE": words.DEVICE,
        "CASE": words.CASE,
        "AREA": words.AREA,
        "CHECKED": hub_words.CHECKED,
        "VISIT_KIND": hub_words.VISIT_KINDS,
        "VISIT_OUTCOME": hub_words.VISIT_OUTCOMES,
        "DELIVERY": hub_words.DELIVERY_MODES,
        "OUTCOME": hub_words.OUTCOMES,
        "CHOSEN_OUTCOMES": [outcome for outcome in CaseOutcome if outcome not in NOT_CHOSEN],
        "REASON": words.REASON,
        "WORDED_WITH_TIME": words.WORDED_WITH_TIME,
        "INTENT": words.INTENT,
        "CONTACT": words.CONTACT,
        "CALLED": words.CALLED,
        "NOTICE": words.NOTICE,
        "NOTICE_STATE": words.NOTICE_STATE,
        "LINK_ANSWER": words.LINK_ANSWER,
        "ABSENCE": hub_words.ABSENCES,
        "CONSENT": words.CONSENT,
        "PARTS": hub_words.PARTS,
        "MEASURE": trend_words.MEASURES,
        "NUMBER": limits.load(),
        "SEX": words.SEX,
    }
    pages.globals.update(names)
    return pages


def called(row: QueueRow) -> str:
    """A household by the names of its residents; by its address where nobody is left."""
    return "・".join(person.name for person in row.residents) or row.address


def phones(row: QueueRow) -> list[str]:
    """The numbers to call, each once: the residents' own, then the household's."""
    numbers = [*(person.phone for person in row.residents), row.phone]
    return list(dict.fromkeys(number for number in numbers if number))
