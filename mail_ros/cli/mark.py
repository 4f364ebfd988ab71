"""`mail_ros mark`: waypoint events from the surveyor's keyboard."""

from __future__ import annotations

import sys

from mail_ros.cli.console import console
from mail_ros.cli.options import Namespace

SERVICES = {"": "mark", "u": "unmark", "start": "start", "stop": "stop"}
HELP = "Enter: mark; u: cancel the last mark; start, stop: a recording; q: end"


def mark(namespace: Namespace = "") -> None:
    """Send waypoint events to a running recorder from the keyboard: Enter at each landmark, u cancels the last one.

    `start` and `stop` begin and end a recording, `q` ends this. Responses name the next landmark of a planned route.

    Example: `mail_ros mark`
    """
    from mail_ros.nodes.recorder_client import recorder_client

    console.print(HELP)
    with recorder_client(namespace) as call:
        for line in sys.stdin:
            if (word := line.strip()) == "q":
                return
            if word not in SERVICES:
                console.print(HELP)
                continue
            success, message = call(SERVICES[word])
            console.print(message if success else f"refused: {message}", markup=False)
