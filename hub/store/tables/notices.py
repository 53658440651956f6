"""What people are told."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, text

from hub.store.tables.columns import MANY, Instant, metadata

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
    Column("answer", String(16)),  # met | not_met | cannot_go | away
    Column("answered_at", Instant),
    UniqueConstraint("case_id", "resident_id", "recipient"),
)
