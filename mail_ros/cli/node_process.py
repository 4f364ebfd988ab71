"""A node in a process of its own, for verbs that use one over DDS."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO

from mail_ros.core.errors import MailError

DOMAINS = 101  # more would need ports of Linux's ephemeral range
STOP_S = 10.0  # for the node to end


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
    """A DDS domain of this process alone, with high probability; traffic stays on this machine."""
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    return 1 + os.getpid() % DOMAINS


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
