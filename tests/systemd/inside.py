"""
The life of a service, run by boot.sh as the only job of a freshly booted systemd.

Installs Tocsin as its documents say, then starts, reloads, kills, freezes and stops it. What it saw goes to
/results/lines, one "name: value" a line; test_boot.py knows what each has to be. Standard library only: this
machine has nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = Path("/results/lines")
CONFIG = Path("/etc/tocsin/config.toml")
SECRET = Path("/etc/tocsin/credentials/desk")
DROP_IN = Path("/etc/systemd/system/tocsin.service.d/test.conf")
STATE = Path("/var/lib/private/tocsin")
PATIENCE = 30.0
BEGAN = time.monotonic()
CANARY = "canary-of-the-credential"
# Minutes become seconds; everything else is the unit as it is shipped.
SHORTER = (
    "[Service]\nWatchdogSec=5\nRestartSec=1\nTimeoutStartSec=15\n"
    "LoadCredential=desk:/etc/tocsin/credentials/desk\n"
)
PATHS = Path("/opt/tocsin/lib")
WISHES = Path("/opt/wishes")  # what stuck.py looks at
OLDEST = Path("/opt/source/tests/fixtures/schemas/0001.sql")
STEP = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "{new}", "{old}", None, None
def upgrade():
    op.add_column("notices", sa.Column("extra_{new}", sa.Text(), nullable=False, server_default=""))
"""


class World:
    """A feed and a receiver on loopback."""

    def __init__(self) -> None:
        self.items: list[tuple[str, str]] = []
        self.received: list[str] = []
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer("application/rss+xml", world.document())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = json.loads(body)
                again = message["title"] in world.received and "may be a repeat" in message["message"]
                if not again:  # a kill may come between an answer and its record: sent once more, and marked
                    world.received.append(str(message["title"]))
                self._answer("text/plain", b"taken")

            def _answer(self, kind: str, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.publish("Old talks in Doha")

    def publish(self, title: str) -> None:
        """A new item."""
        self.items.insert(0, (title, format_datetime(datetime.now(UTC))))

    def document(self) -> bytes:
        """The feed as it is now."""
        items = "".join(
            f"<item><title>{escape(title)}</title><guid isPermaLink='false'>{escape(title)}</guid>"
            f"<pubDate>{date}</pubDate></item>"
            for title, date in self.items
        )
        return f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode()


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def shown(name: str) -> str:
    """One property of the service."""
    return run("systemctl", "show", "tocsin", "--value", "--property", name).stdout.strip()


def say(name: str, value: object) -> None:
    """Put down what was seen."""
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(f"{name}: {value}\n")
    sys.stderr.write(f"{time.monotonic() - BEGAN:6.1f} s  {name}: {value}\n")


def wait(name: str, true: Callable[[], bool]) -> None:
    """Wait until something is so, and put down whether it came to be."""
    until = time.monotonic() + PATIENCE
    while not (seen := true()) and time.monotonic() < until:
        time.sleep(0.05)
    say(name, "yes" if seen else "no")


def arrived(world: World, title: str) -> Callable[[], bool]:
    """Whether this is the message that came last."""
    return lambda: world.received[-1] == title


def install(world: World) -> None:
    """A virtual environment under /opt, then what the README says."""
    (Path("/etc/ld.so.conf.d") / "python.conf").write_text("/opt/python/lib\n", encoding="utf-8")
    run("ldconfig")
    run(sys.executable, "-m", "venv", "--without-pip", "/opt/tocsin")
    put_in(Path("/opt/source"))
    WISHES.mkdir()
    command = Path("/opt/tocsin/bin/tocsin")
    command.write_text(
        "#!/opt/tocsin/bin/python\nimport sys\nfrom monitor.__main__ import main\n"
        "if 'run' in sys.argv:\n    sys.path.append('/opt/source/tests/systemd')\n"
        "    import stuck\n    stuck.arm()\nmain()\n",
        encoding="utf-8",
    )
    command.chmod(0o755)
    done = run(str(command), "init", "--system", "--yes")
    say("init", done.returncode)
    say("init again", run(str(command), "init", "--system").stderr.strip())
    SECRET.write_text(f"json://desk:{CANARY}@127.0.0.1:{world.port}/hook\n", encoding="utf-8")
    SECRET.chmod(0o600)
    configure(world)
    DROP_IN.parent.mkdir()
    DROP_IN.write_text(SHORTER, encoding="utf-8")
    run("systemctl", "daemon-reload")


def put_in(program: Path) -> None:
    """Let the environment run the program that lies there, as an upgrade by pip would."""
    (site,) = PATHS.glob("python3*/site-packages")
    (site / "tocsin.pth").write_text(f"{program}\n/opt/site\n", encoding="utf-8")


def configure(world: World, more: str = "") -> None:
    """Write the configuration; `more` is put at its end."""
    CONFIG.write_text(
        '[monitor]\ndatabase = "/var/lib/tocsin/tocsin.db"\n[log]\nlevel = "debug"\n'
        '[polling]\nfastest = "1s"\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n'
        f'[[feeds]]\nname = "loopback"\nurl = "http://127.0.0.1:{world.port}/feed"\nevery = "1s"\n'
        '[[rules]]\nname = "doha"\nquery = "doha"\n'
        f'[channels.desk]\nurl = {{ credential = "desk" }}\n{more}',
        encoding="utf-8",
    )


def start(world: World) -> None:
    """The first start, the first alert, and who may read what."""
    began = time.monotonic()
    say("start", run("systemctl", "start", "tocsin").returncode)
    say("start took", f"{time.monotonic() - began:.1f} s")
    say("active", shown("ActiveState"))
    say("status", shown("StatusText"))
    wait("baseline", lambda: "new=1" in journal("TOCSIN_FEED=loopback"))
    world.publish("Talks in Doha")
    wait("alert", lambda: world.received == ["Talks in Doha"])
    pid = shown("MainPID")
    say("user", "root" if Path(f"/proc/{pid}").stat().st_uid == 0 else "its own")
    database = STATE / "tocsin.db"
    say("modes", f"{STATE.stat().st_mode & 0o777:o} {database.stat().st_mode & 0o777:o}")
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat")
    for name, path in (("file", SECRET), ("credential", Path("/run/credentials/tocsin.service/desk"))):
        done = run(*nobody, str(path))
        say(f"{name} is there", "yes" if path.exists() else "no")
        say(f"{name} for others", "readable" if CANARY in done.stdout else "refused")


def examine(_: World) -> None:
    """What the doctor finds on a machine that is well, but for a service that does not start at boot."""
    lines = run("/opt/tocsin/bin/tocsin", "doctor", "--json", "--quiet").stdout.splitlines()
    say("the doctor finds", " ".join(json.loads(line)["code"] for line in lines))


def reload(world: World) -> None:
    """A good one, one that the check refuses, and one that is sent past the check."""
    pid = shown("MainPID")
    rule = '[[rules]]\nname = "kabul"\nquery = "kabul"\n'
    configure(world, rule)
    say("good reload", run("systemctl", "reload", "tocsin").returncode)
    wait("good reload is in force", lambda: "with 2 rules" in shown("StatusText"))
    say("status names the alert", "yes" if "last alert" in shown("StatusText") else "no")
    configure(world, rule + "[[ruels]]\n")
    say("bad reload", "refused" if run("systemctl", "reload", "tocsin").returncode else "taken")
    say("after bad reload", f"{shown('ActiveState')} {shown('SubState')}")
    say("bad reload says why", "yes" if "ruels" in journal("_SYSTEMD_UNIT=tocsin.service") else "no")
    run("systemctl", "kill", "--signal=HUP", "--kill-who=main", "tocsin")
    wait("direct reload is refused", lambda: shown("StatusText").startswith("configuration refused"))
    wait("after direct reload", lambda: shown("SubState") == "running")
    wait("the refusal is told", lambda: "is refused" in world.received[-1])
    world.publish("Kabul and Doha")
    wait("old rules ring", lambda: world.received[-1] == "Kabul and Doha")
    configure(world, rule)
    say("mended reload", run("systemctl", "reload", "tocsin").returncode)
    wait("status is mended", lambda: shown("StatusText").startswith("watching"))
    say("same process", "yes" if shown("MainPID") == pid else "no")


def break_it(world: World) -> None:
    """Kill -9, and a freeze that only the watchdog can see."""
    for name, number in (("kill", 9), ("freeze", 19)):
        pid, restarts = shown("MainPID"), shown("NRestarts")
        began = time.monotonic()
        os.kill(int(pid), number)
        wait(f"{name} leads to a new start", lambda before=restarts: shown("NRestarts") != before)  # type: ignore[misc]
        wait(f"{name} ends well", lambda: shown("SubState") == "running")
        say(f"{name} took", f"{time.monotonic() - began:.1f} s")
        world.publish(f"Doha after {name}")
        wait(f"alert after {name}", arrived(world, f"Doha after {name}"))
    said = journal("UNIT=tocsin.service")
    say("watchdog struck", "yes" if "Watchdog timeout" in said else "no")
    own = journal("_SYSTEMD_UNIT=tocsin.service")
    say("the journal says where it stood", "yes" if "Stack (most recent call first)" in own else "no")


def hang(world: World) -> None:
    """One part stands still while the process and its other parts go on."""
    for part, words in (("writer", "the database's writer"), ("sender", "the outbox")):
        restarts, wish = shown("NRestarts"), WISHES / part
        began = time.monotonic()
        wish.touch()
        world.publish(f"Doha beside a stuck {part}")
        wait(f"stuck {part} leads to a new start", lambda before=restarts: shown("NRestarts") != before)  # type: ignore[misc]
        say(f"stuck {part} took", f"{time.monotonic() - began:.1f} s")
        wish.unlink()
        wait(f"stuck {part} ends well", lambda: shown("SubState") == "running")
        wait(f"alert after stuck {part}", arrived(world, f"Doha beside a stuck {part}"))
        own = journal("_SYSTEMD_UNIT=tocsin.service")
        say(f"the journal names the {part}", "yes" if words in own else "no")


def upgraded(world: World) -> None:
    """Three versions in a row, each with a step of its own; then the oldest schema, and a long migration."""
    run("systemctl", "start", "tocsin")
    head = schema()
    for number in (1, 2, 3):
        old, new = schema(), f"{int(head) + number:04d}"
        program = Path(f"/opt/version{number}")
        shutil.copytree(
            "/opt/source/monitor" if number == 1 else f"/opt/version{number - 1}/monitor", program / "monitor"
        )
        steps = program / "monitor" / "store" / "migrations" / "versions"
        (steps / f"{new}_more.py").write_text(STEP.format(new=new, old=old), encoding="utf-8")
        module = program / "monitor" / "store" / "schema.py"
        text = module.read_text(encoding="utf-8")
        module.write_text(text.replace(f'HEAD = "{old}"', f'HEAD = "{new}"'), encoding="utf-8")
        put_in(program)
        say(f"upgrade {number}", run("systemctl", "restart", "tocsin").returncode)
        say(f"schema after upgrade {number}", int(schema()) - int(head))
        world.publish(f"Doha after upgrade {number}")
        wait(
            f"alert after upgrade {number}",
            arrived(world, f"Doha after upgrade {number}"),
        )
    say("backups of upgrades", len(list(STATE.glob("tocsin.db.*.backup"))))
    put_in(Path("/opt/source"))
    restarts = shown("NRestarts")
    say("going back", "refused" if run("systemctl", "restart", "tocsin").returncode else "taken")
    say(
        "going back says why",
        "yes" if "written by a newer Tocsin" in journal("_SYSTEMD_UNIT=tocsin.service") else "no",
    )
    run("systemctl", "stop", "tocsin")
    say("restarts of what cannot start", "few" if int(shown("NRestarts")) - int(restarts) < 5 else "many")
    owner = STATE.stat()
    for file in STATE.glob("tocsin.db*"):
        file.unlink()
    with sqlite3.connect(STATE / "tocsin.db") as con:
        con.executescript(OLDEST.read_text(encoding="utf-8"))
    con.close()
    os.chown(STATE / "tocsin.db", owner.st_uid, owner.st_gid)
    began = time.monotonic()
    (WISHES / "migration").touch()
    say("long migration", run("systemctl", "start", "tocsin").returncode)
    took = time.monotonic() - began
    say("long migration took", f"{took:.1f} s")
    say("longer than the unit allows a start", "yes" if took > 15 else "no")
    say("schema after the long migration", "the newest" if schema() == head else schema())
    wait("what was on its way then", lambda: "Dockers announce a strike" in world.received[-1])
    run("systemctl", "stop", "tocsin")
    for file in STATE.glob("tocsin.db*"):
        file.unlink()


def schema() -> str:
    """The schema of the service's database."""
    with sqlite3.connect(f"file:{STATE / 'tocsin.db'}?mode=ro", uri=True) as con:
        (version,) = con.execute("SELECT version_num FROM alembic_version").fetchone()
    con.close()
    return str(version)


def stop(world: World) -> None:
    """A restart by hand, a clean stop, and what is left."""
    say("restart", run("systemctl", "restart", "tocsin").returncode)
    world.publish("Last of Doha")
    wait("alert after restart", lambda: world.received[-1] == "Last of Doha")
    began = time.monotonic()
    say("stop", run("systemctl", "stop", "tocsin").returncode)
    say("stop took", f"{time.monotonic() - began:.1f} s")
    say("result", f"{shown('ActiveState')} {shown('Result')} {shown('ExecMainStatus')}")
    say("write-ahead log", "left" if (STATE / "tocsin.db-wal").exists() else "folded in")
    say("credential after stop", "left" if Path("/run/credentials/tocsin.service").exists() else "gone")
    entry = journal("TOCSIN_EVENT=started", "--output=json")
    say("journal identifier", json.loads(entry.splitlines()[-1])["SYSLOG_IDENTIFIER"] if entry else "none")
    everything = journal()
    say("canary in the journal", everything.count(CANARY))
    Path("/results/journal").write_text(everything, encoding="utf-8")


def administer(world: World) -> None:
    """Root runs verbs on the service's own database, before and after a start with a wrong configuration."""
    tocsin = ("/opt/tocsin/bin/tocsin", "--config", str(CONFIG))
    good = CONFIG.read_text(encoding="utf-8")
    CONFIG.write_text(good + "[[ruels]]\n", encoding="utf-8")
    began = shown("NRestarts")
    say("wrong start", "refused" if run("systemctl", "start", "tocsin").returncode else "taken")
    say("wrong start is", f"{shown('ActiveState')} {shown('Result')} {shown('ExecMainStatus')}")
    say("wrong start is not tried again", "yes" if shown("NRestarts") == began else "no")
    CONFIG.write_text(good, encoding="utf-8")
    say("round by root", run(*tocsin, "run", "--once", "--force").returncode)
    say("start after root", run("systemctl", "start", "tocsin").returncode)
    found = json.loads(run(*tocsin, "status", "--json").stdout)
    say("status for root", f"{found['daemon']} {found['feeds']['ok']}")
    say("poll by root", run(*tocsin, "feeds", "poll", "loopback").returncode)
    world.publish("Doha after root")
    wait("alert after root", lambda: world.received[-1] == "Doha after root")
    say("check by root", run(*tocsin, "db", "check").returncode)
    run("systemctl", "stop", "tocsin")


def as_user(world: World) -> None:
    """The user unit, in a user manager of its own, without root and without logind."""
    run("useradd", "--create-home", "--uid", "4242", "reader")
    runtime = Path("/run/user/4242")
    runtime.mkdir(parents=True)
    os.chown(runtime, 4242, 4242)
    manager = ("--unit=readers-manager", "--uid=4242", "--property=Delegate=yes", "--property=Type=notify")
    run("systemd-run", *manager, f"--setenv=XDG_RUNTIME_DIR={runtime}", "/lib/systemd/systemd", "--user")

    def user(*command: str) -> subprocess.CompletedProcess[str]:
        env = ("env", f"XDG_RUNTIME_DIR={runtime}", "HOME=/home/reader")
        return run("runuser", "-u", "reader", "--", *env, *command)

    say("user init", user("/opt/tocsin/bin/tocsin", "init", "--user", "--yes").returncode)
    home = Path("/home/reader/.config/tocsin")
    secret = home / "credentials" / "desk"
    secret.write_text(SECRET.read_text(encoding="utf-8"), encoding="utf-8")
    os.chown(secret, 4242, 4242)
    database = "/home/reader/.local/state/tocsin/tocsin.db"
    text = CONFIG.read_text(encoding="utf-8").replace("/var/lib/tocsin/tocsin.db", database)
    (home / "config.toml").write_text(text, encoding="utf-8")
    more = Path("/home/reader/.config/systemd/user/tocsin.service.d/test.conf")
    more.parent.mkdir()
    more.write_text("[Service]\nLoadCredential=desk:%E/tocsin/credentials/desk\n", encoding="utf-8")
    user("systemctl", "--user", "daemon-reload")
    say("user start", user("systemctl", "--user", "start", "tocsin").returncode)
    wait("user baseline", lambda: "already in your feeds" in journal("_UID=4242"))
    world.publish("Doha for the reader")
    wait("user alert", lambda: world.received[-1] == "Doha for the reader")
    say("user reload", user("systemctl", "--user", "reload", "tocsin").returncode)
    say("user stop", user("systemctl", "--user", "stop", "tocsin").returncode)
    shown = user("systemctl", "--user", "show", "tocsin", "--value", "--property=Result").stdout.strip()
    say("user result", shown)


def journal(*what: str) -> str:
    """What the journal holds of something."""
    run("journalctl", "--sync")
    return run("journalctl", "--no-pager", "--quiet", *what).stdout


def main() -> None:
    """All of it, in order; what stops it is a line too."""
    world = World()
    try:
        for step in (install, start, examine, reload, break_it, hang, stop, administer, upgraded, as_user):
            step(world)
    except Exception as error:
        say("stopped by", repr(error))
        raise
    finally:
        Path("/results/journal").write_text(journal(), encoding="utf-8")
    say("received", json.dumps(world.received))
    say("finished", "yes")


if __name__ == "__main__":
    main()
