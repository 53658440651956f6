"""How the box itself is doing: self-test, watchdog, numbers for the technician, faults said aloud."""
