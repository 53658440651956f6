"""The hub's tables, a module a topic. Every index says who uses it.

Rows of `event` and `transition` are only ever added; only hub/retention takes them away when their time is over,
and hub/erasure with the person they are of.
"""

from hub.store.tables.clock import due, pulse, slot
from hub.store.tables.columns import MANY, Instant, metadata
from hub.store.tables.erasure import erased_count
from hub.store.tables.heard import event, quarantine
from hub.store.tables.history import access_log, deletion, transition
from hub.store.tables.notices import delivery, family_link, notice
from hub.store.tables.outages import area_outage, outage_member
from hub.store.tables.people import account, login_session, token
from hub.store.tables.policies import duty_shift, policy_version
from hub.store.tables.queue import case, handover, reason, visit
from hub.store.tables.roster import absence, consent, contact, device, district, household, resident, schedule
from hub.store.tables.trends import telemetry_last, telemetry_rollup, trend_change

__all__ = [
    "MANY",
    "Instant",
    "absence",
    "access_log",
    "account",
    "area_outage",
    "case",
    "consent",
    "contact",
    "deletion",
    "delivery",
    "device",
    "district",
    "due",
    "duty_shift",
    "erased_count",
    "event",
    "family_link",
    "handover",
    "household",
    "login_session",
    "metadata",
    "notice",
    "outage_member",
    "policy_version",
    "pulse",
    "quarantine",
    "reason",
    "resident",
    "schedule",
    "slot",
    "telemetry_last",
    "telemetry_rollup",
    "token",
    "transition",
    "trend_change",
    "visit",
]
