"""The first tables."""

import sqlalchemy as sa
from alembic import op

from hub.store import tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    """One version on. There is no way back but a backup: a step back would throw records away."""
    op.create_table(
        "access_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", tables.Instant(length=27), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    with op.batch_alter_table("access_log", schema=None) as batch_op:
        batch_op.create_index("ix_access_log_actor", ["actor", "at"], unique=False)
        batch_op.create_index("ix_access_log_subject", ["subject_kind", "subject", "at"], unique=False)

    op.create_table(
        "account",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("district", sa.String(length=24), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("created_at", tables.Instant(length=27), nullable=False),
        sa.Column("disabled_at", tables.Instant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("district", sa.String(length=24), nullable=True),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", tables.Instant(length=27), nullable=False),
        sa.Column("revoked_at", tables.Instant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_token_key_hash")),
    )
    op.create_table(
        "district",
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("kana", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_district")),
    )
    op.create_table(
        "due",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", tables.Instant(length=27), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_due_kind")),
    )
    with op.batch_alter_table("due", schema=None) as batch_op:
        batch_op.create_index("ix_due_at", ["at"], unique=False)

    op.create_table(
        "event",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=48), nullable=False),
        sa.Column("resident_id", sa.String(length=24), nullable=True),
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", tables.Instant(length=27), nullable=False),
        sa.Column("received_at", tables.Instant(length=27), nullable=False),
        sa.Column("clock", sa.String(length=8), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix_event_received_at", ["received_at"], unique=False)
        batch_op.create_index("ix_event_resident_id", ["resident_id", "at"], unique=False)

    op.create_table(
        "pulse",
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("at", tables.Instant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pulse")),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=200), nullable=False),
        sa.Column("device_id", sa.String(length=48), nullable=True),
        sa.Column("received_at", tables.Instant(length=27), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.create_index("ix_quarantine_device_id", ["device_id"], unique=False)

    op.create_table(
        "transition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", tables.Instant(length=27), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("old", sa.String(length=40), nullable=True),
        sa.Column("new", sa.String(length=40), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transition")),
    )
    with op.batch_alter_table("transition", schema=None) as batch_op:
        batch_op.create_index("ix_transition_subject", ["subject_kind", "subject"], unique=False)

    op.create_table(
        "household",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("district", sa.String(length=24), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("lives_alone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["district"], ["district.code"], name=op.f("fk_household_district")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
    )
    with op.batch_alter_table("household", schema=None) as batch_op:
        batch_op.create_index("ix_household_district", ["district"], unique=False)

    op.create_table(
        "login_session",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", tables.Instant(length=27), nullable=False),
        sa.Column("expires_at", tables.Instant(length=27), nullable=False),
        sa.Column("revoked_at", tables.Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_login_session_account_id")),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_login_session")),
    )
    op.create_table(
        "outreach_case",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("household_id", sa.String(length=24), nullable=False),
        sa.Column("lane", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("severity", sa.String(length=24), nullable=False),
        sa.Column("opened_at", tables.Instant(length=27), nullable=False),
        sa.Column("closed_at", tables.Instant(length=27), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("ladder", sa.String(length=24), nullable=True),
        sa.Column("step", sa.String(length=40), nullable=True),
        sa.Column("step_words", sa.String(length=200), nullable=True),
        sa.Column("due_at", tables.Instant(length=27), nullable=True),
        sa.Column("acknowledged_until", tables.Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_outreach_case_household_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_case")),
    )
    with op.batch_alter_table("outreach_case", schema=None) as batch_op:
        batch_op.create_index("ix_outreach_case_household_id", ["household_id"], unique=False)
        batch_op.create_index("ix_outreach_case_open", ["closed_at", "severity"], unique=False)
        batch_op.create_index(
            "uq_outreach_case_open",
            ["household_id", "lane"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "resident",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("household_id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kana", sa.String(length=80), nullable=False),
        sa.Column("kana_key", sa.String(length=80), nullable=False),
        sa.Column("call_name", sa.String(length=40), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("sex", sa.String(length=1), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("risk_class", sa.String(length=24), nullable=False),
        sa.Column("enrolled_at", tables.Instant(length=27), nullable=False),
        sa.Column("ended_at", tables.Instant(length=27), nullable=True),
        sa.Column("settled_at", tables.Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_resident_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident")),
    )
    with op.batch_alter_table("resident", schema=None) as batch_op:
        batch_op.create_index("ix_resident_household_id", ["household_id"], unique=False)
        batch_op.create_index("ix_resident_kana_key", ["kana_key"], unique=False)

    op.create_table(
        "absence",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("starts_at", tables.Instant(length=27), nullable=False),
        sa.Column("until", tables.Instant(length=27), nullable=False),
        sa.Column("ended_at", tables.Instant(length=27), nullable=True),
        sa.Column("said_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_absence_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index("ix_absence_resident_id", ["resident_id"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resident_id", sa.String(length=24), nullable=False),
        sa.Column("tick", sa.String(length=32), nullable=False),
        sa.Column("granted_at", tables.Instant(length=27), nullable=False),
        sa.Column("revoked_at", tables.Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_consent_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index("ix_consent_resident_id", ["resident_id"], unique=False)

    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resident_id", sa.String(length=24), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("relation", sa.String(length=40), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_contact_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index("ix_contact_resident_id", ["resident_id"], unique=False)

    op.create_table(
        "device",
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("resident_id", sa.String(length=24), nullable=True),
        sa.Column("registered_at", tables.Instant(length=27), nullable=False),
        sa.Column("presence", sa.String(length=16), nullable=False),
        sa.Column("presence_at", tables.Instant(length=27), nullable=True),
        sa.Column("session", sa.String(length=64), nullable=True),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.Column("fault", sa.String(length=40), nullable=True),
        sa.Column("last_seen_at", tables.Instant(length=27), nullable=True),
        sa.Column("version", sa.String(length=40), nullable=True),
        sa.Column("recognizer", sa.String(length=80), nullable=True),
        sa.Column("config_revision", sa.Integer(), nullable=False),
        sa.Column("config_digest", sa.String(length=64), nullable=True),
        sa.Column("malformed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_device_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
    )
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.create_index("ix_device_resident_id", ["resident_id"], unique=False)

    op.create_table(
        "reason",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=24), nullable=True),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("severity", sa.String(length=24), nullable=False),
        sa.Column("at", tables.Instant(length=27), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("since", tables.Instant(length=27), nullable=True),
        sa.Column("resolved_at", tables.Instant(length=27), nullable=True),
        sa.Column("resolved_why", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["outreach_case.id"], name=op.f("fk_reason_case_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_reason_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reason")),
        sa.UniqueConstraint("case_id", "code", "source", name=op.f("uq_reason_case_id")),
    )
    with op.batch_alter_table("reason", schema=None) as batch_op:
        batch_op.create_index("ix_reason_case_id", ["case_id"], unique=False)
        batch_op.create_index("ix_reason_resident_id", ["resident_id"], unique=False)

    op.create_table(
        "schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resident_id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("at", sa.String(length=8), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_schedule_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("resident_id", "name", name=op.f("uq_schedule_resident_id")),
    )
    op.create_table(
        "slot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resident_id", sa.String(length=24), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("opens_at", tables.Instant(length=27), nullable=False),
        sa.Column("deadline_at", tables.Instant(length=27), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=True),
        sa.Column("intent", sa.String(length=16), nullable=True),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_outcome", sa.String(length=16), nullable=True),
        sa.Column("closed_at", tables.Instant(length=27), nullable=True),
        sa.Column("event_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["resident_id"], ["resident.id"], name=op.f("fk_slot_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot")),
        sa.UniqueConstraint("resident_id", "day", "name", name=op.f("uq_slot_resident_id")),
    )
    with op.batch_alter_table("slot", schema=None) as batch_op:
        batch_op.create_index("ix_slot_day", ["day", "state"], unique=False)
