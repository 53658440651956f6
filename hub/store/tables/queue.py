"""The outreach queue: cases, why they are open, who goes there."""

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, String, Table, UniqueConstraint, text

from hub.store.tables.columns import Instant, metadata

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
