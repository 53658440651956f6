"""Log lines of the long-running parts: one JSON object a line on stderr. Ids only, never names or words."""

import logging
import sys
from typing import Literal

import structlog

Level = Literal["debug", "info", "warning", "error"]


def set_up(level: Level) -> None:
    """Log from `level` on. Exceptions are written without the values of variables: those may hold names."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        # Looked up at each use: whoever runs us in their own process may have put another stream there.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
