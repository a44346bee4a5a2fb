"""Which service is written in which way, how loud a severity is there, and what fits. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.model import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEMES = {
    "telegram": "tgram",
    "slack": "slack",
    "discord": "discord",
    "matrix": "matrix matrixs",
    "mattermost": "mmost mmosts",
    "webex": "webex wxteams",
    "gchat": "gchat",
    "rocket": "rocket rockets",
    "whatsapp": "whapi",
    "teams": "workflow workflows",
    "ntfy": "ntfy ntfys",
    "gotify": "gotify gotifys",
    "pushover": "pover",
    "email": "mailto mailtos",
    "posted": "json jsons xml xmls form forms",
    "sms": (
        "46elks elks atalk bulksms bulkvs burstsms kudosity clickatell clicksend cm d7sms dapnet eight00com"
        " exotel freemobile httpsms infobip kaleyra klr kavenegar mobilemessage mobilemsg msg91 msgbird nexmo"
        " vonage notifyre octopush plivo ringc serwersms seven sfr sinch smpp smpps smsc smseagle smseagles"
        " smsmanager smsmgr smstunnel telesign telnyx twilio voipms"
    ),
}
KINDS = (*_SCHEMES, "plain")
MARKED = frozenset(KINDS) - {"posted", "sms", "plain"}  # written in the service's own way
_KIND = {scheme: kind for kind, schemes in _SCHEMES.items() for scheme in schemes.split()}

# The most that one message may have, in units of the kind's own markup; its plugin may say less.
LIMITS = {
    "telegram": 4096,  # after its tags are read; we count them too
    "slack": 3000,  # a section's text; more than a few hundred are folded anyway
    "discord": 2000,
    "matrix": 20_000,  # an event has 65,536 bytes and holds the text twice
    "mattermost": 4000,
    "ntfy": 2700,  # bytes; twice as many of JSON, where 8,000 with the title are the most
    "gotify": 8000,
    "pushover": 1024,
    "email": 100_000,
    "sms": 160,
}
TITLE_LIMITS = {"ntfy": 200, "gotify": 250, "pushover": 250, "email": 200}

_LOUD: dict[str, tuple[Any, Any, Any, Any]] = {  # low, normal, high, urgent
    "ntfy": ("2", "3", "4", "5"),
    "gotify": (2, 5, 7, 10),
    "pushover": (-1, 0, 0, 1),
    "email": ("5", "3", "2", "1"),
}
_SUPPRESSED = 4096  # Discord's flag for a message that makes no sound


def kind_of(scheme: str) -> str:
    """How the service behind an Apprise URL's scheme is written; `plain` for the ones not known."""
    return _KIND.get(scheme.lower(), "plain")


def loudness(kind: str, severity: Severity) -> Any:
    """The service's own priority for a severity, or None where it has none."""
    return _LOUD[kind][severity] if kind in _LOUD else None


def http_headers(kind: str, severity: Severity, link: str, given: frozenset[str]) -> Mapping[str, str]:
    """Headers for ntfy: priority, the address a tap opens, a symbol; what the URL gives itself stays."""
    if kind != "ntfy":
        return {}
    symbol = {Severity.HIGH: "warning", Severity.URGENT: "rotating_light"}.get(severity, "")
    headers = {"X-Priority": str(loudness(kind, severity))} if "priority" not in given else {}
    if link and "click" not in given:
        headers["X-Click"] = link
    if symbol and "tags" not in given:
        headers["X-Tags"] = symbol
    return headers


def json_fields(
    kind: str, severity: Severity, link: str, given: frozenset[str]
) -> tuple[str, Mapping[str, Any]]:
    """
    Fields that Apprise cannot set, as (the key that tells the message's own request, what to put in).

    Nobody is rung by a mention, no page is fetched for a preview, low makes no sound.
    """
    low = severity is Severity.LOW
    if kind == "telegram":
        return "text", {"disable_notification": True} if low and "silent" not in given else {}
    if kind == "discord":
        fields: dict[str, Any] = {"allowed_mentions": {"parse": []}} if "ping" not in given else {}
        return "wait", fields | ({"flags": _SUPPRESSED} if low and "flags" not in given else {})
    if kind == "slack":
        return "attachments", {"unfurl_links": False, "unfurl_media": False}
    if kind == "matrix":
        return "msgtype", {"msgtype": "m.notice"} if low and "msgtype" not in given else {}
    if kind == "gotify":
        fields = {} if "priority" in given else {"priority": loudness(kind, severity)}
        if link:
            fields["extras"] = {"client::notification": {"click": {"url": link}}}
        return "message", fields
    return "", {}


def settings(kind: str, severity: Severity, link: str, given: frozenset[str]) -> Mapping[str, Any]:
    """Attributes of a plugin that carry priority, sound and link where no header or field can: Pushover's."""
    if kind != "pushover":
        return {}
    made: dict[str, Any] = {}
    if "priority" not in given:
        made["priority"] = loudness(kind, severity)
    if "sound" not in given:
        made["sound"] = {Severity.LOW: "none", Severity.URGENT: "siren"}.get(severity, "pushover")
    if "url" not in given:
        fits = 0 < len(link) <= 512
        made |= {"supplemental_url": link if fits else None, "supplemental_url_title": None}
    return made


def mail_headers(severity: Severity) -> Mapping[str, str]:
    """How loud an e-mail is, in the three ways that mail programs read."""
    if severity is Severity.NORMAL:
        return {}
    low = severity is Severity.LOW
    return {
        "X-Priority": loudness("email", severity),
        "Importance": "low" if low else "high",
        "Priority": "non-urgent" if low else "urgent",
    }
