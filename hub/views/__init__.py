"""Read models: what the pages and `/api/v1` show, computed from the store as of one instant.

Each takes a connection (of `Store.read()`) and, where time matters, `now`; none writes. Rows are frozen structs
that msgspec encodes as they are.
"""

from hub.views.board import board, last_event_at
from hub.views.home import household, resident
from hub.views.outages import outages
from hub.views.people import district_of, flags, resident_ids, residents
from hub.views.queue import age_on, queue
from hub.views.things import absences, device_state, devices, events, slots
from hub.views.today import people_today
from hub.views.visits import visits

__all__ = [
    "absences",
    "age_on",
    "board",
    "device_state",
    "devices",
    "district_of",
    "events",
    "flags",
    "household",
    "last_event_at",
    "outages",
    "people_today",
    "queue",
    "resident",
    "resident_ids",
    "residents",
    "slots",
    "visits",
]
