"""What a node in a process of its own costs, as Linux counts it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from mail_ros.cli.node_process import STOP_S, NodeProcess
from mail_ros.core.errors import MailError


def processor_s(node: NodeProcess) -> float:
    """Processor time that it took so far, of all its threads."""
    fields = Path(f"/proc/{node.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(node: NodeProcess) -> float:
    """Its resident memory."""
    pages = int(Path(f"/proc/{node.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def stop_s(node: NodeProcess) -> float:
    """End it as Ctrl-C does; how long that took.

    Raises:
        MailError: its exit code was not 0.
    """
    began_s = time.monotonic()
    node.process.send_signal(signal.SIGINT)
    code = node.process.wait(STOP_S)
    if code:
        raise MailError(f"node {node.name}", wanted="exit code 0", found=str(code), fix="fix that first")
    return time.monotonic() - began_s
