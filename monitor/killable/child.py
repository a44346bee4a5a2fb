"""
The child's side of a killable process: requests in, answers out, and nothing that cannot be ended at once.

Theory of operation. The parent (parent.py) writes one request at a time to our standard input and reads one
answer from our standard output; the end of input means exit. A request is two 32-bit lengths, a JSON header
with `cpu` seconds, and a body; an answer is a 32-bit length and JSON. There is no clean-up code: work that
needs more processor time than its budget is ended by the kernel (SIGPROF, whose default is to end a process,
also in the middle of a C library), work that needs more memory ends this process, and the parent takes the
end of our output as the answer.
"""

from __future__ import annotations

import gc
import json
import math
import os
import resource
import signal
import struct
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MEMORY_EXIT = 3


def serve(
    answer: Callable[[Mapping[str, Any], bytes], dict[str, Any]], *, address_space: int, open_files: int = 16
) -> None:
    """
    Answer requests until the input ends; `answer` gets a request's header and body and returns JSON values.

    `address_space` is in bytes, a little more than memory in use.
    """
    _limit_self(address_space, open_files)
    requests = sys.stdin.buffer
    # A stray print() in a library must not end up inside an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # Documents are heaps that live for milliseconds: collecting between them is cheaper than during.
    gc.disable()
    gc.freeze()
    while True:
        lengths = requests.read(8)
        if len(lengths) < 8:
            return
        header_length, body_length = struct.unpack("!II", lengths)
        header = json.loads(requests.read(header_length))
        body = requests.read(body_length)
        _allow_cpu(header["cpu"])
        try:
            values = answer(header, body)
            data = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        except MemoryError:
            os._exit(MEMORY_EXIT)  # nothing can be relied on now, not even making a sentence
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(struct.pack("!I", len(data)) + data)
        answers.flush()
        del values, data, body
        gc.collect()
        gc.freeze()  # what is left is there to stay: libraries that have just been loaded


def _limit_self(address_space: int, open_files: int) -> None:
    """Give up what nobody needs here: core files, open files, and memory without end."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))


def _allow_cpu(seconds: float) -> None:
    """
    Let the kernel end this process after so many more seconds of processor time.

    The timer is exact, but code could change it; the limit counts whole seconds and is there for that.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(usage.ru_utime + usage.ru_stime + seconds) + 1
    # Only the soft limit: an unprivileged process can never raise a hard one again.
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
