"""Districts whose lines were lost together, and everybody in them."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, text

from hub.store.tables.columns import Instant, metadata

area_outage = Table(
    "area_outage",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("district", ForeignKey("district.code"), nullable=False),
    Column("state", String(24), nullable=False),  # hub.vocabulary.AreaState; normal once it is over
    Column("began_at", Instant, nullable=False),  # the first loss
    Column("confirmed_at", Instant),  # when it became a fact, and was told
    Column("ended_at", Instant),
    # One open outage a district; also how a loss finds the outage it belongs to.
    Index(
        "uq_area_outage_open",
        "district",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

outage_member = Table(
    "outage_member",
    metadata,
    # Everybody whose line was lost in an outage, one by one: what is collapsed is the notice, never the people.
    Column("outage_id", ForeignKey("area_outage.id"), primary_key=True),
    Column("resident_id", ForeignKey("resident.id"), primary_key=True),
    Column("device_id", String(48), nullable=False),
    Column("lost_at", Instant, nullable=False),
    Column("back_at", Instant),  # the line came back, and held
    Column("checked_at", Instant),  # somebody made sure of the person
    Column("checked_by", String(80)),
    Column("checked_how", String(16)),  # hub.vocabulary.CheckedHow
    Index("ix_outage_member_resident_id", "resident_id"),  # a deadline, the board: is she in an outage?
)
