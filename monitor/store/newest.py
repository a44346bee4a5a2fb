"""
What the migrations make of an empty file, as statements that make it at once. Written by `make sql`; do not
edit by hand.
"""

# ruff: noqa: D205, E501 - generated: one statement a line, however long
# fmt: off

VERSION = "0004"
STATEMENTS = (
    "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\tCONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)",
    "CREATE TABLE channels (\n\tname VARCHAR NOT NULL, \n\tpaused_until DATETIME, \n\tpause_reason TEXT NOT NULL, \n\tlast_ok_at DATETIME, \n\tlast_error_at DATETIME, \n\tlast_error TEXT NOT NULL, \n\tPRIMARY KEY (name)\n)",
    "CREATE TABLE facts (\n\tname VARCHAR NOT NULL, \n\tvalue TEXT NOT NULL, \n\tat DATETIME NOT NULL, \n\tPRIMARY KEY (name)\n)",
    "CREATE TABLE feeds (\n\tid INTEGER NOT NULL, \n\tname VARCHAR NOT NULL, \n\turl_hash BIGINT NOT NULL, \n\tadded_at DATETIME NOT NULL, \n\tretired_at DATETIME, \n\tbaseline_at DATETIME, \n\tmoved_since DATETIME, \n\ttitle TEXT NOT NULL, \n\tetag TEXT, \n\tlast_modified TEXT, \n\tbody_hash BIGINT, \n\tnext_poll_at DATETIME, \n\tforbidden_until DATETIME, \n\tgone BOOLEAN NOT NULL, \n\tsuspect BOOLEAN NOT NULL, \n\tpolls INTEGER NOT NULL, \n\tlast_poll_at DATETIME, \n\tlast_good_at DATETIME, \n\tlast_status VARCHAR NOT NULL, \n\tlast_http INTEGER, \n\tlast_message TEXT NOT NULL, \n\tfailures INTEGER NOT NULL, \n\tfirst_failure_at DATETIME, document_at DATETIME, final_hash BIGINT, moved_to TEXT, moved_hash BIGINT, moved_at DATETIME, floor FLOAT, whole_at DATETIME, interval FLOAT, last_item_at DATETIME, language VARCHAR, final_domain VARCHAR, asked_at DATETIME, floor_why TEXT DEFAULT '' NOT NULL, next_why TEXT DEFAULT '' NOT NULL, rhythm TEXT DEFAULT '' NOT NULL, items TEXT DEFAULT '' NOT NULL, moved_seen INTEGER DEFAULT '0' NOT NULL, skip_hours INTEGER DEFAULT '0' NOT NULL, skip_days INTEGER DEFAULT '0' NOT NULL, validators_lie BOOLEAN DEFAULT 0 NOT NULL, \n\tPRIMARY KEY (id), \n\tUNIQUE (name)\n)",
    "CREATE INDEX ix_feeds_next_poll_at ON feeds (next_poll_at)",
    "CREATE TABLE notices (\n\tid INTEGER NOT NULL, \n\tat DATETIME NOT NULL, \n\tkind VARCHAR NOT NULL, \n\tsubject VARCHAR NOT NULL, \n\ttext TEXT NOT NULL, \n\tPRIMARY KEY (id)\n)",
    "CREATE TABLE rules (\n\tname VARCHAR NOT NULL, \n\thash BIGINT NOT NULL, \n\tfirst_loaded_at DATETIME NOT NULL, \n\tloaded_at DATETIME NOT NULL, \n\tretired_at DATETIME, \n\tPRIMARY KEY (name)\n)",
    "CREATE TABLE stories (\n\tid INTEGER NOT NULL, \n\tcreated_at DATETIME NOT NULL, \n\tPRIMARY KEY (id)\n)",
    "CREATE TABLE articles (\n\tid INTEGER NOT NULL, \n\tstory_id INTEGER NOT NULL, \n\tfeed_id INTEGER NOT NULL, \n\turl TEXT NOT NULL, \n\ttitle TEXT NOT NULL, \n\tsummary TEXT NOT NULL, \n\tbody TEXT NOT NULL, \n\tlanguage VARCHAR, \n\tsource VARCHAR NOT NULL, \n\tauthors TEXT NOT NULL, \n\tcategories TEXT NOT NULL, \n\tpublished DATETIME, \n\tupdated DATETIME, \n\tfetched_at DATETIME NOT NULL, page TEXT DEFAULT '' NOT NULL, unconfirmed TEXT DEFAULT '' NOT NULL, page_why TEXT DEFAULT '' NOT NULL, \n\tPRIMARY KEY (id), \n\tFOREIGN KEY(feed_id) REFERENCES feeds (id), \n\tFOREIGN KEY(story_id) REFERENCES stories (id)\n)",
    "CREATE INDEX ix_articles_fetched_at ON articles (fetched_at)",
    "CREATE INDEX ix_articles_url ON articles (url)",
    "CREATE TABLE outbox (\n\tid INTEGER NOT NULL, \n\tmessage_id VARCHAR NOT NULL, \n\tchannel VARCHAR NOT NULL, \n\tkind VARCHAR NOT NULL, \n\tstory_id INTEGER, \n\tseverity INTEGER NOT NULL, \n\tpayload TEXT NOT NULL, \n\tstate VARCHAR NOT NULL, \n\treason VARCHAR NOT NULL, \n\tattempts INTEGER NOT NULL, \n\tnext_attempt_at DATETIME, \n\tcreated_at DATETIME NOT NULL, \n\tleased_at DATETIME, \n\tsent_at DATETIME, \n\tmaybe_repeat BOOLEAN NOT NULL, \n\tplain BOOLEAN NOT NULL, \n\tlast_error TEXT NOT NULL, \n\tPRIMARY KEY (id), \n\tFOREIGN KEY(story_id) REFERENCES stories (id), \n\tUNIQUE (message_id)\n)",
    "CREATE INDEX ix_outbox_state ON outbox (state, channel, next_attempt_at)",
    "CREATE INDEX ix_outbox_story_id ON outbox (story_id)",
    "CREATE TABLE sightings (\n\tfeed_id INTEGER NOT NULL, \n\tarticle_id INTEGER NOT NULL, \n\tguid BIGINT, \n\tlink BIGINT, \n\ttitle BIGINT NOT NULL, \n\tcontent BIGINT NOT NULL, \n\ttext BIGINT NOT NULL, \n\tpublished DATETIME, \n\tbaseline BOOLEAN NOT NULL, \n\tfirst_seen_at DATETIME NOT NULL, \n\tlast_seen_at DATETIME NOT NULL, \n\tPRIMARY KEY (feed_id, article_id), \n\tFOREIGN KEY(feed_id) REFERENCES feeds (id)\n)",
    "CREATE INDEX ix_sightings_content ON sightings (feed_id, content)",
    "CREATE INDEX ix_sightings_guid ON sightings (feed_id, guid)",
    "CREATE INDEX ix_sightings_link ON sightings (link)",
    "CREATE TABLE alerts (\n\tid INTEGER NOT NULL, \n\tstory_id INTEGER NOT NULL, \n\tarticle_id INTEGER NOT NULL, \n\trule VARCHAR NOT NULL, \n\tseverity INTEGER NOT NULL, \n\tkind VARCHAR NOT NULL, \n\tcreated_at DATETIME NOT NULL, \n\tPRIMARY KEY (id), \n\tFOREIGN KEY(article_id) REFERENCES articles (id), \n\tFOREIGN KEY(story_id) REFERENCES stories (id)\n)",
    "CREATE INDEX ix_alerts_story_id ON alerts (story_id, rule)",
    "CREATE TABLE attempts (\n\tid INTEGER NOT NULL, \n\toutbox_id INTEGER NOT NULL, \n\tnumber INTEGER NOT NULL, \n\tat DATETIME NOT NULL, \n\tanswer VARCHAR NOT NULL, \n\tstatus INTEGER, \n\tdetail TEXT NOT NULL, \n\tPRIMARY KEY (id), \n\tFOREIGN KEY(outbox_id) REFERENCES outbox (id)\n)",
    "CREATE INDEX ix_attempts_outbox_id ON attempts (outbox_id)",
    "CREATE TABLE matches (\n\tid INTEGER NOT NULL, \n\tarticle_id INTEGER NOT NULL, \n\tfeed_id INTEGER NOT NULL, \n\trule VARCHAR NOT NULL, \n\trule_hash BIGINT NOT NULL, \n\tstrength VARCHAR NOT NULL, \n\tmatched_at DATETIME NOT NULL, \n\thits TEXT NOT NULL, \n\tPRIMARY KEY (id), \n\tFOREIGN KEY(article_id) REFERENCES articles (id), \n\tFOREIGN KEY(feed_id) REFERENCES feeds (id), \n\tUNIQUE (article_id, feed_id, rule)\n)",
    "CREATE INDEX ix_matches_matched_at ON matches (matched_at)",
    "CREATE TABLE ledger (\n\tid INTEGER NOT NULL, \n\tmatch_id INTEGER NOT NULL, \n\tchannel VARCHAR NOT NULL, \n\talert_id INTEGER, \n\toutbox_id INTEGER, \n\tstate VARCHAR NOT NULL, \n\treason VARCHAR NOT NULL, \n\tat DATETIME NOT NULL, \n\tPRIMARY KEY (id), \n\tFOREIGN KEY(alert_id) REFERENCES alerts (id), \n\tFOREIGN KEY(match_id) REFERENCES matches (id), \n\tFOREIGN KEY(outbox_id) REFERENCES outbox (id), \n\tUNIQUE (match_id, channel)\n)",
    "CREATE INDEX ix_ledger_alert_id ON ledger (alert_id)",
    "CREATE INDEX ix_ledger_outbox_id ON ledger (outbox_id)",
    "CREATE TABLE gaps (\n\tid INTEGER NOT NULL, \n\tfeed_id INTEGER NOT NULL, \n\tsince DATETIME NOT NULL, \n\tuntil DATETIME NOT NULL, \n\tPRIMARY KEY (id), \n\tFOREIGN KEY(feed_id) REFERENCES feeds (id)\n)",
    "CREATE INDEX ix_gaps_feed_id ON gaps (feed_id, until)",
    "CREATE INDEX ix_articles_feed_id ON articles (feed_id)",
    "CREATE INDEX ix_articles_story_id ON articles (story_id)",
    "CREATE INDEX ix_matches_feed_id ON matches (feed_id)",
    "CREATE INDEX ix_sightings_article_id ON sightings (article_id)",
    "CREATE INDEX ix_alerts_article_id ON alerts (article_id)",
    "CREATE TABLE episodes (\n\tid INTEGER NOT NULL, \n\tfeed_id INTEGER NOT NULL, \n\tkind VARCHAR NOT NULL, \n\tsince DATETIME NOT NULL, \n\tdetail TEXT NOT NULL, \n\ttold_at DATETIME, \n\tended_at DATETIME, \n\tend_told_at DATETIME, \n\tPRIMARY KEY (id), \n\tFOREIGN KEY(feed_id) REFERENCES feeds (id)\n)",
    "CREATE INDEX ix_episodes_feed_id ON episodes (feed_id, since)",
    "CREATE TABLE host_pauses (\n\thost VARCHAR NOT NULL, \n\tuntil DATETIME NOT NULL, \n\twhy TEXT NOT NULL, \n\tPRIMARY KEY (host)\n)",
    "CREATE TABLE story_joins (\n\tarticle_id INTEGER NOT NULL, \n\tstory_id INTEGER NOT NULL, \n\trelation VARCHAR NOT NULL, \n\tlevel VARCHAR NOT NULL, \n\tscore FLOAT NOT NULL, \n\tof_article_id INTEGER, \n\treason TEXT NOT NULL, \n\tat DATETIME NOT NULL, \n\tPRIMARY KEY (article_id), \n\tFOREIGN KEY(article_id) REFERENCES articles (id), \n\tFOREIGN KEY(story_id) REFERENCES stories (id)\n)",
    "CREATE INDEX ix_story_joins_story_id ON story_joins (story_id)",
    "CREATE TABLE shingles (\n\th BIGINT NOT NULL, \n\tday INTEGER NOT NULL, \n\tarticle_id INTEGER NOT NULL, \n\tPRIMARY KEY (h, day, article_id)\n)\n WITHOUT ROWID\n\n",
    "CREATE TABLE aliases (\n\tlink BIGINT NOT NULL, \n\tarticle_id INTEGER NOT NULL, \n\tat DATETIME NOT NULL, \n\tPRIMARY KEY (link, article_id)\n)\n WITHOUT ROWID\n\n",
    "CREATE TABLE pages (\n\tarticle_id INTEGER NOT NULL, \n\tfeed_id INTEGER NOT NULL, \n\thost VARCHAR NOT NULL, \n\tpurpose VARCHAR NOT NULL, \n\tpriority INTEGER NOT NULL, \n\tattempts INTEGER NOT NULL, \n\tcreated_at DATETIME NOT NULL, \n\tnext_attempt_at DATETIME NOT NULL, \n\tdeadline DATETIME NOT NULL, \n\thold_until DATETIME, \n\tlate BOOLEAN NOT NULL, \n\tasked_at DATETIME, \n\tdone_at DATETIME, \n\tPRIMARY KEY (article_id, feed_id), \n\tFOREIGN KEY(article_id) REFERENCES articles (id), \n\tFOREIGN KEY(feed_id) REFERENCES feeds (id)\n)",
    "CREATE INDEX ix_pages_due ON pages (done_at, next_attempt_at)",
    "CREATE INDEX ix_pages_host ON pages (host, asked_at)",
    "CREATE INDEX ix_pages_hold_until ON pages (hold_until)",
    "CREATE TABLE page_hosts (\n\thost VARCHAR NOT NULL, \n\trobots TEXT NOT NULL, \n\tstatus INTEGER, \n\tat DATETIME NOT NULL, \n\tPRIMARY KEY (host)\n)",
    "CREATE TABLE paragraphs (\n\thost VARCHAR NOT NULL, \n\tparagraph BIGINT NOT NULL, \n\tpage BIGINT NOT NULL, \n\tat DATETIME NOT NULL, \n\tPRIMARY KEY (host, paragraph, page)\n)\n WITHOUT ROWID\n\n",
    "CREATE INDEX ix_paragraphs_at ON paragraphs (at)",
)
