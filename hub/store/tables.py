"""The hub's tables. Every index says who uses it.

Rows of `event` and `transition` are only ever added; only hub/retention takes them away when their time is over.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: ISO 8601 text of fixed width on SQLite, so that text order is time order."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`timestamptz` where there is one."""
        return dialect.type_descriptor(
            DateTime(timezone=True) if dialect.name == "postgresql" else String(27)
        )

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive time: it would be somebody's local one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime must not reach the store")
        utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        if dialect.name == "postgresql":
            return utc
        # Not strftime: it writes the year 1 of a clock that was never set without its zeros.
        return utc.isoformat(timespec="microseconds").replace("+00:00", "Z")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy names it
        """Back to an aware UTC datetime."""
        if value is None or isinstance(value, datetime):
            return value
        return datetime.fromisoformat(value)


MANY = Integer().with_variant(BigInteger(), "postgresql")
"""Rows that a country counts by the billion; SQLite's INTEGER is large enough anyway."""

# ---- the roster: who is watched over, by whom, with what ------------------------------------------------

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

# ---- what was heard, and what should have been -----------------------------------------------------------

event = Table(
    "event",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("device_id", String(48), nullable=False),
    Column("resident_id", String(24)),
    Column("session", String(64), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Instant, nullable=False),  # when it happened, by the device
    Column("received_at", Instant, nullable=False),  # when it arrived here
    Column("clock", String(8), nullable=False),
    Column("late", Boolean, nullable=False),
    Column("type", String(40), nullable=False),
    Column("body", JSON, nullable=False),
    Index("ix_event_resident_id", "resident_id", "at"),  # the history of one resident
    Index("ix_event_received_at", "received_at"),  # data age, /healthz
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", MANY, primary_key=True),
    Column("topic", String(200), nullable=False),
    Column("device_id", String(48)),
    Column("received_at", Instant, nullable=False),
    Column("payload", LargeBinary, nullable=False),  # the first 4 KiB
    Column("why", String(500), nullable=False),
    Index("ix_quarantine_device_id", "device_id"),  # has this been kept already, is there room?
)

slot = Table(
    "slot",
    metadata,
    Column("id", MANY, primary_key=True),
    Column("resident_id", ForeignKey("resident.id"), nullable=False),
    Column("day", Date, nullable=False),  # office date
    Column("name", String(24), nullable=False),
    Column("opens_at", Instant, nullable=False),
    Column("deadline_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),  # hub.vocabulary.SlotState
    Column("why", String(32)),  # hub.vocabulary.ReasonCode: why it is cannot_tell
    Column("intent", String(16)),
    Column("asked", Boolean, nullable=False, default=False),  # a prompt was heard to play
    Column("attempts", Integer, nullable=False, default=0),
    Column("last_outcome", String(16)),
    Column("closed_at", Instant),
    Column("event_id", String(64)),  # the event that decided it
    UniqueConstraint("resident_id", "day", "name"),
    Index("ix_slot_day", "day", "state"),  # the board's tiles, /api/v1/slots
)

due = Table(
    "due",
    metadata,
    Column("id", MANY, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("failures", Integer, nullable=False, default=0),  # how often its work could not be done, in a row
    Column("error", String(300)),  # what stood in the way the last time; shown by /healthz
    UniqueConstraint("kind", "subject"),
    Index("ix_due_at", "at"),  # the sweep
)

# ---- the outreach queue -----------------------------------------------------------------------------------

case = Table(
    "outreach_case",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("household_id", ForeignKey("household.id"), nullable=False),
    Column("lane", String(8), nullable=False),  # person | device
    Column("state", String(24), nullable=False),  # hub.vocabulary.CaseState
    Column("severity", String(24), nullable=False),  # hub.vocabulary.Severity
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("outcome", String(40)),
    Column("owner", String(80)),
    Column("ladder", String(24)),  # the policy's ladder this case climbs
    Column("step", String(40)),  # the ladder's step that is to be done now
    Column("step_words", String(200)),
    Column("due_at", Instant),  # by when
    Column("acknowledged_until", Instant),  # the owner is at it; the climb rests until then
    Column("owned_at", Instant),  # since when the owner has it in hand
    Column("merged_into", String(36)),  # the case that its reasons went to
    Index("ix_outreach_case_open", "closed_at", "severity"),  # the queue
    # One open case a household and lane; also how a new reason finds its case.
    Index(
        "uq_outreach_case_open",
        "household_id",
        "lane",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
    Index("ix_outreach_case_household_id", "household_id"),  # the history of a household
)

handover = Table(
    "handover",
    metadata,
    # Offered to somebody; the owner keeps the case until the other side accepts.
    Column("id", String(36), primary_key=True),
    Column("case_id", ForeignKey("outreach_case.id"), nullable=False),
    Column("offered_by", String(80), nullable=False),
    Column("offered_to", String(80), nullable=False),
    Column("why", String(200), nullable=False),
    Column("offered_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Column("accepted", Boolean),  # NULL while open, or when the case ended meanwhile
    Column("answer", String(200)),
    # One open offer a case; also what the household page shows.
    Index(
        "uq_handover_open",
        "case_id",
        unique=True,
        sqlite_where=text("answered_at IS NULL"),
        postgresql_where=text("answered_at IS NULL"),
    ),
    Index("ix_handover_case_id", "case_id"),
)

visit = Table(
    "visit",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("case_id", ForeignKey("outreach_case.id"), nullable=False),
    Column("household_id", ForeignKey("household.id"), nullable=False),
    Column("kind", String(24), nullable=False),  # hub.vocabulary.VisitKind
    Column("program", String(40)),  # 事業区分: a key of the policy; NULL only in an emergency
    Column("purpose", String(300), nullable=False),  # 目的
    Column("scope_do", String(300), nullable=False),  # 範囲: what to do
    Column("scope_dont", String(300), nullable=False),  # and what not
    Column("coordination", JSON, nullable=False),  # 事前調整: the keys that were settled before
    Column("emergency", Boolean, nullable=False),  # went out without waiting for them
    Column("assignee", String(80), nullable=False),
    Column("assigned_by", String(80), nullable=False),
    Column("assigned_at", Instant, nullable=False),
    Column("planned_for", Instant, nullable=False),
    Column("started_at", Instant),
    Column("visited_at", Instant),  # when they stood at the door
    Column("written_at", Instant),  # when it was written up
    Column("outcome", String(16)),  # hub.vocabulary.VisitOutcome
    Column("text", String(500)),
    Column("follow_up_on", Date),
    Column("provider", String(24)),  # the assignee's, and its mode on the day of the visit
    Column("delivery_mode", String(16)),  # hub.vocabulary.DeliveryMode
    Column("cancelled_at", Instant),
    Index("ix_visit_case_id", "case_id"),  # the case's page
    Index("ix_visit_household_id", "household_id"),  # the history of a household
    Index("ix_visit_assignee", "assignee", "planned_for"),  # today's visits of one worker
    Index("ix_visit_visited_at", "visited_at"),  # the year's figures
)

reason = Table(
    "reason",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("case_id", ForeignKey("outreach_case.id"), nullable=False),
    Column("resident_id", ForeignKey("resident.id")),
    Column("code", String(32), nullable=False),  # hub.vocabulary.ReasonCode
    Column("words", String(300), nullable=False),
    Column("severity", String(24), nullable=False),
    Column("at", Instant, nullable=False),
    Column(
        "source", String(80), nullable=False
    ),  # the event or slot behind it: a reason is added once per source
    Column("since", Instant),  # when the silence began, where the reason is one
    Column("resolved_at", Instant),
    Column("resolved_why", String(300)),
    UniqueConstraint("case_id", "code", "source"),
    Index("ix_reason_case_id", "case_id"),  # the queue's reason line
    Index("ix_reason_resident_id", "resident_id"),  # an answer looks for the silence it ends
)

transition = Table(
    "transition",
    metadata,
    Column("id", MANY, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("subject_kind", String(16), nullable=False),  # slot | case | device | absence | resident | area
    Column("subject", String(80), nullable=False),
    Column("old", String(40)),
    Column("new", String(40), nullable=False),
    Column("why", String(300), nullable=False),
    Column("actor", String(80), nullable=False),  # an account, a device, or "hub"
    Index("ix_transition_subject", "subject_kind", "subject"),  # the history of one thing
)

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

# ---- what people are told ------------------------------------------------------------------------------------

notice = Table(
    "notice",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("key", String(160), nullable=False, unique=True),  # the same key twice is one notice
    Column("kind", String(24), nullable=False),  # hub.notices.notice.NoticeKind
    Column("audience", String(16), nullable=False),  # hub.notices.notice.AudienceKind, looked up when sent
    Column("audience_of", String(120), nullable=False),
    Column("subject_kind", String(16), nullable=False),  # case | district | hub | account | office
    Column("subject", String(80), nullable=False),
    Column("words", String(500), nullable=False),
    Column("urgency", String(12), nullable=False),  # hub.notices.notice.Urgency
    Column("at", Instant, nullable=False),
    Column("addressed_at", Instant),  # the people behind the audience have their deliveries
    Column("nobody", String(300)),  # why there was nobody to tell
    Column("withdrawn_at", Instant),  # its reason was gone before everybody had it
    Column("withdrawn_why", String(300)),
    # The notifier: what is new.
    Index(
        "ix_notice_new",
        "at",
        sqlite_where=text("addressed_at IS NULL AND withdrawn_at IS NULL"),
        postgresql_where=text("addressed_at IS NULL AND withdrawn_at IS NULL"),
    ),
    # /healthz and the first page: what reached nobody.
    Index(
        "ix_notice_nobody",
        "at",
        sqlite_where=text("nobody IS NOT NULL"),
        postgresql_where=text("nobody IS NOT NULL"),
    ),
    Index("ix_notice_subject", "subject_kind", "subject"),  # withdrawal, all-clear, the household page
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", MANY, primary_key=True),
    Column("notice_id", ForeignKey("notice.id"), nullable=False),
    Column("recipient", String(120), nullable=False),  # staff/LOGIN | contact/RESIDENT/POSITION
    Column("called", String(80), nullable=False),  # the name at that time; another one there now is not told
    Column("urgency", String(12), nullable=False),  # that of the notice
    Column("state", String(12), nullable=False),  # waiting | sending | sent | failed | withdrawn
    Column(
        "due_at", Instant, nullable=False
    ),  # when to send or try again; while sending: when that is given up
    Column("attempts", Integer, nullable=False, default=0),
    Column("unclear", Boolean, nullable=False, default=False),  # one attempt may have arrived all the same
    Column("claimed_at", Instant),  # when it was last taken to be sent
    Column("message_id", String(36)),  # what went out together has the same
    Column("ended_at", Instant),  # sent, given up or withdrawn
    Column("error", String(300)),  # what stood in the way the last time, or why it was withdrawn
    UniqueConstraint("notice_id", "recipient"),
    # The notifier: what is due now. Cost follows that.
    Index(
        "ix_delivery_due",
        "due_at",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    # /healthz and the first page: what was given up.
    Index(
        "ix_delivery_failed",
        "ended_at",
        sqlite_where=text("state = 'failed'"),
        postgresql_where=text("state = 'failed'"),
    ),
    Index("ix_delivery_recipient", "recipient", "claimed_at"),  # the throttle
)

family_link = Table(
    "family_link",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("case_id", ForeignKey("outreach_case.id"), nullable=False),
    Column("resident_id", ForeignKey("resident.id"), nullable=False),
    Column("recipient", String(120), nullable=False),  # as in delivery
    Column("called", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("answer", String(16)),  # met | not_met | away
    Column("answered_at", Instant),
    UniqueConstraint("case_id", "resident_id", "recipient"),
)

policy_version = Table(
    "policy_version",
    metadata,
    # Only ever added to: what was in force on a day stays what was in force on that day.
    Column("id", Integer, primary_key=True),
    Column("from_at", Instant, nullable=False),
    Column("imported_at", Instant, nullable=False),
    Column("imported_by", String(80), nullable=False),
    Column("text", Text, nullable=False),  # the file as it was imported
)

duty_shift = Table(
    "duty_shift",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("account", String(80), nullable=False),  # a login
    Column("phone", String(20)),
    Index("ix_duty_shift_until_at", "until_at"),  # who is on duty now?
)

# ---- people who log in, and what they looked at --------------------------------------------------------------

account = Table(
    "account",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("login", String(80), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("role", String(32), nullable=False),
    Column("district", String(24)),  # a 民生委員 sees only the own one
    Column("password_hash", String(200), nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

login_session = Table(
    "login_session",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

token = Table(
    "api_token",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("role", String(32), nullable=False),
    Column("district", String(24)),  # as on an account: a district-bound role sees only this one
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

access_log = Table(
    "access_log",
    metadata,
    Column("id", MANY, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(40), nullable=False),  # view | export | print | login | refused
    Column("subject_kind", String(16), nullable=False),
    Column("subject", String(80), nullable=False),
    Index("ix_access_log_subject", "subject_kind", "subject", "at"),  # who saw this resident?
    Index("ix_access_log_actor", "actor", "at"),  # what did this person see?
)

pulse = Table(
    "pulse",
    metadata,
    # What the hub last did, for /healthz and the board's data age: one row each of last_event, last_sweep.
    Column("name", String(24), primary_key=True),
    Column("at", Instant, nullable=False),
)

# ---- how people and boxes fare, and what was let go ------------------------------------------------------------

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

deletion = Table(
    "deletion",
    metadata,
    # What retention removed: how much of what, never its contents.
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kept", String(24), nullable=False),  # hub.retention.policy.Kind
    Column("before", Instant, nullable=False),
    Column("removed", Integer, nullable=False),
    Index("ix_deletion_kept", "kept", "at"),  # one row a kind and run; `mimamori retention`
)
