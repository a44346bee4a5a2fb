"""A desk whose channels lead to services' doubles: its configuration, its feed, and the real process."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from tests.support.documents import Item, rss
from tests.support.doubles import DISCORD, HOOK, NTFY, SLACK, SLACK_API, TELEGRAM, WIRE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.doubles import Doubles
    from tests.support.privatenet import PrivateNet

# A channel for each service: its URL, and the host it leads to. The tokens have the right form.
CHANNELS = {
    "telegram": ("tgram://123456789:AAHcanary-telegram-token-0123456789/12315544/?rto=2", TELEGRAM),
    "slack": ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIcanary7/#general?rto=2", SLACK),
    "slackbot": ("slack://xoxb-1234-1234-4ddbc191d40ee098canary/#general?rto=2", SLACK_API),
    "discord": ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dVcanary?rto=2", DISCORD),
    "ntfy": ("ntfy://desk?rto=2", NTFY),
}
HOSTS = {name: host for name, (_, host) in CHANNELS.items()} | {"hook": HOOK}
HOOK_SECRET = "a-canary-to-sign-with"
OLD = Item("Old talks in Doha", guid="old", link="https://wire.example/old", text="They met.", age=48)
TITLE = "Talks in <Doha> & @everyone *fails* _not_"
SENTENCE = "Envoys met in Doha & agreed on <b>; <!channel> was told, said @here."
NEW = Item(
    "Talks in &lt;Doha&gt; & @everyone *fails* _not_",
    guid="new",
    link="https://wire.example/new",
    text="Envoys met in Doha &amp; agreed on &lt;b&gt;; &lt;!channel&gt; was told, said @here.",
    age=1,
)


class RealDesk:
    """One feed, one rule, a channel for each service, and a file that hears what Tocsin says about itself."""

    def __init__(self, folder: Path, net: PrivateNet, doubles: Doubles, env: Mapping[str, str]) -> None:
        self.folder, self.net, self.doubles = folder, net, doubles
        self.env = dict(env)
        self.config = folder / "config.toml"
        self.database = folder / "t.db"
        self.log = folder / "log.jsonl"

    def configure(self, channels: Mapping[str, str], *, hook: bool = False, more: str = "") -> None:
        """Write the configuration: these Apprise channels, and the file `log` for notices alone."""
        text = (
            f'[monitor]\ndatabase = "{self.database}"\ntimezone = "UTC"\n'
            '[polling]\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n'
            f'[[feeds]]\nname = "wire"\nurl = "http://{WIRE}/feed"\nfull_text = "never"\n'
            '[[rules]]\nname = "doha"\nquery = "doha"\nseverity = "high"\n'
        )
        text += "".join(f'[channels.{name}]\nurl = "{url}"\n' for name, url in channels.items())
        if hook:
            text += (
                f'[channels.hook]\ntype = "webhook"\nurl = "https://{HOOK}/in"\nsecret = "{HOOK_SECRET}"\n'
            )
        text += f'[channels.log]\ntype = "file"\npath = "{self.log}"\n'
        self.config.write_text(text + more, encoding="utf-8")
        self.config.chmod(0o600)

    def publish(self, *items: Item) -> None:
        """What the feed shows from now on."""
        self.doubles.feeds["/feed"] = rss(*items)

    def start(self, known: Path) -> None:
        """The silent first poll; where one has left its database at `known`, a copy of that."""
        if known.exists():
            shutil.copy(known, self.database)
            return
        self.publish(OLD)
        done = self.run("run", "--once")
        assert done.returncode == 0, done.stderr
        shutil.copy(self.database, known)

    def ring(self, *items: Item) -> subprocess.CompletedProcess[str]:
        """Publish, and poll once."""
        self.publish(*(items or (NEW,)), OLD)
        return self.run("run", "--once", "--force")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a verb in the desk's network, with its configuration."""
        return self.net.run(*arguments, "--config", str(self.config), env=self.env)

    def asked(self, *arguments: str) -> list[dict[str, Any]]:
        """The objects that a verb prints, whatever its exit status."""
        done = self.run(*arguments, "--json")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def outbox(self) -> dict[str, dict[str, Any]]:
        """The alert's row of each channel, sent or not."""
        return {
            row["channel"]: row for row in self.asked("outbox", "list", "--all") if row["kind"] == "alert"
        }

    def logged(self, kind: str) -> list[str]:
        """The titles of this kind that the file was told."""
        return [said["title"] for said in self.lines() if said["kind"] == kind]

    def lines(self) -> list[dict[str, Any]]:
        """All that the file was told."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines]
