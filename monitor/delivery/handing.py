"""
One notification handed to an Apprise plugin: rendered for its service, and seen on its way.

What we wrote in the service's own markup goes straight to the plugin's `send`: on the way through `notify`
Apprise would convert it, and undo some of the escaping.
"""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from monitor.alerts.render import Layout, render
from monitor.alerts.renderers.kinds import MARKED, kind_of
from monitor.delivery import mails
from monitor.delivery.apprise_channel import options_of, schema_of
from monitor.delivery.watch import Watch, watching
from monitor.model import Severity

if TYPE_CHECKING:
    from datetime import tzinfo

    from monitor.alerts.render import Rendered
    from monitor.model import Answer, Outgoing
    from monitor.settings import ChannelConfig

# Receivers that people wrote themselves: they see the id as an HTTP header.
_PLAIN_HTTP = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "apprise", "apprises"})
# These answer in JSON or in a word: a web page in its place is a proxy's, a login's or an error's.
_NEVER_PAGES = frozenset(
    "telegram slack discord matrix mattermost rocket gchat webex ntfy gotify pushover".split()  # noqa: SIM905
)
_CHATS = frozenset({"telegram", "slack", "discord", "teams"})


def hand_over(plugin: Any, url: str, outgoing: Outgoing, config: ChannelConfig, zone: tzinfo) -> Answer:
    """Render and send one notification; raises whatever the plugin raises."""
    rendered = render(outgoing, layout_for(plugin, url, config, zone), channel_kind(plugin, url))
    watch = watch_for(outgoing, rendered, plugin, schema_of(url))
    try:
        success = _send(plugin, outgoing, rendered, watch)
    except Exception:
        if not watch.told_to_wait:  # that is how a send is broken off, and some plugins let it through
            raise
        success = False
    return watch.verdict(success=success)


def layout_for(plugin: Any, url: str, config: ChannelConfig, zone: tzinfo) -> Layout:
    """What the service has room for; where it has no titles Apprise puts them on a line of CR LF."""
    titled = plugin.title_maxlen > 0
    return Layout(
        limit=plugin.body_maxlen - (0 if titled else 1),
        title_limit=plugin.title_maxlen if titled else plugin.body_maxlen,
        zone=zone,
        title_template=config.title_template,
        body_template=config.body_template,
        given=given_options(url),
    )


def given_options(url: str) -> frozenset[str]:
    """What the URL says for itself, such as a priority: that is left as it is."""
    return frozenset(key.lower() for key, _ in options_of(url))


def channel_kind(plugin: Any, url: str) -> str:
    """In which way to write for this channel; as plain text where the URL asks for something odd."""
    # An address such as https://hooks.slack.com/… is read by the service's own plugin, too.
    kinds = [kind_of(schema) for schema in (schema_of(url), *sorted(plugin.schemas()))]
    kind = next((kind for kind in kinds if kind != "plain"), "plain")
    mode = str(getattr(plugin, "mode", ""))
    odd = (kind == "matrix" and mode != "off") or (kind == "slack" and mode in ("workflow", "trigger"))
    if odd or (kind in _CHATS and "template" in given_options(url)):
        return "plain"
    return kind


def watch_for(outgoing: Outgoing, rendered: Rendered, plugin: Any, schema: str) -> Watch:
    """What is put on this send on its way, beside looking at the answers."""
    headers = {"X-Tocsin-Id": outgoing.message_id} if schema in _PLAIN_HTTP else {}
    dress = None
    if rendered.mail is not None and not _sealed(plugin):

        def dress(message: str | bytes, sender: str) -> bytes:
            return mails.dress(message, rendered, outgoing.message_id, outgoing.channel, sender)

    return Watch(
        outgoing.message_id,
        {**headers, **rendered.headers},
        marker=rendered.marker,
        fields=rendered.fields,
        dress=dress,
        page_is_no=rendered.kind in _NEVER_PAGES,
    )


def _send(plugin: Any, outgoing: Outgoing, rendered: Rendered, watch: Watch) -> bool:
    """Send through the plugin, in this thread."""
    apprise = importlib.import_module("apprise")
    loud = outgoing.message.severity >= Severity.HIGH
    if rendered.mail is not None and _sealed(plugin):  # what is signed or encrypted is not touched later
        rendered = replace(rendered, body=rendered.mail.text, format="text")
    told = {
        "body": rendered.body,
        "title": rendered.title,
        "notify_type": apprise.NotifyType.WARNING if loud else apprise.NotifyType.INFO,
        "body_format": apprise.NotifyFormat(rendered.format),
    }
    if hasattr(plugin, "ratelimit_remaining"):
        plugin.ratelimit_remaining = (
            1.0  # else Discord's sleeps as long as its last answer said; we wait ourselves
        )
    with watching(watch):
        if rendered.kind in MARKED:
            for name, value in rendered.settings.items():
                setattr(plugin, name, value)
            return bool(plugin.send(**told, body_passthrough=False))
        sender = apprise.Apprise(asset=plugin.asset)
        sender.add(plugin)
        return bool(sender.notify(**told))


def _sealed(plugin: Any) -> bool:
    return str(getattr(plugin, "pgp_mode", "")) in ("sign", "encrypt")
