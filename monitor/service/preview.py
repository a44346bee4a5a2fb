"""What a user's rules already match in the feeds they just added: said once, after the silent first poll."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.store import sql
from monitor.store.confidential import kept_rules

if TYPE_CHECKING:
    from monitor.store.database import Reader

SHOWN = 3
LOOKED_AT = 200  # where some are of secret rules, which are counted and not shown


def preview(reader: Reader, *, after: int = 0) -> list[str]:
    """Lines for a person; none where no baseline item matched. `after` leaves out matches up to that id."""
    row = reader.row(sql.BASELINE_COUNT, after=after)
    count = int(row[0]) if row else 0
    if not count:
        return []
    items = "item" if count == 1 else "items"
    secret = kept_rules(reader).secret
    rows = reader.rows(sql.BASELINE_MATCHES, after=after, count=LOOKED_AT if secret else SHOWN)
    newest = [row for row in rows if row["rule"] not in secret][:SHOWN]
    lines = [f"{count} {items} already in your feeds match; new ones will ring."]
    if newest:
        lines[0] += " The newest:"
    lines += [f"  {row['title']} ({row['feed']}, rule {row['rule']})" for row in newest]
    return lines
