"""
Channels that Apprise serves: e-mail, Slack, Telegram and some 170 others. The only importer of Apprise.

How Apprise is held, and why:
- `service_timeout=0` makes it send in the calling thread. Its own pool has six threads for everything,
  and a few dead receivers would starve all others.
- No retries, no optional services, no splitting, no redirects, whatever the URL says: the outbox retries,
  knows what arrived, and would repeat the parts that did.
- One target for each channel: Apprise answers once for all targets of a URL, so one bad address of three
  would have the other two told again and again.
- Its loggers are shut. At DEBUG they print whole addresses with their tokens, at WARNING invalid tokens.
- Only the plugin that a URL needs is loaded where we know its module; all of them cost 11 MB.
"""

from __future__ import annotations

import importlib
import logging
import re
import threading
import warnings
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from monitor.alerts.renderers.kinds import MARKED, kind_of
from monitor.model import Answer, AnswerClass

if TYPE_CHECKING:
    from monitor.model import Outgoing
    from monitor.settings import ChannelConfig

# The modules of common services, so that their first send does not load all the others.
_MODULES = {
    "apprise": "apprise_api",
    "apprises": "apprise_api",
    "discord": "discord",
    "form": "custom_form",
    "forms": "custom_form",
    "gchat": "google_chat",
    "gotify": "gotify",
    "gotifys": "gotify",
    "json": "custom_json",
    "jsons": "custom_json",
    "mailto": "email",
    "mailtos": "email",
    "matrix": "matrix",
    "matrixs": "matrix",
    "mmost": "mattermost",
    "mmosts": "mattermost",
    "ntfy": "ntfy",
    "ntfys": "ntfy",
    "pover": "pushover",
    "rocket": "rocketchat",
    "rockets": "rocketchat",
    "slack": "slack",
    "tgram": "telegram",
    "xml": "custom_xml",
    "xmls": "custom_xml",
}

_READ_TIMEOUT = 15.0
loading = threading.RLock()


class AppriseChannel:
    """One Apprise URL with one target."""

    def __init__(self, config: ChannelConfig, *, zone: tzinfo = UTC) -> None:
        self.name = config.name
        self._config = config
        self._zone = zone
        self._plugin: Any = None

    def send(self, outgoing: Outgoing) -> Answer:
        """Send one notification through the service's plugin, in this thread."""
        try:
            url = channel_url(self._config)
        except LookupError as missing:
            return Answer(AnswerClass.CONFIG, str(missing))
        try:
            plugin = self._plugin = self._plugin or load_plugin(unformatted(url))
        except Exception:  # noqa: BLE001 - 170 plugins of strangers: any of them may raise anything
            plugin = None
        if plugin is None:
            why = f"the url of channel {self.name} cannot be used; 'tocsin check' says why"
            return Answer(AnswerClass.CONFIG, why)
        from monitor.delivery.handing import hand_over  # noqa: PLC0415 - renderers only where something is sent

        try:
            return hand_over(plugin, url, outgoing, self._config, self._zone)
        except Exception:  # noqa: BLE001 - the same
            # What broke in the middle may have handed the message over before.
            return Answer(AnswerClass.UNKNOWN, "the service's plugin failed; it may have arrived")

    def close(self) -> None:
        """Forget the plugin, and with it tokens it keeps in memory."""
        self._plugin = None


# --- loading -----------------------------------------------------------------------------------------


def unformatted(url: str) -> str:
    """Take `format=` out of the URL of a service that we write for in its own way."""
    if kind_of(schema_of(url)) not in MARKED:
        return url
    return re.sub(r"([?&])format=[^&#]*&?", r"\1", url, flags=re.IGNORECASE).rstrip("?&")


def load_plugin(url: str) -> Any:
    """Make Apprise's plugin for a URL, held as this module's docstring says; None if it cannot be used."""
    # The lock: Apprise's registry hands out half a list while another thread fills it.
    # The filter: what plugins import is deprecated here and there, which is not the user's business.
    with loading, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        apprise = _apprise()
        asset = apprise.AppriseAsset(
            app_id="Tocsin",
            app_desc="Tocsin news alerts",
            app_url="",
            # Else receivers would be pointed to pictures on a host that no configuration names.
            image_url_mask="",
            image_url_logo="",
            async_mode=False,
            body_format=apprise.NotifyFormat.TEXT,
            interpret_emojis=False,
            interpret_escapes=False,
            default_service_retry=0,
            http_redirects=False,
            secure_logging=True,
            storage_mode="memory",
            service_timeout=0,
        )
        plugin = _alone(url, asset) or apprise.Apprise.instantiate(url, asset=asset)
    if plugin is None:
        return None
    plugin.retry = 0
    plugin.optional = False
    plugin.redirects = False
    plugin.overflow_mode = apprise.OverflowMode.UPSTREAM
    base = apprise.NotifyBase
    if plugin.request_rate_per_sec == base.request_rate_per_sec:
        plugin.request_rate_per_sec = 0  # the default gap is nobody's limit; a plugin's own one is
    if plugin.socket_read_timeout == base.socket_read_timeout:
        plugin.socket_read_timeout = _READ_TIMEOUT  # the default gives up on slow receivers that did accept
    return plugin


def _apprise() -> Any:
    """Import Apprise with its loggers shut."""
    for name in ("apprise", "urllib3"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    return importlib.import_module("apprise")


def _alone(url: str, asset: Any) -> Any:
    """Make a plugin from its own module; None where that does not work, and the full registry must."""
    schema = schema_of(url)
    if schema not in _MODULES:
        return None
    try:
        module = importlib.import_module(f"apprise.plugins.{_MODULES[schema]}")
        plugin = next(
            kind
            for name, kind in vars(module).items()
            if name.startswith("Notify") and hasattr(kind, "app_id") and schema in kind.schemas(kind)
        )
        parsed = plugin.parse_url(url.replace("/#", "/%23"))
        return plugin(**parsed, asset=asset) if parsed and plugin.enabled else None
    except Exception:  # noqa: BLE001 - the registry tries again, and says no in its own way
        return None


def schema_of(url: str) -> str:
    """Give the service's name in a URL: what stands before ://."""
    return url.partition("://")[0].strip().lower() if "://" in url else ""


def channel_url(config: ChannelConfig) -> str:
    """
    Give the URL with the channel's separate password put in.

    Raises LookupError with the remedy where a part is missing.
    """
    if config.url is None:
        raise LookupError(f"the channel {config.name} has no url; give it one")
    url = config.url.reveal()
    if config.password is None:
        return url
    password = quote(config.password.reveal(), safe="")
    schema, mark, rest = url.partition("://")
    place = min((at for at in (rest.find(char) for char in "/?#") if at >= 0), default=len(rest))
    user, at, host = rest[:place].rpartition("@")
    if not mark or not at or not user or ":" in user:
        raise LookupError(
            f"the channel {config.name} has a password of its own, so its url must have the form"
            f" {schema}://user@host/… with a user and without a password"
        )
    return f"{schema}://{user}:{password}@{host}{rest[place:]}"


def options_of(url: str) -> list[tuple[str, str]]:
    """Read a URL's options; the + before a custom header's name is no blank."""
    pairs = parse_qsl(urlsplit(url).query)
    return [("+" + key[1:] if key[0] == " " else key, value) for key, value in pairs if key]
