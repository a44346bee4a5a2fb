"""
Makes what docs/channels.md shows: `make captures` writes the page's blocks, and its picture of a mail.

Each block stands below a line `<!-- capture: NAME -->`. Payloads are caught from the services' plugins. The
picture needs Chromium (apt install chromium-headless-shell); without it the old one stays. Nothing is
fetched: the mail holds no address of a picture or a style, and Chromium is given a dead proxy.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from monitor.alerts.render import Layout, render
from monitor.delivery.apprise_channel import AppriseChannel, load_plugin
from monitor.model import AnswerClass
from monitor.settings import ChannelConfig, Secret
from tests.support.receivers import HttpReceiver, Reply
from tests.support.samples import ALERT, PARIS, blocks, outgoing

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, PICTURE = DOCS / "channels.md", DOCS / "mail.png"
_BLOCK = r"(<!-- capture: {name} -->\n```\w+\n).*?(\n```)"
_CAUGHT = {
    "telegram": ("tgram://123456789:token-of-the-bot/12315544/", "notify_url", "/bot"),
    "slack": ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#desk", "webhook_url", "/services"),
    "discord": ("discord://4174216298/token-of-the-webhook", "notify_url", "/api/webhooks"),
}  # fmt: skip


def captures() -> dict[str, str]:
    """Every block of the page by its name."""
    return blocks() | {f"{name}-payload": payload(name) for name in _CAUGHT}


def payload(name: str) -> str:
    """What a service's plugin posts of the sample alert, its text shortened: that stands above."""
    url, attribute, path = _CAUGHT[name]
    yes = b'{"ok": true}' if name == "telegram" else b"ok"
    with HttpReceiver(Reply(200, {"Content-Type": "application/json"}, yes)) as receiver:
        plugin = load_plugin(url)
        setattr(plugin, attribute, f"http://127.0.0.1:{receiver.port}{path}")
        channel = AppriseChannel(ChannelConfig("desk", url=Secret(url)), zone=PARIS)
        channel._plugin = plugin
        assert channel.send(outgoing(ALERT)).kind is AnswerClass.OK
    said: dict[str, Any] = json.loads(receiver.requests[0].body)
    for key in ("text", "content"):
        if key in said:
            said[key] = said[key].split("\n")[0] + " …"
    return json.dumps(dict(sorted(said.items())), ensure_ascii=False, indent=1).replace("\u2060", "")


def written(page: str) -> str:
    """The page with its blocks made again."""
    for name, text in captures().items():
        pattern = re.compile(_BLOCK.format(name=re.escape(name)), re.DOTALL)
        escaped = text.replace("\\", r"\\")
        page = pattern.sub(rf"\g<1>{escaped}\g<2>", page)
    return page


def mail_page() -> str:
    """The sample alert's mail as its reader's program gets it."""
    mail = render(outgoing(ALERT), Layout(zone=PARIS), "email").mail
    assert mail is not None
    return mail.html


def picture(html: str, browser: str, to: Path) -> None:
    """Let a headless Chromium draw a page."""
    with tempfile.TemporaryDirectory() as folder:
        page, made = Path(folder) / "mail.html", Path(folder) / "mail.png"
        page.write_text(html, encoding="utf-8")
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--proxy-server=127.0.0.1:9",
                f"--user-data-dir={folder}/profile",
                "--window-size=720,260",
                "--virtual-time-budget=1000",
                f"--screenshot={made}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )
        shutil.copyfile(made, to)


def main() -> None:
    """Write the page, and the picture where there is a browser."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    if browser is None:
        print("no picture of a mail was made: Chromium is missing (apt install chromium-headless-shell)")  # noqa: T201
        return
    picture(mail_page(), browser, PICTURE)


if __name__ == "__main__":
    main()
