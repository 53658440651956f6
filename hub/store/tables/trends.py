"""How people and boxes fare."""

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table

from hub.store.tables.columns import Instant, metadata

trend_change = Table(
    "trend_change",
    metadata,
    # A sign of change (変化の兆し) that was told, from then until it was over; see hub/trends.
    Column("id", String(36), primary_key=True),
    Column("resident_id", ForeignKey("resident.id"), nullable=False),
    Column("told_at", Instant, nullable=False),
    Column("measures", JSON, nullable=False),  # hub.trends.judging.Measure, those that changed
    Column("ended_at", Instant),
    Column("ended_why", String(16)),  # hub.trends.daily.Ended
    Index("ix_trend_change_resident_id", "resident_id", "told_at"),  # the daily look, the household page
)

telemetry_rollup = Table(
    "telemetry_rollup",
    metadata,
    # What a speaker told of itself in an hour or a day: name -> count, min, max, mean, last.
    Column("device_id", String(48), primary_key=True),
    Column("span", String(4), primary_key=True),  # hour | day
    Column("start", Instant, primary_key=True),
    Column("numbers", JSON, nullable=False),
    Index("ix_telemetry_rollup_span", "span", "start"),  # the daily roll-up, retention
)

telemetry_last = Table(
    "telemetry_last",
    metadata,
    # The latest number of every name, for pages and `mimamori doctor`.
    Column("device_id", String(48), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("numbers", JSON, nullable=False),
    Column("flags", JSON, nullable=False),  # hub.telemetry.limits: what is out of its bounds
)
