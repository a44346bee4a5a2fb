"""
Twenty secrets are planted, everything is done and goes wrong at the most talkative level: none is found.

Looked at are standard output and error of every verb, the daemon's log in each format, the database with
its log, backups, exports and delivered messages; each secret in its raw form, percent-encoded, in base64
alone and as part of a login.

Five secret rules are looked for in the same places, and in what is sent: their names, terms, tests and
entities; what stands in the articles that they found, wherever no article was asked for.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import ssl
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest

from tests.support.asking import ask
from tests.support.cli import run
from tests.support.configs import write
from tests.support.daemon import DaemonProcess
from tests.support.documents import Item, rss
from tests.support.receivers import HttpReceiver, Reply, SmtpReceiver, dead_port
from tests.support.webserver import WebServer, answer, make_certificate
from tests.test_docs import verbs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

OLD = Item("Old talks in Doha", guid="old", link="http://127.0.0.1:9/old", age=48)
NEW = Item("Talks in Doha", guid="g1", link="http://127.0.0.1:9/1", age=1)
MANY = 40


def secret(number: int) -> str:
    """One of the twenty: long enough to be meant, unlike any word; every fifth needs quoting in a URL."""
    return f"kanari{number:02d}{'+/' if number % 5 == 0 else ''}x{number * 7919:06d}q"


SECRETS = [secret(n) for n in range(1, 22)]


CONFIDENTIAL = {  # of each rule: what nobody may read anywhere
    kind: [f"kana{kind}{n}q{n * 6151}z" for n in range(1, 6)]
    for kind in ("name", "term", "test", "ent", "alias")
}
HITS = [f"kanahit{n}q{n * 4093}z" for n in range(1, 6)]  # stands in articles, which some verbs are asked for
ASKED_FOR = ("fetch", "match", "explain")  # the verbs that show an article because somebody named it
STORES = (".db", ".db-wal", ".db-shm", ".reserve")  # hold articles and rules, and are no output


# There before anybody looked: it matches, and the first poll says of others what they are.
HUSHED = Item(f"{HITS[1]} was here", guid="hushed", link="http://127.0.0.1:9/hushed", age=47)


def confidential_rules() -> str:
    """Five secret rules in the words of the file, each of another kind."""
    name, term, test, ent, alias = CONFIDENTIAL.values()
    tables = [f'[entities.{ent[n]}]\naliases = ["{alias[n]}", "{alias[n]} the Second"]\n' for n in range(5)]
    wishes = (
        f'query = "{term[0]} OR {HITS[0]} OR @{ent[0]}"',
        f'any = ["{term[1]}", "{HITS[1]}", "@{ent[1]}"]\nallow_channels = ["hook", "okhook", "file"]',
        f'query = \'"{term[2]} of" OR {HITS[2]}* OR @{ent[2]}\'\nbudget = "1/1h"',
        f'query = "{term[3]} OR @{ent[3]} OR (doha AND {HITS[3]})"\nseverity = "urgent"\nweak = "alert"',
        f'all = ["{HITS[4]}"]\nnone = ["{term[4]}", "@{ent[4]}"]\nupdates = "all"',
    )
    for n, wish in enumerate(wishes):
        tables.append(f'[[rules]]\nname = "{name[n]}"\nsecret = true\n{wish}\n')
        tables.append(f'[[rules.tests]]\nmatch = "{test[n]} {HITS[n]} Doha"\n')
    return "".join(tables)


def spellings(value: str) -> set[bytes]:
    """The forms in which a secret could be let out."""
    forms = {value, quote(value, safe=""), quote(value), quote_plus(value), json.dumps(value)[1:-1]}
    for user in ("", "joe:", "me:"):
        forms.add(base64.b64encode(f"{user}{value}".encode()).decode().rstrip("="))
    return {form.encode() for form in forms}


@dataclass
class Newsroom:
    """Servers, receivers, a configuration full of secrets, and everything that was said."""

    folder: Path
    env: dict[str, str]
    config: Path
    text: str
    web: WebServer
    taken: HttpReceiver
    refused: HttpReceiver
    posted: SmtpReceiver
    said: dict[str, str] = field(default_factory=dict)

    def verb(self, *arguments: str | Path, name: str = "") -> None:
        """Run a verb with everything it could say."""
        outcome = run(*arguments, "--debug", "--log-level", "debug", "--config", self.config)
        self.said[f"{name} tocsin {' '.join(map(str, arguments))}"] = outcome.out + outcome.err

    def leaks(self) -> list[str]:
        """Where which secret is found."""
        places = {name: text.encode() for name, text in self.said.items()}
        state = self.folder / "state"
        places |= {str(p.relative_to(state)): p.read_bytes() for p in state.rglob("*") if p.is_file()}
        return [
            f"secret {number} in {place}: …{data[max(0, data.find(form) - 90) : data.find(form) + 50]!r}…"
            for number, value in enumerate(SECRETS, 1)
            for form in spellings(value)
            for place, data in places.items()
            if form in data
        ] + self._confidential(places)

    def _confidential(self, places: dict[str, bytes]) -> list[str]:
        """The same of what secret rules ask for."""
        found = []
        words = [word for several in CONFIDENTIAL.values() for word in several]
        for place, data in places.items():
            if place.endswith(STORES):
                continue
            low = data.lower()
            verb = place.partition("tocsin ")[2].partition(" ")[0]
            for word in (*words, *(() if verb in ASKED_FOR else HITS)):
                at = low.find(word.encode())
                if at >= 0:
                    found.append(f"{word} in {place}: …{data[max(0, at - 200) : at + 80]!r}…")
        return found


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    """Feeds and channels that fail in every way, and twenty secrets in all places they may stand."""
    s = [quote(value, safe="") for value in ["", *SECRETS]]
    with ExitStack() as stack:
        web = stack.enter_context(WebServer())
        tls = stack.enter_context(WebServer(_tls(tmp_path)))
        echo = f'{{"error": "no: /{s[11]} {SECRETS[10]} {SECRETS[12]} {SECRETS[14]} {SECRETS[15]}"}}'.encode()
        kind = {"Content-Type": "application/json"}
        bad = stack.enter_context(HttpReceiver(*[Reply(403, kind, echo), Reply(500, kind, echo)] * MANY))
        smtp = stack.enter_context(SmtpReceiver(password=SECRETS[13], mail=[_rejected()] * MANY))
        taken, posted = stack.enter_context(HttpReceiver()), stack.enter_context(SmtpReceiver())
        dead = dead_port()
        web.on("/moved", answer(301, Location=f"/elsewhere?token={s[2]}"))
        web.on("/elsewhere", answer(500, f"bad token {SECRETS[1]}".encode()))
        web.on("/broken", answer(200, b"<rss><channel><title>" + SECRETS[2].encode()))
        web.on("/login", answer(401))
        web.on(f"/{s[6]}/feed", answer(410))
        web.on("/news", answer(200, rss(OLD, HUSHED)))
        env = {
            "TOCSIN_FEED": f"{web.url('')}/{s[6]}/feed",
            "TOCSIN_PASSWORD": SECRETS[4],
            "TOCSIN_DEADMAN": f"http://127.0.0.1:{dead}/ping/{s[20]}",
            "TOCSIN_HOOK": SECRETS[15],
            "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"),
            "NO_PROXY": "*",
        }
        write(tmp_path, f"http://127.0.0.1:{dead}/feed?key={s[7]}", "credentials/wire")
        write(tmp_path, SECRETS[3] + "\n", "header.key")
        outlines = "".join(
            f'<outline text="{n}" xmlUrl="http://joe:{s[n]}@127.0.0.1:{dead}/{n}?token={s[n + 1]}"/>'
            for n in (1, 7, 9)
        )
        write(tmp_path, f"<opml><body>{outlines}</body></opml>", "list.opml")
        write(tmp_path, SECRETS[13] + "\n", "mail.password")
        text = f"""
[monitor]
database = "state/text.db"
[polling]
fastest = "1s"
per_host = 9
per_host_gap = "0s"
allow_private = ["127.0.0.0/8"]
[[feeds]]
name = "news"
url = "{web.url("/news")}"
every = "1s"
[[feeds]]
name = "moved"
url = "{web.url("/moved").replace("//", f"//joe:{s[1]}@")}?token={s[2]}"
[[feeds]]
name = "broken"
url = "{web.url("/broken")}"
headers = {{ "X-Key" = "{SECRETS[2]}", "X-Other" = {{ file = "header.key" }} }}
[[feeds]]
name = "login"
url = "{web.url("/login")}"
auth = {{ user = "joe", password = {{ env = "TOCSIN_PASSWORD" }} }}
[[feeds]]
name = "gone"
url = {{ env = "TOCSIN_FEED" }}
[[feeds]]
name = "wire"
url = {{ credential = "wire" }}
[[feeds]]
name = "proxied"
url = "http://news.invalid/feed"
proxy = "http://me:{s[8]}@127.0.0.1:{dead}"
[[feeds]]
name = "tls"
url = "https://127.0.0.1:{tls.port}/feed?api_key={s[9]}"
[[feeds]]
name = "off"
url = "https://joe:{s[21]}@off.invalid/feed"
enabled = false
[[rules]]
name = "doha"
query = "doha"
[[rules.tests]]
match = "Doha"
{confidential_rules()}[channels.okhook]
type = "webhook"
url = "http://127.0.0.1:{taken.port}/"
[channels.okmail]
url = "mailto://127.0.0.1:{posted.port}?to=desk@example.org&from=joe@example.org"
[channels.screen]
type = "terminal"
[channels.json]
url = "json://joe:{s[10]}@127.0.0.1:{bad.port}/{s[11]}?+X-Token={s[12]}"
[channels.gotify]
url = "gotify://127.0.0.1:{dead}/{s[13]}"
[channels.ntfy]
url = "ntfy://joe:{s[17]}@127.0.0.1:{bad.port}/topic"
[channels.mail]
url = "mailto://joe@127.0.0.1:{smtp.port}?to=desk@example.org&from=joe@example.org"
password = {{ file = "mail.password" }}
[channels.hook]
type = "webhook"
url = "http://127.0.0.1:{bad.port}/{s[15]}"
secret = {{ env = "TOCSIN_HOOK" }}
[channels.hooktls]
type = "webhook"
url = "https://127.0.0.1:{tls.port}/{s[15]}"
[channels.file]
type = "file"
path = "state/alerts.jsonl"
[channels.telegram]
url = "tgram://123456789:{s[18]}AAAAAAAAAAAAAAAAAAAAAAAAAA/42"
[channels.slack]
url = "slack://TAAAAAAAA/BAAAAAAAA/{(s[19] * 2)[:24]}/#general"
[channels.discord]
url = "discord://123456789012345678/{s[19]}"
[[routes]]
match = {{ rule = ["{CONFIDENTIAL["name"][0]}"], entity = ["{CONFIDENTIAL["ent"][0]}"] }}
channels = []
[[routes]]
channels = ["json", "gotify", "ntfy", "mail", "hook", "hooktls", "file", "okhook", "okmail", "screen"]
[notices]
channels = ["file"]
[deadman]
url = {{ env = "TOCSIN_DEADMAN" }}
"""
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "state").mkdir()
        yield Newsroom(tmp_path, env, write(tmp_path, text), text, web, taken, bad, posted)


def _rejected() -> str:
    return f"550 5.7.1 not for you, joe with the password {SECRETS[13]}"


def _tls(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(folder, "not.the.host"))
    return context


def broken(text: str) -> list[str]:
    """The configuration with mistakes beside its secrets, and in them."""
    return [
        text.replace("headers =", "haeders ="),
        text.replace("[channels.hook]", '[channels.hook]\ntyp = "webhook"'),
        text.replace('url = "http', 'url = "htp'),
        text.replace('url = "json://', 'url = "jsn://'),
        text.replace('password = {{ file = "mail.password" }}'.format(), f'password = ["{SECRETS[13]}"]'),
        text.replace("slack://", "slack:/"),
        text.replace("gotify://127.0.0.1", "gotify://127.0.0.1 "),
        text.replace("tgram://123456789:", "tgram://"),
        text.replace('name = "login"', f'name = "{SECRETS[4]}/x"'),
        text.replace('"X-Key"', f'"X {SECRETS[2]}"'),
        text.replace('proxy = "http://', 'proxy = "gopher://'),
        text + f'[[routes]]\nchannels = ["{SECRETS[12]}/x"]\n',
        text + f'"{SECRETS[0]}/x" = 1\n',
        text + f'x = "{SECRETS[0]}\n',
        text.replace('"doha"\n[[rules.tests]]', f'"doha AND"\nnone = ["{SECRETS[0]}"]\n[[rules.tests]]'),
        *broken_rules(text),
    ]


def broken_rules(text: str) -> list[str]:
    """Mistakes in and around secret rules, of each kind that `check` knows."""
    name, term, test, ent, alias = (several[0] for several in CONFIDENTIAL.values())
    query = f'query = "{term} OR {HITS[0]} OR @{ent}"'
    other = CONFIDENTIAL["name"][1]
    return [
        text.replace(query, f'query = "{term} OR ({HITS[0]} OR @{ent}"'),
        text.replace(query, f'query = "{term} OR @{ent}x NEAR {HITS[0]}"'),
        text.replace(query, f'query = "title:{term}* OR /({term}/ OR *"'),
        text.replace(query, f'query = "{term}"'),
        text.replace(query, f'query = "{term} OR {HITS[0]} OR @{ent}"\nany = ["{term}"]'),
        text.replace(query, f'qwery = "{term}"'),
        text.replace(
            query, f'{query}\nany = "{term}"\nlang = ["{alias}"]\nfeeds = ["{alias}"]\ntags = ["{alias}"]'
        ),
        text.replace(query, f'{query}\nallow_channels = ["nosuch"]'),
        text.replace(query, f'{query}\nallow_channels = ["telegram"]'),
        text.replace(f'name = "{other}"', f'name = "{name}"'),
        text.replace(f'match = "{test} ', f'no_match = "{test} '),
        text.replace("secret = true\nquery", 'secret = "yes"\nquery'),
        text.replace(f"[entities.{ent}]", f"[entities.{ent}]\nalias = 1").replace(
            f'"{alias}",', f'"{alias}", "{CONFIDENTIAL["alias"][1]}",'
        ),
        text.replace(f'"{name}"]', f'"{name}x"]').replace(f'"{ent}"]', f'"{ent}x"]'),
    ]


def tell_the_story(room: Newsroom, log_format: str) -> None:
    """A daemon at debug level: failing polls, failing sends, refused reloads, then an orderly end."""
    listen = '[metrics]\nlisten = "./health.sock"\n'
    text = f'{room.text}{listen}[log]\nformat = "{log_format}"\n'.replace("text.db", f"{log_format}.db")
    news = f"/news/{log_format}"
    text = text.replace("/news", news, 1)
    room.config.write_text(text, encoding="utf-8")
    room.web.on(news, answer(200, rss(OLD, HUSHED)))
    with DaemonProcess(room.config, "--debug", "--log-level", "debug", env=room.env) as daemon:
        daemon.wait_for("already in your feeds")
        item = Item(f"Talks in Doha {log_format}", guid=log_format, link=f"http://127.0.0.1:9/{log_format}")
        both = Item(
            f"Again talks in Doha {log_format}",
            guid=f"b{log_format}",
            link=f"http://127.0.0.1:9/b{log_format}",
            text=f"Envoys met in Doha on Monday, and nobody spoke to the press. {HITS[3]} was on no list.",
        )
        silent = Item(
            f"About {HITS[0]} and {HITS[1]} {log_format}",
            guid=f"s{log_format}",
            link=f"http://127.0.0.1:9/s{log_format}/{HITS[2]}",
            text=f"{HITS[2]} spoke with {HITS[4]} for an hour.",
        )
        again = replace(
            silent,
            title=f"{HITS[2]} {log_format}",
            guid=f"t{log_format}",
            link=f"http://127.0.0.1:9/t{log_format}",
        )
        room.web.on(news, answer(200, rss(item, both, silent, again, OLD, HUSHED)))
        for channel in ("okhook", "okmail", "screen"):
            daemon.wait_for_each("notification sent", channel)
        for channel in ("json", "gotify", "ntfy", "mail", "hook", "hooktls"):
            daemon.wait_for_each("notification not sent", channel)
        for wrong in broken(text):
            room.config.write_text(wrong, encoding="utf-8")
            daemon.send(signal.SIGHUP)
            daemon.wait_for("is refused")
            page = ask(room.folder / "health.sock", "/healthz")[2]
            room.said[f"/healthz as {log_format}"] = (
                room.said.get(f"/healthz as {log_format}", "") + page.decode()
            )
        room.said[f"/metrics as {log_format}"] = ask(room.folder / "health.sock", "/metrics")[2].decode()
        room.config.write_text(text, encoding="utf-8")
        daemon.send(signal.SIGHUP)
        daemon.wait_for("configuration reloaded")
        daemon.send(signal.SIGTERM)
        assert daemon.ended() == 0
    room.said[f"the daemon's log as {log_format}"] = "\n".join(daemon.lines)
    took_what_was_sent(room)


def took_what_was_sent(room: Newsroom) -> None:
    """What receivers were sent, as it came and as it reads."""
    for number, request in enumerate(room.taken.requests):
        room.said[f"sent to a webhook, {number}"] = f"{request.headers} {request.body.decode()}"
    for number, mail in enumerate(room.posted.mails):
        parts = [part.get_content() for part in mail.message.walk() if not part.is_multipart()]
        room.said[f"sent as a mail, {number}"] = "\n".join((mail.message.as_string(), *map(str, parts)))
    for number, request in enumerate(room.refused.requests):
        room.said[f"refused by a receiver, {number}"] = request.body.decode()


NAMED = CONFIDENTIAL["name"][0]
VERBS: dict[str, list[list[str]]] = {
    "init": [["{folder}/state/new"]],
    "check": [[], ["--json"], ["--quiet"]],
    "run": [["--once"], ["--once", "--force", "--json"]],
    "demo": [],  # has a configuration of its own
    "fetch": [[name] for name in ("news", "moved", "broken", "login", "gone", "wire", "proxied", "tls")]
    + [["moved", "--json"], ["nosuch"]],
    "match": [
        ["--stored", "7d", "--rule", NAMED],
        ["--query", "doha", "--stored", "7d"],
        ["--stored", "7d"],
        ["--stored", "7d", "--json"],
        ["{folder}/nothing.txt"],
    ],
    "extract": [
        ["{folder}/nothing.html"],
        ["http://127.0.0.1:9/page"],
        ["http://127.0.0.1:9/page", "--json"],
    ],
    "stories": [["{folder}/nothing.jsonl"], ["{folder}/nothing.jsonl", "--json"]],
    "url": [["http://127.0.0.1:9/1"]],
    "explain": [
        ["http://127.0.0.1:9/stext"],
        ["alert:2"],
        ["1", "--rule", NAMED],
        ["http://127.0.0.1:9/1"],
        ["1", "--json"],
        ["1"],
        ["{folder}/nothing.txt"],
    ],
    "feeds list": [[], ["--json"]],
    "feeds show": [["moved"], ["wire", "--json"], ["gone"], ["off", "--json"], ["nosuch"]],
    "feeds add": [["http://127.0.0.1:9/new"], ["http://127.0.0.1:9/new", "--no-fetch"], ["nonsense"]],
    "feeds discover": [["http://127.0.0.1:9/new"], ["nonsense"]],
    "feeds remove": [["off"], ["nosuch"]],
    "feeds enable": [["off"]],
    "feeds disable": [["off"]],
    "feeds poll": [["moved"], ["wire"]],
    "feeds import": [["{folder}/nothing.opml"], ["{folder}/list.opml"], ["{folder}/list.opml", "--json"]],
    "feeds export": [[], ["--json"]],
    "rules list": [[], ["--json"]],
    "rules show": [[NAMED], [NAMED, "--json"], [NAMED[:-3]], ["doha"], ["doha", "--json"], ["nosuch"]],
    "rules explain": [
        [NAMED],
        [NAMED, "--text", "Doha"],
        [NAMED[:-3]],
        ["doha"],
        ["doha", "--text", "Doha", "--json"],
        ["doha", "--article", "1"],
        ["nosuch"],
    ],
    "rules test": [[NAMED], ["--json"], [NAMED, "--text", "Doha"], [], ["--text", "Doha"]],
    "entities list": [[CONFIDENTIAL["ent"][0]], [CONFIDENTIAL["ent"][0][:-2]], [], ["--json"]],
    "entities import": [["{folder}/nothing.json"]],
    "alerts list": [[], ["--json"], ["--rule", NAMED], ["--rule", "nosuch"]],
    "alerts route": [
        ["--rule", NAMED],
        ["--rule", NAMED, "--json"],
        ["--entity", "nosuch"],
        ["--severity", "high"],
        ["--rule", "talks", "--json"],
    ],
    "alerts show": [[str(n), *more] for n in range(1, 9) for more in ([], ["--json"])],
    "silence add": [
        ["--rule", NAMED, "--for", "1h", "--comment", NAMED],
        ["--rule", NAMED[:-2], "--for", "1h"],
        ["--feed", "nothing", "--for", "1h", "--comment", "a night off"],
    ],
    "silence list": [[], ["--json"]],
    "silence expire": [["1"]],
    "outbox list": [["--all"], ["--all", "--json"]],
    "outbox retry": [["--all"]],
    "outbox drop": [["1"]],
    "channels list": [[], ["--json"]],
    "channels test": [[name] for name in ("json", "gotify", "ntfy", "mail", "hook", "hooktls")]
    + [["json", "--json"], ["nosuch"]],
    "status": [[], ["--json"], ["--latency"], ["--latency", "--json"]],
    "doctor": [["--feeds", "all"], ["--json"], ["--offline", "--deep"]],
    "config show": [[], ["--json"]],
    "config migrate": [["--dry-run"], ["--json"]],
    "config path": [[]],
    "config schema": [[]],
    "db migrate": [[]],
    "db backup": [["{folder}/state/copy.db"]],
    "db check": [[], ["--quick", "--json"]],
    "db prune": [["--dry-run"], ["--json"]],
}
SENDS = {"channels test", "run", "feeds poll", "demo"}


def test_no_secret_is_let_out(room: Newsroom) -> None:
    """Every verb, good and broken configurations, a sound and a damaged database, three forms of log."""
    assert {name for name, _ in verbs()} <= set(VERBS), "a new verb: give it arguments here"
    for log_format in ("text", "json", "journal"):
        tell_the_story(room, log_format)
    room.config.write_text(room.text, encoding="utf-8")
    damaged = write(room.folder, "this is no database" * 99, "state/damaged.db")
    for name, calls in VERBS.items():
        if name not in {verb for verb, _ in verbs()}:
            continue
        for call in calls:
            room.config.write_text(room.text, encoding="utf-8")
            arguments = [*name.split(), *(part.replace("{folder}", str(room.folder)) for part in call)]
            room.verb(*arguments)
            room.verb(*arguments, "--database", damaged, name="damaged")
            if name == "init":
                continue
            for number, text in enumerate(broken(room.text)):
                if name in SENDS or (number and name not in ("check", "status", "config show")):
                    continue
                room.config.write_text(text, encoding="utf-8")
                room.verb(*arguments, name=f"broken {number}")
    assert len(room.said) > 100
    said = "\n".join(room.said.values())
    assert "Traceback" in said, "tracebacks were asked for"
    assert "***" in said, "something was masked"
    sent = [what for where, what in room.said.items() if where.startswith("sent")]
    notices = [what for what in sent if "confidential rule" in what]
    assert len(notices) >= 6, "receivers were told that secret rules rang"
    assert room.leaks() == []
    assert room.leaks() == []


def test_a_traceback_of_a_verb_shows_no_secret(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody expected, with a secret in its text, is masked under --debug."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError(f"https://joe:{SECRETS[0]}@h/?token={SECRETS[1]} {SECRETS[14]} {SECRETS[4]}")

    monkeypatch.setattr("monitor.store.lock.holder_of", fail)
    room.verb("status")
    [said] = room.said.values()
    assert "ZeroDivisionError" in said
    assert "***" in said
    assert room.leaks() == []
    assert room.leaks() == []


def test_the_search_finds_what_is_let_out(room: Newsroom) -> None:
    """The test can fail: each spelling of each secret is found where it stands."""
    for value in SECRETS:
        for form in spellings(value):
            room.said = {"x": f"before {form.decode()} after"}
            assert room.leaks()
    for word in (*(word for several in CONFIDENTIAL.values() for word in several), *HITS):
        room.said = {" tocsin alerts list": f"before {word.upper()} after"}
        assert room.leaks(), word
        (room.folder / "state" / "planted.jsonl").write_text(word, encoding="utf-8")
        room.said = {}
        assert room.leaks(), word
        (room.folder / "state" / "planted.jsonl").unlink()
    room.said = {" tocsin fetch news": HITS[0]}
    assert room.leaks() == [], "an article that was asked for"
    room.said = {" tocsin fetch news": CONFIDENTIAL["term"][0]}
    assert room.leaks(), "not even there"
    assert os.environ["TOCSIN_PASSWORD"] == SECRETS[4]
