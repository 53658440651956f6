"""The roster: who is watched over, by whom, with what. Read from and written to CSV files; `docs/roster.md`.

`read` a file to entries, `compare` them with the store or `take_over` them into it, `entries` of the store and
`write` them to a file again.
"""

from hub.roster.entry import Entry, Problem, Role, Summary, Tick
from hub.roster.exporting import Encoding, to_csv, write
from hub.roster.importing import compare, take_over
from hub.roster.reading import read
from hub.roster.stored import entries
from hub.roster.table import RosterRefused

__all__ = [
    "Encoding",
    "Entry",
    "Problem",
    "Role",
    "RosterRefused",
    "Summary",
    "Tick",
    "compare",
    "entries",
    "read",
    "take_over",
    "to_csv",
    "write",
]
