"""
What years of service need: gaps, when a document was last read, and indexes for what is pruned.

Revision: 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("feeds", sa.Column("document_at", UTCDateTime(), nullable=True))
    op.execute("UPDATE feeds SET document_at = last_good_at")
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "gaps",
        sa.Column("id", big, autoincrement=False, nullable=False),
        sa.Column("feed_id", big, nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_gaps_feed_id", "gaps", ["feed_id", "until"])
    op.create_index("ix_articles_feed_id", "articles", ["feed_id"])
    op.create_index("ix_articles_story_id", "articles", ["story_id"])
    op.create_index("ix_matches_feed_id", "matches", ["feed_id"])
    op.create_index("ix_sightings_article_id", "sightings", ["article_id"])
    op.create_index("ix_alerts_article_id", "alerts", ["article_id"])
