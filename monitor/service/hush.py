"""What no line of the log, and no traceback, may show of a configuration: registered in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerts.confidential import MASK, public_name
from monitor.config.confidential import veil_of
from monitor.config.secrets import secrets_of
from monitor.service.log import confide, redact
from monitor.store.confidential import kept_rules, key_of

if TYPE_CHECKING:
    from monitor.config.confidential import Veil
    from monitor.settings import Config
    from monitor.store.database import Reader


def hush(config: Config, reader: Reader | None = None, veil: Veil | None = None) -> None:
    """
    Register its secrets, and what its secret rules ask for; those known before stay.

    With a database, secret rules are shown under their public names, also those that are gone. `veil` is that
    of the files, where rules may stand that could not be read.
    """
    redact(secrets_of(config))
    veil = veil or veil_of(config)
    key = key_of(reader) if reader is not None else None
    rules = set(veil.rules)
    if reader is not None:
        rules |= kept_rules(reader).secret - {rule.name for rule in config.rules}
    if rules:
        confide(veil.words, {rule: public_name(rule, key) if key else MASK for rule in rules})
