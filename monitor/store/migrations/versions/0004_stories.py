"""
Pages of articles, and stories that several articles tell.

Revision: 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for name in ("page", "unconfirmed", "page_why"):
        op.add_column("articles", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "story_joins",
        sa.Column("article_id", big, nullable=False),
        sa.Column("story_id", big, nullable=False),
        sa.Column("relation", AutoString(), nullable=False),
        sa.Column("level", AutoString(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("of_article_id", big, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"]),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"]),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_index("ix_story_joins_story_id", "story_joins", ["story_id"])
    op.create_table(
        "shingles",
        sa.Column("h", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("article_id", big, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("h", "day", "article_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "aliases",
        sa.Column("link", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("article_id", big, autoincrement=False, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("link", "article_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pages",
        sa.Column("article_id", big, nullable=False),
        sa.Column("feed_id", big, nullable=False),
        sa.Column("host", AutoString(), nullable=False),
        sa.Column("purpose", AutoString(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("next_attempt_at", UTCDateTime(), nullable=False),
        sa.Column("deadline", UTCDateTime(), nullable=False),
        sa.Column("hold_until", UTCDateTime(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=True),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"]),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"]),
        sa.PrimaryKeyConstraint("article_id", "feed_id"),
    )
    op.create_index("ix_pages_due", "pages", ["done_at", "next_attempt_at"])
    op.create_index("ix_pages_host", "pages", ["host", "asked_at"])
    op.create_index("ix_pages_hold_until", "pages", ["hold_until"])
    op.create_table(
        "page_hosts",
        sa.Column("host", AutoString(), nullable=False),
        sa.Column("robots", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("host"),
    )
    op.create_table(
        "paragraphs",
        sa.Column("host", AutoString(), nullable=False),
        sa.Column("paragraph", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("page", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("host", "paragraph", "page"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_paragraphs_at", "paragraphs", ["at"])
