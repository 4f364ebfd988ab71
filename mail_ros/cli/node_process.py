"""A node in a process of its own, for verbs that use one over DDS."""

from __future__ import annotations

import fcntl
import itertools
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mail_ros.core.errors import MailError

DOMAINS = 101  # more would need ports of Linux's ephemeral range
STOP_S = 10.0  # for the node to end
_counter = itertools.count()
_until_exit = ExitStack()


@dataclass(frozen=True)
class NodeProcess:
    """A started node."""

    name: str
    process: subprocess.Popen[bytes]
    log: IO[bytes]

    def check(self) -> None:
        """Check that the node runs.

        Raises:
            MailError: it ended; the message has its last line.
        """
        if self.process.poll() is None:
            return
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").splitlines()
        last = next((line.strip() for line in reversed(lines) if line.strip()), "nothing printed")
        raise MailError(
            f"the {self.name} node", wanted="it to run", found=f"that it ended: {last}", fix="correct that first"
        )


def own_domain() -> int:
    """A DDS domain reserved until this process exits; traffic stays on this machine."""
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    return _until_exit.enter_context(reserved_domain())


@contextmanager
def reserved_domain() -> Iterator[int]:
    """Reserve a DDS domain during the block, by a locked file: no other process of this package then has it.

    Raises:
        MailError: all are reserved.
    """
    for _ in range(DOMAINS):
        domain_id = 1 + (os.getpid() + 7 * next(_counter)) % DOMAINS
        with ExitStack() as stack:
            try:
                lock = stack.enter_context(Path(tempfile.gettempdir(), f"mail_ros_domain_{domain_id}.lock").open("a"))
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # reserved, or a file of another user
                continue
            yield domain_id
            return
    raise MailError("ROS_DOMAIN_ID", wanted=f"one of {DOMAINS} domains", found="all reserved", fix="end other runs")


@contextmanager
def running_node(name: str, domain_id: int, parameters: Mapping[str, object]) -> Iterator[NodeProcess]:
    """Run a node of `mail_ros.nodes` during the block."""
    environment = {**os.environ, "ROS_DOMAIN_ID": str(domain_id), "RCUTILS_COLORIZED_OUTPUT": "0"}
    command = [sys.executable, "-m", f"mail_ros.nodes.{name}_node", "--ros-args"]
    command += [word for name, value in parameters.items() for word in ("-p", f"{name}:={value}")]
    with tempfile.TemporaryFile() as log, ExitStack() as stack:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # or the node would outlive us
        stack.callback(signal.signal, signal.SIGTERM, before)
        with _held(signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            stack.callback(_end, process)
        yield NodeProcess(name, process, log)


@contextmanager
def _held(*numbers: signal.Signals) -> Iterator[None]:
    """Defer signals to the end of the block: a started process is always registered."""
    arrived: list[int] = []
    before = {held: signal.signal(held, lambda number, _: arrived.append(number)) for held in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for caught in arrived:
        signal.raise_signal(caught)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
