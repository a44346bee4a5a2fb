"""
What good manners towards servers, a feed's rhythm and its troubles need.

Revision: 0003, after 0002.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NULLABLE: dict[str, Any] = {
    "final_hash": sa.BigInteger(),
    "moved_to": sa.Text(),
    "moved_hash": sa.BigInteger(),
    "moved_at": UTCDateTime(),
    "floor": sa.Float(),
    "whole_at": UTCDateTime(),
    "interval": sa.Float(),
    "last_item_at": UTCDateTime(),
    "language": AutoString(),
    "final_domain": AutoString(),
    "asked_at": UTCDateTime(),
}


def upgrade() -> None:
    """Apply."""
    for name, kind in _NULLABLE.items():
        op.add_column("feeds", sa.Column(name, kind, nullable=True))
    for name in ("floor_why", "next_why", "rhythm", "items"):
        op.add_column("feeds", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    for name in ("moved_seen", "skip_hours", "skip_days"):
        op.add_column("feeds", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "feeds", sa.Column("validators_lie", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "episodes",
        sa.Column("id", big, autoincrement=False, nullable=False),
        sa.Column("feed_id", big, nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("told_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("end_told_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_episodes_feed_id", "episodes", ["feed_id", "since"])
    op.create_table(
        "host_pauses",
        sa.Column("host", AutoString(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("host"),
    )
