"""
What Apprise does not tell: the answers of receivers, seen underneath it.

Apprise reports success or failure and nothing else: no status, no Retry-After, no SMTP code. Its
plugins all send through two doors, `requests` (HTTPAdapter.send) and `smtplib` (SMTP). Each door gets
one wrapper for the life of the process. A wrapper does nothing unless the calling context carries a
`Watch`; then it notes the answer as an `Answer` and passes everything through unchanged, but for a 429: that
breaks the send off, since some plugins would sleep as long as the service asks, and others ask again at once.

At the same two doors the notification's own id is put on the message. For e-mail that is the only place
where it can be done: Apprise makes a fresh Message-ID for every attempt inside a static method, and one
given as an extra header becomes a second Message-ID, which RFC 5322 forbids. Receivers collapse copies
by this header, so it must be the same over all attempts.
"""

from __future__ import annotations

import functools
import importlib
import json
import re
import smtplib
import threading
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from email.errors import MessageError
from typing import TYPE_CHECKING, Any

from monitor.delivery import classify
from monitor.model import Answer, AnswerClass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_LARGEST_BODY = 65_536
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!--.{0,100}?-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_current: ContextVar[Watch | None] = ContextVar("tocsin_watch", default=None)
_installing = threading.Lock()
_installed = False


class Watch:
    """
    What one send was seen to do, and what is put on it on its way.

    `http_headers` are added to each request it makes; `fields` into the JSON object of the request that
    carries the message, told by its key `marker`: what a service understands and Apprise cannot say. `dress`
    makes the whole e-mail of the plugin's (message, sender); where it cannot, the plugin's own is sent.
    `page_is_no` = the service never answers with a web page: one is somebody else's, whatever its status.
    """

    def __init__(
        self,
        message_id: str,
        http_headers: Mapping[str, str] | None = None,
        *,
        marker: str = "",
        fields: Mapping[str, Any] | None = None,
        dress: Callable[[str | bytes, str], bytes] | None = None,
        page_is_no: bool = False,
    ) -> None:
        self.message_id = message_id
        self.http_headers = dict(http_headers or {})
        self.marker = marker
        self.fields = dict(fields or {})
        self.dress = dress
        self.page_is_no = page_is_no
        self.answers: list[Answer] = []
        self.handing_over = False  # an e-mail's text is on its way and not yet answered

    @property
    def told_to_wait(self) -> bool:
        """Whether the last answer was that we come too often."""
        return bool(self.answers) and self.answers[-1].kind is AnswerClass.RATE

    def verdict(self, *, success: bool) -> Answer:
        """
        Give the answer of the whole send.

        The plugin's success stands, unless all that was seen said no. On failure the last bad answer is the
        one it gave up on. Where all answers were good the message may be there although the plugin says no;
        where none was seen the failure came before the receiver was reached, or over a door we do not watch.
        """
        good = [answer for answer in self.answers if answer.kind is AnswerClass.OK]
        bad = [answer for answer in self.answers if answer.kind is not AnswerClass.OK]
        if success and (good or not bad):
            return good[-1] if good else Answer(AnswerClass.OK, "accepted")
        if bad:
            return bad[-1]
        if good:
            return Answer(
                AnswerClass.TRANSIENT, "the receiver answered, but not as expected", good[-1].status
            )
        return Answer(AnswerClass.TRANSIENT, "the service could not be used, and gave no answer")


@contextmanager
def watching(watch: Watch) -> Iterator[Watch]:
    """Note what is sent inside this block, in this thread, on `watch`."""
    install()
    token = _current.set(watch)
    try:
        yield watch
    finally:
        _current.reset(token)


def install() -> None:
    """Put the wrappers into place; does nothing the second time. Imports requests."""
    global _installed  # noqa: PLW0603 - the doors are process-wide, and so is this mark
    with _installing:
        if _installed:
            return
        adapter: Any = importlib.import_module("requests.adapters").HTTPAdapter
        adapter.send = _watched_http(adapter.send)
        smtp: Any = smtplib.SMTP
        smtp.connect = _watched_connect(smtp.connect)
        smtp.starttls = _watched_stage(smtp.starttls, "tls")
        smtp.login = _watched_stage(smtp.login, "login")
        smtp.data = _watched_data(smtp.data)
        smtp.sendmail = _watched_sendmail(smtp.sendmail)
        _installed = True


# --- HTTP --------------------------------------------------------------------------------------------


def _watched_http(send: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(send)
    def wrapper(adapter: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        watch = _current.get()
        if watch is None:
            return send(adapter, request, *args, **kwargs)
        request.headers.update(watch.http_headers)
        _amend(request, watch)
        try:
            response = send(adapter, request, *args, **kwargs)
            # requests reads the body right after this anyway; here a failure of that is still seen.
            body = None if kwargs.get("stream") else response.content
        except Exception as error:
            watch.answers.append(classify.from_exception(error, sent=True))
            raise
        answer = _http_answer(response, body, page_is_no=watch.page_is_no)
        watch.answers.append(answer)
        if watch.told_to_wait:
            raise _broken_off("told to wait", request=request, response=response)
        return response

    return wrapper


def _broken_off(why: str, **details: Any) -> Exception:
    """What plugins take for a failed request."""
    error: Exception = importlib.import_module("requests").RequestException(why, **details)
    return error


def _amend(request: Any, watch: Watch) -> None:
    """Put our fields into the message's own request; any other stays as it is."""
    if not watch.fields or not isinstance(request.body, str | bytes):
        return
    try:
        said = json.loads(request.body)
    except ValueError:
        return
    if isinstance(said, dict) and watch.marker in said:
        request.body = json.dumps(said | watch.fields).encode()
        request.headers["Content-Length"] = str(len(request.body))


def _http_answer(response: Any, body: bytes | None, *, page_is_no: bool = False) -> Answer:
    said = None
    if page_is_no and response.status_code < 300 and _PAGE.match((body or b"")[:200]):
        why = "a web page answers instead of the service: a proxy's, a login's or an error's"
        return Answer(AnswerClass.TRANSIENT, f"HTTP {response.status_code}: {why}", response.status_code)
    if body is not None and len(body) <= _LARGEST_BODY and "json" in response.headers.get("Content-Type", ""):
        try:
            said = response.json()
        except ValueError:
            said = None
    return classify.from_http(
        response.status_code,
        retry_after=classify.retry_after_seconds(response.headers.get("Retry-After"), datetime.now(UTC)),
        body=said if isinstance(said, dict) else None,
    )


# --- SMTP --------------------------------------------------------------------------------------------


def _watched_connect(connect: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(connect)
    def wrapper(smtp: Any, *args: Any, **kwargs: Any) -> Any:
        watch = _current.get()
        if watch is None:
            return connect(smtp, *args, **kwargs)
        try:
            code, text = connect(smtp, *args, **kwargs)
        except Exception as error:
            watch.answers.append(classify.from_exception(error, sent=False))
            raise
        if code != 220:
            watch.answers.append(classify.from_smtp(code, "connect", text))
        return code, text

    return wrapper


def _watched_stage(method: Callable[..., Any], stage: str) -> Callable[..., Any]:
    @functools.wraps(method)
    def wrapper(smtp: Any, *args: Any, **kwargs: Any) -> Any:
        watch = _current.get()
        if watch is None:
            return method(smtp, *args, **kwargs)
        try:
            return method(smtp, *args, **kwargs)
        except Exception as error:
            watch.answers.append(_smtp_failure(error, stage, sent=False))
            raise

    return wrapper


def _watched_data(data: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(data)
    def wrapper(smtp: Any, msg: Any) -> Any:
        watch = _current.get()
        if watch is None:
            return data(smtp, msg)
        watch.handing_over = True
        try:
            reply = data(smtp, msg)
        except smtplib.SMTPResponseException:
            watch.handing_over = False  # it was answered: with a no
            raise
        watch.handing_over = False
        return reply

    return wrapper


def _watched_sendmail(sendmail: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(sendmail)
    def wrapper(smtp: Any, from_addr: Any, to_addrs: Any, msg: Any, *args: Any, **kwargs: Any) -> Any:
        watch = _current.get()
        if watch is None:
            return sendmail(smtp, from_addr, to_addrs, msg, *args, **kwargs)
        stamped = _dressed(msg, watch, str(from_addr))
        try:
            refused = sendmail(smtp, from_addr, to_addrs, stamped, *args, **kwargs)
        except Exception as error:
            watch.answers.append(_smtp_failure(error, "data", sent=watch.handing_over))
            raise
        for code, text in refused.values():
            watch.answers.append(classify.from_smtp(code, "rcpt", text))
        if not refused:
            watch.answers.append(classify.from_smtp(250, "data"))
        return refused

    return wrapper


def _smtp_failure(error: Exception, stage: str, *, sent: bool) -> Answer:
    """Classify what smtplib raised; its own types know the stage better than we do."""
    if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
        code, text = next(iter(error.recipients.values()))
        return classify.from_smtp(code, "rcpt", text)
    if isinstance(error, smtplib.SMTPResponseException):
        known = {
            smtplib.SMTPSenderRefused: "mail",
            smtplib.SMTPDataError: "data",
            smtplib.SMTPHeloError: "connect",
            smtplib.SMTPAuthenticationError: "login",
        }
        return classify.from_smtp(error.smtp_code, known.get(type(error), stage), error.smtp_error)
    if type(error) in (smtplib.SMTPException, smtplib.SMTPNotSupportedError):
        why = "the mail server does not offer what the channel's URL asks for (STARTTLS or a login)"
        return Answer(AnswerClass.CONFIG, why)
    return classify.from_exception(error, sent=sent)


def _dressed(message: str | bytes, watch: Watch, sender: str) -> str | bytes:
    """Give the mail as we want it; the plugin's own under our id where that cannot be made."""
    if watch.dress is not None:
        # What the standard library's parser of headers raises, now and then beside its own errors.
        with suppress(MessageError, ValueError, LookupError, TypeError, AttributeError):
            return watch.dress(message, sender)
    return stamp(message, watch.message_id, sender)


def stamp(message: str | bytes, message_id: str, sender: str) -> str | bytes:
    """Give an e-mail our Message-ID and X-Tocsin-Id instead of the ones it has; the rest stays as it is."""
    if isinstance(message, bytes):
        return str(stamp(message.decode("latin-1"), message_id, sender)).encode("latin-1")
    end = re.search(r"\r?\n\r?\n", message)
    at, after = end.span() if end else (len(message), len(message))
    head, gap, body = message[:at], message[at:after], message[after:]
    ours = re.sub(r"[^A-Za-z0-9._-]", "-", message_id)
    domain = re.sub(r"[^A-Za-z0-9.-]", "", sender.rpartition("@")[2]) or "localhost"
    head = re.sub(r"(?im)^(?:message-id|x-tocsin-id):.*(?:\r?\n[ \t].*)*\r?\n?", "", head).rstrip("\r\n")
    line = "\r\n" if gap.startswith("\r") else "\n"
    return f"{head}{line}Message-ID: <{ours}@{domain}>{line}X-Tocsin-Id: {ours}{gap}{body}"
