"""Who does what when it falls due."""

from collections.abc import Mapping

from hub import blindness, ladder
from hub.retention import daily as retention
from hub.retention.policy import load as load_retention
from hub.telemetry import rollup
from hub.trends import daily
from hub.trends.settings import load as load_trends
from hub.vocabulary import DueKind
from hub.watch import areas, away, deadlines, silence, slots, states
from hub.work import Handler

HANDLERS: Mapping[DueKind, Handler] = {
    DueKind.slot_deadline: deadlines.at_deadline,
    DueKind.late_silence: deadlines.at_late_silence,
    DueKind.unanswered: silence.at_unanswered,
    DueKind.ladder_step: ladder.at_step,
    DueKind.acknowledgement: ladder.at_acknowledgement,
    DueKind.device_lost: states.at_lost,
    DueKind.device_settle: states.at_settle,
    DueKind.area_check: areas.at_check,
    DueKind.absence_end: away.at_end,
    DueKind.trend: daily.handler(load_trends()),
    DueKind.hub_sight: blindness.at_sight,
    DueKind.policy_change: slots.at_policy_change,
    DueKind.rollup: rollup.at_rollup,
    DueKind.retention: retention.handler(load_retention()),
}
"""Every kind has one; a test says so."""
