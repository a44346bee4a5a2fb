"""
A network of a test's own: nothing in it but loopback, where services have their real names.

    with PrivateNet(folder, ("api.telegram.org",)) as net:
        server = net.inside(lambda: socket.create_server(("127.0.0.1", 443)))
        net.run("channels", "test", "phone", env={...})

A process holds the namespaces open (network, mounts, the machine's name). Sockets that `inside` makes belong
there, whatever thread uses them later; `under` is the command that starts a program there. Names that the
hosts file does not know are asked of a name server that knows none either, and remembers them: `strangers`.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from tests.support.daemon import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")
_TOOLS = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "mount",
    "ip": "iproute2",
    "openssl": "openssl",
}
OURSELVES = "desk.example"  # the machine's own name in there
_RESOLVE = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
# /run is covered: a resolver of this machine would be asked over its socket there, and would look outside. A
# mail server finds an empty spool, and its mailboxes lie in the test's folder.
_HOLD = f"""
hostname {OURSELVES}
ip link set lo up
mount --bind "$1/hosts" /etc/hosts
mount --bind "$1/resolv.conf" /etc/resolv.conf
mount -t tmpfs -o mode=0755 tmpfs /run
if [ -d /var/mail ]; then
  mount -t tmpfs -o mode=0755 tmpfs /var/spool
  mount --bind "$1/mail" /var/mail
fi
echo ready
exec cat
"""


def why_not(*tools: str) -> str:
    """What keeps this machine from such a network, or from these further tools ("name:package"); or ""."""
    if sys.platform != "linux":
        return "this is no Linux"
    if os.geteuid() != 0:
        return "only root may make a network namespace"
    wanted = _TOOLS | dict(tool.split(":") for tool in tools)
    missing = [
        f"{tool} (apt install {package})" for tool, package in wanted.items() if shutil.which(tool) is None
    ]
    if missing:
        return f"missing: {', '.join(missing)}"
    tried = subprocess.run(
        ["unshare", "--net", "--mount", "--uts", "true"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return f"namespaces are not to be had here: {tried.stderr.strip()}" if tried.returncode else ""


class PrivateNet:
    """The network; `hosts` are the names that lead to its loopback."""

    def __init__(self, folder: Path, hosts: Sequence[str]) -> None:
        self._folder = folder
        lines = ["127.0.0.1 localhost", f"127.0.0.1 {OURSELVES}", *(f"127.0.0.1 {host}" for host in hosts)]
        for name, text in (("hosts", "\n".join(lines) + "\n"), ("resolv.conf", _RESOLVE)):
            (folder / name).write_text(text, encoding="ascii")
        self.mailboxes = folder / "mail"  # what is /var/mail inside
        self.mailboxes.mkdir(mode=0o755)

    def __enter__(self) -> Self:
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--uts", "--", "sh", "-ec", _HOLD, "hold", str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout
        assert self._holder.stdout.readline() == b"ready\n", "the private network cannot be set up"
        self._names = self.inside(_NameServer)
        return self

    def __exit__(self, *exc: object) -> None:
        self._names.close()
        assert self._holder.stdin
        assert self._holder.stdout
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()

    @property
    def under(self) -> list[str]:
        """The command before a program that lives in this network."""
        target = ["--target", str(self._holder.pid)]
        return ["nsenter", *target, "--net", "--mount", "--uts", f"--wd={self._folder}", "--"]

    def inside(self, make: Callable[[], T]) -> T:
        """Do something in this network: in a thread that moved there, and so do the threads it starts."""
        made: list[T] = []
        broken: list[BaseException] = []

        def body() -> None:
            try:
                with Path(f"/proc/{self._holder.pid}/ns/net").open("rb") as space:
                    _move_to(space.fileno())
                made.append(make())
            except BaseException as error:  # noqa: BLE001 - it is raised again, in the caller's thread
                broken.append(error)

        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        if broken:
            raise broken[0]
        return made[0]

    def run(self, *arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run `tocsin ARGUMENTS` as a process in this network, and nothing of this machine's environment."""
        return subprocess.run(
            [*self.under, sys.executable, "-m", "monitor", *arguments],
            env={**plain_environment(self._folder), **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def strangers(self) -> list[str]:
        """The unknown names that were asked for so far, but for what a mail server asks of loopback."""
        own = (".in-addr.arpa", "localhost", "localhost.example")
        return [name for name in self._names.asked if not name.endswith(own)]


def _move_to(space: int) -> None:
    """Put this thread into a network namespace; `os.setns` comes with Python 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(space, _NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "the private network cannot be entered")


def plain_environment(home: Path) -> dict[str, str]:
    """What a process needs, and no proxy or certificate of this machine's."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }


class _NameServer:
    """Knows no name, and says so at once."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            query, client = self._socket.recvfrom(512)
            if len(query) < 12:  # what `close` sends
                return
            self.asked.append(_asked(query))
            # Its own number and question back: a response, nobody of that name.
            self._socket.sendto(query[:2] + b"\x81\x83" + query[4:6] + bytes(6) + query[12:], client)

    def close(self) -> None:
        self._socket.sendto(b"", ("127.0.0.1", 53))
        self._thread.join()
        self._socket.close()


def _asked(query: bytes) -> str:
    """The name in a DNS query."""
    labels, at = [], 12
    while at < len(query) and query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    return ".".join(labels)


# --- certificates ------------------------------------------------------------------------------------


class Authority:
    """A certificate authority that lives as long as a test, made by `openssl`; nobody else trusts it."""

    def __init__(self, folder: Path, hosts: Sequence[str]) -> None:
        self.bundle = folder / "authority.pem"
        self.certificate, self.key = folder / "certificate.pem", folder / "key.pem"
        new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-sha256")
        days = ("-days", "2")
        usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", "authority.pem")
        extensions = folder / "extensions"
        extensions.write_text(
            "basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid:always\n"
            f"extendedKeyUsage=serverAuth\nsubjectAltName={','.join(f'DNS:{host}' for host in hosts)}\n",
            encoding="ascii",
        )
        sign = ("-CA", "authority.pem", "-CAkey", "authority.key", "-set_serial", "1", *days)
        for line in (
            (
                "req",
                "-x509",
                *new,
                *days,
                "-subj",
                "/CN=Authority of a test",
                "-keyout",
                "authority.key",
                *usage,
            ),
            ("req", *new, "-subj", "/CN=doubles", "-keyout", "key.pem", "-out", "request.pem"),
            (
                "x509",
                "-req",
                "-in",
                "request.pem",
                *sign,
                "-extfile",
                "extensions",
                "-out",
                "certificate.pem",
            ),
        ):
            subprocess.run(["openssl", *line], cwd=folder, check=True, capture_output=True, timeout=30)

    def context(self) -> ssl.SSLContext:
        """What a server needs to show its certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    @property
    def trusted(self) -> dict[str, str]:
        """The environment in which programs trust it: the standard library's way, and that of requests."""
        return {"SSL_CERT_FILE": str(self.bundle), "REQUESTS_CA_BUNDLE": str(self.bundle)}
