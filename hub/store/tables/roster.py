"""The roster: who is watched over, by whom, with what."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    true,
)

from hub.store.tables.columns import Instant, metadata

district = Table(
    "district",
    metadata,
    Column("code", String(24), primary_key=True),
    Column("name", String(40), nullable=False),
    Column("kana", String(40), nullable=False),
    Column("position", Integer, nullable=False),
)

household = Table(
    "household",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("district", ForeignKey("district.code"), nullable=False),
    Column("address", String(200), nullable=False),
    Column("phone", String(20)),
    Column("lives_alone", Boolean, nullable=False),
    Index("ix_household_district", "district"),  # the district board, outage
)

resident = Table(
    "resident",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("household_id", ForeignKey("household.id"), nullable=False),
    Column("name", String(80), nullable=False),  # 姓 名, one half-width space
    Column("kana", String(80), nullable=False),
    Column("kana_key", String(80), nullable=False),  # 濁点・長音・小書き folded: sorting and search
    Column("call_name", String(40), nullable=False),  # how the speaker addresses them, 佐藤さん
    Column("birth_date", Date),
    Column("sex", String(1)),
    Column("phone", String(20)),
    Column("risk_class", String(24), nullable=False),  # a class of the ladder's policy
    Column("enrolled_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column(
        "settled_at", Instant
    ),  # a person dealt with the silence up to here: misses before do not count again
    Index("ix_resident_household_id", "household_id"),  # a case collects its household's people
    Index("ix_resident_kana_key", "kana_key"),  # the resident list, sorted by カナ
)

contact = Table(
    "contact",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("resident_id", ForeignKey("resident.id"), nullable=False),
    Column("position", Integer, nullable=False),  # who is called first
    Column("role", String(24), nullable=False),  # family_contact | helper | welfare_commissioner
    Column("name", String(80), nullable=False),
    Column("relation", String(40)),
    Column("phone", String(20)),
    Column("address", String(300)),  # a mail address, or what apprise calls a URL: where notices go
    Index("ix_contact_resident_id", "resident_id"),  # the ladder, the household page
)

consent = Table(
    "consent",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("resident_id", ForeignKey("resident.id"), nullable=False),
    Column(
        "tick", String(32), nullable=False
    ),  # record_answers | tell_family | share | forced_entry | keep_audio | listen_for_help
    Column("granted_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index("ix_consent_resident_id", "resident_id"),  # every page and export that shows answers
)

device = Table(
    "device",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("resident_id", ForeignKey("resident.id")),
    Column("registered_at", Instant, nullable=False),
    Column("presence", String(16), nullable=False),  # hub.vocabulary.DeviceState
    Column("presence_at", Instant),
    Column("session", String(64)),
    Column("muted", Boolean, nullable=False, default=False),
    Column("fault", String(40)),  # the part that is broken, or NULL
    Column("last_seen_at", Instant),  # arrival of anything at all
    Column("version", String(40)),
    Column("recognizer", String(80)),
    Column("config_revision", Integer, nullable=False, default=0),
    Column("config_digest", String(64)),  # of the configuration it was last told, without the revision
    Column("malformed", Integer, nullable=False, default=0),  # payloads quarantined so far
    Index("ix_device_resident_id", "resident_id"),  # whose speaker is this, and the reverse
)

schedule = Table(
    "schedule",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("resident_id", ForeignKey("resident.id"), nullable=False),
    Column("name", String(24), nullable=False),  # morning, evening
    Column("at", String(8), nullable=False),  # "08:00" or "08:00:30", office time
    Column("weekdays", JSON, nullable=False),  # ISO, Monday is 1
    # Whether public holidays count like any day; 平日のみ and 祝日は休み do not ask on them.
    Column("on_holidays", Boolean, nullable=False, default=True, server_default=true()),
    UniqueConstraint("resident_id", "name"),
)

absence = Table(
    "absence",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("resident_id", ForeignKey("resident.id"), nullable=False),
    Column("kind", String(24), nullable=False),  # out | hospital | day_service
    Column("starts_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),  # an absence without an end would be a silence nobody owns
    Column("ended_at", Instant),  # came home early, or `until` passed
    Column("said_by", String(80), nullable=False),  # an account, or the device
    Index("ix_absence_resident_id", "resident_id"),  # is she away right now?
)
