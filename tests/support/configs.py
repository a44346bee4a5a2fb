"""Small configurations for tests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config.load import Loaded, load_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import Finding

FEED = '[[feeds]]\nname = "lemonde"\nurl = "https://www.lemonde.fr/rss/une.xml"\n'
RULE = '[[rules]]\nname = "talks"\nquery = "talibans"\n'
CHANNEL = '[channels.screen]\ntype = "terminal"\n'
SMALL = f"{FEED}\n{RULE}\n{CHANNEL}"
ENV = {"TZ": "UTC"}

# Every table and key of the contract; needs the file "k" and the variables X and PING.
CONTRACT = """\
include = ["rules/*.toml"]
entity_packs = ["world"]

[monitor]
database  = "tocsin.db"
timezone  = "Europe/Paris"
languages = ["fr", "en"]
contact   = "desk@example.org"
retention = "90d"

[polling]
every = "15m"
fastest = "5m"
slowest = "1h"
first_poll = "6h"
concurrency = 32
per_host = 2
per_host_gap = "0s"
allow_private = ["127.0.0.0/8", "10.1.2.3"]

[[feeds]]
name = "lemonde-une"
url  = "https://www.lemonde.fr/rss/une.xml"
tags = ["fr", "general"]
auth = { user = "u", password = { env = "X" } }
headers = { "X-Key" = { file = "k" } }
proxy = "http://proxy.example.org:3128"
every = "10m"
first_poll = "alert"
full_text = "never"
language = "fr"
enabled = false

[entities.taliban]
aliases = ["taliban", "talibans", "Талибан", "طالبان"]
[entities.doha]
aliases = ["Doha", "الدوحة"]
not_in  = ["Doha Round"]
context = { require_any = ["qatar"], near = 60, unless = "x" }

[[rules]]
name = "talks-in-doha"
query = '@taliban AND (@doha OR qatar)'
severity = "high"
tags = ["fr"]
feeds = ["lemonde-*"]
lang = ["fr"]
weak = "ignore"
updates = "none"
budget = "off"
secret = true
allow_channels = ["phone"]
enabled = false
[[rules.tests]]
match = "Les talibans à Doha"
[[rules.tests]]
no_match = "La pluie"

[[rules]]
name = "lists"
any  = ["@taliban", "{TTP}"]
all  = ["doha"]
none = ["doha round", "title:sport"]
near = [ { a = ["talk*", "peace"], b = "qatar", within = 10, ordered = true } ]
atleast = { count = 2, of = ["@taliban"] }
scope = "title"

[channels.phone]
url = { env = "X" }
[channels.desk]
url = "mailto://user@mail.example.org?to=desk@example.org"
password = { file = "k" }
[channels.screen]
type = "terminal"
fallback = "desk"
template = { title = "{rules}", body = "{title} {link}" }
[channels.out]
type = "file"
path = "alerts.jsonl"
[channels.hook]
type = "webhook"
url = "https://hooks.example.org/"
secret = "s"

[[routes]]
match = { severity = ["high", "urgent"], rule = "talks-*", tag = "fr", feed = "lemonde-une", lang = "fr", \
entity = "taliban", kind = "first" }
channels = ["phone", "desk"]
continue = true
[[routes]]
match = { severity = "low" }
channels = ["desk"]
group = "10m"
group_by = "story"
[[routes]]
channels = ["desk"]
digest = ["18:00", "08:00"]

[stories]
window = "off"
[alerts]
budget = "off"
digest = "07:30"
[pages]
per_host = "30/1h"
total = "2000/1d"
deadline = "6h"
[notices]
channels = ["desk"]
[quiet_hours.night]
channels = ["phone"]
from = "22:00"
to = "07:00"
days = ["sat-mon", "wed"]
timezone = "Europe/Paris"
let_through = ["urgent"]
[log]
level = "debug"
format = "journal"
[metrics]
listen = "127.0.0.1:9464"
[deadman]
url = { env = "PING" }
[canary]
every = "1h"
channels = ["desk"]
"""


def write(folder: Path, text: str, name: str = "config.toml") -> Path:
    """A file that only its owner may read."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def load(
    folder: Path, text: str, *, env: Mapping[str, str] | None = None, strict_secrets: bool = True
) -> Loaded:
    """What loading this text as the main file gives."""
    path = write(folder, text)
    return load_config(path, env={**ENV, **(env or {})}, strict_secrets=strict_secrets)


def told(loaded: Loaded) -> list[str]:
    """The findings as "name:line: level: message"."""
    return [f"{Path(f.file).name}:{f.line}: {f.level}: {f.message}" for f in loaded.findings]


def spread(folder: Path, text: str, name: str = "config.toml") -> Path:
    """
    The main file `name` of a text, and beside it what follows each line "#--- PATH".

    So one file can hold a mistake that takes several. Line numbers of the main file stay what they are.
    """
    main, *others = re.split(r"^#--- (\S+)\n", text, flags=re.MULTILINE)
    for path, other in zip(others[::2], others[1::2], strict=True):
        write(folder, other, path)
    return write(folder, main, name)


def as_comments(finding: Finding, folder: Path, main: Path | None = None) -> list[str]:
    """A finding in the form the files of tests/configs announce theirs; its file where it is not `main`."""
    word = "expect" if finding.level == "error" else "warn"
    column = f":{finding.column}" if finding.column else ""
    file = "" if main is None or finding.file == str(main) else f"{Path(finding.file).relative_to(folder)}:"
    lines = [f"# {word}: {file}{finding.line}{column}: {finding.message}"]
    lines += [f"# hint: {line}" for line in finding.hint.splitlines()]
    return [line.replace(str(folder), "{folder}") for line in lines]
