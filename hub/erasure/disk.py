"""What was erased leaves the file's log too."""

import sqlite3
from contextlib import closing
from pathlib import Path

WAIT_SECONDS = 10.0


def empty_log(store: Path) -> bool:
    """Bring the write-ahead log into the file and cut it to nothing; False while somebody still reads older pages."""
    try:
        with closing(sqlite3.connect(store, timeout=WAIT_SECONDS)) as raw:
            busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError:
        return False
    return bool(busy == 0)
