"""What is left of people who were erased: numbers."""

from sqlalchemy import Column, Integer, String, Table

from hub.store.tables.columns import metadata

erased_count = Table(
    "erased_count",
    metadata,
    # What the year's figures need of records that are gone: no number of a person, no day, no district.
    Column("fiscal_year", Integer, primary_key=True, autoincrement=False),
    Column("what", String(24), primary_key=True),  # hub.erasure.counting.What
    Column("detail", String(120), primary_key=True),  # kind/mode/outcome/program of a visit, and so on
    Column("number", Integer, nullable=False),
)
