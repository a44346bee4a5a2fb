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

import copy
import difflib
import importlib
import logging
import threading
import warnings
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from monitor.alerts.render import Layout, render_text
from monitor.delivery.channels import ChannelProblem
from monitor.delivery.watch import Watch, watching
from monitor.model import Answer, AnswerClass, Severity

if TYPE_CHECKING:
    from monitor.model import Outgoing
    from monitor.settings import ChannelConfig, Secret

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
# Receivers that people wrote themselves: they see the id as an HTTP header.
_PLAIN_HTTP = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "apprise", "apprises"})
# Where plugins keep the list of whom they tell.
_TARGETS = ("targets", "channels", "topics", "rooms", "users", "groups", "devices", "dm_users", "events")

_READ_TIMEOUT = 15.0
_loading = threading.RLock()


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
            plugin = self._plugin = self._plugin or load_plugin(url)
        except Exception:  # noqa: BLE001 - 170 plugins of strangers: any of them may raise anything
            plugin = None
        if plugin is None:
            why = f"the url of channel {self.name} cannot be used; 'tocsin check' says why"
            return Answer(AnswerClass.CONFIG, why)
        watch = Watch(
            outgoing.message_id,
            {"X-Tocsin-Id": outgoing.message_id} if schema_of(url) in _PLAIN_HTTP else {},
        )
        try:
            return watch.verdict(success=self._notify(plugin, outgoing, watch))
        except Exception:  # noqa: BLE001 - the same
            # What broke in the middle may have handed the message over before.
            return Answer(AnswerClass.UNKNOWN, "the service's plugin failed; it may have arrived")

    def close(self) -> None:
        """Forget the plugin, and with it tokens it keeps in memory."""
        self._plugin = None

    def _notify(self, plugin: Any, outgoing: Outgoing, watch: Watch) -> bool:
        layout = Layout(
            limit=plugin.body_maxlen,
            title_limit=plugin.title_maxlen or plugin.body_maxlen,
            zone=self._zone,
            title_template=self._config.title_template,
            body_template=self._config.body_template,
        )
        title, body = render_text(outgoing, layout)
        apprise = importlib.import_module("apprise")
        sender = apprise.Apprise(asset=plugin.asset)
        sender.add(plugin)
        loud = outgoing.message.severity >= Severity.HIGH
        with watching(watch):
            result = sender.notify(
                body=body,
                title=title,
                notify_type=apprise.NotifyType.WARNING if loud else apprise.NotifyType.INFO,
                body_format=apprise.NotifyFormat.TEXT,
            )
        return bool(result)


# --- loading -----------------------------------------------------------------------------------------


def load_plugin(url: str) -> Any:
    """Make Apprise's plugin for a URL, held as this module's docstring says; None if it cannot be used."""
    # The lock: Apprise's registry hands out half a list while another thread fills it.
    # The filter: what plugins import is deprecated here and there, which is not the user's business.
    with _loading, warnings.catch_warnings():
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


# --- checking ----------------------------------------------------------------------------------------


def check_apprise(config: ChannelConfig) -> list[ChannelProblem]:
    """Find what is wrong with an Apprise URL: not one, an unknown service, parts missing, many targets."""
    try:
        url = channel_url(config)
    except LookupError as missing:
        return [ChannelProblem("channel-url", str(missing))]
    plugin = load_plugin(url)
    if plugin is None:
        return [_unusable(url)]
    count = targets_of(plugin)
    if count > 1:
        message = (
            f"the url tells {count} receivers at once, but only one answer comes back for all;"
            " give each receiver a channel of its own, and name them all in your routes"
        )
        return [ChannelProblem("channel-targets", message, split_targets(config, url, plugin))]
    return []


def targets_of(plugin: Any) -> int:
    """Count the answers one send would need: the plugin's own count, and an e-mail's copies."""
    copies = len(getattr(plugin, "cc", ())) + len(getattr(plugin, "bcc", ()))
    return len(plugin) + copies


def split_targets(config: ChannelConfig, url: str, plugin: Any) -> str:
    """
    Write the channels that should stand instead of one with many targets, as TOML ready to paste.

    A URL that holds a secret is not shown: it moves to an environment variable, with Apprise's masked
    form beside it as a comment.
    """
    singles = _singles(plugin)
    if len(singles) < 2:
        return ""
    blocks = []
    for number, single in enumerate(singles, 1):
        masked = _tidy(single.url(privacy=True), url, hide=True)
        lines = [f"[channels.{config.name}-{number}]"]
        harmless = (
            masked == _tidy(single.url(), url) and config.url is not None and config.url.source == "config"
        )
        if config.password is not None:
            lines.append(f'url = "{_without_password(masked)}"')
            lines.append(f"password = {_toml(config.password)}")
        elif harmless:
            lines.append(f'url = "{masked}"')
        else:
            variable = "".join(char if char.isalnum() else "_" for char in config.name).upper()
            lines.append(f'url = {{ env = "TOCSIN_{variable}_{number}" }}  # {masked}')
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _target_lists(plugin: Any) -> list[tuple[str, Any]]:
    found = ((name, vars(plugin).get(name)) for name in _TARGETS)
    return [(name, value) for name, value in found if isinstance(value, list | tuple | set) and value]


def _singles(plugin: Any) -> list[Any]:
    """Copy a plugin once for each of its targets."""
    lists = _target_lists(plugin)
    copies = [("cc", vars(plugin).get("cc") or ()), ("bcc", vars(plugin).get("bcc") or ())]
    singles = []
    for name, values in lists:
        for value in values:
            single = copy.copy(plugin)
            for other, held in (*lists, *copies):
                setattr(single, other, type(held)())
            setattr(single, name, type(values)([value]))
            singles.append(single)
    for _, addresses in copies:
        for address in sorted(addresses):  # a copy becomes a receiver like the others
            single = copy.copy(plugin)
            single.cc, single.bcc, single.targets = set(), set(), [(False, address)]
            singles.append(single)
    return singles


def _tidy(url: str, original: str, *, hide: bool = False) -> str:
    """Drop the options that Apprise writes out although nobody gave them; `hide` masks custom headers."""
    parts = urlsplit(url)
    given = {key for key, _ in _options(original)}
    kept = [
        (key, "****" if hide and key[0] in "+-:" else value)
        for key, value in _options(url)
        if key in given or key == "to"
    ]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept, safe="@,*+:"), ""))


def _options(url: str) -> list[tuple[str, str]]:
    """Read a URL's options; the + before a custom header's name is no blank."""
    pairs = parse_qsl(urlsplit(url).query)
    return [("+" + key[1:] if key[0] == " " else key, value) for key, value in pairs if key]


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    place = f"{user.partition(':')[0]}@{host}"
    return urlunsplit((parts.scheme, place, parts.path, parts.query, ""))


def _toml(secret: Secret) -> str:
    """Write where a secret comes from, never what it is."""
    kind, mark, name = secret.source.partition(":")
    return f'{{ {kind} = "{name}" }}' if mark else '{ env = "…" }'


def _unusable(url: str) -> ChannelProblem:
    """Say why a URL makes no plugin, without repeating it."""
    schema = schema_of(url)
    with _loading, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = set(importlib.import_module("apprise.manager_plugins").NotificationManager().schemas())
    if not schema:
        return ChannelProblem("channel-url", "the url is not one; it has the form service://…")
    if schema not in known:
        near = difflib.get_close_matches(schema, sorted(known), n=1)
        hint = f"did you mean {near[0]}:// ?" if near else "services: https://appriseit.com/services/"
        return ChannelProblem("channel-url", f"there is no service {schema}://", hint)
    message = f"the {schema}:// url lacks a part that the service needs, or its library is not installed"
    return ChannelProblem("channel-url", message, "its form: https://appriseit.com/services/")
