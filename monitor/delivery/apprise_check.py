"""What `check` finds wrong with an Apprise URL, without sending anything."""

from __future__ import annotations

import copy
import difflib
import importlib
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from monitor.delivery.apprise_channel import channel_url, load_plugin, loading, options_of, schema_of
from monitor.delivery.channels import ChannelProblem

if TYPE_CHECKING:
    from monitor.settings import ChannelConfig, Secret

# Where plugins keep the list of whom they tell.
_TARGETS = ("targets", "channels", "topics", "rooms", "users", "groups", "devices", "dm_users", "events")


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
    given = {key for key, _ in options_of(original)}
    kept = [
        (key, "****" if hide and key[0] in "+-:" else value)
        for key, value in options_of(url)
        if key in given or key == "to"
    ]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept, safe="@,*+:"), ""))


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
    with loading, warnings.catch_warnings():
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
