"""
From what a receiver said to what it means: HTTP statuses, SMTP codes, exceptions -> Answer. Pure.

The details are our own sentences. What a server or a library wrote is never quoted: exception texts
and error bodies hold addresses, and addresses hold tokens.

The line that matters most runs between "not delivered" and "never learnt": only where the message
may already have been accepted is an answer UNKNOWN, because the next attempt may then be a repeat.
"""

from __future__ import annotations

import math
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from monitor.model import Answer, AnswerClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

LONGEST_RETRY_AFTER = 86_400.0

_HTTP = {
    400: (AnswerClass.CONTENT, "the receiver does not accept this message"),
    401: (AnswerClass.CONFIG, "the receiver does not accept the credentials; check the channel's URL"),
    403: (AnswerClass.CONFIG, "the receiver forbids it; check the channel's URL and its permissions"),
    404: (AnswerClass.CONFIG, "there is nothing at this address; check the channel's URL"),
    408: (AnswerClass.TRANSIENT, "the receiver waited too long for the request"),
    409: (AnswerClass.TRANSIENT, "the receiver is in conflict with itself"),
    410: (AnswerClass.CONFIG, "this address is gone for good; check the channel's URL"),
    413: (AnswerClass.CONTENT, "the message is too large for the receiver"),
    414: (AnswerClass.CONTENT, "the message is too long for the receiver"),
    422: (AnswerClass.CONTENT, "the receiver cannot use this message"),
    425: (AnswerClass.TRANSIENT, "the receiver asks to try later"),
    429: (AnswerClass.RATE, "too many messages for the receiver"),
    431: (AnswerClass.CONTENT, "the message is too large for the receiver"),
}

# What services say in JSON where the status says less than the truth: Slack, Telegram, Matrix. A word that is
# found here is no secret, and is repeated: people look it up.
_WORDS = (
    (AnswerClass.RATE, "too many messages", r"rate.?limit(?:ed)? | too\ many\ requests | limit_exceeded"),
    (
        AnswerClass.CONFIG,
        "the token or the credentials are not accepted (any more); check the channel's URL",
        r"""invalid_auth | invalid_token | not_authed | account_inactive | token_(?:revoked|expired)
        | unknown_token | two_factor_setup_required | org_login_required | unauthorized""",
    ),
    (
        AnswerClass.CONFIG,
        "the token may not do this; check its permissions, and whether it was let in",
        r"""missing_scope | no_permission | not_allowed_token_type | (?:ekm_)?access_denied
        | action_prohibited | restricted_action\w* | team_access_not_granted | accesslimited | m_forbidden
        | bot\ was\ (?:blocked|kicked)""",
    ),
    (
        AnswerClass.CONFIG,
        "there is no such channel or chat, or nobody was let into it; check the channel's URL",
        r"""(?:channel|user|team|chat)[_\ ]not[_\ ]found | not_in_channel | is_archived | chat_id\ is\ empty
        | invalid_channel | messages_tab_disabled | upgraded\ to\ a\ supergroup""",
    ),
    (
        AnswerClass.CONTENT,
        "the receiver does not accept this message",
        r"""msg_too_long | message\ is\ too\ long | can't\ parse | no_text | invalid_blocks\w* | m_too_large
        | message\ text\ is\ empty | markdown_text_conflict | too_many_attachments | invalid_arguments""",
    ),
    (
        AnswerClass.TRANSIENT,
        "the receiver has a problem",
        r"""internal_error | fatal_error | service_unavailable | request_timeout | team_added_to_org
        | migration_in_progress""",
    ),
)
_KNOWN_WORDS = tuple(
    (re.compile(words, re.IGNORECASE | re.VERBOSE), kind, why) for kind, why, words in _WORDS
)

# Failures of requests and urllib3 that come before the first byte of a request.
_BEFORE_SENDING = frozenset(
    {
        "ConnectTimeout",
        "ConnectTimeoutError",
        "NewConnectionError",
        "NameResolutionError",
        "SSLCertVerificationError",
        "ProxyError",
        "LocationParseError",
        "InvalidURL",
        "InvalidSchema",
        "MissingSchema",
        "InvalidHeader",
        "gaierror",
        "ConnectionRefusedError",
    }
)
_UNUSABLE = frozenset({"LocationParseError", "InvalidURL", "InvalidSchema", "MissingSchema", "InvalidHeader"})


# --- HTTP --------------------------------------------------------------------------------------------


def from_http(
    status: int, *, retry_after: float | None = None, body: Mapping[str, Any] | None = None
) -> Answer:
    """
    Classify an HTTP answer.

    `retry_after` is seconds; `body` a JSON object the receiver sent, looked at for words that services
    use (Slack's `error`, Telegram's `description`, Matrix' `errcode`) and for how long they want us to wait.
    """
    asked = _asked_wait(body)
    wait = max((w for w in (retry_after, asked) if w is not None), default=None)
    if 200 <= status < 300:
        if body is not None and body.get("ok") is False:
            kind, why = _by_word(body) or (AnswerClass.TRANSIENT, "the receiver says it failed")
            return Answer(kind, f"HTTP {status}: {why}", status, wait)
        return Answer(AnswerClass.OK, f"HTTP {status}", status)
    if 300 <= status < 400:
        why = "the receiver sends us elsewhere, which is not followed; put the final address into the URL"
        return Answer(AnswerClass.CONFIG, f"HTTP {status}: {why}", status)
    if status >= 500:
        return Answer(AnswerClass.TRANSIENT, f"HTTP {status}: the receiver has a problem", status, wait)
    kind, why = _HTTP.get(status, (AnswerClass.CONFIG, "the receiver refuses the request; check the URL"))
    found = _by_word(body) if body is not None else None
    if found is not None and (status == 400 or found[0] is kind is AnswerClass.CONFIG):
        kind, why = found
    if kind is AnswerClass.RATE and wait is not None:
        why += f"; it asks to wait {math.ceil(wait)} s"
    return Answer(kind, f"HTTP {status}: {why}", status, wait)


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or a date, as seconds from `now` in 0..86400; None if unreadable."""
    if not value:
        return None
    text = value.strip()
    if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        then = parsedate_to_datetime(text)
        seconds = (then - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _asked_wait(body: Mapping[str, Any] | None) -> float | None:
    """How long a body asks to wait: Telegram's `parameters`, Discord's seconds, Matrix' milliseconds."""
    said = body or {}
    inner = said.get("parameters"), said.get("error")
    for place in (*(one for one in inner if isinstance(one, dict)), said):
        for name, unit in (("retry_after", 1.0), ("retry_after_ms", 0.001)):
            wait = place.get(name)
            if isinstance(wait, int | float) and not isinstance(wait, bool) and wait >= 0:
                return min(float(wait) * unit, LONGEST_RETRY_AFTER)
    return None


def _by_word(body: Mapping[str, Any]) -> tuple[AnswerClass, str] | None:
    said = " ".join(str(body.get(key, ""))[:200] for key in ("error", "errcode", "description", "message"))
    for pattern, kind, why in _KNOWN_WORDS:
        if found := pattern.search(said):
            return kind, f"“{found[0].lower()}”: {why}"
    return None


# --- SMTP --------------------------------------------------------------------------------------------


def from_smtp(code: int, stage: str, text: bytes | str = b"") -> Answer:
    """
    Classify an SMTP reply.

    `stage` is where in the dialogue it came: connect, tls, login, mail, rcpt or data. Of the reply's
    text only the enhanced status code (5.1.1) is repeated.
    """
    kind, why = _smtp_meaning(code, stage)
    plain = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    enhanced = re.match(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", plain)
    shown = f"SMTP {code} {enhanced.group(1)}" if enhanced else f"SMTP {code}"
    return Answer(kind, f"{shown}: {why}", code)


def _smtp_meaning(code: int, stage: str) -> tuple[AnswerClass, str]:
    if 200 <= code < 400:
        return AnswerClass.OK, "accepted"
    if code in (421, 450):
        return AnswerClass.RATE, "the mail server is busy or asks to come back later"
    if 400 <= code < 500:
        return AnswerClass.TRANSIENT, "the mail server cannot take the message now"
    if stage == "login" or code in (530, 534, 535, 538):
        return AnswerClass.CONFIG, "the mail server does not accept user and password"
    if code in (552, 554, 523) and stage in ("mail", "rcpt", "data"):
        return AnswerClass.CONTENT, "the mail server does not accept this message"
    if stage == "data":
        # 550 after the text is how filters say "looks like spam": a plainer message may pass.
        return AnswerClass.CONTENT, "the mail server does not accept this message"
    if stage == "rcpt":
        return AnswerClass.REFUSED, "the mail server refuses the recipient for good"
    if stage == "mail":
        return AnswerClass.CONFIG, "the mail server does not accept the sender's address"
    return AnswerClass.CONFIG, "the mail server does not serve us; check host, port and mode"


# --- failures without an answer ----------------------------------------------------------------------


def from_exception(error: BaseException, *, sent: bool) -> Answer:
    """
    Classify a failure by the types in its chain of causes; its text is never shown.

    `sent` says whether the message may have left: then, unless the failure is of a kind that comes
    before sending, nobody knows if it was accepted.
    """
    names = {kind.__name__ for link in _chain(error) for kind in type(link).__mro__}
    if "SSLCertVerificationError" in names or "certificate verify failed" in str(error):
        return Answer(AnswerClass.CONFIG, "the receiver's certificate is not trusted")
    if names & _UNUSABLE:
        return Answer(AnswerClass.CONFIG, "the channel's URL cannot be used")
    if sent and not _before_sending(names):
        return Answer(AnswerClass.UNKNOWN, "the connection ended without an answer; it may have arrived")
    return Answer(AnswerClass.TRANSIENT, _cause(names), unreached=True)


def _before_sending(names: set[str]) -> bool:
    # A TLS failure is one of the handshake, unless the stream just ended: that happens later, too.
    handshake = "SSLError" in names and not names & {"SSLEOFError", "SSLZeroReturnError"}
    return handshake or bool(names & _BEFORE_SENDING)


def _cause(names: set[str]) -> str:
    if names & {"gaierror", "NameResolutionError"}:
        return "the receiver's host name was not found"
    if "ConnectionRefusedError" in names:
        return "the receiver refuses connections"
    if names & {"TimeoutError", "ConnectTimeout", "ConnectTimeoutError"}:
        return "the receiver did not answer in time"
    if "SSLError" in names:
        return "no encrypted connection could be made"
    return "no connection to the receiver"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Walk an exception, its causes, and the exceptions that urllib3 hides in args and `reason`."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        link = waiting.pop()
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
