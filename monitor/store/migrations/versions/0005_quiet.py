"""
Silences, budgets, and what the outbox collects for later.

Revision: 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("outbox", sa.Column("bin", AutoString(), nullable=False, server_default=""))
    op.add_column("ledger", sa.Column("silence_id", big, nullable=True))
    op.create_table(
        "silences",
        sa.Column("id", big, autoincrement=False, nullable=False),
        sa.Column("matchers", sa.Text(), nullable=False),
        sa.Column("author", AutoString(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("told_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_silences_ends_at", "silences", ["ends_at"])
    op.create_table(
        "budgets",
        sa.Column("rule", AutoString(), nullable=False),
        sa.Column("channel", AutoString(), nullable=False),
        sa.Column("spent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "channel"),
    )
    # What collected until now goes as it was to go.
    op.execute("UPDATE outbox SET bin = 'late' WHERE state = 'held' AND reason = 'late'")
    op.execute("UPDATE outbox SET bin = 'digest:earlier' WHERE state = 'held' AND reason = 'weak'")
